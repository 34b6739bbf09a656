"""How portfolios fare on fresh paths of their law, which no tree has seen, under a rule that cannot see the future (`fresh`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pandas import NA, DataFrame
from threadpoolctl import threadpool_limits

from procure.errors import NO_ONE, DataError, Fault
from procure.facts import load_facts
from procure.formulation.moment import from_words, moment
from procure.languages import Said
from procure.limits import KINDS
from procure.limits.limit import part_name
from procure.model import Model, Settings, bundled_models, make_model
from procure.model.file import facts_of
from procure.model.limits import LimitChoices
from procure.portfolio.frames import encode_number
from procure.portfolio.fresh import MEASURES, WIDE, FixedPlan, Sample, Steps, played
from procure.portfolio.kept import Kept
from procure.portfolio.portfolio import Portfolio
from procure.portfolio.rule import Plan
from procure.portfolio.store import write
from procure.scenarios.tree import Tree
from procure.units import KUSD_PER_MUSD, Array
from procure.words import Progress, Shown, programme_name

_ONE_AT_LEAST = Said("one at least is evaluated", "評価には調達計画が一つ以上要る")
_GIVE_ONE = Said("give one", "一つ指定する")
_NO_FACTS = Said(
    "a file holds the answer and its choices, not facts of one's own",
    "ファイルにあるのは回答と選択だけで、独自のデータは含まない",
)
_OWN_FACTS = Said("its facts are not the bundled ones", "同梱のデータによる回答ではない")
_NAME_MODEL = Said("name the model that was solved", "解いたモデルを指定する")
_OTHER_FACTS = Said(
    "the facts are others than those the portfolio was found on", "データが調達計画を求めたときと異なる"
)
_ITS_WORLD = Said("a plan is played in the world it was made for", "計画はそれが作られたデータと選択で評価する")
_SOLVE_AGAIN = Said("solve the model again, or name the model that was solved", "解き直すか、解いたモデルを指定する")
_OTHER_CHOICES = Said(
    "the choices are others than those the portfolio was found with", "選択が調達計画を求めたときと異なる"
)
_SAME_CHANGES = Said("name the model that was solved, with the same changes", "解いたモデルを同じ変更と共に指定する")

#: Of a limit that the rule knows nothing of, and does not keep.
NOT_MINDED = "not minded"
FORMAT, VERSION = "procure.evaluation", 1
#: With fewer, nothing can be said of a tail.
FEWEST_PATHS = 100
#: How many fresh paths a question may ask for, where it needs some, and where none are played unless asked for.
AT_LEAST_DRAWN = Said("at least {fewest} are drawn", "{fewest} 本以上を抽出する").format(fewest=FEWEST_PATHS)
TEN_THOUSAND = Said("ask for ten thousand", "一万本にする")
FROM_0 = Said("fresh paths are counted from 0", "検証用の経路は 0 本以上")


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
        on a mean, which holds it to no bound, and knows no others: that it does not keep one of these says nothing of the plan, and
        the verdict is `NOT_MINDED`.
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
        raise DataError(Fault("portfolios", NO_ONE, _ONE_AT_LEAST, _GIVE_ONE))
    if not isinstance(paths, Tree) and paths < FEWEST_PATHS:
        raise DataError(Fault("paths", f"{paths}", AT_LEAST_DRAWN, TEN_THOUSAND))
    steps = Steps(progress, len(portfolios))
    with threadpool_limits(1, user_api="blas"):  # its products are small: a second thread mostly waits
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
        for measure, number, error in zip(
            MEASURES, *(x / KUSD_PER_MUSD for x in samples[name].beyond(samples[first])), strict=True
        ):
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
    columns = (portfolio.plan[name].tolist() for name in ("decision", "of", "year", "seen", "value"))
    for decision, of, year, seen, value in zip(*columns, strict=True):
        index: list[Any] = of.split(".") if year is NA else [*of.split("."), moment(int(year), from_words(seen))]
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
        other = Fault(portfolio.origin, _OWN_FACTS, _NO_FACTS, _NAME_MODEL)
        raise DataError([other, *error.faults]) from None


def _settings_of(portfolio: Portfolio) -> Settings:
    """The choices of a portfolio, checked."""
    limits = [_as_written(limit) for limit in portfolio.settings["limits"]]
    return Settings.checked({**portfolio.settings, "limits": limits}, portfolio.origin)


def _as_written(limit: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a limit that say anything: no kind takes keys that it does not read."""
    silent = {field.alias or name: field.default for name, field in LimitChoices.model_fields.items()}
    in_file = {
        key: list(value) if isinstance(value, tuple) else value for key, value in silent.items()
    }  # as JSON has it
    return {key: value for key, value in limit.items() if value not in (silent[key], in_file[key])}


def _check(portfolio: Portfolio, model: Model) -> None:
    """Refuse a model that is not that of a portfolio."""
    if model.facts.fingerprint != portfolio.fingerprint:
        raise DataError(Fault(portfolio.origin, _OTHER_FACTS, _ITS_WORLD, _SOLVE_AGAIN))
    if model is not portfolio.model and model.settings.model_dump() != _settings_of(portfolio).model_dump():
        raise DataError(Fault(portfolio.origin, _OTHER_CHOICES, _ITS_WORLD, _SAME_CHANGES))


def _played(portfolio: Portfolio, model: Model, paths: int | Tree, seed: int, steps: Steps) -> Sample:
    """A portfolio on its paths."""
    _check(portfolio, model)
    cost = portfolio.summary["plan_cost"] * KUSD_PER_MUSD
    plan = FixedPlan(model, portfolio.programmes, decisions(portfolio), cost, _prices(portfolio))
    return played(plan, paths, seed, steps)


def _prices(portfolio: Portfolio) -> dict[tuple[str, int | None], float]:
    """What one unit more of the bound of each limit saves, by limit and year, kUSD, as the program has it."""
    columns = (portfolio.limits[name].tolist() for name in ("limit", "kind", "scope", "year", "shadow_price_musd"))
    return {
        (part_name(limit, scope) if KINDS[kind].has_parts else limit, None if year is NA else int(year)): price
        * KUSD_PER_MUSD
        / KINDS[kind].measured_in.step
        for limit, kind, scope, year, price in zip(*columns, strict=True)
        if kind in KINDS
    }


# --- what is known of it


def _evaluation(portfolio: Portfolio, sample: Sample, n_paths: int, seed: int) -> Evaluation:
    numbers, errors = (x / KUSD_PER_MUSD for x in sample.estimate(sample.influences))
    said = portfolio.summary
    own = [
        said["expected_cost"],
        said["cvar"],
        said.get("as_given", said["objective"]),
    ]  # paths have the odds of the tables
    wide = WIDE * errors
    costs = DataFrame({
        "measure": MEASURES, "musd": numbers, "standard_error_musd": errors,
        "low_musd": numbers - wide, "high_musd": numbers + wide,
        "program_musd": own, "optimism_musd": numbers - own,
        "optimism_low_musd": numbers - wide - own, "optimism_high_musd": numbers + wide - own,
    })  # fmt: skip
    rows = []
    for element, unserved in sample.shortage.items():
        mean, error = sample.estimate(unserved)
        for k, year in enumerate(sample.market.model.told_years):
            low, high = max(mean[k] - WIDE * error[k], 0.0), mean[k] + WIDE * error[k]
            demand = float(sample.demand[element][k])
            share = mean[k] / demand if demand > 0 else 0.0
            rows.append((element, sample.market.class_of[element], year, demand, mean[k], error[k], low, high, share))
    columns = [
        "element", "class", "year", "demand_t", "expected_t", "standard_error_t", "low_t", "high_t", "expected_share",
    ]  # fmt: skip
    chosen = sample.market.model.settings.risk
    return Evaluation(
        portfolio.name, programme_name(portfolio.programmes), n_paths, seed, chosen.alpha, chosen.weight, costs,
        DataFrame(rows, columns=columns), _limits(sample.limits()), sample.error / KUSD_PER_MUSD,
        sample.loss / KUSD_PER_MUSD, sample.probability,
    )  # fmt: skip


def _limits(limits: Sequence[Kept]) -> DataFrame:
    rows = []
    for k in limits:
        low, high = k.value - WIDE * k.standard_error, k.value + WIDE * k.standard_error
        is_least = KINDS[k.kind].sense == "min"
        inside, outside = (low >= k.bound, high < k.bound) if is_least else (high <= k.bound, low > k.bound)
        verdict = "kept" if inside else NOT_MINDED if not k.is_minded else "broken" if outside else "unsure"
        rows.append((k.limit, k.scope, k.year, k.value, k.standard_error, low, high, k.bound, k.unit, verdict))
    columns = ["limit", "scope", "year", "value", "standard_error", "low", "high", "bound", "unit", "verdict"]
    return DataFrame(rows, columns=columns).astype({"year": "Int64"})


def _columns(frame: DataFrame) -> dict[str, list[Any]]:
    """The columns of a frame, as JSON knows them."""

    def plain(cell: Any) -> Any:
        return None if cell is NA else encode_number(cell) if isinstance(cell, float) else cell

    return {str(name): [plain(cell) for cell in frame[name].tolist()] for name in frame}
