"""What can go wrong when somebody asks for market data."""

from tradingplatform.errors import (
    ConflictError,
    ErrorCode,
    InvalidInputError,
    NotConfiguredError,
    NotFoundError,
    UnavailableError,
    UnprocessableError,
    UpstreamError,
)


class SymbolUnknownError(NotFoundError):
    """No instrument of this platform carries the symbol."""

    code = ErrorCode.SYMBOL_UNKNOWN


class SymbolChangedError(SymbolUnknownError):
    """The instrument goes by another symbol now, which the details name."""

    code = ErrorCode.SYMBOL_CHANGED


class InstrumentNotTradableError(ConflictError):
    """The instrument is an index, or no longer listed."""

    code = ErrorCode.INSTRUMENT_NOT_TRADABLE


class CalendarRangeError(InvalidInputError):
    """The range of a calendar request is reversed, too long or outside the known years."""

    code = ErrorCode.CALENDAR_RANGE_INVALID


class CalendarOverrideError(InvalidInputError):
    """An override of a trading day contradicts itself."""

    code = ErrorCode.CALENDAR_OVERRIDE_INVALID


class QuoteUnavailableError(UnavailableError):
    """The instrument exists, but nobody has ever told its price."""

    code = ErrorCode.QUOTE_UNAVAILABLE


class BarRangeError(InvalidInputError):
    """The interval, range or limit of a bar request makes no sense."""

    code = ErrorCode.BAR_RANGE_INVALID


class ImportFileError(InvalidInputError):
    """A file of bars cannot be read at all; single bad rows are reported, not raised."""

    code = ErrorCode.IMPORT_FILE_INVALID


class AlertNotFoundError(NotFoundError):
    """There is no such alert, or it belongs to somebody else."""

    code = ErrorCode.ALERT_NOT_FOUND


class AlertLimitError(UnprocessableError):
    """A user may have so many active alerts."""

    code = ErrorCode.ALERT_LIMIT_REACHED


class AlertEndedError(ConflictError):
    """The alert has fired for good or run out, so it cannot be canceled."""

    code = ErrorCode.ALERT_ENDED


class IndicatorInvalidError(InvalidInputError):
    """An indicator is unknown, or one of its numbers is out of bounds."""

    code = ErrorCode.INDICATOR_INVALID


class ScreenInvalidError(InvalidInputError):
    """A screen asks for what its language does not have."""

    code = ErrorCode.SCREEN_INVALID


class ScreenLimitError(UnprocessableError):
    """A user may save so many screens."""

    code = ErrorCode.SCREEN_LIMIT_REACHED


class ScreenNotFoundError(NotFoundError):
    """There is no such saved screen, or it belongs to somebody else."""

    code = ErrorCode.SCREEN_NOT_FOUND


class WatchlistNotFoundError(NotFoundError):
    """There is no such list, or it belongs to somebody else."""

    code = ErrorCode.WATCHLIST_NOT_FOUND


class WatchlistLimitError(UnprocessableError):
    """A user may have so many lists, and a list so many symbols."""

    code = ErrorCode.WATCHLIST_LIMIT_REACHED


class WatchlistChangedError(ConflictError):
    """The list has another version than the caller has seen."""

    code = ErrorCode.WATCHLIST_CHANGED


class WatchlistItemExistsError(ConflictError):
    """The symbol is on the list already."""

    code = ErrorCode.WATCHLIST_ITEM_EXISTS


class WatchlistItemNotFoundError(NotFoundError):
    """The symbol is not on the list."""

    code = ErrorCode.WATCHLIST_ITEM_NOT_FOUND


class CapabilityMissingError(NotConfiguredError):
    """No configured source of market data can tell this."""

    code = ErrorCode.CAPABILITY_MISSING


class ProviderAnswerError(UpstreamError):
    """A source answered with something that cannot be read; nothing of it is used."""

    code = ErrorCode.PROVIDER_ANSWER_INVALID
