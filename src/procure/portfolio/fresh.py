"""Plans on fresh paths of their law, which no tree has seen, under a rule that cannot see the future (`rule`).

The mean needs no sample: the rule's dynamic program has it. The tail and the shortages do, and there the known mean μ of what each
element costs takes out most of the luck of the draw. With L the cost of a path, X those of its elements, α the level of the tail
and η where it begins,

  y = L                               for the mean              y = η + max(L - η, 0) / (1 - α)      for the mean of the tail
  estimate = mean y - β·(mean X - μ)  β by least squares        standard error = sd (y - β·X) / √n

For the mean β is 1, and of the luck nothing is left. Two plans are compared on the same random numbers, path by path, so that
their difference has a standard error of its own, smaller than theirs.

Source: Owen (2013), Monte Carlo theory, methods and examples, section 8.9; Rockafellar & Uryasev (2000), Journal of Risk 2(3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.lp.compile import Template
from procure.market import Market, make_market, make_tree, read_law
from procure.model import Model
from procure.portfolio.kept import Kept, kept, priced
from procure.portfolio.rule import Plan, play
from procure.program.templates import templates
from procure.scenarios.decided import Programmes
from procure.scenarios.lattice import Lattice
from procure.scenarios.tree import Tree
from procure.scenarios.world import periods_of, processes
from procure.units import Array, Index
from procure.words import Progress

ORDERS_FIRST = Said("orders are placed before demand is seen", "発注は需要が分かる前")
_KNOWS = Said("the rule decides when it knows the state, demand included", "運用規則は需要を含む状態を知ってから決める")
_SET_AFTER = Said("set demand.orders = 'after'", "demand.orders = 'after' とする")

#: Of the intervals, and half their width in standard errors.
CONFIDENCE, WIDE = 0.95, 1.959964
MEASURES = ("expected", "cvar", "weighed")
#: Share of the size of an amount below which its standard error is that of the arithmetic.
ROUNDING = 1e-9


# --- what is played


@dataclass(frozen=True, eq=False)
class FixedPlan:
    """All that is decided now, as it is played.

    Parameters
    ----------
    model, programmes
        Whose law the paths follow.
    decisions : mapping component -> index -> value
        As `formulation.plan` names them.
    cost : float
        What the plan itself spends, kUSD of present value.
    prices : mapping (limit, year) -> float
        What one unit more of the bound of a limit saves, as the program has it, kUSD.
    """

    model: Model
    programmes: Programmes
    decisions: Plan
    cost: float
    prices: Mapping[tuple[str, int | None], float]


class Steps:
    """Tells how far the work is, an element at a time."""

    def __init__(self, progress: Progress | None = None, n_plans: int = 1) -> None:
        self._progress, self._n_plans, self._done = progress, n_plans, 0

    def took(self, n_steps: int, what: str) -> None:
        """One more of the `n_steps` that each plan takes."""
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, n_steps * self._n_plans, what)


@dataclass(frozen=True, eq=False)
class Sample:
    """One plan on some paths, kUSD of present value and t.

    Parameters
    ----------
    market : Market
        Over the nodes that can be passed.
    template : Template
        Of its period.
    nodes : int array, shape (n_paths, n_periods)
        Those that each path passes.
    is_drawn : bool
        Whether the paths are a drawing: otherwise there is no error.
    loss, probability : array, shape (n_paths,)
    luck : array, shape (n_paths, n)
        What each element costs on a path beyond its exact mean; none where the paths were not drawn.
    error : float
        How far below the cost of the rule the best mean may lie.
    shortage : mapping element -> array, shape (n_paths, n_years)
    demand : mapping element -> array, shape (n_years,)
        Expected.
    measures : mapping form -> array, shape (n_paths, n_periods)
        What measures the limits on all futures.
    """

    market: Market
    template: Template
    nodes: Index
    is_drawn: bool
    loss: Array
    probability: Array
    luck: Array
    error: float
    shortage: Mapping[str, Array]
    demand: Mapping[str, Array]
    measures: Mapping[str, Array]

    @cached_property
    def influences(self) -> Array:
        """What each path adds to each of `MEASURES`, shape (n_paths, 3): their means are the measures."""
        risk = self.market.model.settings.risk
        order = np.argsort(self.loss, kind="stable")
        begins = order[min(int(np.searchsorted(np.cumsum(self.probability[order]), risk.alpha)), len(order) - 1)]
        tail = self.loss[begins] + np.maximum(self.loss - self.loss[begins], 0.0) / (1.0 - risk.alpha)
        return np.column_stack([self.loss, tail, (1.0 - risk.weight) * self.loss + risk.weight * tail])

    def estimate(self, amount: Array) -> tuple[Array, Array]:
        """Mean of each column of an amount, shape (n_paths, n), and its standard error."""
        return self._known.estimate(amount)

    @cached_property
    def _known(self) -> _Luck:
        return _Luck(self.luck, self.probability)

    def limits(self) -> Sequence[Kept]:
        """What the limits on all futures come to."""
        return list(
            kept(self.market, self.template, self.nodes, self.measures, self.loss, self.probability, self.is_drawn)
        )

    def beyond(self, other: Sample) -> tuple[Array, Array]:
        """By how much each of `MEASURES` lies above that of another plan on the same paths, and its standard error."""
        both = _Luck(np.concatenate([self.luck, other.luck], axis=1), self.probability)
        return both.estimate(self.influences, other.influences)


def check_playable(model: Model) -> None:
    """Refuse what the rule cannot play, as far as the choices show it."""
    demand = model.settings.demand
    if (demand.uncertain != "none" or demand.readings) and demand.orders == "before":
        raise DataError(Fault(f"{model.origin}, demand.orders", ORDERS_FIRST, _KNOWS, _SET_AFTER))


@dataclass(frozen=True, eq=False)
class Scene:
    """Paths of a law, and the market along them: the same for every plan under one choice of programmes.

    Parameters
    ----------
    market : Market
        Over the nodes that can be passed.
    lattice : Lattice
        What may follow what.
    nodes : int array, shape (n_paths, n_periods)
        Those that each path passes.
    probability : array, shape (n_paths,)
    is_drawn : bool
        Whether the paths are a drawing.
    """

    market: Market
    lattice: Lattice
    nodes: Index
    probability: Array
    is_drawn: bool

    @staticmethod
    def of(model: Model, programmes: Programmes, paths: int | Tree, seed: int) -> Scene:
        """So many paths of a law, the same for every choice of programmes but for what it does to the law, or those of a tree.

        Raises `DataError` where the model is none that the rule can play.
        """
        check_playable(model)
        if model.settings.world.scenarios:
            lattice = Lattice.of_tree(make_tree(model, programmes))
        else:
            world = processes(model, programmes)
            if not isinstance(paths, Tree) and not model.extension:  # both may look at any process
                world = read_law(model, programmes, world)
            lattice = Lattice.of_law(world, len(periods_of(model)))
        worlds, _ = lattice.worlds()
        market = make_market(model, programmes, worlds)
        if isinstance(paths, Tree):
            return Scene(market, lattice, lattice.passed(paths), paths.probability[paths.leaves], False)
        return Scene(market, lattice, lattice.drawn(paths, seed), np.full(paths, 1.0 / paths), True)


def played(plan: FixedPlan, paths: int | Tree, seed: int, steps: Steps) -> Sample:
    """A plan on so many paths of its law, the same for every plan but for what it does to the law, or on those of a tree.

    Raises `DataError` where the model is none that the rule can play.
    """
    return played_in(Scene.of(plan.model, plan.programmes, paths, seed), plan, steps)


def played_in(scene: Scene, plan: FixedPlan, steps: Steps) -> Sample:
    """A plan on paths that are there already."""
    market, lattice, nodes, model = scene.market, scene.lattice, scene.nodes, plan.model
    _, at = lattice.worlds()
    year = np.searchsorted(model.years, periods_of(model))
    loss = np.full(len(nodes), plan.cost)
    luck, error = [], 0.0
    shortage: dict[str, Array] = {}
    demand: dict[str, Array] = {}
    template = templates(market.sets).period
    measures = {name: np.zeros(nodes.shape) for name in template.measures.values()}
    law = np.zeros(len(market.probability))
    for chance, here in zip(lattice.probability, at, strict=True):
        law[here] = chance
    weight = priced(market, template, law, plan.prices)
    for part in play(market, template, lattice, plan.decisions, nodes, weight):
        loss += part.cost
        error += part.error
        luck.append(part.minimised - part.expected)
        for name, measure in measures.items():
            measure += part.forms[name]
        if part.element is not None:
            asked = market.period["demand"][part.element,]
            expected = [chance @ asked[here] for chance, here in zip(lattice.probability, at, strict=True)]
            shortage[part.element] = _by_year(part.shortage, year)
            demand[part.element] = _by_year(np.array([expected]), year)[0]
        steps.took(len(market.sets.elements) + 1, part.element or "contracts")
    passed = np.column_stack([here[nodes[:, t]] for t, here in enumerate(at)])
    beyond = np.column_stack(luck) if scene.is_drawn else np.zeros((len(nodes), 0))
    return Sample(
        market, template, passed, scene.is_drawn, loss, scene.probability, beyond, error, shortage, demand, measures
    )


def _by_year(amount: Array, year: Index) -> Array:
    """Sums over the periods of each year, shape (n_paths, n_periods) -> (n_paths, n_years)."""
    firsts = np.flatnonzero(np.diff(year, prepend=-1))
    return np.asarray(np.add.reduceat(amount, firsts, axis=1))


# --- what is known of it


@dataclass(frozen=True, eq=False)
class _Luck:
    """What is known of the luck of a drawing, of shape (n_paths, n); n is 0 where nothing was drawn."""

    luck: Array
    probability: Array

    @cached_property
    def _parts(self) -> tuple[Array, Array]:
        """Orthonormal columns that span the luck, and how far each is from its mean of zero, times √n."""
        spread = self.luck.std(axis=0)
        known = self.luck[:, spread > 0] / spread[spread > 0]
        mean = known.mean(axis=0)
        columns, size, turned = np.linalg.svd(known - mean, full_matrices=False)
        apart = size > 1e-9 * size.max(initial=1.0)
        return columns[:, apart], turned[apart] @ mean / size[apart]

    def estimate(self, amount: Array, less: Array | float = 0.0) -> tuple[Array, Array]:
        """Mean of each column of an amount, `less` another, and its standard error, the known part of the luck taken out."""
        size = np.maximum(np.abs(amount), np.abs(less)).max(
            axis=0
        )  # two that differ by a constant differ by rounding, too
        amount = amount - less
        mean = self.probability @ amount
        if not self.luck.shape[1]:
            return mean, np.zeros_like(mean)
        rest, (columns, off) = amount - mean, self._parts
        share = columns.T @ rest
        left = rest - columns @ share
        freedom = max(len(left) - 1 - columns.shape[1], 1)
        error = np.sqrt((left**2).sum(axis=0) / freedom / len(left))
        return mean - off @ share, np.where(error > ROUNDING * size, error, 0.0)
