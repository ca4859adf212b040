"""Calendar constants of the numerical modules."""

TRADING_DAYS_PER_YEAR = 252
