"""The words of the market, as clients and the database spell them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Exchange(models.TextChoices):
    KRX = "KRX", "KRX"
    NASDAQ = "NASDAQ", "NASDAQ"
    NYSE = "NYSE", "NYSE"


class AssetType(models.TextChoices):
    STOCK = "STOCK", _("Stock")
    ETF = "ETF", _("Exchange-traded fund")


class Source(models.TextChoices):
    """Who a price came from; SAMPLE is never a real quotation."""

    SAMPLE = "SAMPLE", _("Sample market")
    CSV = "CSV", _("Imported file")


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


BAR_FIELDS = ("open", "high", "low", "close", "volume")
"""The figures of a bar, in the order of the bits of ``Bar.generated_mask``."""

ALL_GENERATED = (1 << len(BAR_FIELDS)) - 1


def generated_names(mask: int) -> list[str]:
    """Return the names of the figures that a generator made, not an exchange."""
    return [name for bit, name in enumerate(BAR_FIELDS) if mask & (1 << bit)]


def generated_mask(*names: str) -> int:
    """Return the bits of ``names``; the inverse of generated_names."""
    return sum(1 << BAR_FIELDS.index(name) for name in set(names))
