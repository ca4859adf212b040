"""Lists of instruments as brokers and exchanges publish them, by the name of their format."""

from collections.abc import Callable

from market.enums import MarketSegment
from market.masters.kis import kosdaq_master_read, kospi_master_read, overseas_master_read
from market.masters.nasdaq_trader import nasdaq_listed_read, other_listed_read
from market.masters.types import Listing, MasterFile

MASTER_FORMATS: dict[str, Callable[[bytes], MasterFile]] = {
    "kis-kospi": kospi_master_read,
    "kis-kosdaq": kosdaq_master_read,
    "kis-overseas": overseas_master_read,
    "nasdaq-listed": nasdaq_listed_read,
    "nasdaq-other": other_listed_read,
}

NXT_FORMATS = {
    "kis-nxt-kospi": MarketSegment.KOSPI,
    "kis-nxt-kosdaq": MarketSegment.KOSDAQ,
}
"""Lists of what NXT trades, and the market that each is about."""

__all__ = ["MASTER_FORMATS", "NXT_FORMATS", "Listing", "MasterFile"]
