"""Errors of the numerical modules.

QuantError
├── InvalidSeriesError     the input array is malformed (shape, NaN, sign)
├── InvalidParameterError  a scalar argument is outside its range
└── InsufficientDataError  the array is well formed but too short
"""


class QuantError(ValueError):
    """An input for which the quantity is not defined."""


class InvalidSeriesError(QuantError):
    """An array has the wrong shape, contains NaN or infinity, or a price that is not positive."""


class InvalidParameterError(QuantError):
    """A scalar argument is outside its range."""


class InsufficientDataError(QuantError):
    """There are fewer observations than the quantity needs."""
