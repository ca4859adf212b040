"""Tell the audit log of somebody signed in who asked for what they may not do."""

from typing import Protocol

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from tradingplatform.api.principal import Anonymous, Principal


class Recorder(Protocol):
    """settings.REFUSAL_RECORDER: an app above this one, hence by name."""

    def __call__(self, *, request: HttpRequest, who: Principal) -> None: ...


def refusal_note(request: HttpRequest, who: Principal | Anonymous) -> None:
    """Record a refusal; of callers who are not signed in nobody can say who they are."""
    if isinstance(who, Principal):
        record: Recorder = import_string(settings.REFUSAL_RECORDER)
        record(request=request, who=who)
