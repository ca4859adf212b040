"""The table of TRs: path, ids, what each needs, and who answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.emulators.kis.codes import PAPER, bad_account, gateway, long_field, missing_field
from tests.emulators.web import Answer

if TYPE_CHECKING:
    from tests.emulators.kis.keys import AppKey
    from tests.emulators.kis.state import State

# Widths of fields, where a longer value is refused.
WIDTHS = {
    "CANO": 8, "ACNT_PRDT_CD": 2, "PDNO": 12, "ORD_DVSN": 2, "ORD_QTY": 10, "ORD_UNPR": 19,
    "FID_INPUT_ISCD": 12, "ORGN_ODNO": 10, "OVRS_ORD_UNPR": 31,
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One business request after all the checks of the gateway."""

    state: "State"
    side: str
    tr_id: str
    key: "AppKey"
    fields: dict[str, str]
    continued: bool = False

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    @property
    def account(self) -> str:
        return f"{self['CANO']}-{self['ACNT_PRDT_CD']}"


@dataclass(frozen=True)
class Tr:
    """One row; `real` and `paper` list the ids that each side knows."""

    path: str
    real: tuple[str, ...]
    paper: tuple[str, ...]
    handler: Callable[[Call], Answer]
    required: tuple[str, ...] = ()
    method: str = "GET"
    is_list: bool = False

    def ids(self, side: str) -> tuple[str, ...]:
        return self.paper if side == PAPER else self.real


@dataclass
class TrTable:
    rows: list[Tr] = field(default_factory=list)

    def knows(self, path: str) -> bool:
        return any(tr.path == path for tr in self.rows)

    def find(self, path: str, tr_id: str, side: str) -> Tr:
        here = [tr for tr in self.rows if tr.path == path]
        if not here:
            raise gateway("OPSQ0002", 404)
        for tr in here:
            if tr_id in tr.ids(side):
                return tr
        if any(tr_id in {*tr.real, *tr.paper} for tr in self.rows):
            raise gateway("EGW02006" if side == PAPER else "EGW02004")
        raise gateway("OPSQ0002")


def check_fields(tr: Tr, call: Call) -> None:
    """Refuse what is missing, too long, or an account that is not the key's."""
    for name in tr.required:
        if name not in call.fields:
            raise missing_field(name)
    for name, value in call.fields.items():
        if len(value.strip()) > WIDTHS.get(name, 400):
            raise long_field(name)
    if "CANO" in tr.required and call.account != call.key.account:
        raise bad_account()
    if any(not call[name] for name in ("FID_INPUT_ISCD", "SYMB") if name in tr.required):
        raise missing_field("FID_INPUT_ISCD" if "FID_INPUT_ISCD" in tr.required else "SYMB")
