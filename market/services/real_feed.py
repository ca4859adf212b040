"""Make room for a feed that tells what really happened."""

from market.bar_store import history_write
from market.enums import Source, StoredInterval
from market.models import Bar, Instrument
from market.quotes import quotes_forget
from market.services.indices import indices_offer
from market.services.sample import sample_instruments_store
from tradingplatform.db.transactions import global_tx


def sample_prices_remove() -> int:
    """Take the sample market's prices away, so that none stands among real ones.

    The stocks stay as something to look at, without bars and base prices until the feed or an
    import brings them; the sample indices give way to real ones. Returns how many bars went.
    With the sample feed, ``sample_market_load`` makes them anew.
    """
    global_tx(sample_instruments_store)
    indices_offer(Source.KIS)
    removed = global_tx(_remove)
    quotes_forget(Instrument.objects.filter(source=Source.SAMPLE).values_list("symbol", flat=True))
    return removed


def _remove() -> int:
    sample = Instrument.objects.filter(source=Source.SAMPLE)
    ids = list(sample.values_list("pk", flat=True))
    removed, _ = Bar.objects.filter(
        instrument_id__in=ids, interval__in=StoredInterval.values, source=Source.SAMPLE
    ).delete()
    if removed:
        sample.update(base_price=None, base_date=None)
        history_write((), instrument_ids=ids)
    return removed
