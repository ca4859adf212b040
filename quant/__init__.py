"""Pure numerics: arrays in, numbers and frozen dataclasses out.

What an argument or an error of this name means in every function is said here, once; a function
says only what is its own: another range, what it needs, what it returns. TA-Lib is imported inside
the functions, because loading it costs every process that only imports their module.

Parameters
----------
closes, prices : array_like of shape (n_observations,)
    Positive prices in one currency, oldest first, at equal spacing.
highs, lows : array_like of shape (n_observations,)
    Prices of the same bars as `closes`; no high is below its low.
volumes : array_like of shape (n_observations,)
    Volumes of the same bars, zero or more.
window : int
    Number of bars, at least 2.
returns : array_like of shape (n_observations,)
    Simple period returns as fractions.
asset_returns : array_like of shape (n_observations, n_assets)
    Simple period returns as fractions, one column per asset.
weights : array_like of shape (n_assets,)
    Amounts or fractions, zero or more and not all zero; only their proportions count.
periods_per_year : float
    Periods in a year, for example 252 of daily bars; 1 leaves a figure per period. Positive.
confidence : float
    Probability that the loss stays below the Value-at-Risk, in [0.5, 1).
horizon_periods : int
    Length of the horizon in periods, at least 1.

Raises
------
InsufficientDataError
    If there are fewer observations than the function says that it needs.
InvalidSeriesError
    If an array is not as described: its shape, its length beside the others, its sign, or a NaN
    or an infinite number in it. Nothing is ever filled or dropped.
InvalidParameterError
    If a number is outside of its range.
"""
