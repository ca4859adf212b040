"""A small project of its own: probe routes, one signed-in caller."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.services import Device, user_log_in, user_sign_up
from tradingplatform.api.policy import POLICY, Access

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def probe_routes(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ROOT_URLCONF = "tradingplatform.api.tests.urls"  # type: ignore[attr-defined]
    # The pages of the platform, and their error page, are not part of this small project.
    settings.TEMPLATES = [  # type: ignore[attr-defined]
        {"BACKEND": "django.template.backends.django.DjangoTemplates"}
    ]
    user = {"GET": Access.USER, "POST": Access.USER}
    public = {"GET": Access.PUBLIC, "POST": Access.PUBLIC}
    entries = {
        "probe:echo": public,
        "probe:fail": public,
        "probe:hold": {"GET": Access.PUBLIC, "DELETE": Access.PUBLIC},
        "probe:who": user,
        "probe:money": user,
        "probe-page": {"GET": Access.USER},
        "probe-operator-page": {"GET": Access.OPERATOR},
        "probe-internal-page": {"GET": Access.INTERNAL},
    }
    for name, entry in entries.items():
        monkeypatch.setitem(POLICY, name, entry)


@pytest.fixture
def api() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def signed_in() -> Callable[[str], Client]:
    def sign_in(name: str = "mina") -> Client:
        email = f"{name}@example.com"
        user_sign_up(email=email, password=PASSWORD, nickname=name)
        tokens = user_log_in(email=email, password=PASSWORD, device=Device(ip="127.0.0.1")).tokens
        return Client(
            raise_request_exception=False, headers={"Authorization": f"Bearer {tokens.access}"}
        )

    return sign_in
