"""The words of orders and the ledger, as brokers and FIX use them."""

from django.db.models import TextChoices


class BrokerName(TextChoices):
    PAPER = "PAPER"
    KIS = "KIS"


class PortfolioStatus(TextChoices):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


class OrderSide(TextChoices):
    BUY = "BUY"
    SELL = "SELL"


class OrderType(TextChoices):
    MARKET = "MARKET"
    LIMIT = "LIMIT"


class TimeInForce(TextChoices):
    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class OrderStatus(TextChoices):
    NEW = "NEW"
    PENDING_SUBMIT = "PENDING_SUBMIT"
    ACCEPTED = "ACCEPTED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"
    PENDING_CANCEL = "PENDING_CANCEL"


class OrderEvent(TextChoices):
    """What can happen to an order."""

    SUBMIT = "SUBMIT"
    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    FILL_PART = "FILL_PART"
    FILL_REST = "FILL_REST"
    CANCEL_REQUEST = "CANCEL_REQUEST"
    CANCEL = "CANCEL"
    EXPIRE = "EXPIRE"
    REPLACE = "REPLACE"
    LOSE_ANSWER = "LOSE_ANSWER"
    NOT_RECEIVED = "NOT_RECEIVED"


class TransactionKind(TextChoices):
    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    BUY = "BUY"
    SELL = "SELL"
    FEE = "FEE"
    TAX = "TAX"
    DIVIDEND = "DIVIDEND"
    INTEREST = "INTEREST"
    SPLIT = "SPLIT"
    TRANSFER = "TRANSFER"
    FX = "FX"
    SYMBOL_CHANGE = "SYMBOL_CHANGE"


class SendOutcome(TextChoices):
    """What the broker answered to a send; PENDING until it has."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"


class TradingMode(TextChoices):
    """ACTIVE: all orders; REDUCING: only sells of what is held; HALTED: none."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"
