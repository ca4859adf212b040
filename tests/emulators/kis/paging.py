"""Continuation of account lists: tr_cont, and condition and key padded to their full width."""

from dataclasses import dataclass
from typing import Any

from tests.emulators.kis.codes import account_answer
from tests.emulators.kis.trs import Call
from tests.emulators.web import Answer, Json


@dataclass
class Page:
    rows: list[Json]
    tr_cont: str
    keys: Json

    @property
    def more(self) -> bool:
        return self.tr_cont in {"F", "M"}


def page(call: Call, rows: list[Json], size: int, width: int = 100) -> Page:
    """Cut the page that the request's key asks for."""
    given = call[f"CTX_AREA_NK{width}"]
    start = int(given) if call.continued and given.isdigit() else 0
    end = start + size
    more = end < len(rows)
    shown = rows[start:end]
    if start and call.state.faults.hit("duplicate_rows", call.tr_id):
        shown = rows[start - 1 : end]
    tr_cont = {(0, True): "F", (0, False): "D", (1, True): "M", (1, False): "E"}[
        int(start > 0), more
    ]
    condition = "^".join((call["CANO"], call["ACNT_PRDT_CD"], call["PDNO"], "N", ""))
    keys = {
        f"ctx_area_fk{width}": condition.ljust(width),
        f"ctx_area_nk{width}": (str(end) if more else "").ljust(width),
    }
    return Page(shown, tr_cont, keys)


def listed(call: Call, found: Page, **outputs: Any) -> Answer:
    body = {**found.keys, **outputs}
    answer = account_answer(call.side, more=found.more, empty=not found.rows, body=body)
    answer.headers["tr_cont"] = found.tr_cont
    return answer
