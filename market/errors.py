"""What can go wrong when somebody asks for market data."""

from tradingplatform.errors import (
    ErrorCode,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)


class SymbolUnknownError(NotFoundError):
    """No instrument of this platform carries the symbol."""

    code = ErrorCode.SYMBOL_UNKNOWN


class QuoteUnavailableError(UnavailableError):
    """The instrument exists, but nobody has ever told its price."""

    code = ErrorCode.QUOTE_UNAVAILABLE


class BarRangeError(InvalidInputError):
    """The interval, range or limit of a bar request makes no sense."""

    code = ErrorCode.BAR_RANGE_INVALID


class ImportFileError(InvalidInputError):
    """A file of bars cannot be read at all; single bad rows are reported, not raised."""

    code = ErrorCode.IMPORT_FILE_INVALID
