"""Offer the indices of the source that the live feed has, and no others."""

from collections.abc import Collection

from market.enums import AssetType, Exchange, Source
from market.models import Instrument
from market.names import name_fields
from market.providers.kis.indices import KisIndex, kis_indices
from tradingplatform.db.transactions import global_tx


def indices_offer(source: Source) -> None:
    """Make the indices of one source active and those of others not; idle when they are.

    The indices of KIS come into being with its first feed, those of the sample market when it
    is loaded. Their bars stay.
    """
    if source == Source.KIS:
        _create(kis_indices().values())
    rows = Instrument.objects.filter(
        asset_type=AssetType.INDEX, source__in=[Source.KIS, Source.SAMPLE]
    )
    for is_active, chosen in (
        (True, rows.filter(source=source, is_active=False)),
        (False, rows.exclude(source=source).filter(is_active=True)),
    ):
        if chosen.exists():
            global_tx(chosen.update, is_active=is_active)


def _create(indices: Collection[KisIndex]) -> None:
    rows = Instrument.objects.filter(symbol__in=[index.symbol for index in indices])
    known = set(rows.values_list("symbol", flat=True))
    missing = [_instrument(index) for index in indices if index.symbol not in known]
    if missing:
        global_tx(Instrument.objects.bulk_create, missing)


def _instrument(index: KisIndex) -> Instrument:
    return Instrument(
        symbol=index.symbol,
        exchange=Exchange.KRX,
        name_en=index.name_en,
        name_ko=index.name_ko,
        currency="KRW",
        asset_type=AssetType.INDEX,
        is_nxt_tradable=False,
        reference_source=Source.KIS,
        source=Source.KIS,
        **name_fields(index.name_en, index.name_ko),
    )
