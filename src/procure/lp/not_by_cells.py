"""Which programs are not solved cell by cell (`lp.cells`), seen before any number is worked out and without a solver."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING

from procure.limits import Counts, Limit
from procure.lp.compose import Composed, Composition
from procure.lp.interior.sliced_tree import is_sliced

if TYPE_CHECKING:
    from procure.market.shape import Shape


class NotByCells(enum.Enum):
    """Why a program is not solved cell by cell, and left to HiGHS."""

    TOGETHER = "orders are placed before demand is seen"
    SHARED = "elements share decisions between nodes"
    TREE = "a path ends early, a year is left out, or one period lies in two years"
    WHOLE_NUMBERS = "some decisions are whole numbers"
    LIMITS = "a limit is on something else than a mean"
    REVIEWS = "the plan is revised"
    HANDED_DOWN = "a period hands on something else than one stock for each element"
    UNLIKE = "a row or column belongs to no single element, or its coefficients differ between cells"
    NO_POINT = "the central path broke down, or time was up, before any point was useful"


def unlike_cells(composition: Composition, composed: Composed) -> NotByCells | None:
    """Why a program is not made of cells, as far as its shape tells; None where nothing stands against it."""
    shape = composition.shape
    against = {
        NotByCells.SHARED: bool(shape.same),
        NotByCells.TREE: not is_sliced(shape.parent, shape.year, len(composition.years)),
        NotByCells.WHOLE_NUMBERS: composed.lp.is_mixed_integer,
        NotByCells.HANDED_DOWN: len(composition.period.carried) != 1,
    }
    return unlike_any(shape, composition.limits) or next((reason for reason, holds in against.items() if holds), None)


def unlike_any(shape: Shape, limits: Iterable[Limit]) -> NotByCells | None:
    """Why no program over a tree with such limits is made of cells, whatever its numbers; None where nothing stands against it."""
    against = {
        NotByCells.TOGETHER: shape.information is not None,
        NotByCells.REVIEWS: shape.seen is not None,
        NotByCells.LIMITS: any(limit.counts is not Counts.MEAN for limit in limits),
    }
    return next((reason for reason, holds in against.items() if holds), None)
