"""The only place where this app locks rows."""

from market.models import Instrument


def instrument_for_update(instrument_id: int) -> Instrument:
    """Lock an instrument until the end of the global transaction; it exists."""
    return Instrument.objects.select_for_update().get(pk=instrument_id)
