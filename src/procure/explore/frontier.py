"""What each step of a limit costs: cost, tail, mix and programme against the bound of a limit, the risk weight, or any number.

With V(b) the least weighed cost where the number is b, the curve is worked out at both ends and in the middle, and then, again and
again, in the middle of the two neighbours l < r between which the least is known of it. For a limit V is convex under each
programme level, V' the shadow price with its sign, and between two values of one level the curve lies below the line through
both, and above both tangents. With c the slope of the line, the two are apart by at most

  gap = |c - V'(l)| |V'(r) - c| (r - l) / (|c - V'(l)| + |V'(r) - c|)

For the risk weight w, V is concave and V'(w) = CVaR - mean: line and tangents change places. Of other numbers the slopes of the
lines beside stand in for V'. Where the programme changes between two values, or a plan has decisions of yes or no, the gap is no
bound, but says all the same where to look.

Source: Rote (1992), The convergence rate of the sandwich algorithm for approximating convex functions, Computing 48, 337-361.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from pandas import DataFrame

from procure.errors import IS, DataError, Fault, Infeasible, nearest
from procure.explore.along import Along, along, known, value_of
from procure.explore.kept import Kept
from procure.languages import Said
from procure.limits import KINDS
from procure.limits.limit import SHARE
from procure.lp.cores import cores
from procure.model import Model, ModelOrName, as_model
from procure.model.limits import LimitChoices
from procure.model.presets import presets
from procure.portfolio import measure
from procure.portfolio.measure import Measured
from procure.portfolio.shadow import prices_of_limits
from procure.program.infeasibility import tightest_bound, tightest_by_cells
from procure.program.program import Program
from procure.solving.abreast import abreast
from procure.solving.compiled import Compiled
from procure.solving.trees import faults_of, is_drawn, trees
from procure.units import KUSD_PER_MUSD
from procure.words import Progress, programme_name

_A_MIDDLE = Said("a curve has two ends and a middle", "曲線には両端と中間がある")
_TWELVE = Said("ask for twelve", "12 個にする")
_ALONG = Said(
    "a frontier is along a limit of the model, that of a policy, or the path of a number",
    "動かすのは、モデルの制約、政策による制約、数値のパスのいずれか",
)
_LIMIT = Said("limit '{limit}'", "制約 '{limit}'")
_NO_LIMIT = Said("the model has none", "モデルにない")
_NO_BOUNDS = Said("no bounds are given", "範囲の指定がない")
_OF_A_SHARE = Said("only of a share they are 0 to 1", "省けるのは比率のときだけ（0 から 1）")
_TWO_ENDS = Said("give the two ends", "両端を指定する")
_ENDS_OR_LIST = Said("they are two ends, or a list of two values at least", "両端か、二つ以上の値のリスト")
_BOUNDS = Said("bounds are {bounds!r}", "範囲は {bounds!r}")
_SOLVED = Said("{path} {value:.6g}, seed {seed}", "{path} {value:.6g}、種 {seed}")

RISK_WEIGHT = "risk.weight"
#: A curve is known well enough where no gap is larger than this share of the span of its costs.
KNOWN = 1e-4
#: How far beyond the end of the portfolios, as a share of the value, the last of them is looked for: solvers round.
BEYOND = (0.0, 1e-6, 1e-4)
#: To what share of the range the end of the portfolios is found, of a number that is no limit.
END = 1e-3
#: Slopes below this share of the cost by the whole range are rounding, and so are gaps.
FLAT = 1e-9
COLUMNS = (
    "value", "weighed_musd", "expected_musd", "cvar_musd", "slope_musd", "programme", "next", "margin_musd", "spread_musd",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Frontier(Kept):
    """Costs against a number, million USD of present value.

    Attributes
    ----------
    name : str
        Of the model.
    path, unit : str
        The number, and the unit of all its values; blank where it has none.
    subject, sense : str
        What the number bounds ("china's medium/heavy share"), and whether from above ("max") or below ("min"); blank where it is no
        limit.
    step, per : float, str
        In which its price is told: so much of it, and its name ("percentage point").
    scope : str
        Class or element of the shares that are shown: that of the limit; "all" where it speaks of several.
    table : DataFrame
        A row for each value, from the first end to the other: the weighed, expected and tail cost of the best plan; `slope_musd`,
        how much the weighed cost rises with each unit more, at the margin (of a limit its shadow price; NaN where it is not known);
        the chosen programme, the `next` one and by how much it is dearer; `spread_musd`, the standard deviation over trees of what
        the value adds to the cost at the cheapest one, NaN of one tree, 0 where every future is counted.
    shares : DataFrame
        Expected share of demand over all years by value, class or element (`scope`) and source.
    possible_from : float
        The value beyond which no plan keeps the limits; NaN where all that was asked for is possible.
    gap_musd : float
        The most by which the weighed cost may lie off a straight line between two neighbours of one programme; NaN where that is
        not known.
    n_trees : int
        That were solved; 0 where every future is counted.
    """

    format: ClassVar[str] = "procure.frontier"

    name: str
    path: str
    unit: str
    subject: str
    sense: str
    step: float
    per: str
    scope: str
    table: DataFrame = field(repr=False)
    shares: DataFrame = field(repr=False)
    possible_from: float
    gap_musd: float
    n_trees: int


def frontier(
    model: ModelOrName,
    limit: str | Mapping[str, Any],
    bounds: Sequence[float | str] | None = None,
    *,
    points: int = 12,
    seeds: int = 1,
    as_written: bool = False,
    progress: Progress | None = None,
) -> Frontier:
    """The least weighed cost of a model in million USD, with its tail, mix and programme, against the bound of a limit.

    Parameters
    ----------
    model : Model, str or Path
        Compiled once, and re-solved at each value from its last basis.
    limit : str or mapping
        Name of a limit of the model, or the path of any number or choice of it, such as ``risk.weight``; or a limit that it has
        not, as for `Model.limited`: the name of a policy, or what a model file would say, with whatever bound.
    bounds : tuple of two, or list
        The two ends, in either order, between which values are chosen where the curve bends; or, as a list, the values. In the unit
        of the model or as texts that say theirs. By default all of them, 0 to 1, of a limit on shares and of the risk weight.
    points : int
        Values that are looked at between two ends at most, those beside an end of the portfolios apart.
    seeds : int
        Trees that are solved, where they are drawn: the values are those of the first, the others say how far costs move.
    as_written : bool
        Whether plain numbers are in the unit in which the table of the path lists it, and all values with them.
    progress : callable, optional
        Called with (done, total, what) as values are solved.

    Returns
    -------
    Frontier

    Raises
    ------
    DataError
        For an unknown limit or path, with the nearest; values the number cannot have; ends that are one.
    Infeasible
        Where no value has a portfolio.

    >>> from procure import load_model
    >>> found = frontier(load_model("two-class"), "risk.weight", [0, 0.5])
    >>> found.table["weighed_musd"].round().tolist()
    [6948.0, 11495.0]
    """
    model = as_model(model)
    faults = list(faults_of(seeds))
    if points < 3:
        faults.append(Fault("points", IS.format(value=points), _A_MIDDLE, _TWELVE))
    try:
        model, path, choice = _asked(model, limit)
        number, values = _values(model, path, choice, bounds, as_written)
    except DataError as error:
        raise DataError([*faults, *error.faults]) from None
    if faults:
        raise DataError(faults)
    tree, *others = trees(model, seeds)
    first = _Curve(tree, number, choice, progress)
    possible_from = first.solve(values)
    if not isinstance(bounds, list):
        first.refine(points)
    elsewhere = [_costs(other, number, choice, first.values, progress) for other in others]
    kind = None if choice is None else KINDS[choice.kind]
    scope = choice.scope if choice is not None and isinstance(choice.scope, str) else "all"
    return Frontier(
        name=model.name,
        path=path,
        unit=number.unit if kind is None else kind.measured_in.name,
        subject="" if kind is None else kind.subject(choice),
        sense="" if kind is None else kind.sense,
        step=1.0 if kind is None else kind.measured_in.step,
        per="" if kind is None else kind.measured_in.per,
        scope=scope,
        table=_table(first, elsewhere, is_downward=values[0] > values[-1], is_drawn=is_drawn(model)),
        shares=first.shares(),
        possible_from=possible_from,
        gap_musd=max((gap for gap, is_bound in first.gaps() if is_bound), default=math.nan),
        n_trees=len(others) + 1 if is_drawn(model) else 0,
    )


def _asked(model: Model, limit: str | Mapping[str, Any]) -> tuple[Model, str, LimitChoices | None]:
    """The path that a question names, and the limit whose bound it is; with the model that has it."""
    of_path = _bounds(model)
    names = {choice.name: path for path, choice in of_path.items()}
    if isinstance(limit, str) and limit in names:
        return model, names[limit], of_path[names[limit]]
    policies = presets(model.facts)
    if not isinstance(limit, str) or limit in policies:
        model = model.limited(limit)
        path, choice = list(_bounds(model).items())[-1]
        return model, path, choice
    if "." not in limit:
        known = [*names, RISK_WEIGHT, *policies]
        raise DataError(Fault(_LIMIT.format(limit=limit), _NO_LIMIT, _ALONG, nearest(limit, known)))
    return model, limit, of_path.get(limit)


def _bounds(model: Model) -> dict[str, LimitChoices]:
    """The limits of a model by the paths of their bounds."""
    return {f"limits.{choice.name}.{KINDS[choice.kind].sense}": choice for choice in model.settings.limits}


def _values(
    model: Model, path: str, choice: LimitChoices | None, bounds: Sequence[float | str] | None, as_written: bool
) -> tuple[Along, list[float]]:
    """The number, and the ends or the values asked for, in its unit and in the order of what was asked."""
    if bounds is None:
        if path != RISK_WEIGHT and (choice is None or KINDS[choice.kind].measured_in is not SHARE):
            known(model, path)
            raise DataError(Fault(path, _NO_BOUNDS, _OF_A_SHARE, _TWO_ENDS))
        bounds = (1.0, 0.0) if choice is not None and KINDS[choice.kind].sense == "max" else (0.0, 1.0)
    if isinstance(bounds, str) or len(bounds) < 2 or (len(bounds) > 2 and not isinstance(bounds, list)):
        raise DataError(
            Fault(path, _BOUNDS.format(bounds=bounds), _ENDS_OR_LIST, Said("give (low, high)", "(low, high) と書く"))
        )
    faults: list[Fault] = []
    values: list[float] = []
    for bound in bounds:
        try:
            values.append(value_of(model, path, bound, as_written=as_written))
        except DataError as error:
            faults += error.faults
    if faults:
        raise DataError(list(dict.fromkeys(faults)))
    number = along(model, path, min(values), max(values), as_written=as_written)
    return number, sorted(set(values), reverse=values[0] > values[-1])


@dataclass(frozen=True)
class _Point:
    """What is known at a value: costs and slope in million USD."""

    value: float
    levels: Mapping[str, float]
    level: str
    expected: float
    cvar: float
    slope: float
    is_convex: bool  # whether the cost bends one way only under its level, as far as is known of one value
    shares: Sequence[tuple[str, str, float]]

    @property
    def cost(self) -> float:
        """Weighed."""
        return self.levels[self.level]

    def next(self) -> tuple[str, float]:
        """The level next to the chosen one, and by how much it is dearer; NaN where there is none."""
        others = {name: cost for name, cost in self.levels.items() if name != self.level and cost < math.inf}
        if not others:
            return "", math.nan
        name = min(others, key=lambda other: others[other])
        return name, others[name] - self.cost


class _Curve:
    """The curve of one tree; every value is solved once."""

    def __init__(self, model: Model, number: Along, choice: LimitChoices | None, progress: Progress | None) -> None:
        self._model, self._number, self._choice, self._progress = model, number, choice, progress
        self._compiled = Compiled(model)
        self._points: dict[float, _Point | None] = {}
        # Of programme levels, where known: the tightest bound that a plan keeps, and the loosest that none does.
        self._ends: dict[str, float] = {}
        self._out: dict[str, float] = {}
        # Under the worst of several laws the cost is no longer concave in the weight.
        self._has_slopes = choice is not None or (number.path == RISK_WEIGHT and not model.settings.risk.in_doubt)

    @property
    def values(self) -> list[float]:
        """Those that have a portfolio, ascending."""
        return sorted(value for value, point in self._points.items() if point is not None)

    @property
    def points(self) -> list[_Point]:
        """What is known at each of `values`."""
        return [point for _, point in sorted(self._points.items()) if point is not None]

    def at(self, value: float, total: int = 0) -> _Point | None:
        """What is known at a value, one of about so many in `total`; None where no portfolio keeps the limits."""
        if value not in self._points:
            if self._progress is not None:
                done = len(self._points)
                seed = self._model.settings.world.tree.seed
                self._progress(
                    done, max(total, done + 1), _SOLVED.format(path=self._number.path, value=value, seed=seed)
                )
            self._points[value] = self._solved(value)
        return self._points[value]

    def _solved(self, value: float) -> _Point | None:
        levels = [name for name in self._compiled.names if not self._is_out(name, value)]
        if not levels:
            return None
        try:
            answer = self._compiled.solve(self._number.changes(value), only=levels, explains=False)
        except Infeasible:
            self._rule_out(levels, value)
            return None
        self._rule_out([name for name, cost in answer.levels.items() if cost == math.inf], value)
        measured = answer.measured
        return _Point(
            value, answer.levels, answer.level, measured.expected / KUSD_PER_MUSD, measured.cvar / KUSD_PER_MUSD,
            self._slope(measured), self._has_slopes and not measured.solved.program.lp.is_mixed_integer,
            tuple(_shares(measured)),
        )  # fmt: skip

    def _slope(self, measured: Measured) -> float:
        """What one unit more of the number adds to the weighed cost at the margin, million USD; NaN where nobody knows."""
        if self._choice is not None:
            kind = KINDS[self._choice.kind]
            saved = prices_of_limits(measured)[self._choice.name] / kind.measured_in.step
            slope = saved if kind.sense == "min" else -saved
        elif self._has_slopes:
            slope = (measured.cvar - measured.expected) / KUSD_PER_MUSD
        else:
            return math.nan
        rounding = FLAT * measured.gross / KUSD_PER_MUSD / (self._number.high - self._number.low)
        return 0.0 if abs(slope) <= rounding else slope

    # -- which values

    def solve(self, values: Sequence[float]) -> float:
        """Look at these values, and at the last one that is possible; that one, or NaN where all are.

        Raises `Infeasible` where none is.
        """
        ordered = _loosest_first(values, self._choice)
        if self._choice is not None:
            # Cells find a plan, and the least that a bound must give; that there is none would be left to HiGHS.
            self._find_ends([p for p in self._programs(ordered[-1]) if p.is_large], tightest_by_cells)
        impossible = [value for value in ordered if self.at(value, len(values)) is None]
        if not impossible:
            return math.nan
        if self._choice is not None:
            end = self._end_of_limit(impossible[0])
        else:
            end = self._end_beside(impossible) if self.values else math.nan
        if not self.values:
            self._compiled.solve(self._number.changes(values[0]))  # says why
        return end

    def _is_out(self, level: str, value: float) -> bool:
        """Whether it is known that no plan of a level keeps the limit at a bound: what none keeps, none keeps tightened."""
        if self._choice is None:
            return False
        sign = 1.0 if KINDS[self._choice.kind].sense == "max" else -1.0
        end, out = self._ends.get(level, math.nan), self._out.get(level, math.nan)
        return sign * value < sign * end or sign * value <= sign * out  # not a number is below nothing

    def _rule_out(self, levels: Sequence[str], value: float) -> None:
        """Note that no plan of some levels keeps the limit at a bound."""
        for level in levels:
            known = self._out.get(level, value)
            self._out[level] = _loosest_first([known, value], self._choice)[0]

    def _programs(self, value: float) -> list[Program]:
        return self._compiled.programs(self._number.changes(value))

    def _find_ends(
        self, programs: Sequence[Program], find: Callable[[Program, str], float | None] = tightest_bound
    ) -> None:
        """Work out the bound at which the plans of each level begin, from programs at one that is no looser."""
        assert self._choice is not None
        tasks = [partial(find, program, self._choice.name) for program in programs]
        names = [programme_name(program.market.programmes) for program in programs]
        n_abreast = 1 if any(program.is_large for program in programs) else cores()
        found = zip(names, abreast(tasks, n_abreast), strict=True)
        self._ends |= {name: end for name, end in found if end is not None}

    def _end_of_limit(self, impossible: float) -> float:
        """The bound at which portfolios begin, of the programme level that has one first; from the loosest that is impossible."""
        assert self._choice is not None
        is_most = KINDS[self._choice.kind].sense == "max"
        if not self._ends:
            self._find_ends(self._programs(impossible))
        while known := [end for end in self._ends.values() if math.isfinite(end)]:
            end = min(known) if is_most else max(known)
            inside = (end * (1 + beyond if is_most else 1 - beyond) for beyond in BEYOND)
            within = [value for value in inside if self._number.low <= value <= self._number.high]
            first = next((value for value in within if self.at(value) is not None), math.nan)
            # A level whose own end is not known, and that has a plan there, may have one beyond.
            asked = min(max(end, self._number.low), self._number.high)
            open_ended = {n for n in self._compiled.names if n not in self._ends and not self._is_out(n, asked)}
            if not open_ended:
                return first
            programs = self._programs(impossible)
            self._find_ends([p for p in programs if programme_name(p.market.programmes) in open_ended])
        return math.nan

    def _end_beside(self, impossible: Sequence[float]) -> float:
        """Where beside a value that is possible the others end, by bisection."""
        tried = sorted(self._points)
        pairs = [(a, b) for a, b in pairwise(tried) if (self._points[a] is None) != (self._points[b] is None)]
        inside, outside = next((a, b) if self._points[a] is not None else (b, a) for a, b in pairs)
        while abs(outside - inside) > END * (self._number.high - self._number.low):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if self.at(middle) is not None else (inside, middle)
        return inside

    def refine(self, points: int) -> None:
        """Look at values in the middle of the largest gaps until there are so many, or the curve is known."""
        while 1 < len(self.values) < points:
            values, gaps = self.values, [gap for gap, _ in self.gaps()]
            worst = max(range(len(gaps)), key=gaps.__getitem__)
            costs = [point.cost for point in self.points]
            # Of two values the middle is looked at in any case: another programme may be best there.
            if len(values) > 2 and gaps[worst] <= KNOWN * (max(costs) - min(costs)):
                return
            if self.at((values[worst] + values[worst + 1]) / 2, points) is None:
                return

    def gaps(self) -> list[tuple[float, bool]]:
        """Between neighbours, how far the cost may lie off the line through both, and whether that is sure."""
        points = self.points
        lines = [(right.cost - left.cost) / (right.value - left.value) for left, right in pairwise(points)]
        gaps = []
        for k, (left, right) in enumerate(pairwise(points)):
            line = lines[k]
            before, after = left.slope, right.slope
            if math.isnan(before) or math.isnan(after):  # the lines beside; at an end as much as on the other side
                beside = lines[k - 1] if k else math.nan, lines[k + 1] if k + 1 < len(lines) else math.nan
                other = next((slope for slope in beside if not math.isnan(slope)), line)
                before, after = (2 * line - other if math.isnan(slope) else slope for slope in beside)
            away, back = abs(line - before), abs(after - line)
            gap = away * back * (right.value - left.value) / (away + back) if away and back else 0.0
            gap = 0.0 if gap <= FLAT * abs(left.cost) else gap
            gaps.append((gap, left.level == right.level and left.is_convex and right.is_convex))
        return gaps

    def shares(self) -> DataFrame:
        """The shares at every value."""
        rows = [(point.value, *share) for point in self.points for share in point.shares]
        return DataFrame(rows, columns=["value", "scope", "source", "share"])


def _shares(measured: Measured) -> list[tuple[str, str, float]]:
    """Expected share of each source in the demand of all years: of every class, every element and all."""
    supply = measure.mix(measured)
    parts: list[tuple[str, str, float]] = []
    for column in ("class", "element", None):
        scope = supply[column] if column else "all"
        amounts = supply.assign(scope=scope).groupby(["scope", "supplier"], sort=False)["supplied_t"].sum()
        whole = amounts.groupby(level=0).transform("sum")
        share = (amounts / whole.where(whole > 0)).fillna(0.0)
        index = share.index
        scopes, sources = (index.get_level_values(level).tolist() for level in (0, 1))
        parts += list(zip(scopes, sources, share.tolist(), strict=True))
    return list(dict.fromkeys(parts))


def _loosest_first(values: Sequence[float], choice: LimitChoices | None) -> list[float]:
    """Values of the bound of a limit from the loosest on; as they are, where they are none of a limit."""
    if choice is None:
        return list(values)
    return sorted(values, reverse=KINDS[choice.kind].sense == "max")


def _costs(
    tree: Model, number: Along, choice: LimitChoices | None, values: Sequence[float], progress: Progress | None
) -> list[float]:
    """The least weighed cost at each value on another tree, million USD; NaN where no portfolio keeps the limits."""
    compiled, costs = Compiled(tree), dict[float, float]()
    for value in _loosest_first(values, choice):
        if progress is not None:
            progress(
                len(costs),
                len(values),
                _SOLVED.format(path=number.path, value=value, seed=tree.settings.world.tree.seed),
            )
        if choice is not None and any(math.isnan(cost) for cost in costs.values()):
            costs[value] = math.nan  # as at a looser bound
            continue
        try:
            costs[value] = compiled.solve(number.changes(value), explains=False, all_levels=False).objective
        except Infeasible:
            costs[value] = math.nan
    return [costs[value] for value in values]


def _table(first: _Curve, others: Sequence[Sequence[float]], *, is_downward: bool, is_drawn: bool) -> DataFrame:
    """The rows of a frontier; `others` are the costs on other trees."""
    points = first.points
    own = [point.cost for point in points]
    cheapest = own.index(min(own))
    added = [np.subtract(costs, costs[cheapest]) for costs in (own, *others)]
    spread = np.std(added, axis=0, ddof=1) if others else np.full(len(points), np.nan if is_drawn else 0.0)
    rows = [
        (point.value, point.cost, point.expected, point.cvar, point.slope, point.level, *point.next(), float(apart))
        for point, apart in zip(points, spread, strict=True)
    ]
    return DataFrame(rows[::-1] if is_downward else rows, columns=list(COLUMNS))
