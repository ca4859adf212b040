"""How far did a price series fall from its peak?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quant import checks


@dataclass(frozen=True)
class Drawdown:
    """The deepest fall of a price series from a running peak."""

    depth: float
    peak_index: int
    trough_index: int



