"""Which plan is least regretted, whichever reading of the world turns out to be right.

A reading is a world of its own: other risks, another scale of what shortage costs, another demand. Every plan is made for one of
them: the best one under each programme level for the model as it stands, and the best of all for each other reading. What is
decided now stays as it is then, its programme too; in each reading j it costs

  C_ij    where every future is counted, the least weighed cost with the plan i given, on the tree of j
          else what it costs on fresh paths of j, under the rule that is best on the mean and cannot see the future
  R_ij = C_ij - min_k C_kj                                           the regret, over all plans k, those made for j among them

and the plan of least greatest regret is argmin_i max_j R_ij. On fresh paths, the same for all plans, a regret has a standard error.

Source: Savage (1951), The theory of statistical decision, Journal of the American Statistical Association 46(253), 55-67.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, ClassVar

import numpy as np
from pandas import DataFrame
from threadpoolctl import threadpool_limits

from procure.errors import LEAVE_OUT, NO_ONE, DataError, Fault
from procure.explore.kept import Kept
from procure.explore.switch import SAME
from procure.languages import Said
from procure.lp.cores import cores
from procure.lp.program import Status
from procure.market import Market
from procure.model import Model, ModelOrName, as_model
from procure.model.choices import SCALES, VARIANTS
from procure.portfolio.evaluate import AT_LEAST_DRAWN, FEWEST_PATHS, TEN_THOUSAND
from procure.portfolio.fresh import MEASURES, WIDE, FixedPlan, Sample, Scene, Steps, check_playable, played_in
from procure.portfolio.measure import AGREEMENT, Measured
from procure.portfolio.shadow import prices_of_means
from procure.portfolio.verdict import IN_DOUBT, PATHS, SEED
from procure.program.optimum import optimum, refuse
from procure.program.program import compose
from procure.program.templates import templates
from procure.scenarios.decided import Programmes
from procure.scenarios.world import programme_choices
from procure.solving.answer import Answer
from procure.solving.compiled import Compiled
from procure.solving.trees import is_drawn
from procure.units import KUSD_PER_MUSD, Array
from procure.words import Progress, programme_name

_IN_OTHERS = Said("a plan is regretted in other readings", "後悔は別の読み方で測る")
_NAME_ONE = Said("name one", "一つ指定する")
_OWN_NAME = Said("a reading has a name of its own and changes something", "読み方には固有の名前があり、何かを変える")
_READING = Said("reading '{reading}'", "読み方 '{reading}'")
_SAME = Said("it is the model as it stands", "モデルそのまま")
_EXAMPLE = Said("as in IMF:shortage.scale=4.2", "例: IMF:shortage.scale=4.2")
_NO_DOUBT = Said(
    "set risk.ambiguity = 'none', or ask of a world whose futures can all be counted",
    "risk.ambiguity = 'none' とするか、全将来を数えられるモデルで問う",
)
_DOUBT = Said("the odds are in doubt", "確率が不確か")
_PLAYED = Said("{plan} in {reading}", "{reading} での {plan}")
_OTHERWISE = Said("it changes what there is to decide", "決めることが変わる")
_AS_IT_IS = Said("a plan is carried over as it is", "計画はそのまま持ち越す")

#: The model as it stands, among its readings.
AS_IT_STANDS = Said("as it stands", "現状")
#: How a reading of demand is called, and a plan that is made for a reading.
DEMAND = Said("demand {reading}", "需要 {reading}")
MADE_FOR = Said("{level}, made for {reading}", "{level}（{reading} 向け）")
#: What a plan may take beyond what is on offer, as a part of it: solvers keep rows to less than that.
ROOM = 1e-4
LEAST, TIE, MORE = "least regret", "tie", "more"
_WEIGHED = MEASURES.index("weighed")
OF_READINGS = ("reading", "changes", "best", "best_musd", "best_error_musd")
OF_CELLS = ("plan", "reading", "cost_musd", "regret_musd", "standard_error_musd")
OF_PLANS = ("plan", "made_for", "programme", "worst_reading", "greatest_musd", "standard_error_musd", "verdict")


@dataclass(frozen=True, eq=False)
class Regret(Kept):
    """What every plan costs in every reading of the world, and how much that is regretted; weighed, million USD of present value.

    Attributes
    ----------
    name : str
        Of the model.
    readings : DataFrame
        A row for each: its `changes`, path=value; the plan that costs least there (blank: none can be had), what that costs, and
        the standard error of it.
    table : DataFrame
        A row for each plan and reading: what it costs, its regret, and the standard error of the regret: 0 where every future is
        counted. Infinite where the plan takes what nobody offers there, or, where every future is counted, nothing that can be done
        with it keeps the limits on what happens. Those on what is decided now are kept in the world that it was made for, and not
        asked again. Where all plans cost infinitely much the regrets are NaN, and the reading is left out of `plans`.
    plans : DataFrame
        A row for each plan: the first reading that it was made for, its programme level, where it is regretted most, how much, with
        the standard error; `verdict`: least regret, tie where that cannot be told from it at 95 %, or more.
    left_out : mapping
        Readings that were not asked for by name and that the model does not allow, and why.
    n_paths : int
        Fresh paths in every reading; 0 where every future is counted.
    resolves : bool
        Whether plans were made for every reading, and not only for the model as it stands.
    """

    format: ClassVar[str] = "procure.regret"

    name: str
    readings: DataFrame = field(repr=False)
    table: DataFrame = field(repr=False)
    plans: DataFrame = field(repr=False)
    left_out: dict[str, str]
    n_paths: int
    resolves: bool

    @property
    def least(self) -> str:
        """The plan of least greatest regret."""
        return str(self.plans["plan"].iloc[0])


def regret(
    model: ModelOrName,
    readings: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    resolve: bool = True,
    paths: int = PATHS,
    as_written: bool = False,
    progress: Progress | None = None,
) -> Regret:
    """What each plan costs and is regretted in each reading of the world, million USD, and the plan of least greatest regret.

    Parameters
    ----------
    model : Model, str or Path
        As it stands it is a reading, too.
    readings : mapping, optional
        The others: by name what each changes, as for `Model.with_`. By default the variants of the risks, the scales of shortage
        that others see (`model.choices.SCALES`), and the readings of demand that the tables have.
    resolve : bool
        Whether every reading is solved, too, so that plans made for it are held against the others: as many solves more.
    paths : int
        Fresh paths in each reading, where the tree is drawn.
    as_written : bool
        Whether plain numbers are in the unit in which the table of a path lists them.
    progress : callable, optional
        Called with (done, total, what).

    Returns
    -------
    Regret

    Raises
    ------
    DataError
        For readings that the model does not allow, that change nothing, or what there is to decide; for what the rule cannot
        play.
    Infeasible, SolverError
        As `procure.solve`, of the model as it stands and of readings.

    >>> from procure import load_model
    >>> found = regret(load_model("two-class"), {"peace": {"suppliers.china.rate.normal.failed": 0.0}})
    >>> print(found.plans[["plan", "greatest_musd"]].round(1).to_string(index=False))
                             plan  greatest_musd
                    no programmes           95.5
    no programmes, made for peace         1901.8
    """
    model = as_model(model)
    worlds, left_out = _worlds(model, readings, paths, as_written)
    told = _Told(progress, len(worlds))
    plans: list[_Plan] = []
    compiled, markets = Compiled(model), dict[str, Mapping[str, Market]]()
    for world in worlds:
        told.now(Said("{reading}, solved", "{reading} の求解").format(reading=world.name))
        if resolve or world.name == AS_IT_STANDS:
            # Of another reading the best plan is asked for, and not what every level costs.
            answer = compiled.solve(world.changes, all_levels=world.name == AS_IT_STANDS)
            plans += [plan for plan in _plans(world.name, answer) if not any(map(plan.is_as, plans))]
            markets[world.name] = answer.markets
        else:
            programs = compiled.programs(world.changes)
            markets[world.name] = {programme_name(p.market.programmes): p.market for p in programs}
    told.total += len(plans) * len(worlds)
    columns = {world.name: _costs(world, markets[world.name], plans, paths, told) for world in worlds}
    cells = [(plan.name, name, *column.rows[k]) for k, plan in enumerate(plans) for name, column in columns.items()]
    table = DataFrame(cells, columns=list(OF_CELLS))
    rows = [
        (world.name, world.said, "" if column.best is None else plans[column.best].name, column.cost, column.error)
        for world, column in zip(worlds, columns.values(), strict=True)
    ]
    return Regret(
        name=model.name,
        readings=DataFrame(rows, columns=list(OF_READINGS)),
        table=table,
        plans=_judged(plans, table),
        left_out=left_out,
        n_paths=paths if any(column.is_played for column in columns.values()) else 0,
        resolves=resolve,
    )


class _Told:
    """Tells how far the work is, from several threads."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self.total, self._done = progress, total, 0

    def now(self, what: str) -> None:
        """One step is begun."""
        if self._progress is not None:
            self._progress(self._done, max(self.total, self._done + 1), what)
        self._done += 1


# --- readings


@dataclass(frozen=True)
class _World:
    """A reading: what it changes, in words and in the units of the model, and the model with that."""

    name: str
    said: str
    changes: Mapping[str, Any]
    model: Model


def _worlds(
    model: Model, readings: Mapping[str, Mapping[str, Any]] | None, paths: int, as_written: bool
) -> tuple[list[_World], dict[str, str]]:
    """Every reading, the model as it stands first; and those left out, and why."""
    check_playable(model)
    _refuse_doubt(model)
    faults = []
    if paths < FEWEST_PATHS:
        faults.append(Fault("paths", f"{paths}", AT_LEAST_DRAWN, TEN_THOUSAND))
    if readings is not None and not readings:
        faults.append(Fault("readings", NO_ONE, _IN_OTHERS, _NAME_ONE))
    worlds, left_out = [_World(str(AS_IT_STANDS), "", {}, model)], dict[str, str]()
    for name, changes in (_usual(model) if readings is None else readings).items():
        try:
            world = model.changed(changes, as_written=as_written)
            if name == AS_IT_STANDS or not changes:
                raise DataError(Fault(_READING.format(reading=name), _SAME, _OWN_NAME, _EXAMPLE))
            if programme_choices(world) != programme_choices(model):
                raise _not_carried_over(name)
            _refuse_doubt(world)
            said = ", ".join(f"{path}={value}" for path, value in changes.items())
            number = partial(model.facts.number, as_written=as_written)
            in_units = {
                path: number(path, value) if model.is_number_of_facts(path) else value
                for path, value in changes.items()
            }
            worlds.append(_World(name, said, in_units, world))
        except DataError as error:
            if readings is None:
                left_out[name] = error.faults[0].said
            faults += error.faults if readings is not None else []
    if faults:
        raise DataError(faults)
    return worlds, left_out


def _refuse_doubt(world: Model) -> None:
    """Costs on fresh paths are under the odds of the tables."""
    if world.settings.risk.in_doubt and is_drawn(world):
        raise DataError(Fault(f"{world.origin}, risk.ambiguity", _DOUBT, IN_DOUBT, _NO_DOUBT))


def _usual(model: Model) -> dict[str, dict[str, Any]]:
    """The readings that others have of the same world, less that of the model."""
    settings = model.settings
    usual: dict[str, tuple[str, Any, Any]] = {
        variant: ("world.variant", variant, settings.world.variant)
        for variant in (() if settings.world.scenarios else VARIANTS)
    }
    usual |= {name: ("shortage.scale", scale, settings.shortage.scale) for name, scale in SCALES.items()}
    if (table := model.facts.tables.get("readings")) is not None:
        for reading in dict.fromkeys(table["reading"].tolist()):
            usual[str(DEMAND.format(reading=reading))] = ("demand.reading", reading, settings.demand.reading)
    return {name: {path: value} for name, (path, value, now) in usual.items() if value != now}


# --- plans


@dataclass(frozen=True, eq=False)
class _Plan:
    """What is decided now, for one reading."""

    name: str
    made_for: str
    measured: Measured

    @property
    def programmes(self) -> Programmes:
        """In force under it."""
        return self.measured.market.programmes

    @property
    def level(self) -> str:
        """Their name."""
        return programme_name(self.programmes)

    def is_as(self, other: _Plan) -> bool:
        """Whether it decides the same, but for rounding."""
        mine, theirs = self.measured, other.measured
        if mine.market.programmes != theirs.market.programmes or _indices(mine) != _indices(theirs):
            return False
        ours, others = ([x for part in plan.plan.values() for x in part.values()] for plan in (mine, theirs))
        return np.allclose(ours, others, rtol=1e-6, atol=1e-6)


def _indices(measured: Measured) -> list[tuple[str, Any]]:
    """What a plan decides, in its order."""
    return [(name, index) for name, part in measured.plan.items() for index in part]


def _plans(reading: str, answer: Answer) -> Iterator[_Plan]:
    """The best plan of each level for the model as it stands, and the best of all for another reading."""
    for level, cost in answer.levels.items():
        if reading == AS_IT_STANDS and cost < math.inf:
            yield _Plan(level, reading, answer.measured_at(level))
        elif level == answer.level:
            yield _Plan(str(MADE_FOR.format(level=level, reading=reading)), reading, answer.measured)


# --- what they cost


@dataclass(frozen=True)
class _Column:
    """One reading: which plan costs least there, what, and the error of that; cost, regret and its error of every plan."""

    best: int | None
    cost: float
    error: float
    rows: Sequence[tuple[float, float, float]]
    is_played: bool


def _costs(world: _World, markets: Mapping[str, Market], plans: Sequence[_Plan], paths: int, told: _Told) -> _Column:
    """What every plan costs in a reading, million USD, of which the market of every level is given."""
    reading = world.name
    given = [(plan, markets[plan.level], _decided(reading, plan, markets[plan.level])) for plan in plans]
    had = [k for k, (_, market, columns) in enumerate(given) if _can_be_had(market, columns)]
    nothing = _Column(None, math.inf, 0.0, [(math.inf, math.nan, 0.0)] * len(plans), False)
    if not had:
        return nothing
    if not is_drawn(world.model):
        costs = [math.inf] * len(plans)
        for k in had:
            plan, market, columns = given[k]
            told.now(_PLAYED.format(plan=plan.name, reading=reading))
            costs[k] = _with_plan(market, columns) / KUSD_PER_MUSD
        best = int(np.argmin(costs))
        if math.isinf(costs[best]):
            return nothing
        noise = AGREEMENT * abs(costs[best])
        regrets = [0.0 if cost - costs[best] <= noise else cost - costs[best] for cost in costs]
        return _Column(best, costs[best], 0.0, [(cost, r, 0.0) for cost, r in zip(costs, regrets, strict=True)], False)

    def of_level(which: Sequence[int]) -> list[Sample]:
        """Plans under one level, on the same paths of its law."""
        scene: Scene | None = None
        samples = []
        for k in which:
            plan, market, columns = given[k]
            told.now(_PLAYED.format(plan=plan.name, reading=reading))
            scene = scene or Scene.of(market.model, plan.programmes, paths, SEED)
            template = templates(market.sets).plan
            cost = float(template.form_values(market.plan_data(template)[None], columns[None])[0].sum())
            fixed = FixedPlan(market.model, plan.programmes, plan.measured.plan, cost, prices_of_means(plan.measured))
            samples.append(played_in(scene, fixed, Steps(None)))
        return samples

    levels = [[k for k in had if plans[k].level == level] for level in dict.fromkeys(plans[k].level for k in had)]
    levels.sort(key=len, reverse=True)  # the longest first: hands are free at about the same time
    # Most of it is NumPy, which lets go of the interpreter; threads of BLAS beside these would only wait for one another.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(max(1, min(cores(), len(levels)))) as pool:
        found = dict(zip(chain(*levels), chain(*pool.map(of_level, levels)), strict=True))
    samples = [found[k] for k in had]
    known = [_weighed(s.estimate(s.influences)) for s in samples]
    best = min(range(len(known)), key=lambda k: known[k][0])
    for _ in samples:  # two plans on the same paths say more of each other than either says of its cost
        beyond = [_weighed(s.beyond(samples[best])) for s in samples]
        least = min(range(len(beyond)), key=lambda k: beyond[k][0] if k != best else 0.0)
        if beyond[least][0] >= 0 or least == best:
            break
        best = least
    rows = [(math.inf, math.inf, 0.0)] * len(plans)
    for k, (cost, _) in enumerate(known):
        rows[had[k]] = (cost, 0.0, 0.0) if k == best else (cost, max(beyond[k][0], 0.0), beyond[k][1])
    return _Column(had[best], *known[best], rows, is_played=True)


def _weighed(estimate: tuple[Array, Array]) -> tuple[float, float]:
    """The weighed one of the measures and its standard error, million USD."""
    number, error = (float(x[_WEIGHED]) / KUSD_PER_MUSD for x in estimate)
    return number, error


def _decided(reading: str, plan: _Plan, market: Market) -> Array:
    """A plan in the order of the decisions of another market."""
    columns, decided = templates(market.sets).plan.columns, plan.measured.plan
    try:
        return np.array([decided[component][index] for component, index in columns])
    except KeyError:
        raise _not_carried_over(reading) from None


def _can_be_had(market: Market, columns: Array) -> bool:
    """Whether a plan takes no more than is on offer, and has the capacity for it, in a market that it was not made for.

    Asked are the decisions and rows of the plan in which a supplier has a say; room for stock and limits are the buyer's own.
    """
    template, suppliers = templates(market.sets).plan, {supplier for supplier, _ in market.sets.offers}
    data = market.plan_data(template)
    taken = np.bincount(
        template.entry_row, template.entry.at(data) * columns[template.entry_column], minlength=len(template.rows)
    )
    sides = (
        (columns, *template.bounds(data), template.columns),
        (taken, template.row_lower.at(data), template.row_upper.at(data), template.rows),
    )
    for value, low, high, names in sides:
        near = ROOM * np.maximum(np.abs(value), 1.0)
        if ((value < low - near) | (value > high + near))[[index[0] in suppliers for _, index in names]].any():
            return False
    return True


def _not_carried_over(reading: str) -> DataError:
    seen, rule = _OTHERWISE, _AS_IT_IS
    return DataError(Fault(_READING.format(reading=reading), seen, rule, LEAVE_OUT))


def _with_plan(market: Market, columns: Array) -> float:
    """The least weighed cost with a plan given, kUSD; infinite where nothing done with it keeps the limits on what happens."""
    end = optimum(compose(market, given=columns))
    refuse(end.solution)
    return end.solution.objective if end.solution.status is Status.OPTIMAL else math.inf


def _judged(plans: Sequence[_Plan], table: DataFrame) -> DataFrame:
    """The plans, that of least greatest regret first."""
    rows = []
    for plan in plans:
        own = table[(table["plan"] == plan.name) & table["regret_musd"].notna()]
        worst = own.iloc[int(own["regret_musd"].to_numpy().argmax())]
        greatest = (worst["reading"], float(worst["regret_musd"]), float(worst["standard_error_musd"]))
        rows.append((plan.name, plan.made_for, plan.level, *greatest, MORE))
    frame = DataFrame(rows, columns=list(OF_PLANS)).sort_values("greatest_musd", kind="stable", ignore_index=True)
    least, error = (float(frame[column].iloc[0]) for column in ("greatest_musd", "standard_error_musd"))
    if math.isinf(least):  # every plan is one that cannot be had in some reading
        return frame
    apart = WIDE * np.hypot(frame["standard_error_musd"], error)
    frame.loc[frame["greatest_musd"] - least <= np.maximum(apart, SAME * max(least, 1.0)), "verdict"] = TIE
    frame.loc[0, "verdict"] = LEAST
    return frame
