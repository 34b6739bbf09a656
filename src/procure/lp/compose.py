"""One period, many nodes: the compiled plan and period, multiplied over a tree into one linear program.

Nodes n of a tree, each with a year, a parent and an unconditional probability p_n; leaves l; discount d_n. With c_n the
costs of node n, C the cost of the plan, and Z_l = Σ d_n c_n along the path to l:

  min  C + (1 - w) Σ_n p_n d_n c_n + w CVaR_α[Z]                               objective
  s.t. Z_n = Z_parent + d_n c_n                                       ∀ n      path_cost
       CVaR_α[L] = η + Σ_l p_l excess_l / (1 - α),   excess_l >= L_l - η,  excess_l >= 0      tail

Where the odds are in doubt, mean and tail are those under the worst law of a ball around p, whose rows stand with it
(`procure.risk`), over the costs Z_l of all paths.

The cost of the plan is known, so it stays outside the tail: CVaR[C + Z] = C + CVaR[Z]. The limits on all futures write
their rows beside these:

  each limit writes its own rows (`procure.limits`), from the measure m_n of a node or from the costs Z_l of the paths

Source: Rockafellar & Uryasev (2000), Journal of Risk 2(3), 21-41, Theorem 1. Money in the tail rows is in million USD,
beside tonnes a better scale for the solver than kUSD.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from procure.limits import Bound, Counts, Limit, futures_kind_of
from procure.limits.counted import add_tail
from procure.lp.compile import Name, Template
from procure.lp.figures import Figures, Risk
from procure.lp.program import LinearProgram, Solution
from procure.market.shape import Shape
from procure.risk import Rows
from procure.units import Array, Index, Mask

#: kUSD in one unit of money of the tail rows.
TAIL_MONEY = 1e3


@dataclass(frozen=True)
class Composed:
    """A linear program over the tree, and where composition put the rows it added."""

    lp: LinearProgram
    tail_rows: Index  # one per watched leaf; empty where the objective has no tail
    eta: int  # column of the cost from which the tail begins; -1 where there is no tail
    doubt: tuple[Rows, Index] | None  # what the doubt about the odds wrote, and where its rows stand
    future_rows: Mapping[tuple[str, Any], Index]  # (limit, year or None) -> its rows


@dataclass(frozen=True)
class Outcome:
    """A solved program, back in the terms of plan and period; rows and duals under the names of the formulation."""

    solution: Solution
    plan: Array  # (n_plan_columns,)
    nodes: Array  # (n_nodes, n_period_columns), links included
    plan_row_dual: Array
    node_row_dual: Array  # (n_nodes, n_period_rows)
    plan_reduced_cost: Array
    node_reduced_cost: Array  # (n_nodes, n_period_columns)
    future_dual: Mapping[
        tuple[str, Any], float
    ]  # (limit, year) -> change of the objective per unit of the bound of its rows
    tail_weight: (
        Array  # (n_leaves,) what mean and tail, of the worst odds where they are in doubt, make each leaf weigh
    )


class Composition:
    """`plan` and `period` over one tree: the positions of every entry, found once.

    Parameters
    ----------
    plan, period : Template
        As compiled.
    years, moments : sequence of int
        The years and the moments of the plan; `Shape.year` and `Shape.moment` count in them.
    shape : Shape
        The tree.
    limits : sequence of Limit
        Those on all futures (other kinds are inside the templates already).
    watched : array of positions in `Shape.leaves`, optional
        The leaves that the tail of the objective may reach: the others get no rows, and `overlooked` says whether that was
        right. All of them by default, and where a limit on cost needs every path.
    """

    def __init__(
        self,
        plan: Template,
        period: Template,
        years: Sequence[int],
        shape: Shape,
        limits: Sequence[Limit] = (),
        watched: Index | None = None,
        moments: Sequence[int] = (),
    ) -> None:
        self.plan, self.period, self.shape = plan, period, shape
        self.years, self.moments = tuple(years), tuple(moments or years)
        self.limits = tuple(limits)
        self.n_nodes = len(shape.parent)
        self.column_of, self.n_composed = self._place_columns()
        self.row_of, self.written, self.n_rows = self._place_rows()
        self._patterns: dict[tuple[int, ...], _Pattern] = {}
        self.is_cost = period.is_cost
        self._leaves = shape.leaves
        needs_all = watched is None or self.limits_paths
        self.watched = np.arange(len(self._leaves)) if needs_all or watched is None else np.sort(watched)
        self.path_nodes = self._above(self._leaves[self.watched])

    def _place_columns(self) -> tuple[Index, int]:
        """Where column j of the period at node n stands in the program: own, the plan's, or the parent's."""
        period, shape = self.period, self.shape
        own = np.array([component not in period.linked for component, _ in period.columns])
        place = np.full((self.n_nodes, len(period.columns)), -1, dtype=np.int64)
        together = np.array([component in period.orders for component, _ in period.columns])
        base = len(self.plan.columns)
        alone = own & ~together if shape.information is not None else own
        for element, columns in self._by_element(period.column_element, alone).items():
            place[:, columns], base = self._spread(shape.same.get(element), len(columns), base)
        if shape.information is not None:
            shared = np.flatnonzero(own & together)
            place[:, shared], base = self._spread(_first(shape.information), len(shared), base)
        for j, (component, index) in enumerate(period.columns):
            if component in period.carried:
                before, today = period.carried[component]
                carried = place[:, period.column_index[before, index]]
                place[:, j] = np.where(shape.parent >= 0, carried[shape.parent], self.plan.column_index[today, index])
            elif component in period.links:
                at = np.array([self.plan.column_index[component, (*index, moment)] for moment in self.moments])
                place[:, j] = at[shape.moment]
        return place, base

    def _place_rows(self) -> tuple[Index, Mask, int]:
        """Where row r of the period at node n stands, and which of them are written: nodes that are one share theirs."""
        period, shape = self.period, self.shape
        place = np.empty((self.n_nodes, len(period.rows)), dtype=np.int64)
        written = np.ones(place.shape, dtype=bool)
        base = len(self.plan.rows)
        for element, rows in self._by_element(period.row_element, np.ones(len(period.rows), dtype=bool)).items():
            place[:, rows], base = self._spread(shape.same.get(element), len(rows), base)
            if element in shape.same:
                written[:, rows] = (shape.same[element] == np.arange(self.n_nodes))[:, None]
        return place, written, base

    @staticmethod
    def _by_element(elements: Sequence[Any], chosen: Mask) -> dict[Any, Index]:
        """The chosen positions by their element, None for those of no single one."""
        positions: dict[Any, list[int]] = {}
        for position in np.flatnonzero(chosen).tolist():
            positions.setdefault(elements[position], []).append(position)
        return {element: np.array(own) for element, own in positions.items()}

    def _spread(self, same: Index | None, count: int, base: int) -> tuple[Index, int]:
        """Positions from `base` on for `count` things at every node; nodes that are one share them."""
        if same is None:
            number = np.arange(self.n_nodes)
        else:
            _, number = np.unique(same, return_inverse=True)
            number = number.reshape(-1)
        n_own = int(number.max()) + 1 if len(number) else 0
        return base + number[:, None] * count + np.arange(count), base + n_own * count

    def program(self, figures: Figures) -> Composed:
        """The linear program at these figures."""
        plan, period = self.plan, self.period
        plan_data, period_data, probability = figures.plan, figures.period, figures.probability
        discount, risk, bounds = figures.discount, figures.risk, figures.bounds
        parts = _Parts(self.n_composed, self.n_rows)
        parts.add(plan.entry_row, plan.entry_column, plan.entry.at(plan_data))
        entries = self.written[:, period.entry_row]
        parts.add_later(
            lambda: (self.row_of[:, period.entry_row][entries], self.column_of[:, period.entry_column][entries]),
            period.entry.at(period_data)[entries],
        )

        lower = np.full(self.n_composed, -np.inf)
        upper = np.full(self.n_composed, np.inf)
        node_lower, node_upper = period.bounds(period_data)
        own = self.column_of >= len(plan.columns)
        np.maximum.at(lower, self.column_of[own], node_lower[own])
        np.minimum.at(upper, self.column_of[own], node_upper[own])
        lower[: len(plan.columns)], upper[: len(plan.columns)] = plan.bounds(plan_data)
        row_lower, row_upper = np.empty(self.n_rows), np.empty(self.n_rows)
        row_lower[: len(plan.rows)], row_upper[: len(plan.rows)] = (
            plan.row_lower.at(plan_data),
            plan.row_upper.at(plan_data),
        )
        row_lower[self.row_of], row_upper[self.row_of] = (
            period.row_lower.at(period_data),
            period.row_upper.at(period_data),
        )

        plan_cost = self.plan_cost(plan_data)
        form = period.form.at(period_data)
        cost = np.zeros(self.n_composed)
        cost[: len(plan.columns)] = plan_cost
        weighted = risk.of_mean * (probability * discount)[:, None] * form[:, self.is_cost]
        np.add.at(cost, self.column_of[:, period.form_column[self.is_cost]], weighted)
        integer = np.zeros(self.n_composed, dtype=bool)
        # A whole number that is fixed is no choice: without it the program may be a plain LP, with duals.
        fixed = lower[: len(plan.columns)] == upper[: len(plan.columns)]
        integer[: len(plan.columns)] = plan.integer & ~fixed

        with_tail = self.has_tail(risk)
        if with_tail:
            self._add_path_costs(parts, form, discount)
        tail, rows = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        if risk.has_tail:
            leaves = self._leaves[self.watched]
            tail, rows, tail_cost = add_tail(parts, self.path_columns[leaves], probability[leaves], risk.alpha)
        doubt, doubt_columns, doubt_cost = self._add_doubt(parts, figures)
        future_rows = self._add_future_limits(parts, form, probability, plan_cost, bounds)
        matrix = self._assemble(parts, is_known=doubt is None)

        extra_cost = np.zeros(parts.n_columns - self.n_composed)
        if len(tail):
            extra_cost[tail - self.n_composed] = risk.weight * TAIL_MONEY * tail_cost
        extra_cost[doubt_columns - self.n_composed] = TAIL_MONEY * doubt_cost
        lp = LinearProgram(
            cost=np.concatenate([cost, extra_cost]),
            matrix=matrix,
            row_lower=np.concatenate([row_lower, np.array(parts.row_lower)]),
            row_upper=np.concatenate([row_upper, np.array(parts.row_upper)]),
            lower=np.concatenate([lower, np.array(parts.column_lower)]),
            upper=np.concatenate([upper, np.array(parts.column_upper)]),
            integer=np.concatenate([integer, np.array(parts.integer, dtype=bool)]),
        )
        return Composed(lp, rows, int(tail[0]) if len(tail) else -1, doubt, future_rows)

    def _add_doubt(self, parts: _Parts, figures: Figures) -> tuple[tuple[Rows, Index] | None, Index, Array]:
        """The rows of a doubt about the odds, over the costs of all paths; and the columns that it prices, with their costs."""
        if figures.doubt is None:
            return None, np.empty(0, dtype=np.int64), np.empty(0)
        losses = self.path_columns[self._leaves]
        measure = figures.doubt.rows(figures.probability[self._leaves])
        columns = parts.add_columns(len(measure.cost), measure.lower)
        n_rows = measure.losses.shape[0]
        rows = parts.add_rows(np.zeros(n_rows), np.full(n_rows, np.inf))
        for matrix, at, sign in ((measure.matrix, columns, 1.0), (measure.losses, losses, -1.0)):
            entries = matrix.tocoo()
            parts.add(rows[entries.row], at[entries.col], sign * entries.data)
        return (measure, rows), np.concatenate([losses, columns]), np.concatenate([measure.mean, measure.cost])

    def has_tail(self, risk: Risk) -> bool:
        """Whether path costs are rows of the program: a weighted tail, or a limit on the cost of all futures."""
        return risk.weight > 0 or risk.in_doubt or self.limits_paths

    def has_path_costs(self, composed: Composed) -> bool:
        """Whether what was composed has path costs as rows."""
        return composed.eta >= 0 or composed.doubt is not None or self.limits_paths

    @property
    def limits_paths(self) -> bool:
        """Whether a limit looks at the costs of whole paths."""
        return any(limit.counts is Counts.PATHS for limit in self.limits)

    def plan_cost(self, plan_data: Array) -> Array:
        """What each column of the plan costs whatever happens."""
        cost = np.zeros(len(self.plan.columns))
        np.add.at(cost, self.plan.form_column, self.plan.form.at(plan_data))
        return cost

    @cached_property
    def path_columns(self) -> Index:
        """The column of the path cost of each node, -1 where no watched path passes."""
        columns = np.full(self.n_nodes, -1, dtype=np.int64)
        columns[self.path_nodes] = self.n_composed + np.arange(len(self.path_nodes))
        return columns

    def _above(self, leaves: Index) -> Index:
        """The nodes on the way to some leaves, ascending."""
        passed = np.zeros(self.n_nodes, dtype=bool)
        here = leaves
        while len(here):
            passed[here] = True
            here = np.unique(self.shape.parent[here])
            here = here[here >= 0]
        return np.flatnonzero(passed)

    @cached_property
    def cost_columns(self) -> Index:
        """The column of every term of the costs at every node, shape (n_nodes, n_terms)."""
        return self.column_of[:, self.period.form_column[self.is_cost]]

    def cost_terms(self, figures: Figures) -> Array:
        """What one unit of these columns costs, kUSD of present value, shape (n_nodes, n_terms)."""
        return np.asarray(figures.discount[:, None] * self.period.form.at(figures.period)[:, self.is_cost])

    @cached_property
    def _unwatched(self) -> tuple[Index, sparse.csr_matrix]:
        """The leaves that are not watched (positions), and the paths to them."""
        unwatched = np.setdiff1d(np.arange(len(self._leaves)), self.watched)
        return unwatched, self.paths()[unwatched]

    def overlooked(self, composed: Composed, solution: Solution, cost_terms: Array) -> Index:
        """Unwatched leaves (positions) whose path costs more than where the tail begins: none, if the solution stands."""
        unwatched, paths = self._unwatched
        if composed.eta < 0 or not len(unwatched):
            return unwatched[:0]
        node_cost = np.einsum("nc,nc->n", cost_terms, solution.x[self.cost_columns])
        begins = solution.x[composed.eta] * TAIL_MONEY
        return np.asarray(unwatched[paths @ node_cost > begins + 1e-9 * max(1.0, abs(begins))])

    def _add_path_costs(self, parts: _Parts, form: Array, discount: Array) -> None:
        nodes, place = self.path_nodes, self.path_columns
        columns = parts.add_columns(len(nodes), -np.inf)
        rows = parts.add_rows(np.zeros(len(nodes)), np.zeros(len(nodes)))
        parts.add(rows, columns, np.ones(len(nodes)))
        child = np.flatnonzero(self.shape.parent[nodes] >= 0)
        parts.add_later(lambda: (rows[child], place[self.shape.parent[nodes[child]]]), -np.ones(len(child)))
        chosen = self.is_cost
        parts.add_later(
            lambda: (
                np.broadcast_to(rows[:, None], (len(nodes), int(chosen.sum()))),
                self.column_of[nodes][:, self.period.form_column[chosen]],
            ),
            -discount[nodes, None] * form[nodes][:, chosen] / TAIL_MONEY,
        )

    def _add_future_limits(
        self, parts: _Parts, form: Array, probability: Array, plan_cost: Array, bounds: Mapping[tuple[str, Any], Bound]
    ) -> dict[tuple[str, Any], Index]:
        futures = _Futures(self, parts, form, probability, plan_cost)
        return {
            (limit.name, year): futures_kind_of(limit).write(futures, limit, bounds[limit.name, year])
            for limit in self.limits
            for year in limit.years or (None,)
        }

    def form_of(self, limit: Limit) -> Index:
        """Which terms of the forms of a period a limit on all futures measures."""
        return np.flatnonzero(self.period.form_row == self.period.forms.index(self.period.measures[limit.name]))

    def _assemble(self, parts: _Parts, is_known: bool) -> sparse.csc_matrix:
        """Values into columns; the sort behind it is done once per pattern that is known. Entries that meet are added.

        Where an entry stands hangs on no number, or it would be put where another stood: what is written, part by part, says which
        pattern it is.
        """
        values = np.concatenate(parts.values)
        written = (parts.n_rows, parts.n_columns, *map(len, parts.values))
        if not is_known:
            self._patterns.pop(written, None)
        if written not in self._patterns:
            rows = np.concatenate([np.ravel(pair()[0]) for pair in parts.places])
            columns = np.concatenate([np.ravel(pair()[1]) for pair in parts.places])
            order = np.lexsort((rows, columns)).astype(np.int64)
            rows, columns = rows[order], columns[order]
            new = np.ones(len(rows), dtype=bool)
            new[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
            first = np.flatnonzero(new)
            starts = np.searchsorted(columns[first], np.arange(parts.n_columns + 1)).astype(np.int32)
            self._patterns[written] = _Pattern(
                rows[first].astype(np.int32), starts, order, first, (parts.n_rows, parts.n_columns)
            )
        pattern = self._patterns[written] if is_known else self._patterns.pop(written)
        data = np.add.reduceat(values[pattern.order], pattern.first) if len(values) else values
        return sparse.csc_matrix((data, pattern.rows, pattern.starts), shape=pattern.shape)

    def read(self, solution: Solution, composed: Composed, probability: Array, risk: Risk) -> Outcome:
        """A solution of `composed`, in the terms of plan and period."""
        weight = probability[self._leaves]
        if composed.doubt is not None:
            # The duals of the rows of a ball are the law that it finds worst.
            measure, rows = composed.doubt
            weight = measure.mean + measure.losses.T @ solution.row_dual[rows] / TAIL_MONEY
        elif risk.has_tail:
            # The dual of "excess >= loss - η" is the weight the tail puts on the leaf, at most p / (1 - α).
            tail = solution.row_dual[composed.tail_rows] / (risk.weight * TAIL_MONEY)
            weight = (1.0 - risk.weight) * weight
            weight[self.watched] += risk.weight * tail
        return self._outcome(solution, composed, weight)

    def weights(
        self, solution: Solution, composed: Composed, probability: Array, discount: Array, risk: Risk
    ) -> tuple[float, Array]:
        """What one kUSD more adds to the objective: spent by the plan, and spent at each node, shape (n_nodes,).

        A node weighs (1 - w) p_n d_n and, from the dual of its path_cost, what tail and limits on cost make of d_n; the plan
        weighs 1, and what limits on cost add.
        """
        weight = risk.of_mean * probability * discount
        if self.has_tail(risk):
            rows = self.n_rows + np.arange(len(self.path_nodes))
            weight[self.path_nodes] += solution.row_dual[rows] * discount[self.path_nodes] / TAIL_MONEY
        of_costs = sum(
            float(solution.row_dual[rows].sum()) for key, rows in composed.future_rows.items() if key[1] is None
        )
        return 1.0 - of_costs / TAIL_MONEY, weight

    def _share_of(self, names: Sequence[Name], elements: Sequence[Any]) -> Array:
        """Each node's share in the rows or columns that it has together with others: their one dual is parted evenly."""
        share = np.ones((self.n_nodes, len(names)))
        for position, (name, element) in enumerate(zip(names, elements, strict=True)):
            together = self.shape.information if name[0] in self.period.orders else None
            group = self.shape.same.get(element) if together is None else together
            if group is not None:
                share[:, position] = 1.0 / np.bincount(group)[group]
        return share

    def _outcome(self, solution: Solution, composed: Composed, tail_weight: Array) -> Outcome:
        n_plan = len(self.plan.columns)
        future = {key: float(solution.row_dual[rows].sum()) for key, rows in composed.future_rows.items()}
        return Outcome(
            solution=solution,
            plan=solution.x[:n_plan],
            nodes=solution.x[self.column_of],
            plan_row_dual=solution.row_dual[: len(self.plan.rows)],
            node_row_dual=solution.row_dual[self.row_of] * self._share_of(self.period.rows, self.period.row_element),
            plan_reduced_cost=solution.reduced_cost[:n_plan],
            node_reduced_cost=solution.reduced_cost[self.column_of]
            * self._share_of(self.period.columns, self.period.column_element),
            future_dual=future,
            tail_weight=tail_weight,
        )

    def paths(self) -> sparse.csr_matrix:
        """Leaves by nodes: one where the node is on the path to the leaf."""
        rows, columns = [], []
        at, leaf = self._leaves.copy(), np.arange(len(self._leaves))
        while len(at):
            rows.append(leaf)
            columns.append(at)
            up = self.shape.parent[at]
            at, leaf = up[up >= 0], leaf[up >= 0]
        row, column = np.concatenate(rows), np.concatenate(columns)
        return sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(self._leaves), self.n_nodes))

    def row_name(self, composed: Composed, row: int) -> tuple[str, Name | tuple[str, Any], int | None]:
        """What row `row` of the program says: ("plan" | "period" | "future" | "tail", name, node)."""
        if row < len(self.plan.rows):
            return "plan", self.plan.rows[row], None
        if row < self.n_rows:
            node, r = np.argwhere((self.row_of == row) & self.written)[0].tolist()
            return "period", self.period.rows[r], node
        for key, rows in composed.future_rows.items():
            if row in rows:
                return "future", key, None
        return "tail", ("tail", ()), None


def _first(group: Index) -> Index:
    """For every node the first one with its number."""
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    return np.asarray(first[inverse.reshape(-1)])


@dataclass(frozen=True)
class _Pattern:
    """Where the entries of a matrix stand: row of each, start of each column, order of the parts, first of those that meet."""

    rows: NDArray[np.int32]
    starts: NDArray[np.int32]
    order: Index
    first: Index
    shape: tuple[int, int]


class _Parts:
    """Entries of the matrix under construction, and the rows and columns that composition adds."""

    def __init__(self, n_columns: int, n_rows: int) -> None:
        self.n_columns, self.n_rows = n_columns, n_rows
        self.places: list[Callable[[], tuple[Any, Any]]] = []
        self.values: list[Array] = []
        self.row_lower: list[float] = []
        self.row_upper: list[float] = []
        self.column_lower: list[float] = []
        self.column_upper: list[float] = []
        self.integer: list[bool] = []

    def add_later(self, places: Callable[[], tuple[Any, Any]], values: Array) -> None:
        """Entries whose places are worked out where the pattern is not known yet."""
        self.places.append(places)
        self.values.append(np.ravel(values))

    def add(self, rows: Any, columns: Any, values: Any) -> None:
        """Entries of the matrix; those that meet are added up."""
        self.add_later(lambda: (rows, columns), values)

    def add_columns(
        self, count: int, lower: Array | float, upper: Array | float = np.inf, integer: NDArray[np.bool_] | bool = False
    ) -> Index:
        """New columns, and where they stand."""
        self.column_lower.extend(np.broadcast_to(lower, count))
        self.column_upper.extend(np.broadcast_to(upper, count))
        self.integer.extend(np.broadcast_to(integer, count))
        self.n_columns += count
        return np.arange(self.n_columns - count, self.n_columns)

    def add_rows(self, lower: Array, upper: Array) -> Index:
        """New rows, and where they stand."""
        self.row_lower.extend(lower)
        self.row_upper.extend(upper)
        self.n_rows += len(lower)
        return np.arange(self.n_rows - len(lower), self.n_rows)


class _Futures:
    """The program over the tree, as the limits on all futures write into it (`procure.limits.Futures`)."""

    def __init__(
        self, composition: Composition, parts: _Parts, form: Array, probability: Array, plan_cost: Array
    ) -> None:
        self._composition, self._parts, self._form = composition, parts, form
        self._probability, self._plan_cost = probability, plan_cost
        self.add, self.add_columns, self.add_rows = parts.add, parts.add_columns, parts.add_rows

    def measure(self, limit: Limit, nodes: Index) -> tuple[Index, Array]:
        """Columns and values of the terms of the measure at some nodes, both of shape (n_nodes of it, n_terms)."""
        composition = self._composition
        terms = composition.form_of(limit)
        columns = composition.column_of[nodes][:, composition.period.form_column[terms]]
        return columns, self._form[nodes][:, terms]

    def path_costs(self) -> tuple[Index, Array, int]:
        """The columns of the costs of all leaves, their probabilities, and the column of the cost of the plan."""
        return self._composition.path_columns[self._composition.shape.leaves], self._law_of_leaves, self._plan_column

    @property
    def _law_of_leaves(self) -> Array:
        return np.asarray(self._probability[self._composition.shape.leaves])

    @cached_property
    def _plan_column(self) -> int:
        """A column that equals what the plan costs, made when it is asked for."""
        (column,) = self.add_columns(1, -np.inf)
        (defined,) = self.add_rows(np.zeros(1), np.zeros(1))
        spent = np.unique(
            self._composition.plan.form_column
        )  # what costs nothing now may cost something at other numbers
        self.add(np.full(len(spent), defined), spent, self._plan_cost[spent] / TAIL_MONEY)
        self.add(np.array([defined]), np.array([column]), -np.ones(1))
        return int(column)
