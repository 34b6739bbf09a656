"""Where along a number the choice of programmes changes, and how far around such a value it is a tie.

Every level is solved at the values of a grid, and between two of them that choose otherwise the value at which the difference

  d(x) = cost of the level chosen below - cost of that chosen above      at d(x) = 0                          million USD

is bracketed; where a third level is cheaper there, both sides are looked at again. With s the slope of d at x and σ
the standard error of d on fresh paths, the two cannot be told apart at 95 % between x - 1.96 σ / |s| and x + 1.96 σ / |s|.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
from pandas import DataFrame

from procure.errors import LEAVE_OUT, DataError, Fault, Infeasible
from procure.explore.along import Along, along
from procure.explore.kept import Kept
from procure.explore.turn import Near, faults_of
from procure.languages import Said
from procure.market import is_drawn_anew
from procure.model import Model, ModelOrName, as_model
from procure.portfolio.fresh import WIDE
from procure.scenarios.futures import holds_every_future
from procure.scenarios.world import programme_choices
from procure.solving.compiled import Compiled
from procure.units import KUSD_PER_MUSD
from procure.words import Progress, programme_name

#: Chosen where no level has a portfolio that keeps the limits.
NONE = "no portfolio"
#: Costs within this share of each other are the same.
SAME = 1e-9
#: How far beside a switch its slope is taken, of the values that it lies between.
BESIDE = 0.05
COLUMNS = (
    "value", "from", "to", "from_cost_musd", "to_cost_musd", "slope_musd", "standard_error_musd", "tie_low", "tie_high",
)  # fmt: skip
#: What is seen of a model that has nothing to switch to, and the remedy.
ONE_LEVEL, NAME_LEVELS = (
    Said("there is one programme level", "モデルの開発計画の水準は一つだけ"),
    Said("name some at suppliers.<name>.programmes", "suppliers.<name>.programmes に水準を挙げる"),
)


@dataclass(frozen=True, eq=False)
class Switches(Kept):
    """Where along a number the chosen programme level changes. Costs are weighed, in million USD of present value.

    Attributes
    ----------
    name : str
        Of the model.
    path, unit : str
        The number, and the unit of all its values; blank where it has none.
    low, high : float
        The range looked at.
    digits : int
        To which a value is known.
    table : DataFrame
        A row for each switch, from low to high: `value`; the level chosen below it, `from`, and above it, `to`; what either costs
        there; `slope_musd`, by how much the first gets dearer than the second with each unit; `standard_error_musd` of their
        difference; `tie_low` and `tie_high`, between which they cannot be told apart. NaN where it is not known.
    grid : DataFrame
        What was looked at in any case: `value`, the level `chosen`, and `margin_musd`, by how much the `next` one is dearer.
    is_drawn_anew : bool
        Whether values draw futures of their own, whose luck is in the costs as well: where the law moves far, or the number is
        a choice of the world.
    refusals : tuple of str
        Why levels could not be compared on fresh paths.
    """

    format: ClassVar[str] = "procure.switch"

    name: str
    path: str
    unit: str
    low: float
    high: float
    digits: int
    table: DataFrame = field(repr=False)
    grid: DataFrame = field(repr=False)
    is_drawn_anew: bool
    refusals: tuple[str, ...] = ()


def switch(
    model: ModelOrName,
    path: str,
    low: float | str,
    high: float | str,
    *,
    digits: int = 3,
    points: int = 9,
    standard_error_musd: float | None = None,
    as_written: bool = False,
    progress: Progress | None = None,
) -> Switches:
    """The values of a number between two ends at which another programme level is chosen.

    Parameters
    ----------
    model : Model, str or Path
        With several programme levels to choose from; compiled once, and re-solved at each value.
    path : str
        Of the number, a fact or a choice. Of chances that sum to one the others share what it leaves as they do now.
    low, high : float or str
        The range: in the unit of the model, or texts that say their unit.
    digits : int
        To which a switching value is found.
    points : int
        Values of the grid, ends included: what comes and goes between two of them is not seen.
    standard_error_musd : float, optional
        Of the difference of two levels, million USD. Unless it is given, theirs at the switching value on 10,000 fresh paths;
        0 where the tree holds every future.
    as_written : bool
        Whether plain numbers are in the unit in which the table of the path lists it, and all values with them.
    progress : callable, optional
        Called with (done, total, what) as values are solved.

    Returns
    -------
    Switches
        None of them where one level stays chosen: `Switches.grid` says by how much.

    Raises
    ------
    DataError
        For a path that names no number of the model, ends out of order, values the number cannot have, and a model with one
        level only. Where no portfolio keeps the limits at some values, it is said of them.

    >>> from procure import load_model
    >>> switch(load_model("two-class"), "risk.weight", 0, 1)
    Traceback (most recent call last):
    procure.errors.DataError: 1 fault in the input:
      two-class.toml: there is one programme level; a switch is from one level to another. Remedy: name some at suppliers...
    """
    model = as_model(model)
    faults = [*faults_of(digits=digits, points=points), *faults_of_choice(model, standard_error_musd)]
    try:
        number = along(model, path, low, high, as_written=as_written)
    except DataError as error:
        faults += error.faults
    if faults:
        raise DataError(faults)
    return _Search(model, number, digits, standard_error_musd, progress).switches(points)


def faults_of_choice(model: Model, standard_error_musd: float | None) -> Iterator[Fault]:
    """Why nothing can switch in a model, and what is wrong with the standard error of a difference that is given."""
    if len(programme_choices(model)) < 2:
        rule = Said("a switch is from one level to another", "切替えは水準から別の水準へ")
        yield Fault(model.origin, ONE_LEVEL, rule, NAME_LEVELS)
    if standard_error_musd is not None and not 0 <= standard_error_musd < math.inf:
        yield Fault(
            "standard_error_musd", f"{standard_error_musd}", Said("it is a sum from 0 up", "0 以上の金額"), LEAVE_OUT
        )


class _Crossing(NamedTuple):
    """A value at which one level gives way to another, and the slope of their difference, million USD by unit."""

    value: float
    below: str
    above: str
    slope: float


class _Search:
    """Looks for the switches of one number; every value is solved once."""

    def __init__(
        self,
        model: Model,
        number: Along,
        digits: int,
        error: float | None,
        progress: Progress | None,
    ) -> None:
        self._model, self._number, self._digits = model, number, digits
        self._levels = [programme_name(choice) for choice in programme_choices(model)]
        self._given_error, self._progress = error, progress
        self._is_of_world = not model.is_number_of_facts(number.path) and number.path.startswith("world.")
        self._compiled = Compiled(model)
        self._costs: dict[float, dict[str, float]] = {}
        self._drawn_anew: set[float] = set()
        self._refusals: list[str] = []

    def switches(self, points: int) -> Switches:
        """What there is to say of the number."""
        number = self._number
        values = np.linspace(number.low, number.high, points).tolist()
        for value in values:
            self._told(points, value)
            self._at(value)
        chosen = self._chosen(values)
        crossings = [
            crossing
            for left, right, below, above in zip(values, values[1:], chosen, chosen[1:], strict=False)
            for crossing in self._between(left, right, below, above)
        ]
        rows = [self._row(crossing) for crossing in crossings]
        return Switches(
            self._model.name, number.path, number.unit, number.low, number.high, self._digits,
            DataFrame(rows, columns=list(COLUMNS)),
            DataFrame([self._margin(value, level) for value, level in zip(values, chosen, strict=True)],
                      columns=["value", "chosen", "margin_musd", "next"]),
            bool(self._drawn_anew),
            tuple(dict.fromkeys(self._refusals)),
        )  # fmt: skip

    def _told(self, total: int, value: float) -> None:
        if self._progress is not None:
            self._progress(len(self._costs), max(total, len(self._costs) + 1), f"{self._number.path} {value:.6g}")

    # -- costs

    def _at(self, value: float) -> Mapping[str, float]:
        """What every level costs at a value; none at all is no cost where there is no other way, and no way where there is."""
        if value not in self._costs:
            try:
                costs = dict(self._compiled.solve(self._number.changes(value)).levels)
            except Infeasible:
                costs = dict.fromkeys(self._levels, math.inf)
            if self._draws_anew(value):
                self._drawn_anew.add(value)
            self._costs[value] = {**costs, NONE: math.inf if min(costs.values()) < math.inf else -math.inf}
        return self._costs[value]

    def _draws_anew(self, value: float) -> bool:
        """Whether other futures stand for the law at a value than for that of the model as it was read."""
        changed = self._model.changed(self._number.changes(value))
        levels = programme_choices(changed)
        if self._is_of_world:
            return any(not holds_every_future(changed, level) for level in levels)
        return any(is_drawn_anew(changed, level) for level in levels)

    def _cheapest(self, value: float) -> list[str]:
        """The levels of least cost at a value: several where they cost the same."""
        costs = self._at(value)
        least = min(costs.values())
        room = SAME * abs(least) if math.isfinite(least) else 0.0
        return [level for level, cost in costs.items() if cost <= least + room]

    def _chosen(self, values: list[float]) -> list[str]:
        """The level chosen at each value: where several cost the same, that of the value before, of the first the one to come."""
        cheapest = [self._cheapest(value) for value in values]
        level = next((levels[0] for levels in cheapest if len(levels) == 1), cheapest[0][0])
        chosen = []
        for levels in cheapest:
            level = level if level in levels else levels[0]
            chosen.append(level)
        return chosen

    def _margin(self, value: float, level: str) -> tuple[float, str, float, str]:
        """By how much the level next to the chosen one is dearer; NaN where there is none."""
        costs = self._at(value)
        others = {name: costs[name] for name in self._levels if name != level}
        second = min(others, key=lambda name: others[name])
        margin = others[second] - costs[level]
        if not math.isfinite(margin):
            return value, level, math.nan, ""
        return value, level, margin if margin > SAME * abs(costs[level]) else 0.0, second

    # -- where one level gives way to another

    def _between(self, left: float, right: float, below: str, above: str) -> Iterator[_Crossing]:
        """The switches between two values, at which other levels are chosen."""
        if below == above:
            return

        def difference(value: float) -> float:
            before, after = self._at(value)[below], self._at(value)[above]
            return 0.0 if before == after else before - after  # also where both are infinite

        value, near, far = self._crossing(difference, left, right)
        cheapest = self._cheapest(value)
        if left < value < right and not {below, above} & {*cheapest}:
            yield from self._between(left, value, below, cheapest[0])
            yield from self._between(value, right, cheapest[0], above)
            return
        slope = (difference(far) - difference(near)) / (far - near)
        yield _Crossing(value, below, above, slope if math.isfinite(slope) else math.nan)

    def _crossing(self, difference: Callable[[float], float], left: float, right: float) -> tuple[float, float, float]:
        """Where a difference that is not above zero on the left, and is on the right, passes it; and two values around that."""
        from scipy.optimize import brentq

        near = Near.of(self._digits, self._number.high - self._number.low)
        # Where a level has no portfolio the difference is infinite: its side is all that is known of it.
        while not (math.isfinite(difference(left)) and math.isfinite(difference(right))):
            if near.holds(left, right):
                return max((left, right), key=lambda value: math.isfinite(difference(value))), left, right
            middle = (left + right) / 2
            if difference(middle) == 0:
                return middle, left, right
            left, right = (middle, right) if difference(middle) < 0 else (left, middle)
        is_same = difference(left) >= 0  # the same cost, to the last digits
        value = left if is_same else float(brentq(difference, left, right, xtol=near.absolute, rtol=near.relative))
        if {left, value, right} & self._drawn_anew:  # the luck of two drawings would be most of a small difference
            return value, left, right
        beside = BESIDE * (right - left)
        return value, max(left, value - beside), min(right, value + beside)

    # -- how well it is known

    def _row(self, crossing: _Crossing) -> tuple[float | str, ...]:
        value, below, above, slope = crossing
        costs = self._at(value)
        error = self._error(crossing)
        half = WIDE * error / abs(slope) if slope else math.nan
        known = (cost if math.isfinite(cost) else math.nan for cost in (costs[below], costs[above]))
        return (value, below, above, *known, slope, error, value - half, value + half)

    def _error(self, crossing: _Crossing) -> float:
        """The standard error of the difference of both levels where they cost the same, million USD; NaN where it is not known."""
        value, *pair, slope = crossing
        costs = self._at(value)
        if math.isnan(slope) or not all(math.isfinite(costs[level]) for level in pair):
            return math.nan
        if self._given_error is not None:
            return self._given_error
        self._told(0, value)
        verdict = self._compiled.solve(self._number.changes(value)).verdict(*pair)
        if math.isnan(verdict.error):
            self._refusals.append(verdict.words)
        return verdict.error / KUSD_PER_MUSD
