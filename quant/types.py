"""Array types shared by the numerical modules."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
