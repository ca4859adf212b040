import pytest

from market.enums import AssetType, Source
from market.models import Instrument
from market.services.indices import indices_offer
from market.tests.factories import instrument_make

pytestmark = pytest.mark.django_db(databases="__all__")


def offered():
    rows = Instrument.objects.active().filter(asset_type=AssetType.INDEX)
    return sorted(rows.values_list("symbol", flat=True))


def test_each_feed_offers_its_own_indices():
    instrument_make("KR30", exchange="KRX", asset_type=AssetType.INDEX)
    instrument_make("AAPL")
    gone = instrument_make("MSFT", is_active=False)

    indices_offer(Source.KIS)
    assert offered() == ["KOSDAQ", "KOSPI", "KOSPI200"]
    indices_offer(Source.SAMPLE)
    assert offered() == ["KR30"]
    indices_offer(Source.KIS)

    assert offered() == ["KOSDAQ", "KOSPI", "KOSPI200"]
    kospi = Instrument.objects.get(symbol="KOSPI")
    assert (kospi.source, kospi.currency, kospi.is_tradable) == (Source.KIS, "KRW", False)
    gone.refresh_from_db()
    assert not gone.is_active
    assert Instrument.objects.get(symbol="AAPL").is_active


def test_a_market_without_kis_has_no_indices_of_kis():
    indices_offer(Source.SAMPLE)

    assert not Instrument.objects.exists()


def test_indices_of_other_origin_stay_as_they_are():
    instrument_make("SPX", exchange="NYSE", asset_type=AssetType.INDEX, source=Source.CSV)

    indices_offer(Source.KIS)

    assert "SPX" in offered()
