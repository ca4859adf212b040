"""Own-order notices: AES-256-CBC with PKCS#7, key and iv from the reply to the registration."""

import base64
from decimal import Decimal

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.emulators.kis.book import BUY, Account, Order
from tests.emulators.kis.formats import order_number, whole
from tests.emulators.kis.instruments import Instrument
from tests.emulators.timekeeping import EmulatorClock

Record = list[str]
BLOCK_BITS = 128
# Whether it is a fill (2) or about the order (1), and how far the order got.
STAGES = {
    "accepted": ("1", "1"),
    "confirmed": ("1", "2"),
    "dropped": ("1", "3"),
    "filled": ("2", "2"),
}
DEEDS = {"new": "0", "amend": "1", "cancel": "2"}
EXCHANGES = {"KRX": "1", "NXT": "2", "SOR": "3"}
OVERSEAS_MARKETS = {"NAS": "6", "NYS": "7", "AMS": "8"}


def domestic_record(
    order: Order, stage: str, told: tuple[int, Decimal], account: Account,
    about: tuple[Instrument, EmulatorClock], *, width: int,
) -> Record:  # fmt: skip
    """Write one notice: 26 fields, or the 23 of older clients."""
    instrument, clock = about
    is_fill, how_far = STAGES[stage]
    head = [
        account.hts_id, account.number.replace("-", ""), order_number(order.number),
        order_number(order.original) if order.original else "", _side(order), DEEDS[order.deed],
        order.kind, "0", order.symbol, str(told[0]), whole(told[1]), f"{clock.kst():%H%M%S}",
        "0", is_fill, how_far, "00950", str(order.quantity), "EMULATED",
    ]  # fmt: skip
    name, price = instrument.name, whole(order.price)
    if width == 23:
        return [*head, name, "10", "", name, price]
    return [*head, "0", EXCHANGES[order.exchange], "Y", "", "10", "", name, price]


def overseas_record(
    order: Order, stage: str, told: tuple[int, Decimal], account: Account,
    about: tuple[Instrument, EmulatorClock],
) -> Record:  # fmt: skip
    """Write one overseas notice of 25 fields; US prices have four implied decimals."""
    instrument, clock = about
    is_fill, how_far = STAGES[stage]
    price = whole(told[1] * 10_000)
    return [
        account.hts_id, account.number.replace("-", ""), order_number(order.number),
        order_number(order.original) if order.original else "", _side(order), DEEDS[order.deed],
        "1" if order.is_market else "2", order.symbol, str(told[0]), price.zfill(9),
        f"{clock.kst():%H%M%S}", "0", is_fill, how_far, "00950",
        str(order.quantity) if is_fill == "2" else "", "EMULATED", instrument.name,
        OVERSEAS_MARKETS[instrument.exchange], "10", "", "", "", "00", price.zfill(12),
    ]  # fmt: skip


def _side(order: Order) -> str:
    return "02" if order.side == BUY else "01"


def sealed(tr_id: str, record: Record, secrets: tuple[str, str]) -> str:
    payload = encrypt("^".join(record), *secrets)
    return f"1|{tr_id}|001|{payload}"


def encrypt(text: str, key: str, iv: str) -> str:
    padder = padding.PKCS7(BLOCK_BITS).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key.encode()), modes.CBC(iv.encode())).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def early(tr_id: str) -> str:
    """Return a frame that nobody has a key for yet."""
    return sealed(tr_id, ["early"], ("0" * 32, "0" * 16))
