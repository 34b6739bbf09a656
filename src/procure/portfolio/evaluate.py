"""How portfolios fare on fresh paths of their law, which no tree has seen, under a rule that cannot see the future (`rule`).

The mean needs no sample: the rule's dynamic program has it. The tail and the shortages do, and there the known mean μ of what each
element costs takes out most of the luck of the draw. With L the cost of a path, X those of its elements, α the level of the tail
and η where it begins,

  y = L                               for the mean              y = η + max(L - η, 0) / (1 - α)      for the mean of the tail
  estimate = mean y - β·(mean X - μ)  β by least squares        standard error = sd (y - β·X) / √n

For the mean β is 1, and of the luck nothing is left. Two portfolios are compared on the same random numbers, path by path, so that
their difference has a standard error of its own, smaller than theirs.

Source: Owen (2013), Monte Carlo theory, methods and examples, section 8.9; Rockafellar & Uryasev (2000), Journal of Risk 2(3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pandas import NA, DataFrame

from procure.errors import DataError, Fault
from procure.facts import load_facts
from procure.limits import KINDS
from procure.market import make_market, make_tree
from procure.model import Model, Settings, bundled_models, make_model
from procure.model.file import facts_of
from procure.model.limits import LimitChoices
from procure.portfolio.frames import encode_number
from procure.portfolio.kept import Kept, kept, priced
from procure.portfolio.portfolio import Portfolio
from procure.portfolio.rule import Plan, play
from procure.portfolio.store import write
from procure.program.templates import templates
from procure.scenarios.lattice import Lattice
from procure.scenarios.tree import Tree
from procure.scenarios.world import periods_of, processes
from procure.units import KUSD_PER_MUSD, Array, Index
from procure.words import Progress, Shown, programme_name

FORMAT, VERSION = "procure.evaluation", 1
#: Of the intervals, and half their width in standard errors.
CONFIDENCE, WIDE = 0.95, 1.959964
MEASURES = ("expected", "cvar", "weighed")
#: Share of the spread of an amount below which its standard error is that of the arithmetic.
ROUNDING = 1e-9
#: With fewer, nothing can be said of a tail.
FEWEST_PATHS = 100


@dataclass(frozen=True, eq=False)
class Evaluation(Shown):
    """What a portfolio costs on fresh paths, and how well that is known. Money in million USD of present value.

    Attributes
    ----------
    name, programmes : str
        Of the model, and the levels chosen, in words.
    n_paths, seed : int
        Paths drawn; 0 where they were given.
    alpha, weight : float
        Of the weighed cost: (1 - weight) mean + weight mean of the worst 1 - alpha.
    costs : DataFrame
        A row for each of `MEASURES`: `musd`, `standard_error_musd` and the bounds of its interval, `low_musd` and `high_musd`;
        `program_musd`, what the program that found the portfolio made of it on its own tree; `optimism_musd`, by how much that was
        too low, with its interval.
    shortage : DataFrame
        Unserved demand by element and year, t and as a share, with standard error and interval.
    limits : DataFrame
        What each limit on all futures comes to in each year, in the `unit` of its `bound`, with standard error and interval;
        `verdict` is kept or broken where the interval lies on one side of the bound, else unsure. The rule pays the price of those
        on a mean and knows no others.
    rounding_musd : float
        What the rule may lose by not keeping every kink of its functions, at most.
    losses : array, shape (n_paths,)
        Cost of every path.
    probability : array, shape (n_paths,)
    """

    name: str
    programmes: str
    n_paths: int
    seed: int
    alpha: float
    weight: float
    costs: DataFrame = field(repr=False)
    shortage: DataFrame = field(repr=False)
    limits: DataFrame = field(repr=False)
    rounding_musd: float
    losses: Array = field(repr=False)
    probability: Array = field(repr=False)

    @property
    def optimism_musd(self) -> float:
        """By how much the program's own estimate of the weighed cost is too low; negative where it is too high."""
        return float(self.costs["optimism_musd"].to_numpy()[MEASURES.index("weighed")])

    def to_json(self, path: str | Path) -> None:
        """Write the frames to `path`, at once or not at all."""
        write(path, {"format": FORMAT, "version": VERSION, **self._document()})

    def _document(self) -> dict[str, Any]:
        known = ("name", "programmes", "n_paths", "seed", "alpha", "weight", "rounding_musd")
        frames = {name: _columns(getattr(self, name)) for name in ("costs", "shortage", "limits")}
        return {**{key: getattr(self, key) for key in known}, **frames}


@dataclass(frozen=True, eq=False)
class Comparison(Shown):
    """Portfolios on the same paths.

    Attributes
    ----------
    evaluations : mapping
        By the names the portfolios were given.
    differences : DataFrame
        For every portfolio but the first, and each of `MEASURES`: by how many million USD it is dearer than the first, with the
        standard error of that difference and its interval; `verdict` is tie where the interval holds zero, else dearer or cheaper.
    """

    evaluations: Mapping[str, Evaluation]
    differences: DataFrame = field(repr=False)

    @property
    def first(self) -> Evaluation:
        """What the others are held against."""
        return next(iter(self.evaluations.values()))

    def to_json(self, path: str | Path) -> None:
        """Write the frames to `path`, at once or not at all."""
        parts = {name: evaluation._document() for name, evaluation in self.evaluations.items()}
        document = {"evaluations": parts, "differences": _columns(self.differences)}
        write(path, {"format": FORMAT, "version": VERSION, **document})


def evaluate(
    portfolio: Portfolio,
    paths: int | Tree = 10_000,
    seed: int = 1,
    *,
    model: Model | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """What a portfolio costs on fresh paths of its law, under the rule that is best on the mean and cannot see the future.

    Parameters
    ----------
    portfolio : Portfolio
        As solved, or read from its file.
    paths : int or Tree
        How many are drawn, independently; or a tree, whose paths are played with its probabilities: then nothing is left to chance.
    seed : int
        The same seed draws the same random numbers for every portfolio.
    model : Model, optional
        What was solved. Unknown only where a portfolio was read from a file and its facts are not the bundled ones.

    Raises `DataError` where the model or its facts are not those of the portfolio, where its law is too large to be held whole, and
    for what the rule cannot play: orders placed before demand is seen, rows of one's own that tie elements together.
    """
    return compare({programme_name(portfolio.programmes): portfolio}, paths, seed, model=model, progress=progress).first


def compare(
    portfolios: Sequence[Portfolio] | Mapping[str, Portfolio],
    paths: int | Tree = 10_000,
    seed: int = 1,
    *,
    model: Model | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Portfolios on the same fresh paths, each against the first; as `evaluate` plays them.

    Parameters
    ----------
    portfolios : sequence of Portfolio, or mapping from names of one's own
        In a sequence they are called by their programmes.
    paths, seed, model
        As for `evaluate`; `model` is that of all of them.
    """
    if not isinstance(portfolios, Mapping):
        portfolios = _by_name(portfolios)
    if not portfolios:
        raise DataError(Fault("portfolios", "there are none", "one at least is evaluated", "give one"))
    if not isinstance(paths, Tree) and paths < FEWEST_PATHS:
        raise DataError(Fault("paths", f"{paths}", f"at least {FEWEST_PATHS} are drawn", "ask for ten thousand"))
    steps = _Steps(progress, len(portfolios))
    samples = {
        name: _played(portfolio, portfolio.model or model or model_of(portfolio), paths, seed, steps)
        for name, portfolio in portfolios.items()
    }
    evaluations = {
        name: _evaluation(portfolio, samples[name], 0 if isinstance(paths, Tree) else paths, seed)
        for name, portfolio in portfolios.items()
    }
    first, *others = samples
    rows = []
    for name in others:
        luck = _Luck(np.concatenate([samples[name].luck, samples[first].luck], axis=1), samples[name].probability)
        beyond = samples[name].influences - samples[first].influences
        for measure, number, error in zip(MEASURES, *(x / KUSD_PER_MUSD for x in luck.estimate(beyond)), strict=True):
            low, high = number - WIDE * error, number + WIDE * error
            verdict = "tie" if low <= 0 <= high else "dearer" if number > 0 else "cheaper"
            rows.append((name, measure, number, error, low, high, verdict))
    columns = ("portfolio", "measure", "difference_musd", "standard_error_musd", "low_musd", "high_musd", "verdict")
    return Comparison(evaluations, DataFrame(rows, columns=list(columns)))


def _by_name(portfolios: Sequence[Portfolio]) -> dict[str, Portfolio]:
    """Each by its programmes; those of one name are numbered."""
    named: dict[str, Portfolio] = {}
    for portfolio in portfolios:
        name = programme_name(portfolio.programmes)
        named[name if name not in named else f"{name} ({len(named) + 1})"] = portfolio
    return named


# --- what was solved


def decisions(portfolio: Portfolio) -> Plan:
    """Every decision of a portfolio's plan by component and index, as `formulation.plan` names them."""
    plan: dict[str, dict[tuple[Any, ...], float]] = {}
    columns = (portfolio.plan[name].tolist() for name in ("decision", "of", "year", "value"))
    for decision, of, year, value in zip(*columns, strict=True):
        index = of.split(".") if year is NA else [*of.split("."), int(year)]
        plan.setdefault(decision, {})[tuple(index)] = value
    return plan


def model_of(portfolio: Portfolio) -> Model:
    """The model of a portfolio that was read from a file, over the bundled facts or those of the bundled model of its name."""
    try:
        settings = _settings_of(portfolio)
        facts = facts_of(portfolio.settings, bundled_models().get(Path(portfolio.origin).stem, Path(portfolio.origin)))
        model = make_model(settings, facts or load_facts(), portfolio.origin)
        return model.with_(**portfolio.numbers) if portfolio.numbers else model
    except DataError as error:
        rule = "a file holds the answer and its choices, not facts of one's own"
        other = Fault(portfolio.origin, "its facts are not the bundled ones", rule, "name the model that was solved")
        raise DataError([other, *error.faults]) from None


def _settings_of(portfolio: Portfolio) -> Settings:
    """The choices of a portfolio, checked."""
    limits = [_as_written(limit) for limit in portfolio.settings["limits"]]
    return Settings.checked({**portfolio.settings, "limits": limits}, portfolio.origin)


def _as_written(limit: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a limit that say anything: no kind takes keys that it does not read."""
    silent = {field.alias or name: field.default for name, field in LimitChoices.model_fields.items()}
    return {key: value for key, value in limit.items() if value != silent[key]}


def _check(portfolio: Portfolio, model: Model) -> None:
    """Refuse a model that is not that of a portfolio, and what the rule cannot play."""
    if model.facts.fingerprint != portfolio.fingerprint:
        raise DataError(
            Fault(portfolio.origin, "the facts are others than those the portfolio was found on",
                  "a plan is played in the world it was made for", "solve the model again, or name the model that was solved")
        )  # fmt: skip
    if model is not portfolio.model and model.settings.model_dump() != _settings_of(portfolio).model_dump():
        raise DataError(
            Fault(portfolio.origin, "the choices are others than those the portfolio was found with",
                  "a plan is played in the world it was made for", "name the model that was solved, with the same changes")
        )  # fmt: skip
    if model.settings.demand.uncertain != "none" and model.settings.demand.orders == "before":
        raise DataError(
            Fault(f"{model.origin}, demand.orders", "orders are placed before demand is seen",
                  "the rule decides when it knows the state, demand included", "set demand.orders = 'after'")
        )  # fmt: skip


# --- what was played


class _Steps:
    """Tells how far the work is, an element at a time."""

    def __init__(self, progress: Progress | None, n_portfolios: int) -> None:
        self._progress, self._n_portfolios, self._done = progress, n_portfolios, 0

    def took(self, n_steps: int, what: str) -> None:
        """One more of the `n_steps` that each portfolio takes."""
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, n_steps * self._n_portfolios, what)


@dataclass(frozen=True, eq=False)
class _Sample:
    """One portfolio on some paths, kUSD of present value and t.

    Parameters
    ----------
    loss, probability : array, shape (n_paths,)
    luck : array, shape (n_paths, n)
        What each element costs on a path beyond its exact mean; none where the paths were not drawn.
    shortage : mapping element -> array, shape (n_paths, n_years)
    demand : mapping element -> array, shape (n_years,)
        Expected.
    limits
        What the limits on all futures come to.
    """

    model: Model
    class_of: Mapping[str, str]
    loss: Array
    probability: Array
    luck: Array
    error: float
    shortage: Mapping[str, Array]
    demand: Mapping[str, Array]
    limits: Sequence[Kept]

    @cached_property
    def influences(self) -> Array:
        """What each path adds to each of `MEASURES`, shape (n_paths, 3): their means are the measures."""
        alpha, weight = self.model.settings.risk.alpha, self.model.settings.risk.weight
        order = np.argsort(self.loss, kind="stable")
        begins = order[min(int(np.searchsorted(np.cumsum(self.probability[order]), alpha)), len(order) - 1)]
        tail = self.loss[begins] + np.maximum(self.loss - self.loss[begins], 0.0) / (1.0 - alpha)
        return np.column_stack([self.loss, tail, (1.0 - weight) * self.loss + weight * tail])


def _played(portfolio: Portfolio, model: Model, paths: int | Tree, seed: int, steps: _Steps) -> _Sample:
    """A portfolio on its paths."""
    _check(portfolio, model)
    periods = periods_of(model)
    if model.settings.world.scenarios:
        lattice = Lattice.of_tree(make_tree(model, portfolio.programmes))
    else:
        lattice = Lattice.of_law(processes(model, portfolio.programmes), len(periods))
    worlds, at = lattice.worlds()
    market = make_market(model, portfolio.programmes, worlds)
    if isinstance(paths, Tree):
        nodes, probability = lattice.passed(paths), paths.probability[paths.leaves]
    else:
        nodes, probability = lattice.drawn(paths, seed), np.full(paths, 1.0 / paths)
    year = np.searchsorted(model.years, periods)
    loss = np.full(len(nodes), portfolio.summary["plan_cost"] * KUSD_PER_MUSD)
    luck, error = [], 0.0
    shortage: dict[str, Array] = {}
    demand: dict[str, Array] = {}
    template = templates(market.sets).period
    measures = {name: np.zeros(nodes.shape) for name in template.measures.values()}
    law = np.zeros(len(market.probability))
    for chance, here in zip(lattice.probability, at, strict=True):
        law[here] = chance
    weight = priced(market, template, law, _prices(portfolio))
    for played in play(market, template, lattice, decisions(portfolio), nodes, weight):
        loss += played.cost
        error += played.error
        luck.append(played.minimised - played.expected)
        for name, measure in measures.items():
            measure += played.forms[name]
        if played.element is not None:
            asked = market.period["demand"][played.element,]
            expected = [chance @ asked[here] for chance, here in zip(lattice.probability, at, strict=True)]
            shortage[played.element] = _by_year(played.shortage, year)
            demand[played.element] = _by_year(np.array([expected]), year)[0]
        steps.took(len(market.sets.elements) + 1, played.element or "contracts")
    is_drawn = not isinstance(paths, Tree)
    passed = np.column_stack([here[nodes[:, t]] for t, here in enumerate(at)])
    limits = list(kept(market, template, passed, measures, loss, probability, is_drawn))
    beyond = np.column_stack(luck) if is_drawn else np.zeros((len(nodes), 0))
    return _Sample(model, market.class_of, loss, probability, beyond, error, shortage, demand, limits)


def _prices(portfolio: Portfolio) -> dict[tuple[str, int | None], float]:
    """What one unit more of the bound of each limit saves, by limit and year, kUSD, as the program has it."""
    columns = (portfolio.limits[name].tolist() for name in ("limit", "kind", "year", "shadow_price_musd"))
    return {
        (limit, None if year is NA else int(year)): price * KUSD_PER_MUSD / KINDS[kind].measured_in.step
        for limit, kind, year, price in zip(*columns, strict=True)
        if kind in KINDS
    }


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
        kept = size > 1e-9 * size.max(initial=1.0)
        return columns[:, kept], turned[kept] @ mean / size[kept]

    def estimate(self, amount: Array) -> tuple[Array, Array]:
        """Mean of each column of an amount and its standard error, the known part of the luck taken out."""
        mean = self.probability @ amount
        if not self.luck.shape[1]:
            return mean, np.zeros_like(mean)
        rest, (columns, off) = amount - mean, self._parts
        share = columns.T @ rest
        left = rest - columns @ share
        freedom = max(len(left) - 1 - columns.shape[1], 1)
        error = np.sqrt((left**2).sum(axis=0) / freedom / len(left))
        return mean - off @ share, np.where(error > ROUNDING * rest.std(axis=0), error, 0.0)


def _evaluation(portfolio: Portfolio, sample: _Sample, n_paths: int, seed: int) -> Evaluation:
    luck = _Luck(sample.luck, sample.probability)
    numbers, errors = (x / KUSD_PER_MUSD for x in luck.estimate(sample.influences))
    own = [portfolio.summary[key] for key in ("expected_cost", "cvar", "objective")]
    wide = WIDE * errors
    costs = DataFrame({
        "measure": MEASURES, "musd": numbers, "standard_error_musd": errors,
        "low_musd": numbers - wide, "high_musd": numbers + wide,
        "program_musd": own, "optimism_musd": numbers - own,
        "optimism_low_musd": numbers - wide - own, "optimism_high_musd": numbers + wide - own,
    })  # fmt: skip
    rows = []
    for element, unserved in sample.shortage.items():
        mean, error = luck.estimate(unserved)
        for k, year in enumerate(sample.model.years):
            low, high = max(mean[k] - WIDE * error[k], 0.0), mean[k] + WIDE * error[k]
            demand = float(sample.demand[element][k])
            share = mean[k] / demand if demand > 0 else 0.0
            rows.append((element, sample.class_of[element], year, demand, mean[k], error[k], low, high, share))
    columns = [
        "element", "class", "year", "demand_t", "expected_t", "standard_error_t", "low_t", "high_t", "expected_share",
    ]  # fmt: skip
    chosen = sample.model.settings.risk
    return Evaluation(
        portfolio.name, programme_name(portfolio.programmes), n_paths, seed, chosen.alpha, chosen.weight, costs,
        DataFrame(rows, columns=columns), _limits(sample.limits), sample.error / KUSD_PER_MUSD,
        sample.loss / KUSD_PER_MUSD, sample.probability,
    )  # fmt: skip


def _limits(limits: Sequence[Kept]) -> DataFrame:
    rows = []
    for k in limits:
        low, high = k.value - WIDE * k.standard_error, k.value + WIDE * k.standard_error
        is_least = KINDS[k.kind].sense == "min"
        inside, outside = (low >= k.bound, high < k.bound) if is_least else (high <= k.bound, low > k.bound)
        verdict = "kept" if inside else "broken" if outside else "unsure"
        rows.append((k.limit, k.year, k.value, k.standard_error, low, high, k.bound, k.unit, verdict))
    columns = ["limit", "year", "value", "standard_error", "low", "high", "bound", "unit", "verdict"]
    return DataFrame(rows, columns=columns).astype({"year": "Int64"})


def _columns(frame: DataFrame) -> dict[str, list[Any]]:
    """The columns of a frame, as JSON knows them."""

    def plain(cell: Any) -> Any:
        return None if cell is NA else encode_number(cell) if isinstance(cell, float) else cell

    return {str(name): [plain(cell) for cell in frame[name].tolist()] for name in frame}
