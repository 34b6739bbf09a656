"""Constants between the units of the model and those in which people speak, and the types of its arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: The model counts money in kUSD, its answers in million USD.
KUSD_PER_MUSD = 1e3
#: Stock is spoken of in days of use.
DAYS_PER_YEAR = 365.0

Array = NDArray[np.float64]
#: Positions, counts, codes.
Index = NDArray[np.int64]
#: Which of them.
Mask = NDArray[np.bool_]
