"""The words of the market, as clients and the database spell them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Exchange(models.TextChoices):
    KRX = "KRX", "KRX"
    NASDAQ = "NASDAQ", "NASDAQ"
    NYSE = "NYSE", "NYSE"
    AMEX = "AMEX", "AMEX"


class Venue(models.TextChoices):
    """Where one can trade: the exchanges that list, and NXT, which trades listings of KRX."""

    KRX = "KRX", "KRX"
    NXT = "NXT", "NXT"
    NASDAQ = "NASDAQ", "NASDAQ"
    NYSE = "NYSE", "NYSE"
    AMEX = "AMEX", "AMEX"


class MarketCalendar(models.TextChoices):
    """Days and hours that several venues share."""

    KRX = "KRX", _("Korea")
    US = "US", _("United States")


class SessionName(models.TextChoices):
    """The parts of a trading day."""

    PRE_MARKET = "PRE_MARKET", _("Pre-market")
    PRE_CLOSE_PRICE = "PRE_CLOSE_PRICE", _("Pre-market at the last close")
    OPENING_AUCTION = "OPENING_AUCTION", _("Opening auction")
    REGULAR = "REGULAR", _("Regular session")
    CLOSING_AUCTION = "CLOSING_AUCTION", _("Closing auction")
    AFTER_CLOSE_PRICE = "AFTER_CLOSE_PRICE", _("After-hours at the close")
    AFTER_SINGLE_PRICE = "AFTER_SINGLE_PRICE", _("After-hours single price")
    AFTER_MARKET = "AFTER_MARKET", _("After-market")


class DayKind(models.TextChoices):
    """What a day of the calendar is; HALF_DAY closes early, SPECIAL_HOURS are other hours."""

    REGULAR = "REGULAR", _("Trading day")
    SPECIAL_HOURS = "SPECIAL_HOURS", _("Other hours")
    HALF_DAY = "HALF_DAY", _("Half day")
    HOLIDAY = "HOLIDAY", _("Holiday")
    WEEKEND = "WEEKEND", _("Weekend")


class AssetType(models.TextChoices):
    STOCK = "STOCK", _("Stock")
    ETF = "ETF", _("Exchange-traded fund")
    ETN = "ETN", _("Exchange-traded note")
    REIT = "REIT", _("Real estate trust")
    FUND = "FUND", _("Listed fund")
    WARRANT = "WARRANT", _("Warrant")
    RIGHT = "RIGHT", _("Subscription right")
    INDEX = "INDEX", _("Index")


class MarketSegment(models.TextChoices):
    """The market within an exchange that lists an instrument."""

    KOSPI = "KOSPI", "KOSPI"
    KOSDAQ = "KOSDAQ", "KOSDAQ"
    KONEX = "KONEX", "KONEX"
    GLOBAL_SELECT = "GLOBAL_SELECT", "Nasdaq Global Select"
    GLOBAL_MARKET = "GLOBAL_MARKET", "Nasdaq Global Market"
    CAPITAL_MARKET = "CAPITAL_MARKET", "Nasdaq Capital Market"


class Source(models.TextChoices):
    """Who a price came from; SAMPLE is never a real quotation."""

    SAMPLE = "SAMPLE", _("Sample market")
    CSV = "CSV", _("Imported file")
    CSV_ADJUSTED = "CSV_ADJ", _("Imported file, adjusted")
    KIS = "KIS", "KIS"
    FMP = "FMP", "FMP"
    YFINANCE = "YFINANCE", "Yahoo Finance"
    NASDAQ = "NASDAQ", "Nasdaq Trader"


class ActionKind(models.TextChoices):
    """What a company does to its shares."""

    SPLIT = "SPLIT", _("Split")
    REVERSE_SPLIT = "REVERSE_SPLIT", _("Reverse split")
    CASH_DIVIDEND = "CASH_DIVIDEND", _("Cash dividend")
    STOCK_DIVIDEND = "STOCK_DIVIDEND", _("Stock dividend")
    RIGHTS = "RIGHTS", _("Rights issue")
    SPIN_OFF = "SPIN_OFF", _("Spin-off")
    SYMBOL_CHANGE = "SYMBOL_CHANGE", _("Symbol change")
    MERGER = "MERGER", _("Merger")
    DELISTING = "DELISTING", _("Delisting")


class Adjustment(models.TextChoices):
    """Which corporate actions are worked into bars."""

    RAW = "RAW", _("Raw")
    SPLIT = "SPLIT", _("Splits")
    ALL = "ALL", _("Splits and dividends")


ADJUSTED_SOURCES = frozenset({Source.SAMPLE, Source.CSV_ADJUSTED})
"""They tell prices with splits and dividends worked in, and say so; never adjusted twice."""


OUTSIDE_SOURCES = frozenset({Source.KIS, Source.FMP, Source.YFINANCE})
"""Sources that tell what happened on real exchanges and can be asked again."""


class GapState(models.TextChoices):
    """What came of asking for bars that are missing."""

    OPEN = "OPEN", _("To be asked for")
    FILLED = "FILLED", _("Filled in")
    EMPTY = "EMPTY", _("The source has nothing there")
    FAILED = "FAILED", _("Given up")


class BarInterval(models.TextChoices):
    """What a client may ask for; only MINUTE and DAY are stored, the rest are rolled up."""

    MINUTE = "1m", _("1 minute")
    MINUTE_5 = "5m", _("5 minutes")
    MINUTE_15 = "15m", _("15 minutes")
    HOUR = "1h", _("1 hour")
    DAY = "1d", _("1 day")
    WEEK = "1w", _("1 week")
    MONTH = "1mo", _("1 month")


class StoredInterval(models.TextChoices):
    MINUTE = "1m", _("1 minute")
    DAY = "1d", _("1 day")


class ImportKind(models.TextChoices):
    SAMPLE = "SAMPLE", _("Sample market")
    CSV = "CSV", _("Imported file")
    MASTER = "MASTER", _("Instruments")
    ACTIONS = "ACTIONS", _("Corporate actions")


BAR_FIELDS = ("open", "high", "low", "close", "volume")
"""The figures of a bar, in the order of the bits of ``Bar.generated_mask``."""

ALL_GENERATED = (1 << len(BAR_FIELDS)) - 1


def generated_names(mask: int) -> list[str]:
    """Return the names of the figures that a generator made, not an exchange."""
    return [name for bit, name in enumerate(BAR_FIELDS) if mask & (1 << bit)]


def generated_mask(*names: str) -> int:
    """Return the bits of ``names``; the inverse of generated_names."""
    return sum(1 << BAR_FIELDS.index(name) for name in set(names))


class AlertMeasure(models.TextChoices):
    """What an alert compares with its level; the last three are computed from bars."""

    PRICE = "PRICE", _("Price")
    CHANGE_RATE = "CHANGE_RATE", _("Change of the day")
    RSI = "RSI", _("RSI")
    SMA_DISTANCE = "SMA_DISTANCE", _("Distance from the moving average")
    MACD = "MACD", _("MACD above its signal")


class AlertDirection(models.TextChoices):
    ABOVE = "ABOVE", _("Above")
    BELOW = "BELOW", _("Below")


class AlertStatus(models.TextChoices):
    """Only an ACTIVE alert can fire; the other states are final."""

    ACTIVE = "ACTIVE", _("Active")
    TRIGGERED = "TRIGGERED", _("Triggered")
    EXPIRED = "EXPIRED", _("Expired")
    CANCELED = "CANCELED", _("Canceled")
