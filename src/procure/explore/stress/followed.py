"""One plan followed along one path, and what its shortages cost.

The path is cut on every day on which anything changes for anybody, so that all rates are constant in between and the day on which a
stock is empty is exact.

What is unserved costs what the tiers of `shortage.csv` say: of each user's gap, as a share of his own use, the cheapest tier first,
the last one without end. In that one lines stop.

  lost_eu = Σ_k cost_yek min(max(gap_eu / use_eu - Σ_{j<k} width_ej, 0), width_ek) × use_eu × the days it is open          kUSD
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from procure.explore.stress.arrivals import Arrivals, arrivals
from procure.explore.stress.event import Event
from procure.explore.stress.holders import Holders, read_holders
from procure.explore.stress.ordinary import Decisions, Ordinary, ordinary, undisturbed
from procure.explore.stress.path import Course, follow
from procure.explore.stress.shipping import Shipping
from procure.facts.records import Records
from procure.facts.scopes import scopes_of
from procure.market import make_market
from procure.model import Model
from procure.scenarios.decided import Programmes
from procure.units import DAYS_PER_YEAR, Array, Index, Mask

#: To which a day is told apart from another; a step is not shorter than `SHORTEST` days.
DIGITS, SHORTEST = 9, 1e-6


@dataclass(frozen=True)
class Followed:
    """One plan along the path.

    Attributes
    ----------
    plan : Ordinary
    class_of : tuple of str
        Of each element.
    holders : Holders
    steps : array, shape (n_steps + 1,)
        Days between which it is told; the last step may be shorter.
    edges : array, shape (n_intervals + 1,)
        Days, those of the steps among them; nothing changes in between.
    year : array, shape (n_intervals,)
        Position of its year among those of the plan.
    use : array, shape (n_intervals, n_elements)
        t/day
    arrivals : Arrivals
    course : Course
    released : array, shape (n_holders, n_elements)
        Share of the stock of each that is there.
    idle : tuple of str
        Suppliers and scopes of the event that nothing is bought of.
    """

    plan: Ordinary
    class_of: tuple[str, ...]
    holders: Holders
    steps: Array
    edges: Array
    year: Index
    use: Array
    arrivals: Arrivals
    course: Course
    released: Array
    idle: tuple[str, ...]

    @property
    def own_use(self) -> Array:
        """t/day of each user, shape (n_intervals, n_elements, n_users)."""
        return np.asarray(self.use[..., None] * self.holders.share)

    @property
    def lost(self) -> Array:
        """kUSD in each interval, shape (n_intervals, n_elements, n_users)."""
        gap, own, width = self.course.gap, self.own_use, self.plan.width
        share = np.divide(gap, own, out=np.zeros_like(gap), where=own > 0)
        begins = np.cumsum(width, axis=1) - width
        wide = np.where(begins >= self.stops_at[:, None], np.inf, width)
        within = np.clip(share[..., None] - begins[:, None], 0.0, wide[:, None])
        return np.asarray((within * self.plan.cost[self.year][:, :, None]).sum(axis=-1) * own * self.course.open)

    @property
    def stops_at(self) -> Array:
        """Unserved share of use at which the last tier of an element begins, shape (n_elements,)."""
        width = self.plan.width
        last = [int(np.flatnonzero(row)[-1]) if row.any() else 0 for row in width]
        return np.array([row[:k].sum() for row, k in zip(width, last, strict=True)])

    @property
    def is_stopped(self) -> Mask:
        """Whether lines of a user stand still in an interval, shape (n_intervals, n_elements, n_users)."""
        return np.asarray((self.course.open > 0) & (self.course.gap > self.stops_at[:, None] * self.own_use))

    def first_day(self, is_so: Mask) -> Array:
        """The first day on which something is so of an element and a user while he goes unserved; NaN where it never is."""
        day = (self.edges[1:, None, None] - self.course.open)[is_so.argmax(axis=0), *np.indices(is_so.shape[1:])]
        return np.where(is_so.any(axis=0), day, np.nan)


def follow_plan(
    model: Model,
    event: Event,
    year: int,
    programmes: Programmes,
    decided: Decisions | None,
    step: float,
    *,
    without_stock: bool = False,
) -> Followed:
    """A plan along the path of an event that begins with a year, told by steps of so many days.

    Without decisions it is that of what is signed today.
    """
    records = Records(model.facts)
    market = make_market(model, programmes, undisturbed(model, programmes))
    plan = ordinary(market, year, decided)
    scopes = {
        row["element"]: scopes_of(row, model.settings.model.classes)
        for e in plan.elements
        for row in records.rows("elements", element=e)
    }
    holders = read_holders(records, scopes)
    rows = {str(row["supplier"]): row for row in records.rows("suppliers")}
    transit = np.array([float(rows[s]["value"] or 0.0) for s in plan.suppliers])
    hit = [late for s, late in zip(plan.suppliers, transit.tolist(), strict=True) if s in event.suppliers]
    days = round(event.horizon(max(hit, default=0.0)), DIGITS)
    changes = [day + late for day in event.days for late in (0.0, *transit.tolist())]
    steps = np.append(np.arange(0.0, days - SHORTEST, step), days)
    edges = np.unique(np.round(np.concatenate([changes, np.arange(0.0, days, DAYS_PER_YEAR), steps]), DIGITS))
    edges = edges[edges <= days]
    middle = (edges[1:] + edges[:-1]) / 2
    of_year = np.minimum((middle // DAYS_PER_YEAR).astype(np.int64), len(plan.years) - 1)
    shipping = Shipping(event, plan.suppliers, scopes, records)
    coming = arrivals(model, programmes, shipping, plan, transit, middle, of_year)
    released = np.array([
        [0.0 if without_stock else event.released(holder.name, of) for of in scopes.values()] for holder in holders.holders
    ])  # fmt: skip
    stock = released * np.array([
        plan.stock if holder.days is None else holder.days * plan.use[0] * (holders.share * holder.serves).sum(axis=1)
        for holder in holders.holders
    ])  # fmt: skip
    use = plan.use[of_year]
    course = follow(edges, use, coming.all, holders.share, holders.holders, stock)
    classes = tuple(market.class_of[e] for e in plan.elements)
    return Followed(
        plan, classes, holders, np.round(steps, DIGITS), edges, of_year, use, coming, course, released, tuple(shipping.idle())
    )  # fmt: skip
