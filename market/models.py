"""Instruments, their bars and the runs that loaded them; all in the global database."""

from collections.abc import Iterable
from typing import Self

from django.db import models

from market import rules
from market.action_models import CorporateAction
from market.alert_models import AlertTrigger, PriceAlert
from market.company_models import CompanyFundamentals
from market.enums import (
    AssetType,
    Exchange,
    ImportKind,
    MarketCalendar,
    MarketSegment,
    Source,
    StoredInterval,
    Venue,
    generated_names,
)
from market.feature_models import InstrumentFeatures, SavedScreen
from market.fields import EpochSecondsField
from market.gap_models import BarGap
from market.hangul import is_initials
from market.names import text_keys, text_symbols
from market.news_models import NewsItem, NewsSymbol
from market.watch_models import Watchlist, WatchlistItem
from tradingplatform.db.fields import PriceField
from tradingplatform.ids import uuid7

__all__ = [
    "AlertTrigger",
    "Bar",
    "BarGap",
    "CompanyFundamentals",
    "CorporateAction",
    "ImportRun",
    "Instrument",
    "InstrumentFeatures",
    "InstrumentQuerySet",
    "NewsItem",
    "NewsSymbol",
    "PriceAlert",
    "SavedScreen",
    "Watchlist",
    "WatchlistItem",
]


class InstrumentQuerySet(models.QuerySet["Instrument"]):
    def active(self) -> Self:
        """Instruments that trade today."""
        return self.filter(is_active=True)

    def search(self, text: str) -> Self:
        """Instruments whose symbol begins with ``text`` or whose name or ISIN has it.

        Initial consonants alone find Korean names by theirs.
        """
        if is_initials(text):
            return self.filter(initials_ko__contains=text)
        return self.filter(
            models.Q(symbol__istartswith=text)
            | models.Q(name_en__icontains=text)
            | models.Q(name_ko__icontains=text)
            | models.Q(isin=text.upper())
        )

    def named(self, text: str, symbols: Iterable[str]) -> Self:
        """Instruments that a text may name, or that have one of ``symbols``; by indices only."""
        keys = text_keys(text)
        return self.filter(
            models.Q(symbol__in={*symbols, *text_symbols(text)})
            | models.Q(key_en__in=keys)
            | models.Q(key_ko__in=keys)
        )

    def on_venue(self, venue: str) -> Self:
        """Instruments that trade on a venue; NXT trades some of those that KRX lists."""
        if venue == Venue.NXT:
            return self.filter(is_nxt_tradable=True)
        return self.filter(exchange=venue)


class Instrument(models.Model):
    """Something that trades under one symbol on one exchange.

    ``base_price`` is the close of the last finished session, on which the day's change and
    price band rest; null until a first bar is known. ``source`` is who told the prices,
    ``reference_source`` who told the rest, ``sector_source`` the sector and the industry, in
    its own words. ``is_nxt_tradable`` is null while no list has told. A delisted one stays,
    and is not active.
    """

    symbol = models.CharField(max_length=16, unique=True)
    exchange = models.CharField(max_length=8, choices=Exchange.choices)
    name_en = models.CharField(max_length=100)
    name_ko = models.CharField(max_length=100)
    currency = models.CharField(max_length=3)
    asset_type = models.CharField(max_length=8, choices=AssetType.choices, default=AssetType.STOCK)
    market_segment = models.CharField(
        max_length=16, choices=MarketSegment.choices, blank=True, default=""
    )
    is_nxt_tradable = models.BooleanField(null=True)
    isin = models.CharField(max_length=12, blank=True, default="")
    initials_ko = models.CharField(max_length=100, blank=True, default="")
    key_en = models.CharField(max_length=20, blank=True, default="")
    key_ko = models.CharField(max_length=20, blank=True, default="")
    sector = models.CharField(max_length=40, blank=True)
    industry = models.CharField(max_length=80, blank=True, default="")
    sector_source = models.CharField(max_length=16, blank=True, default="")
    profiled_at = models.DateTimeField(null=True)
    band_multiple = models.PositiveSmallIntegerField(default=1)
    listed_date = models.DateField(null=True)
    delisted_date = models.DateField(null=True)
    reference_source = models.CharField(max_length=16, blank=True, default="")
    lot_size = models.PositiveIntegerField(default=1)
    base_price = PriceField(null=True)
    base_date = models.DateField(null=True)
    is_active = models.BooleanField(default=True)
    source = models.CharField(max_length=8, choices=Source.choices)

    objects = models.Manager.from_queryset(InstrumentQuerySet)()

    class Meta:
        db_table = "table_instruments"
        indexes = [
            models.Index(fields=["exchange", "symbol"], name="instrument_exchange"),
            models.Index(fields=["isin"], name="instrument_isin"),
            models.Index(fields=["key_en"], name="instrument_key_en"),
            models.Index(fields=["key_ko"], name="instrument_key_ko"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.symbol}"

    @property
    def product(self) -> rules.Product:
        """What decides about its ticks and band."""
        return rules.Product(self.asset_type, self.market_segment, self.band_multiple)

    @property
    def is_tradable(self) -> bool:
        """Whether orders make sense: it trades today and is no index."""
        return self.is_active and self.asset_type != AssetType.INDEX


class Bar(models.Model):
    """Open, high, low, close and volume of one minute or one session.

    The primary key is the natural one, so that MySQL clusters a range of one instrument and
    reads it in one sweep. ``opened_at`` of a daily bar is its session date at 00:00 UTC.
    ``generated_mask`` has a bit for each figure a generator made (``enums.BAR_FIELDS``).
    """

    pk = models.CompositePrimaryKey("instrument_id", "interval", "opened_at")
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="+", db_index=False)
    interval = models.CharField(max_length=2, choices=StoredInterval.choices)
    opened_at = EpochSecondsField()
    open = PriceField()
    high = PriceField()
    low = PriceField()
    close = PriceField()
    volume = models.BigIntegerField()
    source = models.CharField(max_length=8, choices=Source.choices)
    generated_mask = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "table_bars"

    def __str__(self) -> str:
        return f"#{self.instrument_id} {self.interval} {self.opened_at:%Y-%m-%d %H:%M}"

    @property
    def generated_fields(self) -> list[str]:
        return generated_names(self.generated_mask)


class HistoryRevision(models.Model):
    """Names the state of an instrument's daily history; whoever writes to the past renews it.

    The live feed, which writes the newest session only, does not. Copies of the history that
    processes keep in memory (``market.history``) are good while the name is the same.
    """

    instrument = models.OneToOneField(
        Instrument, models.CASCADE, primary_key=True, related_name="+"
    )
    revision = models.UUIDField(default=uuid7)

    class Meta:
        db_table = "table_history_revisions"

    def __str__(self) -> str:
        return f"#{self.instrument_id} {self.revision}"


class CalendarOverride(models.Model):
    """What an operator says about one trading day; it beats all that ships with the platform.

    Closed, or open with these hours; a time that is null is the usual one, so a row with
    neither makes a holiday an ordinary trading day.
    """

    calendar = models.CharField(max_length=8, choices=MarketCalendar.choices)
    day = models.DateField()
    is_closed = models.BooleanField(default=False)
    opens_at = models.TimeField(null=True, blank=True)
    closes_at = models.TimeField(null=True, blank=True)
    reason = models.CharField(max_length=100)
    source = models.CharField(max_length=200)

    class Meta:
        db_table = "table_calendar_overrides"
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="calendar_override_day"),
            models.CheckConstraint(
                condition=models.Q(is_closed=False)
                | models.Q(opens_at__isnull=True, closes_at__isnull=True),
                name="calendar_override_closed_has_no_hours",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.calendar} {self.day}"


class ImportRun(models.Model):
    """One load of bars or reference data: what came in, what was new, what was refused."""

    kind = models.CharField(max_length=8, choices=ImportKind.choices)
    file_name = models.CharField(max_length=200, blank=True)
    file_format = models.CharField(max_length=16, blank=True, default="")
    symbol = models.CharField(max_length=16, blank=True)
    started_at = models.DateTimeField()
    rows_read = models.PositiveIntegerField(default=0)
    rows_new = models.PositiveIntegerField(default=0)
    rows_replaced = models.PositiveIntegerField(default=0)
    rows_same = models.PositiveIntegerField(default=0)
    rows_bad = models.PositiveIntegerField(default=0)
    rows_delisted = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "table_import_runs"
        indexes = [models.Index(fields=["-started_at"], name="import_run_started")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind} {self.symbol}"
