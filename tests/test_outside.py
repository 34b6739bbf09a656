"""Futures outside the law stand behind the tree: answered, told apart, and of no weight."""

import numpy as np
import pytest

from procure.limits import Future
from procure.market.outside import NOTHING, outside


def test_every_loss_departs_from_one_undisturbed_path():
    """Three periods; a loss of two thirds and a third from the second on, and one of two periods that the end cuts short."""
    futures = {"resilience": [Future(1, {"near": (1.0, 0.5)}), Future(2, {"near": (1.0, 1.0), "far": (1.0, 1.0)})]}
    beyond = outside(futures, 3)
    assert beyond.period.tolist() == [0, 1, 2, 1, 2, 2]
    assert beyond.parent.tolist() == [-1, 0, 1, 0, 3, 1]
    assert beyond.lost["near"] == pytest.approx(np.array([0, 0, 0, 1, 0.5, 1]))
    assert beyond.lost["far"] == pytest.approx(np.array([0, 0, 0, 0, 0, 1]))
    assert beyond.nodes["resilience"].tolist() == [3, 4, 5]


def test_where_nothing_is_lost_there_is_nothing_outside():
    assert outside({"resilience": [], "share": []}, 3) is NOTHING
    assert len(outside({"resilience": [Future(0, {})]}, 3)) == 3  # the undisturbed path, from which nothing departs
