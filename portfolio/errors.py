"""What can go wrong with a portfolio or an order, as callers see it."""

from tradingplatform.errors import (
    ConflictError,
    ErrorCode,
    NotConfiguredError,
    NotFoundError,
    UnavailableError,
    UnprocessableError,
)


class PortfolioNotFoundError(NotFoundError):
    code = ErrorCode.PORTFOLIO_NOT_FOUND


class PortfolioClosedError(ConflictError):
    code = ErrorCode.PORTFOLIO_CLOSED


class PortfolioNotEmptyError(ConflictError):
    code = ErrorCode.PORTFOLIO_NOT_EMPTY


class PortfolioLimitError(UnprocessableError):
    code = ErrorCode.PORTFOLIO_LIMIT_REACHED


class BrokerNotConfiguredError(NotConfiguredError):
    code = ErrorCode.BROKER_NOT_CONFIGURED


class OrderNotFoundError(NotFoundError):
    code = ErrorCode.ORDER_NOT_FOUND


class OrderDuplicateError(ConflictError):
    code = ErrorCode.ORDER_DUPLICATE


class OrderStateError(ConflictError):
    """The order is in a state in which this cannot be done any more (or yet)."""

    code = ErrorCode.ORDER_STATE_CONFLICT


class InsufficientCashError(UnprocessableError):
    code = ErrorCode.INSUFFICIENT_CASH


class InsufficientSharesError(UnprocessableError):
    code = ErrorCode.INSUFFICIENT_SHARES


class OrderTermsError(UnprocessableError):
    """The parts of the order contradict each other."""

    code = ErrorCode.ORDER_TERMS_INVALID


class OrderTooLargeError(UnprocessableError):
    code = ErrorCode.ORDER_TOO_LARGE


class QuantityOffLotError(UnprocessableError):
    code = ErrorCode.QUANTITY_OFF_LOT


class PriceOffTickError(UnprocessableError):
    code = ErrorCode.PRICE_OFF_TICK


class PriceOutOfBandError(UnprocessableError):
    code = ErrorCode.PRICE_OUT_OF_BAND


class PriceCollarError(UnprocessableError):
    code = ErrorCode.PRICE_COLLAR


class QuoteStaleError(UnprocessableError):
    """There is no price fresh enough to trade on."""

    code = ErrorCode.QUOTE_STALE


class MarketClosedError(UnprocessableError):
    """The exchange has no regular session now; the sample market is never closed."""

    code = ErrorCode.MARKET_CLOSED


class CurrencyUnsupportedError(UnprocessableError):
    code = ErrorCode.CURRENCY_UNSUPPORTED


class AmountInvalidError(UnprocessableError):
    """An amount of money that cannot be moved: not positive, too fine or too large."""

    code = ErrorCode.AMOUNT_INVALID


class TradingHaltedError(UnavailableError):
    """The operator has stopped trading; cancels still pass."""

    code = ErrorCode.TRADING_HALTED


class SenderFencedError(ConflictError):
    """Another trader holds the lease now; this one must stop."""

    code = ErrorCode.SENDER_FENCED
