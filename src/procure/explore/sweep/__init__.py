"""Many cases of one model: what a grid is, what a row says, where rows are kept, who solves them."""

from procure.explore.sweep.grid import Grid
from procure.explore.sweep.run import read_sweep, sweep
from procure.explore.sweep.table import tidy

__all__ = ["Grid", "read_sweep", "sweep", "tidy"]
