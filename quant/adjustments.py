"""Factors that make prices before a corporate action comparable with those after it."""

import numpy as np
from numpy.typing import ArrayLike

from quant.errors import InvalidParameterError, InvalidSeriesError
from quant.types import FloatArray


def split_factor(ratio: float) -> float:
    """Return by what a price before a split is multiplied.

    Parameters
    ----------
    ratio : float
        Shares after for each share before: 4.0 for a split four for one, 0.1 for a reverse split
        one for ten, 1.05 for a stock dividend of 5 %.

    Returns
    -------
    float
        ``1 / ratio``; volumes are multiplied by ``ratio``.

    Raises
    ------
    InvalidParameterError
        If the ratio is not a finite positive number.

    Examples
    --------
    >>> split_factor(4.0)
    0.25
    """
    return 1.0 / _positive("ratio", ratio)


def payout_factor(close: float, amount: float) -> float:
    """Return by what a price before a payout is multiplied: a dividend, or shares of a spin-off.

    Parameters
    ----------
    close : float
        The raw close of the last session before the ex-date.
    amount : float
        What one share receives, in the same currency; below the close.

    Returns
    -------
    float
        ``1 - amount / close``.

    Raises
    ------
    InvalidParameterError
        If a figure is not finite and positive, or the payout is not below the close.

    Notes
    -----
    The usual multiplicative back-adjustment: a holder who buys more shares for the payout at the
    ex-price ``close - amount`` earns the return of the adjusted series.

    Examples
    --------
    >>> payout_factor(100.0, 2.0)
    0.98
    """
    before, paid = _positive("close", close), _positive("amount", amount)
    if paid >= before:
        raise InvalidParameterError("A payout must be below the close before it.")
    return 1.0 - paid / before


def rights_factor(close: float, ratio: float, price: float) -> float:
    """Return by what a price before a rights issue is multiplied.

    Parameters
    ----------
    close : float
        The raw close of the last session before the ex-date.
    ratio : float
        Shares after for each share before, more than 1: 1.2 for one new share for five.
    price : float
        What a new share costs.

    Returns
    -------
    float
        The theoretical ex-rights price ``(close + (ratio - 1) price) / ratio`` over ``close``; 1
        when the new shares cost at least the close, because nobody gains by the right then.

    Raises
    ------
    InvalidParameterError
        If a figure is not finite and positive, or the ratio is not above 1.

    Examples
    --------
    >>> rights_factor(100.0, 1.25, 50.0)
    0.9
    """
    before, after, cost = (
        _positive("close", close),
        _positive("ratio", ratio),
        _positive("price", price),
    )
    if after <= 1.0:
        raise InvalidParameterError("A rights issue makes more shares than before.")
    if cost >= before:
        return 1.0
    return (before + (after - 1.0) * cost) / after / before


def back_adjustment(times: ArrayLike, event_times: ArrayLike, factors: ArrayLike) -> FloatArray:
    """Return by what each price is multiplied so that the newest stays as it is.

    Parameters
    ----------
    times : array_like of shape (n_bars,)
        When the bars are, in any unit.
    event_times : array_like of shape (n_events,)
        From when on prices are those after the event, in the same unit and in any order.
    factors : array_like of shape (n_events,)
        The factor of each event, positive.

    Returns
    -------
    ndarray of shape (n_bars,)
        The product of the factors of all events later than the bar; a bar at the time of an
        event is not adjusted for it.

    Raises
    ------
    InvalidSeriesError
        If a factor is not finite and positive, or there are not as many as events.

    Notes
    -----
    O((n_bars + n_events) log n_events).

    Examples
    --------
    >>> back_adjustment([1, 2, 3], [2, 3], [0.5, 0.98]).tolist()
    [0.49, 0.98, 1.0]
    """
    when, by = np.asarray(event_times), np.asarray(factors, dtype=np.float64)
    if when.shape != by.shape or when.ndim != 1:
        raise InvalidSeriesError("There must be one factor for each event.")
    if not (np.isfinite(by) & (by > 0)).all():
        raise InvalidSeriesError("Factors must be finite and positive.")
    order = np.argsort(when, kind="stable")
    ahead = np.append(np.cumprod(by[order][::-1])[::-1], 1.0)
    adjusted: FloatArray = ahead[np.searchsorted(when[order], np.asarray(times), side="right")]
    return adjusted


def _positive(name: str, figure: float) -> float:
    if not (np.isfinite(figure) and figure > 0):
        raise InvalidParameterError(f"The {name} must be a finite positive number.")
    return float(figure)
