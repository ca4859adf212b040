"""The frames of the KIS WebSocket: JSON to control it, carets for data. Pure."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

TRADES_KR = "H0STCNT0"
TRADES_US = "HDFSCNT0"
BOOKS_KR = "H0STASP0"
BOOKS_US = "HDFSASP0"
LEVELS_KR = "H0UPCNT0"
NOTICES = frozenset({"H0STCNI0", "H0STCNI9", "H0GSCNI0", "H0GSCNI9"})

_PLACES = range(1, 11)

FIELDS: dict[str, tuple[str, ...]] = {
    TRADES_KR: (
        "MKSC_SHRN_ISCD", "STCK_CNTG_HOUR", "STCK_PRPR", "PRDY_VRSS_SIGN", "PRDY_VRSS",
        "PRDY_CTRT", "WGHN_AVRG_STCK_PRC", "STCK_OPRC", "STCK_HGPR", "STCK_LWPR", "ASKP1", "BIDP1",
        "CNTG_VOL", "ACML_VOL", "ACML_TR_PBMN", "SELN_CNTG_CSNU", "SHNU_CNTG_CSNU",
        "NTBY_CNTG_CSNU", "CTTR", "SELN_CNTG_SMTN", "SHNU_CNTG_SMTN", "CCLD_DVSN", "SHNU_RATE",
        "PRDY_VOL_VRSS_ACML_VOL_RATE", "OPRC_HOUR", "OPRC_VRSS_PRPR_SIGN", "OPRC_VRSS_PRPR",
        "HGPR_HOUR", "HGPR_VRSS_PRPR_SIGN", "HGPR_VRSS_PRPR", "LWPR_HOUR", "LWPR_VRSS_PRPR_SIGN",
        "LWPR_VRSS_PRPR", "BSOP_DATE", "NEW_MKOP_CLS_CODE", "TRHT_YN",
    ),
    TRADES_US: (
        "RSYM", "SYMB", "ZDIV", "TYMD", "XYMD", "XHMS", "KYMD", "KHMS", "OPEN", "HIGH", "LOW",
        "LAST", "SIGN", "DIFF", "RATE", "PBID", "PASK", "VBID", "VASK", "EVOL", "TVOL", "TAMT",
    ),
    LEVELS_KR: (
        "BSTP_CLS_CODE", "BSOP_HOUR", "PRPR_NMIX", "PRDY_VRSS_SIGN", "BSTP_NMIX_PRDY_VRSS",
        "ACML_VOL", "ACML_TR_PBMN", "PCAS_VOL", "PCAS_TR_PBMN", "PRDY_CTRT", "OPRC_NMIX",
        "NMIX_HGPR", "NMIX_LWPR",
    ),
    BOOKS_KR: (
        "MKSC_SHRN_ISCD", "BSOP_HOUR", "HOUR_CLS_CODE",
        *(f"ASKP{place}" for place in _PLACES), *(f"BIDP{place}" for place in _PLACES),
        *(f"ASKP_RSQN{place}" for place in _PLACES), *(f"BIDP_RSQN{place}" for place in _PLACES),
        "TOTAL_ASKP_RSQN", "TOTAL_BIDP_RSQN", "OVTM_TOTAL_ASKP_RSQN", "OVTM_TOTAL_BIDP_RSQN",
        "ANTC_CNPR", "ANTC_CNQN", "ANTC_VOL", "ANTC_CNTG_VRSS", "ANTC_CNTG_VRSS_SIGN",
        "ANTC_CNTG_PRDY_CTRT", "ACML_VOL",
    ),
    BOOKS_US: (
        "RSYM", "SYMB", "ZDIV", "XYMD", "XHMS", "KYMD", "KHMS", "BVOL", "AVOL", "BDVL", "ADVL",
        "PBID1", "PASK1", "VBID1", "VASK1",
    ),
    "H0STCNI0": (
        "CUST_ID", "ACNT_NO", "ODER_NO", "OODER_NO", "SELN_BYOV_CLS", "RCTF_CLS", "ODER_KIND",
        "ODER_COND", "STCK_SHRN_ISCD", "CNTG_QTY", "CNTG_UNPR", "STCK_CNTG_HOUR", "RFUS_YN",
        "CNTG_YN", "ACPT_YN", "BRNC_NO", "ODER_QTY", "ACNT_NAME",
    ),
    "H0GSCNI0": (
        "CUST_ID", "ACNT_NO", "ODER_NO", "OODER_NO", "SELN_BYOV_CLS", "RCTF_CLS", "ODER_KIND2",
        "STCK_SHRN_ISCD", "CNTG_QTY", "CNTG_UNPR", "STCK_CNTG_HOUR", "RFUS_YN", "CNTG_YN",
        "ACPT_YN", "BRNC_NO", "ODER_QTY", "ACNT_NAME",
    ),
}  # fmt: skip
FIELDS["H0STCNI9"], FIELDS["H0GSCNI9"] = FIELDS["H0STCNI0"], FIELDS["H0GSCNI0"]
"""The first fields of a record, which are all we read; KIS adds further ones from time to time."""

RECORDS_MAX = 999
_AES_BLOCK_BITS = 128

Record = dict[str, str]


class FrameError(ValueError):
    """A frame that cannot be read; nothing of it is used."""


@dataclass(frozen=True)
class ControlFrame:
    """What KIS says about the connection: an answer to a registration, or PINGPONG."""

    tr_id: str
    tr_key: str = ""
    code: str = ""
    text: str = ""
    secrets: "FrameKey | None" = None

    @property
    def is_ping(self) -> bool:
        """Whether it has to be sent back as it is."""
        return self.tr_id == "PINGPONG"


@dataclass(frozen=True)
class FrameKey:
    """What opens the encrypted frames of one registration."""

    key: bytes
    iv: bytes

    def __repr__(self) -> str:
        return "FrameKey(...)"


@dataclass(frozen=True)
class DataFrame:
    """Records of one transaction; encrypted ones are opened by ``opened``."""

    tr_id: str
    count: int
    payload: str
    is_encrypted: bool

    def records(self) -> list[Record]:
        """Return the records by field name.

        However many fields a record has, it has at least those we know.
        """
        names = FIELDS.get(self.tr_id)
        if names is None:
            raise FrameError(f"no fields are known of {self.tr_id[:16]}")
        values = self.payload.split("^")
        width, rest = divmod(len(values), self.count)
        if rest or width < len(names):
            raise FrameError(f"{len(values)} fields do not make {self.count} records")
        return [
            dict(zip(names, values[first : first + width], strict=False))
            for first in range(0, len(values), width)
        ]

    def opened(self, secrets: FrameKey) -> "DataFrame":
        """Return the frame with its payload decrypted (AES-256-CBC)."""
        try:
            sealed = b64decode(self.payload, validate=True)
            decryptor = Cipher(AES(secrets.key), CBC(secrets.iv)).decryptor()
            padded = decryptor.update(sealed) + decryptor.finalize()
            unpadder = PKCS7(_AES_BLOCK_BITS).unpadder()
            text = (unpadder.update(padded) + unpadder.finalize()).decode()
        except ValueError as exc:
            raise FrameError("the payload does not open") from exc
        return DataFrame(self.tr_id, self.count, text, is_encrypted=False)


def frame_of(text: str) -> ControlFrame | DataFrame:
    """Read one frame; FrameError when it makes no sense."""
    return _control(text) if text.startswith("{") else _data(text)


def registration(approval_key: str, topic: tuple[str, str], *, is_on: bool) -> str:
    """Return the frame that begins or ends a registration."""
    tr_id, tr_key = topic
    return orjson.dumps(
        {
            "header": {
                "approval_key": approval_key,
                "custtype": "P",
                "tr_type": "1" if is_on else "2",
                "content-type": "utf-8",
            },
            "body": {"input": {"tr_id": tr_id, "tr_key": tr_key}},
        }
    ).decode()


def _data(text: str) -> DataFrame:
    parts = text.split("|", 3)
    if len(parts) != 4 or parts[0] not in {"0", "1"}:
        raise FrameError("this is no data frame")
    flag, tr_id, count, payload = parts
    if not (count.isascii() and count.isdigit() and 1 <= int(count[:4]) <= RECORDS_MAX):
        raise FrameError("the number of records is none")
    return DataFrame(tr_id, int(count[:4]), payload, is_encrypted=flag == "1")


def _control(text: str) -> ControlFrame:
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise FrameError("this is no JSON") from exc
    header, body = _part(said, "header"), _part(said, "body")
    return ControlFrame(
        tr_id=str(header.get("tr_id", ""))[:16],
        tr_key=str(header.get("tr_key", ""))[:32],
        code=str(body.get("msg_cd", ""))[:16],
        text=str(body.get("msg1", "")).strip()[:200],
        secrets=_secrets(_part(body, "output")),
    )


def _secrets(output: Mapping[str, object]) -> FrameKey | None:
    key, iv = (str(output.get(name, "")).encode() for name in ("key", "iv"))
    return FrameKey(key, iv) if (len(key), len(iv)) == (32, 16) else None


def _part(said: object, name: str) -> Mapping[str, object]:
    part = said.get(name) if isinstance(said, Mapping) else None
    return part if isinstance(part, Mapping) else {}
