"""Why not another: what a rival loses against the chosen plan, where, and what would have to be otherwise for it to be as good.

A rival is another programme level, with the best plan under it, or the best plan in which a supplier's expected share of the demand
for some elements, over all years, is at least (or, below where it stands, at most) so much, under the chosen level. With V the
weighed cost, the difference V' - V is taken apart in three ways that each add up to it: by component, element and year; its mean by
what happens in the futures (`portfolio.parts`). On fresh paths it has a standard error (`portfolio.verdict.beside`).

What would reverse it is looked for among the numbers that are not known for sure. With both plans and the prices of what is scarce
kept, one solve of each says at first order how far each number moves the difference on the way to either end of its range
(`sensitivity.numbers.FirstOrder`). Of those that bring the rival nearest, a few are followed: both are solved again at the end, and
where the rival is as good there, at values between, until the one at which they cost the same is known to a hundredth of the range.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd
from pandas import DataFrame

from procure.errors import IS, LEAVE_OUT, DataError, Fault, Infeasible, nearest
from procure.explore.kept import Kept
from procure.explore.sensitivity.numbers import AT_FIRST_ORDER, FirstOrder, Unknown, unknowns
from procure.explore.switch import SAME
from procure.languages import Said
from procure.limits.limit import SHARE
from procure.limits.said import class_name
from procure.market import Market
from procure.model import Model, ModelOrName, as_model
from procure.portfolio.evaluate import model_of
from procure.portfolio.fresh import MEASURES
from procure.portfolio.measure import AGREEMENT, Measured
from procure.portfolio.parts import futures, parts, taken_apart
from procure.portfolio.portfolio import Portfolio
from procure.portfolio.verdict import PATHS, beside
from procure.program.infeasibility import explain
from procure.program.near_optimal import SCALE, held
from procure.program.optimum import Optimum, solved
from procure.scenarios.world import programme_choices
from procure.solving.answer import Answer
from procure.solving.compiled import Compiled
from procure.solving.trees import is_drawn
from procure.units import KUSD_PER_MUSD
from procure.words import LEAST_SHARE, Progress, listed, percent, programme_name, rounded

_FROM_0 = Said("it is counted from 0", "数は 0 以上")
_NO_MORE = Said("{chosen}: no plan under it keeps the limits any more", "{chosen}: この水準で制約を守る計画はもうない")
_INSTEAD = Said("instead '{instead}'", "代替 '{instead}'")
_NO_SUPPLIER = Said("no supplier '{supplier}'", "供給元 '{supplier}' がない")
_EMPTY = Said("it is empty", "空である")
_OF_A_SUPPLIER = Said(
    "a rival is a programme level or a share of a supplier of the model", "代替は、モデルの供給元の開発計画の水準か比率"
)
_NO_PROGRAMME = Said("{supplier} has no programme '{level}'", "供給元 {supplier} に開発計画 '{level}' はない")
_NEITHER = Said("it names neither level nor share of {supplier}", "供給元 {supplier} の水準も比率も指定していない")
_LEVEL_OR_SHARE = Said("a rival is a programme level of the model or a share", "代替は、モデルの開発計画の水準か比率")
_NO_SHARE = Said("it is no share", "比率ではない")
_SHARES = Said("a share is 0 to 1, or 0 % to 100 %", "比率は 0 から 1、または 0 % から 100 %")
_NO_SCOPE = Said("'{name}' is no class or element", "'{name}' は区分でも元素でもない")
_OF_THE_MODEL = Said("a share is of those of the model", "比率はモデルにあるものについて")
_SELLS_NONE = Said("{supplier} sells none of it", "供給元 {supplier} はそれを販売していない")
_OF_WHAT_IS_SOLD = Said("a share is of what a supplier sells", "比率は供給元が販売するものについて")
_SELLS = Said("it sells {others}", "販売しているのは {others}")
_AS_IN_EITHER, _AS_IN = (
    Said("as in '{level}' or {share}", "例: '{level}'、{share}"),
    Said("as in {share}", "例: {share}"),
)
_ELSE_A_SHARE, _NAME_A_SHARE = (
    Said("{nearest} Else a share, {example}", "{nearest} または比率を指定する（{example}）"),
    Said("Name a share, {example}", "比率を指定する（{example}）"),
)
_INSTEAD_OF = Said("instead {rival}", "代替: {rival}")
_OUTERMOST = Said(
    "{rival}, in the mean over all years: {outermost} that any plan has", "{rival}、全年の平均: {outermost}"
)
_MOST, _LEAST, _NO_PLAN = (
    Said("{share} % is the most", "どの計画でも {share} % 以下"),
    Said("{share} % is the least", "どの計画でも {share} % 以上"),
    Said("no plan at all", "計画がない"),
)
_ANOTHER = Said("a rival is another one", "代替は別のもの")
_CHOSEN = Said("it is what is chosen", "選択されたもの")
_OTHERS = Said("the others are {others}", "他は {others}")
_IN_CHOSEN = Said("it is {share} % in the chosen plan", "選ばれた計画では {share} %")
_MORE_OR_LESS = Said("ask for more, or less", "増やすか減らす")

#: Numbers that are followed, and to which part of its range a reversing value is known.
FOLLOWED, FINE = 3, 0.01
#: How a rival that is a share is called, with its parts.
AT_LEAST, AT_MOST = (
    Said("at least {share} % of {of} from {supplier}", "{of}のうち {supplier} から {share} % 以上"),
    Said("at most {share} % of {of} from {supplier}", "{of}のうち {supplier} から {share} % 以下"),
)
ALL_DEMAND = Said("all demand", "全需要")
OF_FUTURES = (
    "process",
    "state",
    "above",
    "up_to",
    "chance",
    "rival_chance",
    "there_musd",
    "odds_musd",
    "difference_musd",
)
OF_NUMBERS = ("number", "unit", "status", "value", "end", "first_order_musd", "end_musd", "reverses_at")


@dataclass(frozen=True, eq=False)
class Why(Kept):
    """What a rival loses against the chosen plan, million USD of present value: differences are rival less chosen.

    Attributes
    ----------
    name, chosen, rival : str
        Of the model, and of both.
    share, chosen_share : float
        Where the rival is a share: that, and where it stands in the chosen plan; else NaN.
    step_musd : float
        What the next percentage point of that share costs at the margin; else NaN.
    table : DataFrame
        For each `measure` (expected, cvar, weighed): `chosen_musd` and `rival_musd` on the tree, their `difference_musd`, and that
        on the same fresh paths, `fresh_musd` with its `standard_error_musd`: NaN where nothing was compared, the error 0 where
        every future is counted.
    parts : DataFrame
        The weighed difference by component, element (blank: of none) and year (`kind`), each adding up to it.
    futures : DataFrame
        The difference of the means by futures: for each process how much of the time it stands in its first `state` (more than
        `above` of the periods, at most `up_to`), how likely that is under the chosen plan and under the rival (`chance`,
        `rival_chance`), by how much the rival is dearer `there`, and what that adds; of which `odds`, beyond `chance` × `there`, is
        what other odds of the same futures add. Of each process the differences add up to the whole.
    numbers : DataFrame
        Numbers that bring the rival nearest, in the unit of their table: `value` now, the favourable `end` of the range, the
        difference there at first order and with both solved again (NaN where there is no plan), and `reverses_at`, where both
        cost the same; NaN where the rival stays dearer.
    n_numbers : int
        That have a range, out of which they come; 0 where none has, none were to be followed, or the rival is no dearer anyway.
    n_paths : int
        Fresh paths; 0 where every future is counted, or nothing was compared.
    is_drawn : bool
        Whether the tree is a drawing of more futures than it holds.
    refusal : str
        Why there is nothing from fresh paths; blank where there is.
    """

    format: ClassVar[str] = "procure.why"

    name: str
    chosen: str
    rival: str
    share: float
    chosen_share: float
    step_musd: float
    table: DataFrame = field(repr=False)
    parts: DataFrame = field(repr=False)
    futures: DataFrame = field(repr=False)
    numbers: DataFrame = field(repr=False)
    n_numbers: int
    n_paths: int
    is_drawn: bool
    refusal: str

    @property
    def difference_musd(self) -> float:
        """By how much the rival is dearer, weighed, on the tree."""
        return float(self.table["difference_musd"].to_numpy()[MEASURES.index("weighed")])


def why(
    answer: Portfolio | ModelOrName,
    instead: str,
    *,
    paths: int = PATHS,
    numbers: Sequence[str] | None = None,
    statuses: Collection[str] | None = None,
    most: int = FOLLOWED,
    progress: Progress | None = None,
) -> Why:
    """What a rival loses against the chosen plan, by component, element, year and future, and which numbers would reverse that.

    Parameters
    ----------
    answer : Portfolio, Model, str or Path
        The rival is held against the plan of the portfolio's programme level, or against the best plan of the model.
    instead : str
        A programme level of a supplier, ``"seabed pilot"``; or a share, ``"lynas 40 %"`` of all demand, ``"lynas heavy 40 %"``
        of that for a class or an element: at least so much, or, where more is bought now, at most.
    paths : int
        Fresh paths on which both plans are played, where the tree is drawn; 0 plays none.
    numbers : sequence of str, optional
        Dotted paths to look at, as for `procure.sensitivity`; else all that are not known for sure.
    statuses : collection of str, optional
        Of the numbers; by default all but "sourced".
    most : int
        Numbers that are followed to where they would reverse it; 0 follows none.
    progress : callable, optional
        Called with (done, total, what).

    Returns
    -------
    Why

    Raises
    ------
    DataError
        For a rival that names no supplier, level or share of the model, or the chosen one; of numbers as `procure.sensitivity`.
    Infeasible
        Where no plan is like the rival: the largest or smallest share that any has.

    >>> from procure import load_model
    >>> found = why(load_model("two-class"), "lynas heavy 10 %", most=0)
    >>> round(found.chosen_share, 3), round(found.difference_musd)
    (0.228, 945)
    """
    faults = [
        Fault(name, IS.format(value=count), _FROM_0, LEAVE_OUT)
        for name, count in (("paths", paths), ("most", most))
        if count < 0
    ]
    model = answer.model or model_of(answer) if isinstance(answer, Portfolio) else as_model(answer)
    compiled = Compiled(model)
    try:
        asked = _asked(compiled.programs({})[0].market, instead)
        known = _known(model, numbers, statuses) if most > 0 else []
    except DataError as error:
        raise DataError([*faults, *error.faults]) from None
    if faults:
        raise DataError(faults)
    found = compiled.solve(progress=progress)
    chosen = programme_name(answer.programmes) if isinstance(answer, Portfolio) else found.level
    if found.levels[chosen] == math.inf:
        raise Infeasible([_NO_MORE.format(chosen=chosen)])
    pair: _Pair
    if isinstance(asked, _Share):
        pair = _OfShare(compiled, found, chosen, asked)
    else:
        pair = _OfProgramme(compiled, found, chosen, asked)
    return _told(model, pair, known, paths, most, progress)


# --- what is asked


def _known(model: Model, numbers: Sequence[str] | None, statuses: Collection[str] | None) -> list[Unknown]:
    """The numbers to look at: of a model whose tables have no ranges none, unless some are asked for."""
    try:
        return unknowns(model, numbers, statuses)[0]
    except DataError:
        if numbers is None and statuses is None:
            return []
        raise


@dataclass(frozen=True)
class _Share:
    """A share of the expected demand for some elements, from a supplier."""

    supplier: str
    scope: str
    elements: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class _Programme:
    """A programme level of a supplier."""

    supplier: str
    level: str


def _example(market: Market) -> str:
    """A rival that the model knows, of each kind that it has."""
    levels = [f"{supplier} {level}" for choice in programme_choices(market.model) for supplier, level in choice.items()]
    supplier, element = market.sets.sold[0]
    share = f"'{supplier} {element} 40 %'"
    if not levels:
        return _AS_IN.format(share=share)
    return _AS_IN_EITHER.format(level=levels[-1].replace("_", " "), share=share)


def _asked(market: Market, instead: str) -> _Share | _Programme:
    """The rival that a text names."""
    where, suppliers = _INSTEAD.format(instead=instead), market.sets.suppliers
    supplier, *rest = instead.replace("%", " % ").split() or [""]
    if supplier not in suppliers:
        seen = _NO_SUPPLIER.format(supplier=supplier) if supplier else _EMPTY
        raise DataError(
            Fault(where, seen, _OF_A_SUPPLIER, nearest(supplier, suppliers) if supplier else _example(market))
        )
    is_percent = rest[-1:] == ["%"]
    number = _number(rest[-2] if is_percent and len(rest) > 1 else rest[-1] if rest else "")
    if number is not None or is_percent:
        return _share(market, supplier, rest[: -2 if is_percent else -1], number, is_percent, where)
    level = "_".join(rest)
    levels = [choice[supplier] for choice in programme_choices(market.model) if supplier in choice]
    if level not in levels:
        seen = _NO_PROGRAMME.format(supplier=supplier, level=level) if level else _NEITHER.format(supplier=supplier)
        example = _example(market)
        remedy = (
            _ELSE_A_SHARE.format(nearest=nearest(level, levels), example=example)
            if levels
            else _NAME_A_SHARE.format(example=example)
        )
        raise DataError(
            Fault(
                where,
                seen,
                _LEVEL_OR_SHARE,
                remedy,
            )
        )
    return _Programme(supplier, level)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _share(
    market: Market, supplier: str, words: Sequence[str], number: float | None, is_percent: bool, where: str
) -> _Share:
    """A share of all demand, or of that for a class or an element; a class also by a word of its name."""
    share = math.nan if number is None else number / (100.0 if is_percent else 1.0)
    if not 0 <= share <= 1:
        raise DataError(Fault(where, _NO_SHARE, _SHARES, _example(market)))
    name, class_of = "_".join(words).replace("/", "_"), market.class_of
    classes = [c for c in dict.fromkeys(class_of.values()) if name in (c, *c.split("_"))]
    scope = name if name in class_of or not name else classes[0] if len(classes) == 1 else None
    if scope is None:
        known = [*class_of.values(), *class_of]
        raise DataError(Fault(where, _NO_SCOPE.format(name=name), _OF_THE_MODEL, nearest(name, known)))
    elements = tuple(e for e in market.sets.elements if not scope or scope in (e, class_of[e]))
    sold = [e for e in elements if (supplier, e) in market.sets.sold]
    if not sold:
        others = listed(sorted({e for s, e in market.sets.sold if s == supplier}))
        raise DataError(
            Fault(where, _SELLS_NONE.format(supplier=supplier), _OF_WHAT_IS_SOLD, _SELLS.format(others=others))
        )
    return _Share(supplier, scope or "all", elements, share)


# --- the chosen plan and its rival


class _Pair(ABC):
    """Two plans, and how far they are apart at other numbers."""

    chosen: Measured
    rival: Measured
    names: tuple[str, str]
    share: tuple[float, float] = (math.nan, math.nan)  # asked for, and where it stands
    step_musd: float = math.nan

    @abstractmethod
    def apart(self, changes: Mapping[str, float]) -> float:
        """By how much the rival is dearer with some numbers changed, million USD; infinite where there is none."""


class _OfProgramme(_Pair):
    """The best plans under two programme levels."""

    def __init__(self, compiled: Compiled, found: Answer, chosen: str, asked: _Programme) -> None:
        names = [
            programme_name(choice)
            for choice in programme_choices(compiled.model)
            if choice.get(asked.supplier) == asked.level
        ]
        rival = min(names, key=lambda name: found.levels[name])  # of other suppliers the best levels
        if rival == chosen:
            where, rule = _INSTEAD.format(instead=f"{asked.supplier} {asked.level}"), _ANOTHER
            others = listed([name for name in found.levels if name != chosen])
            raise DataError(Fault(where, _CHOSEN, rule, _OTHERS.format(others=others)))
        if found.levels[rival] == math.inf:
            raise explain([dict(zip(found.levels, compiled.programs({}), strict=True))[rival]])
        self._compiled, self.names = compiled, (chosen, rival)
        self.chosen, self.rival = found.measured_at(chosen), found.measured_at(rival)

    def apart(self, changes: Mapping[str, float]) -> float:
        """Both levels solved again."""
        chosen, rival = self.names
        levels = self._compiled.solve(changes, only=self.names, explains=False).levels
        return levels[rival] - levels[chosen] if levels[chosen] < math.inf else -math.inf


class _OfShare(_Pair):
    """The best plan, and the best with a supplier's share held."""

    def __init__(self, compiled: Compiled, found: Answer, chosen: str, asked: _Share) -> None:
        self._compiled, self._asked, self._level = compiled, asked, chosen
        self.chosen = found.measured_at(chosen)
        stands = _share_of(self.chosen, asked)
        self._at_least, self.share = asked.share > stands, (asked.share, stands)
        of = ALL_DEMAND if asked.scope == "all" else class_name(asked.scope)
        form = AT_LEAST if self._at_least else AT_MOST
        self.names = (chosen, form.format(share=rounded(100 * asked.share), of=of, supplier=asked.supplier))
        if abs(asked.share - stands) <= LEAST_SHARE:
            seen, rule = _IN_CHOSEN.format(share=percent(stands)), _ANOTHER
            raise DataError(Fault(_INSTEAD_OF.format(rival=self.names[1]), seen, rule, _MORE_OR_LESS))
        end = self._held(self.chosen.market)
        if isinstance(end, float):
            form = _MOST if self._at_least else _LEAST
            outermost = _NO_PLAN if math.isnan(end) else form.format(share="0" if end < LEAST_SHARE else percent(end))
            raise Infeasible([_OUTERMOST.format(rival=self.names[1], outermost=outermost)])
        self.rival = Measured(solved(end))
        self.rival.check()
        self.step_musd = abs(float(end.solution.row_dual[-1])) * SCALE * SHARE.step / KUSD_PER_MUSD

    def _held(self, market: Market) -> Optimum | float:
        asked = self._asked
        return held(market, asked.supplier, asked.elements, asked.share, at_least=self._at_least)

    def apart(self, changes: Mapping[str, float]) -> float:
        """Both solved again, the rival from scratch."""
        found = self._compiled.solve(changes, only=[self._level], explains=False)
        end = self._held(found.as_it_ended.market)
        return math.inf if isinstance(end, float) else end.solution.objective / KUSD_PER_MUSD - found.objective


def _share_of(measured: Measured, asked: _Share) -> float:
    """What arrives of it in the mean of all years and futures, as a part of what is demanded."""
    arrives = sum(
        float(measured.yearly(measured.delivered(asked.supplier, e) + measured.called(asked.supplier, e)).sum())
        for e in asked.elements
    )
    return arrives / sum(float(measured.yearly(measured.demand[e]).sum()) for e in asked.elements)


# --- what is said of them


def _told(model: Model, pair: _Pair, known: Sequence[Unknown], paths: int, most: int, progress: Progress | None) -> Why:
    """All that there is to say."""
    told = _Steps(progress, len(known))
    told.now(Said("fresh paths", "検証用の経路"))
    fresh = beside(pair.rival, pair.chosen, paths)
    is_played, is_one_of_many = not isinstance(fresh, str), is_drawn(model)
    table = _table(pair, fresh)
    known = (
        known if table["difference_musd"].iloc[MEASURES.index("weighed")] > 0 else ()
    )  # else there is nothing to reverse
    numbers = _followed(model, pair, known, most, told)
    return Why(
        name=model.name,
        chosen=pair.names[0],
        rival=pair.names[1],
        share=pair.share[0],
        chosen_share=pair.share[1],
        step_musd=pair.step_musd,
        table=table,
        parts=taken_apart(parts(pair.chosen), parts(pair.rival)),
        futures=_futures(pair),
        numbers=numbers,
        n_numbers=len(known),
        n_paths=paths if is_played and is_one_of_many else 0,
        is_drawn=is_one_of_many,
        refusal=fresh if isinstance(fresh, str) and paths else "",
    )


class _Steps:
    """Tells how far the work is; `now` what is done next."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total + 1, 0

    def now(self, what: str, more: int = 0) -> None:
        """One step is begun, and there are so many more of them than was thought."""
        self._total += more
        if self._progress is not None:
            self._progress(self._done, self._total, what)
        self._done += 1


def _table(pair: _Pair, fresh: Any) -> DataFrame:
    """Both costs, and how far they are apart."""
    noise = AGREEMENT * pair.chosen.gross
    rows = []
    for k, (measure, name) in enumerate(zip(MEASURES, ("expected", "cvar", "objective"), strict=True)):
        mine, theirs = (float(getattr(plan, name)) for plan in (pair.rival, pair.chosen))
        apart = mine - theirs
        beyond = (math.nan, math.nan) if isinstance(fresh, str) else (float(fresh[0][k]), float(fresh[1][k]))
        apart, beyond = (
            (0.0 if abs(apart) <= noise else apart),
            (0.0 if abs(beyond[0]) <= noise else beyond[0], beyond[1]),
        )
        rows.append((measure, *(x / KUSD_PER_MUSD for x in (theirs, mine, apart, *beyond))))
    columns = ["measure", "chosen_musd", "rival_musd", "difference_musd", "fresh_musd", "standard_error_musd"]
    return DataFrame(rows, columns=columns)


def _futures(pair: _Pair) -> DataFrame:
    """The difference of the means by futures, of every process that both plans know."""
    keys = ["process", "state", "above", "up_to"]
    chosen, rival = (futures(plan).set_index(keys) for plan in (pair.chosen, pair.rival))
    shared = set(chosen.index.get_level_values(0)) & set(rival.index.get_level_values(0))
    rival = rival.rename(columns={"chance": "rival_chance", "expected_musd": "rival_musd"})
    both = pd.concat([chosen, rival], axis=1).fillna(0.0).reset_index()
    both = both[both["process"].isin(shared)].reset_index(drop=True)
    both["difference_musd"] = both["rival_musd"] - both["expected_musd"]
    there = (
        both["rival_musd"] / both["rival_chance"] - both["expected_musd"] / both["chance"]
    )  # NaN where only one can be
    both["there_musd"] = there.where((both["chance"] > 0) & (both["rival_chance"] > 0))
    both["odds_musd"] = both["difference_musd"] - (both["chance"] * both["there_musd"]).fillna(0.0)
    return both[list(OF_FUTURES)]


def _followed(model: Model, pair: _Pair, known: Sequence[Unknown], most: int, told: _Steps) -> DataFrame:
    """The numbers that bring the rival nearest, and where they reverse the difference."""
    apart = (pair.rival.objective - pair.chosen.objective) / KUSD_PER_MUSD
    first = [FirstOrder(plan) for plan in (pair.rival, pair.chosen)]
    nearer: list[tuple[float, float, Unknown]] = []
    for unknown in known:
        told.now(AT_FIRST_ORDER.format(path=unknown.path))
        for end in unknown.ends():
            mine, theirs = (order.moves(unknown.along.changes(end)) for order in first)
            if mine < theirs:  # and both are known
                nearer.append((mine - theirs, end, unknown))
    rows = []
    followed = sorted(nearer, key=lambda item: item[0])[:most]
    for moved, end, unknown in followed:
        told.now(Said("{path} at {end:.6g}", "{path} = {end:.6g}").format(path=unknown.path, end=end), more=1)
        at_end, reverses = _reversed(pair, unknown, end, apart)
        unit, factor = model.facts.unit(unknown.path, as_written=True), model.facts.factor(unknown.path)
        numbers = (unknown.value / factor, end / factor, apart + moved, at_end, reverses / factor)
        rows.append((unknown.path, unit, unknown.status, *numbers))
    frame = DataFrame(rows, columns=list(OF_NUMBERS))
    way = ((frame["reverses_at"] - frame["value"]) / (frame["end"] - frame["value"])).fillna(math.inf)
    return frame.iloc[way.argsort(kind="stable")].reset_index(drop=True)


def _reversed(pair: _Pair, unknown: Unknown, end: float, apart: float) -> tuple[float, float]:
    """How far both are apart at an end, and the value on the way there from which on the rival is as good; NaN where it is not."""
    from scipy.optimize import brentq

    def beyond(value: float) -> float:
        """By how much more than rounding the rival is dearer."""
        if value == unknown.value:
            return apart - tie
        try:
            return (
                max(pair.apart(unknown.along.changes(value)), -whole) - tie
            )  # less than nothing: the chosen has no plan
        except (DataError, Infeasible):  # no plan at all, or a number that the others do not allow
            return math.inf

    whole = max(abs(pair.chosen.objective), abs(pair.rival.objective)) / KUSD_PER_MUSD
    tie = SAME * whole
    at_end = beyond(end)
    told = math.nan if math.isinf(at_end) or at_end <= -whole else at_end + tie
    if not at_end <= 0:
        return told, math.nan
    value = brentq(beyond, unknown.value, end, xtol=FINE * abs(end - unknown.value), rtol=1e-6)
    return told, float(value)
