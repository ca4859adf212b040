"""The control plane of an emulator: /__truth, /__misbehave and what else it can be told to do."""

from typing import Any, Protocol

from tests.emulators.faults import KINDS, Faults
from tests.emulators.truth import TruthLog
from tests.emulators.web import Answer, Json, Request


class Steerable(Protocol):
    """What the control plane steers."""

    truth: TruthLog
    faults: Faults

    def act(self, name: str, options: Json) -> Any:
        """Do one named thing (`trade`, `expire_tokens` …) and return what to show."""


def control(emulator: Steerable, request: Request) -> Answer:
    """Answer GET /__truth, GET, POST and DELETE /__misbehave, and POST /__<deed>."""
    try:
        shown = _told(emulator, request) if request.method != "GET" else _shown(emulator, request)
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        return Answer({"error": str(error)}, 400)
    return Answer(shown) if shown is not None else Answer({"error": "no such control"}, 404)


def _shown(emulator: Steerable, request: Request) -> Json | None:
    match request.path:
        case "/__truth":
            return _truth(emulator.truth, request.query)
        case "/__misbehave":
            return {"on": emulator.faults.as_json(), "kinds": KINDS}
    return None


def _told(emulator: Steerable, request: Request) -> Json:
    if request.path != "/__misbehave":
        return {"done": emulator.act(request.path.removeprefix("/__"), request.json())}
    if request.method == "DELETE":
        emulator.faults.behave()
    else:
        emulator.faults.misbehave(**request.json())
    return {"on": emulator.faults.as_json()}


def _truth(truth: TruthLog, query: dict[str, str]) -> Json:
    """List entries; `kind` and `after` (a number) narrow them."""
    after = int(query.get("after", "0"))
    kinds = set(filter(None, query.get("kind", "").split(",")))
    entries = [e for e in truth if e.number > after and (not kinds or e.kind in kinds)]
    return {"label": "emulator data", "entries": [entry.as_json() for entry in entries]}
