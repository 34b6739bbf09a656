"""How wrong the odds may be before the plan changes: the radius at which a choice is left, and the law that does it.

With V(x, r) the weighed cost of a plan x under the worst law within r of the odds as given, and x⁰ the best plan for these,

  plan        the least r with V(x⁰, r) > (1 + within) min_x V(x, r), of the same programme
  programme   the least r at which another programme has the least min_x V(x, r)

Both are looked for on a grid that gets finer towards 0, and then halved; what comes and goes between two values of it is not seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from operator import itemgetter
from typing import ClassVar

import numpy as np
from pandas import DataFrame

from procure.errors import LEAVE_OUT, DataError, Fault, nearest
from procure.explore.kept import Kept
from procure.explore.switch import SAME
from procure.explore.turn import Near, closed_in, faults_of
from procure.languages import Said
from procure.lp.program import Status
from procure.market import Market, Paths, make_market, merge
from procure.model import Model, ModelOrName, as_model
from procure.portfolio.measure import Measured, odds
from procure.program.engine import Engine
from procure.program.infeasibility import explain
from procure.program.optimum import Optimum, optimum, refuse, solved
from procure.program.program import Program, compose
from procure.program.ties import broken
from procure.risk import balls
from procure.scenarios.decided import Programmes
from procure.scenarios.world import programme_choices
from procure.solving.compiled import left_from
from procure.solving.trees import is_drawn
from procure.units import KUSD_PER_MUSD, Array
from procure.words import Progress, programme_name

#: What is told of a future: what is disturbed in a year, in several, or nothing.
IN, DURING, NOTHING_FAILS = (
    Said("{what} {first}", "{what} {first}年"),
    Said("{what} {first} to {last}", "{what} {first}～{last}年"),
    Said("nothing fails", "途絶なし"),
)
_A_BALL = Said("it is a doubt about the odds", "確率の不確かさの種類")
_ABOVE_0 = Said("the largest radius is above 0", "最大の半径は 0 より大きい")
_BETWEEN_0_AND_1 = Said("a share of the cost is between 0 and 1", "費用に対する比率は 0 から 1")
_A_THOUSANDTH = Said("leave it out: 0.001", "省く: 0.001")

#: Values of the grid beside 0: each is twice the one before.
POINTS = 7
COLUMNS = ("radius", "cost_musd", "programme", "plan_musd", "moved")


@dataclass(frozen=True, eq=False)
class Ambiguity(Kept):
    """How far the odds may be off before the plan changes. Costs are weighed, in million USD of present value.

    Attributes
    ----------
    name : str
        Of the model.
    kind : str
        How the distance of two laws is measured, as for ``risk.ambiguity``.
    high : float
        The largest radius looked at.
    within : float
        By how much of its cost another plan has to be cheaper for this one to be left.
    programme : str
        The level chosen under the odds as given.
    has_levels : bool
        Whether there is another.
    plan_radius : float
        From where on another plan of this level is cheaper by so much; NaN where none is up to `high`.
    programme_radius, next_programme : float, str
        From where on another level is chosen, and which; NaN and blank where none is.
    table : DataFrame
        A row for each radius looked at: the least cost, the level that has it, what the plan for the odds as given costs there, and
        the probability that the worst law for that plan moves.
    odds : DataFrame
        As in a portfolio, for the plan for the odds as given, at the first radius at which something changes, else at `high`.
    futures : DataFrame
        The futures that gain most there: in words, their `probability` and the `worst_probability`.
    is_drawn : bool
        Whether the tree is a drawing of more futures than it holds.
    """

    format: ClassVar[str] = "procure.ambiguity"

    name: str
    kind: str
    high: float
    within: float
    programme: str
    has_levels: bool
    plan_radius: float
    programme_radius: float
    next_programme: str
    table: DataFrame = field(repr=False)
    odds: DataFrame = field(repr=False)
    futures: DataFrame = field(repr=False)
    is_drawn: bool

    @property
    def radius(self) -> float:
        """The first at which something changes, else the largest looked at: that of `odds` and `futures`."""
        changes = [radius for radius in (self.plan_radius, self.programme_radius) if not math.isnan(radius)]
        return min(changes, default=self.high)


def ambiguity(
    model: ModelOrName,
    kind: str = "total_variation",
    *,
    high: float | None = None,
    within: float = 0.001,
    digits: int = 2,
    progress: Progress | None = None,
) -> Ambiguity:
    """How far the odds of a model may be off before its plan, or its programme, changes.

    Parameters
    ----------
    model : Model, str or Path
        Its own `risk.ambiguity` is left aside.
    kind : {"total_variation", "wasserstein", "known_marginals", "failures"}
        How the distance of two laws is measured.
    high : float, optional
        The largest radius to look at: all there is by default.
    within : float
        By how much of its cost another plan has to be cheaper for the present one to be left: 0.001 is a thousandth.
    digits : int
        To which a radius is found.
    progress : callable, optional
        Called with (done, total, what) as radii are solved.

    Raises
    ------
    DataError
        For a kind that there is not, and ends that make no sense.
    Infeasible, SolverError
        As `procure.solve`.

    >>> from procure import load_model
    >>> found = ambiguity(load_model("two-class"), "known_marginals")
    >>> round(found.plan_radius, 2), round(float(found.table["cost_musd"].iloc[-1]))
    (nan, 7220)
    """
    model = as_model(model)
    faults = []
    if kind not in balls():
        faults.append(Fault("kind", f"'{kind}'", _A_BALL, nearest(kind, balls())))
    if high is not None and not 0 < high < math.inf:
        faults.append(Fault("high", f"{high:g}", _ABOVE_0, LEAVE_OUT))
    if not 0 < within < 1:
        faults.append(Fault("within", f"{within:g}", _BETWEEN_0_AND_1, _A_THOUSANDTH))
    faults += faults_of(digits=digits)
    if faults:
        raise DataError(faults)
    return _Search(model, kind, within, digits, progress).found(high)


class _Search:
    """Looks for the radii at which the choice changes; every program is solved once."""

    def __init__(self, model: Model, kind: str, within: float, digits: int, progress: Progress | None) -> None:
        self._kind, self._within, self._digits, self._progress = kind, within, digits, progress
        # A law in doubt, however little, tells futures by their states.
        self._model = model.with_(**{"risk.ambiguity": kind, "risk.radius": min(balls()[kind].most, 1.0)})
        self._markets = {programme_name(choice): merge(make_market(self._model, choice)) for choice in self._choices()}
        self._engines = {name: Engine() for name in self._markets}
        self._like: dict[str, Program] = {}
        self._ended: dict[tuple[str, float], Optimum] = {}
        self._kept: dict[float, Measured] = {}
        self._plan: Array = np.zeros(0)
        self._n_told = 0

    def found(self, high: float | None) -> Ambiguity:
        """What there is to say."""
        levels = list(self._markets)
        costs = self._costs(levels, 0.0)
        chosen = min(levels, key=lambda name: costs[name])
        if costs[chosen] == math.inf:
            raise explain([self._ended[name, 0.0].program for name in levels])
        self._plan = solved(self._ended[chosen, 0.0]).outcome.plan
        levels.sort(
            key=lambda name: name != chosen
        )  # its cost is wanted at every radius, of the others only whether it is less
        last = self._largest(self._markets[chosen])
        high = last if high is None else min(high, last)
        radii = [0.0, *(high * 0.5 ** (POINTS - 1 - k) for k in range(POINTS))]

        def dearer(radius: float) -> float:
            return self._given(chosen, radius).objective / ((1 + self._within) * self._cost(chosen, radius)) - 1.0

        def other(radius: float) -> float:
            own, least = self._cost(chosen, radius), min(self._costs(levels, radius).values())
            return own / least - 1.0 - SAME if least < math.inf else -1.0

        plan_radius = self._first(radii, dearer)
        programme_radius = self._first(radii, other) if len(levels) > 1 else math.nan
        looked = sorted({*radii, *(r for r in (plan_radius, programme_radius) if not math.isnan(r))})
        rows = [self._row(levels, chosen, radius) for radius in looked]
        beyond = next((row for row in rows if row[0] == programme_radius), None)
        at = min((r for r in (plan_radius, programme_radius) if not math.isnan(r)), default=high)
        measured = self._given(chosen, at)
        return Ambiguity(
            self._model.name, self._kind, high, self._within, chosen, len(levels) > 1, plan_radius, programme_radius,
            "" if beyond is None else str(beyond[2]), DataFrame(rows, columns=list(COLUMNS)), odds(measured),
            DataFrame(_gaining(measured), columns=["future", "probability", "worst_probability"]), is_drawn(self._model),
        )  # fmt: skip

    def _choices(self) -> list[Programmes]:
        return list(programme_choices(self._model))

    def _largest(self, market: Market) -> float:
        """The largest radius that makes a difference."""
        paths = Paths(market)
        law = market.probability[market.shape.leaves]
        bounds = {"wasserstein": float(law @ paths.distance.max(axis=1)), "failures": float(len(paths.names))}
        return bounds.get(self._kind, balls()[self._kind].most)

    def _first(self, radii: Sequence[float], is_left: Callable[[float], float]) -> float:
        """The least radius at which something is above 0, from the first interval of the grid at whose end it is; else NaN."""
        for left, right in pairwise(radii):
            if is_left(right) > 0:
                return closed_in(left, right, lambda radius: not is_left(radius) > 0, Near.of(self._digits))[1]
        return math.nan

    def _row(self, levels: Sequence[str], chosen: str, radius: float) -> tuple[float | str, ...]:
        costs = self._costs(levels, radius)
        least = min(costs.values())
        level = chosen if costs[chosen] <= least * (1 + SAME) else min(levels, key=lambda name: costs[name])
        kept = self._given(chosen, radius)
        moved = float(np.maximum(kept.worst_law - kept.law, 0.0).sum())
        return radius, least / KUSD_PER_MUSD, level, kept.objective / KUSD_PER_MUSD, moved

    # -- programs

    def _costs(self, levels: Sequence[str], radius: float) -> dict[str, float]:
        """The least weighed cost of each level at a radius, kUSD; infinite, too, where another is proved cheaper."""
        costs: dict[str, float] = {}
        for level in levels:
            costs[level] = self._cost(level, radius, left_from(min(costs.values(), default=math.inf)))
        return costs

    def _cost(self, level: str, radius: float, cutoff: float = math.inf) -> float:
        """The least weighed cost of a level at a radius, kUSD; infinite where that is proved to be more than a cutoff."""
        if (level, radius) not in self._ended:
            self._ended[level, radius] = self._solved(level, radius, cutoff=cutoff)
        solution = self._ended[level, radius].solution
        return solution.objective if solution.status is Status.OPTIMAL else math.inf

    def _given(self, level: str, radius: float) -> Measured:
        """What the plan for the odds as given costs at a radius."""
        if radius not in self._kept:
            end = self._solved(level, radius, self._plan)
            measured = Measured(solved(replace(end, solution=broken(end.program, end.solution))))
            measured.check()
            self._kept[radius] = measured
        return self._kept[radius]

    def _solved(self, level: str, radius: float, plan: Array | None = None, cutoff: float = math.inf) -> Optimum:
        if self._progress is not None:
            self._progress(
                self._n_told,
                self._n_told + 1,
                Said("{level}, radius {radius:.3g}", "{level}、半径 {radius:.3g}").format(level=level, radius=radius),
            )
        self._n_told += 1
        market = replace(self._markets[level], model=self._model.with_(**{"risk.radius": radius}))
        program = compose(market, like=self._like.get(level), given=plan)
        self._like[level] = program
        end = optimum(program, self._engines[level] if plan is None else None, cutoff=cutoff)
        refuse(end.solution)
        return end


def _gaining(measured: Measured, most: int = 3) -> Iterator[tuple[str, float, float]]:
    """The futures to which the worst law gives most: in words, and their probability by both laws."""
    gain = measured.worst_law - measured.law
    for leaf in np.argsort(-gain, kind="stable")[:most].tolist():
        if gain[leaf] > 1e-6:
            yield (
                _told(measured.market, measured.paths[leaf]),
                float(measured.law[leaf]),
                float(measured.worst_law[leaf]),
            )


def _told(market: Market, path: Array) -> str:
    """What is disturbed along a path, and when: "china ban 2027 to 2029, lynas severe 2031"."""
    tree, years = market.tree, market.year_of_node
    chains = set(market.model.facts.tables["states"]["chain"].astype(str))
    parts = []
    for column, process in enumerate(tree.processes):
        if process not in chains:
            continue
        along = zip(tree.state[path, column].tolist(), years[path].tolist(), strict=True)
        for code, spell in groupby(along, key=itemgetter(0)):
            if code > 0:
                passed = [year for _, year in spell]
                what = f"{process} {tree.states[column][code]}"
                parts.append(
                    str((IN if len({*passed}) == 1 else DURING).format(what=what, first=passed[0], last=passed[-1]))
                )
    return ", ".join(parts) or str(NOTHING_FAILS)
