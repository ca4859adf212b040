"""Every kind of caller: what it shows, and what the table may know about it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import time_machine
from django.test import Client

from accounts.models import Session, User
from accounts.services import session_revoke
from accounts.services.closing import account_close
from accounts.tokens import access_token_issue
from accounts.types import Device
from tests.authorisation.people import (
    ALL_SCOPES,
    OUTSIDE,
    PASSWORD,
    Person,
    key_make,
    page_log_in,
    person_make,
)
from tradingplatform.api.principal import Scope
from tradingplatform.clock import now


@dataclass(frozen=True)
class Kind:
    """One kind of caller.

    ``dead`` is the code with which its credentials are refused, ``scopes`` are those of a
    program, ``page`` says that it is a browser with the cookie of a page.
    """

    name: str
    show: Callable[[Person], dict[str, str]] = field(repr=False, default=lambda _: {})
    is_authenticated: bool = True
    is_operator: bool = False
    is_verified: bool = True
    dead: str = ""
    scopes: frozenset[str] | None = None
    page: bool = False
    csrf: bool = True
    address: str = OUTSIDE

    def client(self, owner: Person) -> Client:
        """Return a client that speaks as this kind, for ``owner`` where the kind is nobody else."""
        shown = self.show(owner)
        client = Client(
            enforce_csrf_checks=not self.csrf,
            raise_request_exception=False,
            REMOTE_ADDR=self.address,
            headers=shown,
        )
        if self.page:
            # The log-in form itself wants no token of this client.
            whose = person_make("PageOperator", is_staff=True) if self.is_operator else owner
            browser = page_log_in(whose, Client(REMOTE_ADDR=self.address))
            client.cookies = browser.cookies
        return client


def _bearer(access: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access}"}


def _owner(person: Person) -> dict[str, str]:
    return _bearer(person.access)


def _somebody(name: str, **facts: Any) -> Callable[[Person], dict[str, str]]:
    return lambda _: _bearer(person_make(name, **facts).access)


def _administrator(_: Person) -> dict[str, str]:
    person = person_make("Administrator", is_staff=True)
    User.objects.filter(pk=person.user.pk).update(is_superuser=True)
    return _bearer(person.access)


def _staff(_: Person) -> dict[str, str]:
    person = person_make("Staff", is_staff=True)
    User.objects.filter(pk=person.user.pk).update(is_superuser=False)
    return _bearer(person.access)


def _locked(_: Person) -> dict[str, str]:
    person = person_make("Locked")
    User.objects.filter(pk=person.user.pk).update(is_active=False)
    return _bearer(person.access)


def _locked_key(_: Person) -> dict[str, str]:
    person = person_make("LockedKey")
    key = key_make(person, ALL_SCOPES)
    User.objects.filter(pk=person.user.pk).update(is_active=False)
    return {"Authorization": f"Api-Key {key}"}


def _closed(_: Person) -> dict[str, str]:
    person = person_make("Closed")
    account_close(owner=person.principal, password=PASSWORD, device=Device(ip=OUTSIDE))
    return _bearer(person.access)


def _ended(_: Person) -> dict[str, str]:
    person = person_make("Ended")
    session_revoke(sid=person.session.sid)
    return _bearer(person.access)


def _run_out(_: Person) -> dict[str, str]:
    person = person_make("RunOut")
    Session.objects.filter(pk=person.session.pk).update(expires_at=now() - timedelta(seconds=1))
    return _bearer(person.access)


def _expired(person: Person) -> dict[str, str]:
    with time_machine.travel(now() - timedelta(hours=1)):
        token = access_token_issue(uid=person.user.uid, sid=person.session.sid)
    return _bearer(token)


def _forged(person: Person) -> dict[str, str]:
    head, body, _ = person.access.split(".")
    return _bearer(f"{head}.{body}.{'A' * 86}")


def _key(*scopes: str, **changes: Any) -> Callable[[Person], dict[str, str]]:
    return lambda person: {"Authorization": f"Api-Key {key_make(person, scopes, **changes)}"}


def _operators_key(_: Person) -> dict[str, str]:
    person = person_make("KeyOperator", is_staff=True)
    return {"Authorization": f"Api-Key {key_make(person, ALL_SCOPES)}"}


_DEAD = {
    "locked": (_locked, "SESSION_ENDED"),
    "closed": (_closed, "SESSION_ENDED"),
    "session ended": (_ended, "SESSION_ENDED"),
    "session run out": (_run_out, "SESSION_ENDED"),
    "token expired": (_expired, "TOKEN_EXPIRED"),
    "token forged": (_forged, "INVALID_TOKEN"),
    "token that is none": (lambda _: _bearer("x"), "INVALID_TOKEN"),
    "key of a locked account": (_locked_key, "INVALID_API_KEY"),
    "key revoked": (_key(*ALL_SCOPES, revoked_at=now()), "INVALID_API_KEY"),
    "key expired": (_key(*ALL_SCOPES, expires_at=now()), "INVALID_API_KEY"),
    "key elsewhere": (_key(*ALL_SCOPES, allowed_ips=["198.51.100.7/32"]), "INVALID_API_KEY"),
    "key that is none": (lambda _: {"Authorization": "Api-Key tp_nothing"}, "INVALID_API_KEY"),
}

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("anonymous", is_authenticated=False, is_verified=False),
        Kind("insider", is_authenticated=False, is_verified=False, address="127.0.0.1"),
        Kind("owner", _owner),
        Kind("other user", _somebody("OtherUser")),
        Kind("unverified", _somebody("Unverified", verified=False), is_verified=False),
        Kind("page", page=True),
        Kind("page without CSRF token", page=True, csrf=False),
        Kind("page of an operator", page=True, is_operator=True),
        Kind("staff", _staff, is_operator=True),
        Kind("administrator", _administrator, is_operator=True),
        *(
            Kind(f"key {scope.value}", _key(scope.value), scopes=frozenset({scope.value}))
            for scope in Scope
        ),
        Kind("key of all scopes", _key(*ALL_SCOPES), scopes=frozenset(ALL_SCOPES)),
        Kind("key of no scope", _key(), scopes=frozenset()),
        Kind("key of an operator", _operators_key, scopes=frozenset(ALL_SCOPES)),
        *(
            Kind(name, show, is_authenticated=False, is_verified=False, dead=code)
            for name, (show, code) in _DEAD.items()
        ),
    )
}
