"""What the platform may do to the market's tables."""

from market.services.base_prices import base_prices_refresh, base_prices_roll
from market.services.sample import SampleLoad, sample_market_load

__all__ = ["SampleLoad", "base_prices_refresh", "base_prices_roll", "sample_market_load"]
