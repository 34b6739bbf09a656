"""A rule that plays a plan without seeing the future: the best on the mean, by exact dynamic programming.

With the plan fixed the elements separate: each has one stock, in a world that stands in a known state z (`scenarios.lattice`). With
c the cost of one period, convex and piecewise linear in the tonnes that leave the stock (`element_period`), and V the least
expected cost from a period on,

  V_t(z, x) = min_y  d_t [c_tz(x - y) + p_tz y] + W_t(z, y)     0 <= y <= target_tz       d_t  discount    p_tz  price of stock
  W_t(z, y) = Σ_z' P(z' | z) V_t+1(z', y)                       0 after the last period

The minimum is an infimal convolution: the pieces of both functions in the order of their slopes. So what is kept of a stock x is
itself piecewise linear in x, and that function is the rule. Of equally good stocks it keeps the largest.

W is told by its values at some knots: at all of its kinks while these are few, else at those that weigh most. Between them it then
lies above the truth, so that the mean cost of the rule lies between V_0 - `error` and V_0; where no kink is left out it is V_0.

What the rule is not: it minimises the mean, so in the tail it costs as much as the best rule for the weighed cost would, or more.
A limit on all futures binds no single state: one on a mean is priced in c, at what the program says that its bound is worth, and
others the rule does not know. Orders placed before demand is seen, rows of one's own that tie elements together, and rows that tie
a stock to anything but its own balance are refused.

Source: Bellman (1957), Dynamic Programming, chapter 3; Rockafellar (1970), Convex Analysis, section 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from procure.errors import DataError, Fault, SolverError
from procure.languages import Said
from procure.lp.compile import Template
from procure.market import Market
from procure.portfolio.element_period import ElementPeriods, element_periods
from procure.scenarios.lattice import Lattice
from procure.units import Array, Index
from procure.words import listed

_ALL_SEEN = Said(
    "a plan that is revised says what is done after whatever may be seen",
    "見直しのある計画は、見え得るすべてのことの後に何をするかを示す",
)
_MORE_NODES = Said(
    "give the tree more nodes (world.tree.nodes), or let the reviews see less",
    "節点を増やす（world.tree.nodes）か、見直しで見るものを減らす",
)
_UNSEEN = Said("no path of its tree passed {unseen}", "シナリオツリーのどの経路も通らない: {unseen}")
_NO_DECISION = Said(
    "In some state of period {t} no decision is possible with a stock of {element} between {low:g} and {high:g} t.",
    "第 {t} 期のある状態では、{element} の備蓄が {low:g}～{high:g} t のとき取れる決定がない。",
)

Plan = Mapping[str, Mapping[tuple[Any, ...], float]]

#: Most knots of a function of the stock.
MOST_KNOTS = 96


@dataclass(frozen=True)
class Played:
    """What one element (or, as None, what belongs to none) comes to on each path under the rule.

    Parameters
    ----------
    cost, minimised : array, shape (n_paths,)
        What is spent along the path, and that with the price of limits, which the rule minimises; kUSD of present value.
    forms : mapping name -> array, shape (n_paths, n_periods)
        Every form of the period: costs in kUSD, undiscounted, and measures of limits.
    shortage : array, shape (n_paths, n_periods)
        Unserved demand, t.
    stock : array, shape (n_paths, n_periods)
        Held at the end of the period, t.
    expected : float
        V_0: the mean of what is minimised as the dynamic program has it, kUSD of present value.
    error : float
        How far below it the best mean may lie, kUSD.
    """

    element: str | None
    cost: Array
    minimised: Array
    forms: Mapping[str, Array]
    shortage: Array
    stock: Array
    expected: float
    error: float


def play(
    market: Market, template: Template, lattice: Lattice, plan: Plan, paths: Index, weight: Array | None = None
) -> Iterator[Played]:
    """What comes of a plan on some paths under the rule, element by element; last what belongs to no single one.

    Parameters
    ----------
    market : Market
        Over the tree of ``lattice.worlds()``.
    template : Template
        Of its period.
    lattice : Lattice
        What may follow what.
    plan : mapping component -> index -> value
        `contract`, `output`, `use` and `stock_target` by moment, `stock_today`.
    paths : int array, shape (n_paths, n_periods)
        Nodes of the lattice.
    weight : array, shape (n_nodes of the market's tree, n_forms), optional
        What a unit of each form counts; by default money counts 1 and measures of limits nothing.
    """
    at = lattice.worlds()[1]
    node = np.concatenate(at)
    data = np.asfortranarray(market.period_data(template)[node])  # multiplied from the other side, many times
    planned = _planned(template, plan, market.sets.moments, market.shape.moment[node])
    discount = np.array([market.discount[here[0]] for here in at])
    ends = np.cumsum([len(here) for here in at])[:-1]
    if weight is None:
        weight = money(template, len(market.probability))
    for element in (*market.sets.elements, None):
        today = 0.0 if element is None else float(plan["stock_today"][element,])
        periods = element_periods(template, element, data, planned, weight[node], today)
        room = np.split(periods.room, ends)
        rule = _Rule(element, periods, np.split(periods.which, ends), room, lattice, discount, today)
        yield rule.play(template, paths)


def money(template: Template, n_nodes: int) -> Array:
    """Weights of the forms, shape (n_nodes, n_forms), when only money counts."""
    return np.tile(np.isin(template.forms, template.costs).astype(float), (n_nodes, 1))


def _planned(template: Template, plan: Plan, moments: Sequence[int], at: Index) -> Array:
    """What the plan says in the columns of every node's period, shape (n_nodes, n_columns); 0 where the period decides.

    `at` is the position of every node's moment.
    """
    values = np.zeros((len(at), len(template.columns)))
    passed = np.unique(at).tolist()
    planned = {index[-1] for index in plan["stock_target"]}
    unseen = [str(moments[k]) for k in passed if moments[k] not in planned]
    if unseen:
        raise DataError(Fault("reviews", _UNSEEN.format(unseen=listed(unseen, 3)), _ALL_SEEN, _MORE_NODES))
    for j, (component, index) in enumerate(template.columns):
        if component in template.links:
            of_moment = np.zeros(len(moments))
            of_moment[passed] = [plan[component][*index, moments[k]] for k in passed]
            values[:, j] = of_moment[at]
    return values


@dataclass(frozen=True)
class _Step:
    """The rule in one period: for every node its row, and by row what is kept of a stock, and what that costs from here on.

    Between `stock` (ascending, t) both are linear: `kept`, t, and `cost`, kUSD of present value.
    """

    row: Index
    stock: Array
    kept: Array
    cost: Array


class _Rule:
    """The rule for one element, found from the last period to the first."""

    def __init__(
        self, element: str | None, periods: ElementPeriods, which: list[Index], room: list[Array], lattice: Lattice,
        discount: Array, today: float,
    ) -> None:  # fmt: skip
        self.element, self.periods, self.which, self.discount, self.today = element, periods, which, discount, today
        self.steps: list[_Step] = []
        self.error = 0.0
        rooms = [np.unique(most, return_inverse=True) for most in room]  # differing where reviews saw other things
        knots = np.unique([0.0, *rooms[-1][0]])
        future = np.zeros((int(lattice.memory[-1].max()) + 1, len(knots)))
        for t in reversed(range(lattice.n_periods)):
            levels, at = rooms[t]
            kinds, row = _kinds(which[t], lattice.memory[t], at)
            step = self._step(row, kinds[:, 0], discount[t], knots, future[kinds[:, 1]], levels[kinds[:, 2]])
            self.steps.insert(0, step)
            chance = np.bincount(row, weights=lattice.probability[t]).astype(float)
            knots = _knots(step, chance, rooms[t - 1][0]) if t else np.array([today], dtype=float)
            beyond = max(float((step.stock[:, 0] - knots[0]).max()), float((knots[-1] - step.stock[:, -1]).max()))
            if not beyond <= 1e-6 * max(knots[-1], 1.0):
                raise SolverError(
                    _NO_DECISION.format(t=t, element=element, low=knots[0], high=knots[-1]), status="infeasible",
                )  # fmt: skip
            values = _at_knots(step.stock, step.cost, knots)
            if t:
                self.error += float(chance @ _missed(step, knots, values))
            future = np.asarray(lattice.chances[t] @ values[row])
        self.expected = float(future[0, 0])

    def _step(self, row: Index, period: Index, discount: float, knots: Array, future: Array, room: Array) -> _Step:
        """Cost now and cost to come, the pieces of both in the order of their slopes; `room`, one of the knots, by row."""
        periods = self.periods
        leaving, cost = periods.breaks[period], discount * periods.cost[period]
        kept = np.minimum(knots, room[:, None])
        within = np.minimum(np.arange(len(knots)), np.searchsorted(knots, room)[:, None])
        later = np.take_along_axis(future, within, 1) + discount * periods.price_of_stock[period][:, None] * kept
        # What is kept comes first: of pieces with the same slope that is to keep more.
        width = np.concatenate([np.diff(kept, axis=1), np.diff(leaving, axis=1)], axis=1)
        rise = np.concatenate([np.diff(later, axis=1), np.diff(cost, axis=1)], axis=1)
        slope = np.divide(rise, width, out=np.full_like(rise, np.inf), where=width > 0)
        order = np.argsort(slope, axis=1, kind="stable")
        is_kept = np.concatenate([np.ones(kept.shape[1] - 1), np.zeros(leaving.shape[1] - 1)])
        width, rise = np.take_along_axis(width, order, 1), np.take_along_axis(rise, order, 1)
        return _Step(
            row,
            _summed(leaving[:, 0] + knots[0], width),
            _summed(np.full(len(period), knots[0]), width * is_kept[order]),
            _summed(cost[:, 0] + later[:, 0], rise),
        )

    def play(self, template: Template, paths: Index) -> Played:
        """The rule on some paths."""
        n_paths, n_periods = paths.shape
        stock = np.full(n_paths, self.today)
        amounts = np.empty((len(template.forms) + 1, n_paths, n_periods))
        held, minimised = np.empty((n_paths, n_periods)), np.empty((n_paths, n_periods))
        for t, step in enumerate(self.steps):
            period = self.which[t][paths[:, t]]
            kept = _between(step.stock, step.kept, step.row[paths[:, t]], stock)
            amounts[:, :, t] = _between(self.periods.breaks, self.periods.amounts, period, stock - kept).T
            amounts[:-1, :, t] += (self.periods.of_stock[period] * kept[:, None]).T
            minimised[:, t] = np.einsum("fn,nf->n", amounts[:-1, :, t], self.periods.weight[period])
            held[:, t] = stock = kept
        forms = dict(zip(template.forms, amounts, strict=False))
        cost: Array = np.sum([forms[name] for name in template.costs], axis=0) @ self.discount
        return Played(
            self.element, cost, minimised @ self.discount, forms, amounts[-1], held, self.expected, self.error
        )


def _kinds(*numbers: Index) -> tuple[Index, Index]:
    """The distinct rows of some columns of numbers, shape (n, n_columns), and which of them each row is."""
    sizes = [int(column.max(initial=0)) + 1 for column in numbers]
    distinct, which = np.unique(np.ravel_multi_index(numbers, sizes), return_inverse=True)
    return np.column_stack(np.unravel_index(distinct, sizes)), which.reshape(-1)


def _summed(first: Array, steps: Array) -> Array:
    """Running sums along each row, from its first."""
    return np.cumsum(np.concatenate([first[:, None], steps], axis=1), axis=1)


def _between(breaks: Array, values: Array, row: Index, x: Array) -> Array:
    """Values at x on the piecewise linear functions of some rows; those of the ends beyond them."""
    own = breaks[row]
    k = np.clip((own <= x[:, None]).sum(axis=1) - 1, 0, breaks.shape[1] - 2)
    left, right = own[np.arange(len(row)), k], own[np.arange(len(row)), k + 1]
    share = np.divide(x - left, right - left, out=np.zeros(len(x)), where=right > left)
    share = np.clip(share, 0.0, 1.0)
    share = share.reshape(share.shape + (1,) * (values.ndim - 2))
    return np.asarray((1 - share) * values[row, k] + share * values[row, k + 1])


def _at_knots(breaks: Array, values: Array, knots: Array) -> Array:
    """Values of every row at the same knots, shape (n_rows, n_knots)."""
    n, width = breaks.shape
    span = 2.0 * max(float(np.abs(breaks).max()), float(np.abs(knots).max()), 1.0) + 1.0
    offset = span * np.arange(n)[:, None]  # rows end to end, so that one search serves all
    k = np.searchsorted((breaks + offset).ravel(), (knots + offset).ravel(), side="right").reshape(n, len(knots))
    k = np.clip(k - width * np.arange(n)[:, None] - 1, 0, width - 2)
    left, right = np.take_along_axis(breaks, k, 1), np.take_along_axis(breaks, k + 1, 1)
    low, high = np.take_along_axis(values, k, 1), np.take_along_axis(values, k + 1, 1)
    share = np.clip(np.divide(knots - left, right - left, out=np.zeros_like(left), where=right > left), 0.0, 1.0)
    return np.asarray((1 - share) * low + share * high)


def _knots(step: _Step, chance: Array, rooms: Array) -> Array:
    """Stocks between which the cost to come is taken as linear: its kinks, or of many those that weigh most; and all `rooms`."""
    room = float(rooms.max())
    inside = (step.stock > 0) & (step.stock < room)
    inside[:, [0, -1]] = False
    stock = step.stock[inside]
    distinct = np.unique(stock)
    if len(distinct) > 1:
        distinct = distinct[np.concatenate([[True], np.diff(distinct) > 1e-9 * max(room, 1e-9)])]
    if len(distinct) > MOST_KNOTS:
        width, rise = np.diff(step.stock, axis=1), np.diff(step.cost, axis=1)
        slope = np.divide(rise, width, out=np.zeros_like(rise), where=width > 0)
        bend = np.zeros_like(step.stock)
        bend[:, 1:-1] = np.maximum(np.diff(slope, axis=1), 0.0)
        weight = np.sqrt((bend * chance[:, None])[inside])
        order = np.argsort(stock)
        mass = np.cumsum(weight[order])
        wanted = np.linspace(0.0, mass[-1], MOST_KNOTS)
        distinct = np.unique(stock[order][np.minimum(np.searchsorted(mass, wanted), len(mass) - 1)])
    return np.unique(np.concatenate([[0.0], distinct, rooms]))


def _missed(step: _Step, knots: Array, values: Array) -> Array:
    """The most by which the function through the knots lies above that of each row, kUSD."""
    taken = np.empty_like(step.cost)
    for row in range(len(taken)):
        taken[row] = np.interp(step.stock[row], knots, values[row])
    inside = (step.stock >= knots[0]) & (step.stock <= knots[-1])
    return np.asarray(np.where(inside, taken - step.cost, 0.0).max(axis=1))
