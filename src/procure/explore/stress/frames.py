"""What is told of a plan that was followed: the frames of `Stress`, step by step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pandas import DataFrame

from procure.explore.stress.followed import Followed
from procure.explore.stress.result import STEPS
from procure.units import KUSD_PER_MUSD, Array, Index

SPOT = "spot"


def frames(plan: str, followed: Followed) -> dict[str, DataFrame]:
    """The frames of `Stress` for one plan."""
    told = _Told(followed)
    rows = {
        "stops": (told.stops(), ("element", "class", "user", "short_day", "stop_day", "use_t", "unserved_t", "lost_musd")),
        "endurance": (told.endurance(), ("element", "months")),
        "periods": (
            told.periods(),
            ("period", "start_day", "end_day", "element", "class", "user", "use_t", "arrived_t", "unserved_t", "lost_musd"),
        ),
        "supply": (
            told.supply(),
            ("period", "element", "supplier", "ordinary_t", "arrived_t", "called_t", "paid_musd", "price_usd_kg"),
        ),
        "stock": (told.stock(), ("period", "element", "holder", "drawn_t", "filled_t", "stock_t")),
        "totals": (
            told.totals(),
            ("period", "start_day", "end_day", *(f"unserved_{name}" for name in told.classes), "unserved", "surplus_t",
             "lost_musd", "paid_musd"),
        ),
    }  # fmt: skip
    return {
        name: DataFrame([(plan, *row) for row in own], columns=["plan", *columns])
        for name, (own, columns) in rows.items()
    }


class _Told:
    """One plan, told by its steps."""

    def __init__(self, followed: Followed) -> None:
        self.followed, self.course = followed, followed.course
        self.elements = list(zip(followed.plan.elements, followed.class_of, strict=True))
        self.users = followed.holders.users
        self.classes = list(dict.fromkeys(followed.class_of))
        self.length = np.diff(followed.edges)
        #: The step of every interval, and where each begins among them.
        self.step: Index = np.searchsorted(followed.steps, followed.edges[:-1], side="right") - 1
        self.first = np.searchsorted(self.step, np.arange(len(followed.steps) - 1))
        days = self.length[:, None, None]
        self.use, self.lost = followed.own_use * days, followed.lost / KUSD_PER_MUSD
        self.unserved = followed.course.unserved
        self.arrived = followed.arrivals.all[..., None] * followed.holders.share * days

    def _by_step(self, amount: Array) -> Array:
        """Sums over the intervals of each step."""
        return np.asarray(np.add.reduceat(amount, self.first, axis=0))

    def _spans(self) -> Iterator[tuple[int, float, float]]:
        steps = self.followed.steps.tolist()
        yield from zip(range(1, len(steps)), steps, steps[1:], strict=False)

    def stops(self) -> Iterator[tuple[str | float, ...]]:
        """First days, and sums of the whole path, by element and user."""
        days = [self.followed.first_day(is_so) for is_so in (self.course.open > 0, self.followed.is_stopped)]
        sums = [each.sum(axis=0) for each in (self.use, self.unserved, self.lost)]
        for e, element in enumerate(self.elements):
            for u, user in enumerate(self.users):
                yield *element, user, *(float(each[e, u]) for each in (*days, *sums))

    def endurance(self) -> Iterator[tuple[str, float]]:
        """Months until somebody goes without."""
        short = self.followed.first_day(self.course.open > 0)
        for (element, _), days in zip(self.elements, short, strict=True):
            yield element, float(np.nanmin(days)) / STEPS["month"] if not np.isnan(days).all() else np.nan

    def periods(self) -> Iterator[tuple[str | float, ...]]:
        """What each user of each element has, step by step."""
        sums = [self._by_step(each) for each in (self.use, self.arrived, self.unserved, self.lost)]
        for p, span in enumerate(self._spans()):
            for e, element in enumerate(self.elements):
                for u, user in enumerate(self.users):
                    yield *span, *element, user, *(float(each[p, e, u]) for each in sums)

    def supply(self) -> Iterator[tuple[str | float, ...]]:
        """What arrives of each supplier and of the spot market, step by step."""
        flow, days = self.followed.arrivals, self.length[:, None, None]
        spot = flow.spot.sum(axis=2)[:, None]
        expected, arrived = (np.concatenate([each, 0 * spot], axis=1) * days for each in (flow.expected, flow.arrived))
        called = np.concatenate([flow.called, spot], axis=1) * days
        paid = np.concatenate([_worth(flow.called, flow.call_price), self._spot_bill()], axis=1) * days / KUSD_PER_MUSD
        prices = np.maximum(
            np.where(flow.called > 0, flow.call_price, 0.0).max(axis=1),
            np.where(flow.spot > 0, flow.spot_price, 0.0).max(axis=2, initial=0.0),
        )
        price = np.maximum.reduceat(prices, self.first, axis=0)
        sums = [self._by_step(each) for each in (expected, arrived + called, called, paid)]
        for p, (number, _, _) in enumerate(self._spans()):
            for e, (element, _) in enumerate(self.elements):
                for s, supplier in enumerate((*self.followed.plan.suppliers, SPOT)):
                    numbers = [float(each[p, s, e]) for each in sums]
                    if any(numbers):
                        yield number, element, supplier, *numbers, float(price[p, e]) or np.nan

    def _spot_bill(self) -> Array:
        """kUSD a day of the spot market, shape (n_intervals, 1, n_elements)."""
        flow = self.followed.arrivals
        return np.asarray(_worth(flow.spot, flow.spot_price).sum(axis=2)[:, None])

    def stock(self) -> Iterator[tuple[str | float, ...]]:
        """What every holder has, step by step."""
        drawn, filled = self._by_step(self.course.drawn), self._by_step(self.course.filled)
        left = self.course.stock[np.searchsorted(self.followed.edges, self.followed.steps[1:])]
        for p, (number, _, _) in enumerate(self._spans()):
            for e, (element, _) in enumerate(self.elements):
                for h, holder in enumerate(self.followed.holders.holders):
                    yield number, element, holder.name, *(float(each[p, h, e]) for each in (drawn, filled, left))

    def totals(self) -> Iterator[tuple[float, ...]]:
        """What is unserved, sold on, lost and paid in all, step by step."""
        unserved, use = (self._by_step(each.sum(axis=2)) for each in (self.unserved, self.use))
        lost, surplus = self._by_step(self.lost.sum(axis=(1, 2))), self._by_step(self.course.surplus.sum(axis=1))
        flow = self.followed.arrivals
        bill = _worth(flow.called, flow.call_price).sum(axis=(1, 2)) + self._spot_bill().sum(axis=(1, 2))
        paid = self._by_step(bill * self.length) / KUSD_PER_MUSD
        of_class = [np.array([name == own for own in self.followed.class_of]) for name in self.classes]
        everything = np.ones(len(self.elements), dtype=bool)
        for p, span in enumerate(self._spans()):
            shares = [unserved[p, these].sum() / use[p, these].sum() for these in (*of_class, everything)]
            yield *span, *map(float, shares), float(surplus[p]), float(lost[p]), float(paid[p])


def _worth(tonnes: Array, price: Array) -> Array:
    """kUSD of what is bought; where nothing is, there may be no price."""
    return np.where(tonnes > 0, tonnes * np.where(np.isfinite(price), price, 0.0), 0.0)
