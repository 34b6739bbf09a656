"""The answer: a portfolio as tidy frames, measured from the decisions, printed on one screen, kept in JSON without loss."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pandas import DataFrame

from procure.errors import DataError, Fault, nearest
from procure.portfolio.frames import (
    FRAMES,
    OTHER_SOURCES,
    decode,
    encode_number,
    from_document,
    is_wrong,
    make_frame,
    to_document,
)
from procure.portfolio.store import write
from procure.units import KUSD_PER_MUSD
from procure.words import Shown, programme_name

if TYPE_CHECKING:
    from procure.model import Model
    from procure.portfolio.measure import Measured
    from procure.program.infeasibility import Rejection
    from procure.program.optimum import Solved

FORMAT = "procure.portfolio"
VERSION = 1
#: Largest portfolio that is read, bytes.
MAX_BYTES = 500_000_000

_TEXTS = ("name", "status", "origin", "fingerprint")


@dataclass(frozen=True, eq=False)
class Portfolio(Shown):
    """What a model should buy from whom, what that costs, and how it may go wrong.

    Attributes
    ----------
    name, origin : str
        Of the model, and the file it came from.
    title : mapping
        By language, "en" or "ja".
    status : str
        "optimal".
    fingerprint : str
        Of the facts (`Facts.fingerprint`): by it they are known again.
    settings : mapping
        Every choice of the model, as JSON knows it.
    numbers : mapping
        Numbers of the facts that were set beside these choices, by their path, in the unit of the model.
    programmes : mapping
        Chosen level per supplier.
    names : mapping
        Suppliers and elements by language.
    exchange : mapping
        Units of a currency per USD.
    summary : mapping
        In million USD of present value: `objective` = (1 - `weight`) `expected_cost` + `weight` `cvar`, the mean of the worst
        1 - `alpha`; `worst_case`; `plan_cost`, known now and part of all of these; `shortage_loss`, expected, of which
        `unavoidable_loss` falls on who knows the future; `wait_and_see`, his expected cost, and `value_of_foresight` =
        `expected_cost` - `wait_and_see` >= 0 (`evpi` too, where the plan was chosen on the mean alone, without limits on all
        futures). Further `assumed_share` of gross cost priced by assumed numbers, `n_nodes`, `n_leaves`, `drawn` (1 where
        these were drawn from many futures, 0 where they are all there are), `gap` (relative, of the solver), `seconds`,
        `seconds_in_solver`, `resolved_cold` (answers of the solver that did not hold when checked, and were solved again).
    plan, mix, costs, shortage, stock, limits, shares, programme_levels, provenance, nodes, leaves : DataFrame
        As described in `procure.portfolio.frames.FRAMES`.
    model : Model, optional
        What was solved; no part of a file, and unknown when read from one.
    """

    name: str
    title: Mapping[str, str]
    status: str
    origin: str
    fingerprint: str
    settings: Mapping[str, Any]
    numbers: Mapping[str, float]
    programmes: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]
    exchange: Mapping[str, float]
    summary: Mapping[str, float]
    plan: DataFrame = field(repr=False)
    mix: DataFrame = field(repr=False)
    costs: DataFrame = field(repr=False)
    shortage: DataFrame = field(repr=False)
    stock: DataFrame = field(repr=False)
    limits: DataFrame = field(repr=False)
    shares: DataFrame = field(repr=False)
    programme_levels: DataFrame = field(repr=False)
    provenance: DataFrame = field(repr=False)
    nodes: DataFrame = field(repr=False)
    leaves: DataFrame = field(repr=False)
    model: Model | None = field(default=None, repr=False)

    def frame(self, name: str) -> DataFrame:
        """A frame by the name it has in `procure.portfolio.frames.FRAMES`."""
        if name not in FRAMES:
            raise DataError(Fault("frame", f"'{name}'", "it is a frame of a portfolio", nearest(name, FRAMES)))
        found: DataFrame = getattr(self, _ATTRIBUTE.get(name, name))
        return found

    def __repr__(self) -> str:
        s = self.summary
        return f"Portfolio({self.name!r}, expected {s['expected_cost']:,.0f} million USD, cvar {s['cvar']:,.0f})"

    def to_json(self, path: str | Path) -> None:
        """Write everything to `path`, at once or not at all; a file of that name is replaced.

        Raises `DataError` where the folder is missing or cannot be written to.
        """
        write(path, self._document())

    def _document(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            **{key: getattr(self, key) for key in _TEXTS},
            "title": dict(self.title),
            "programmes": dict(self.programmes),
            "names": {key: dict(value) for key, value in self.names.items()},
            "exchange": {key: encode_number(value) for key, value in self.exchange.items()},
            "numbers": {key: encode_number(value) for key, value in self.numbers.items()},
            "summary": {key: encode_number(value) for key, value in self.summary.items()},
            "settings": dict(self.settings),
            "frames": {name: to_document(name, self.frame(name)) for name in FRAMES},
        }


#: A frame and a field may not share the name `programmes`: the field is what was chosen.
_ATTRIBUTE = {"programmes": "programme_levels"}


def read_portfolio(path: str | Path) -> Portfolio:
    """Read what `Portfolio.to_json` wrote; nothing is lost on the way.

    Raises `DataError` naming every fault: no such file, not JSON, another format or version, keys, columns or values that a
    portfolio does not have.
    """
    where = str(path)
    try:
        size = Path(path).stat().st_size
        if size > MAX_BYTES:
            raise DataError(Fault(where, f"{size:,} bytes", f"a portfolio has at most {MAX_BYTES:,} bytes"))
        document = json.loads(Path(path).read_bytes().decode("utf-8-sig"), parse_constant=_refuse_constant)
    except OSError as error:
        seen = f"cannot be read ({error.strerror or type(error).__name__})"
        raise DataError(Fault(where, seen, "a portfolio is a file", "check the path")) from None
    except (ValueError, RecursionError) as error:
        seen = f"not JSON: {error}" if not isinstance(error, RecursionError) else "not JSON: nested too deep"
        remedy = "save the portfolio again with to_json"
        raise DataError(Fault(where, seen, "a portfolio is a JSON file in UTF-8", remedy)) from None
    return _from_document(document, where)


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _from_document(document: Any, where: str) -> Portfolio:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        seen = f"format is {document.get('format')!r}" if isinstance(document, dict) else "it is no object"
        raise DataError(Fault(where, seen, f"the format is '{FORMAT}'", "give a file written by Portfolio.to_json"))
    if document.get("version") != VERSION or isinstance(document["version"], bool):
        raise DataError(
            Fault(where, f"version is {document.get('version')!r}", f"this release reads version {VERSION}",
                  "solve the model again, or use the release that wrote the file")
        )  # fmt: skip
    faults: list[Fault] = []
    objects = ("title", "programmes", "names", "exchange", "numbers", "summary", "settings", "frames")
    known = ("format", "version", *_TEXTS, *objects)
    for key in known:
        if key not in document:
            faults.append(Fault(where, f"'{key}' is missing", "a portfolio has this key"))
        elif (key in _TEXTS and not isinstance(document[key], str)) or (
            key in objects and not isinstance(document[key], dict)
        ):
            faults.append(
                Fault(f"{where}, {key}", "the value is of another kind", "text and objects stand where they belong")
            )
    faults += [Fault(where, f"unknown key '{key}'", "a portfolio has no other keys", nearest(key, known))
               for key in document if key not in known]  # fmt: skip
    if faults:
        raise DataError(faults)
    frames: dict[str, Any] = {}
    for name in FRAMES:
        if name not in document["frames"]:
            faults.append(Fault(f"{where}, frames", f"'{name}' is missing", f"the frames are {', '.join(FRAMES)}"))
            continue
        frame = from_document(name, document["frames"][name], f"{where}, frames.{name}", faults)
        if frame is not None:
            frames[_ATTRIBUTE.get(name, name)] = frame
    rule = f"the frames are {', '.join(FRAMES)}"
    faults += [
        Fault(f"{where}, frames", f"unknown frame '{name}'", rule, nearest(name, FRAMES))
        for name in document["frames"]
        if name not in FRAMES
    ]
    numbers = {
        key: _mapping(document[key], "number", f"{where}, {key}", faults) for key in ("exchange", "numbers", "summary")
    }
    faults += [
        Fault(f"{where}, summary", f"'{key}' is missing", "a summary has this number")
        for key in _SUMMARY
        if key not in numbers["summary"]
    ]
    texts = {key: _mapping(document[key], "text", f"{where}, {key}", faults) for key in ("title", "programmes")}
    names = {
        key: _mapping(value, "text", f"{where}, names.{key}", faults)
        for key, value in document["names"].items()
        if isinstance(value, dict)
    }
    faults += [
        Fault(f"{where}, names.{key}", f"value is {str(value)[:40]!r}", "names are text by language")
        for key, value in document["names"].items()
        if not isinstance(value, dict)
    ]
    if faults:
        raise DataError(faults)
    own: dict[str, Any] = {key: document[key] for key in _TEXTS}
    return Portfolio(**own, **texts, **numbers, names=names, settings=document["settings"], **frames)


def _mapping(document: Mapping[str, Any], kind: Literal["text", "number"], where: str, faults: list[Fault]) -> Any:
    values = {key: decode(value, kind) for key, value in document.items()}
    faults += [
        Fault(f"{where}.{key}", f"value is {str(document[key])[:40]!r}", f"it is a {kind}")
        for key, value in values.items()
        if is_wrong(value)
    ]
    return values


_SUMMARY = (
    "objective", "expected_cost", "cvar", "worst_case", "alpha", "weight", "plan_cost", "shortage_loss", "unavoidable_loss",
    "wait_and_see", "value_of_foresight", "n_nodes", "n_leaves", "drawn", "gap", "seconds", "seconds_in_solver",
    "resolved_cold", "assumed_share",
)  # fmt: skip


# --- from a solved model to its portfolio ---


def make_portfolio(
    best: Solved,
    solved: Sequence[Solved],
    rejected: Sequence[Rejection] = (),
    seconds: float = 0.0,
    foresight: bool = True,
    deadline: float = math.inf,
) -> Portfolio:
    """Measure the best of the solved programme levels, and compare it with the others.

    Parameters
    ----------
    best : Solved
        The answer; one of `solved`.
    rejected : sequence of Rejection
        Levels under which no portfolio keeps the limits.
    seconds : float
        Spent so far.
    foresight : bool
        Whether to solve every path as if it had been known; without, what rests on it is NaN.
    deadline : float
        For that, by `time.perf_counter`: where it comes first, it is as without.

    Raises `SolverError` where the solver's objective is not what the decisions cost.
    """
    from procure.portfolio import measure, shadow
    from procure.portfolio.foresight import unseen, wait_and_see
    from procure.portfolio.provenance import provenance
    from procure.portfolio.today import today
    from procure.scenarios.world import holds_every_future

    started = time.perf_counter()
    market, model = best.market, best.market.model
    faults = [
        Fault("suppliers.csv", f"a supplier is called '{name}'", "this name is that of another source of supply in the answer",
              "rename the supplier")
        for name in OTHER_SOURCES
        if name in market.sets.suppliers
    ]  # fmt: skip
    if faults:
        raise DataError(faults)
    levels = {id(one): measure.Measured(one) for one in (*solved, best)}
    for level in levels.values():
        level.check()
    measured = levels[id(best)]
    seen = wait_and_see(market, best.templates, deadline) if foresight else unseen(market)
    sources = provenance(measured)
    status = sources["status"].tolist()
    law, musd = measured.law, KUSD_PER_MUSD
    solution = best.outcome.solution
    summary = {
        "objective": measured.objective / musd,
        "expected_cost": measured.expected / musd,
        "cvar": measured.cvar / musd,
        "worst_case": measured.worst / musd,
        "alpha": measured.risk.alpha,
        "weight": measured.risk.weight,
        "plan_cost": measured.plan_cost / musd,
        "shortage_loss": float(law @ measured.path_costs["shortage_cost"]) / musd,
        "unavoidable_loss": float(law @ seen.shortage_cost) / musd,
        "wait_and_see": float(law @ seen.cost) / musd,
        "value_of_foresight": (measured.expected - float(law @ seen.cost)) / musd,
        "n_nodes": float(market.tree.n_nodes),
        "n_leaves": float(len(law)),
        "drawn": float(not holds_every_future(model, market.programmes)),
        "gap": (solution.objective - solution.bound) / max(abs(solution.objective), 1e-9),
        "seconds_in_solver": sum(one.seconds_in_solver for one in solved) + seen.seconds_in_solver,
        "resolved_cold": float(sum(one.outcome.solution.resolved_cold for one in solved) + seen.resolved_cold),
        "assumed_share": float(sources["share"][status.index("assumed")]) if "assumed" in status else 0.0,
    }
    on_the_mean = measured.risk.weight == 0 or measured.risk.alpha == 0
    if on_the_mean and not market.sets.limits_on_futures:
        summary["evpi"] = summary["value_of_foresight"]
    frames = {
        "plan": measure.plan(measured),
        "mix": measure.mix(measured),
        "costs": measure.costs(measured),
        "shortage": measure.shortage(measured),
        "stock": measure.stock(measured),
        "limits": shadow.limits(measured),
        "shares": measure.shares(measured, today(market)),
        "programme_levels": _levels([levels[id(one)] for one in solved], measured, rejected),
        "provenance": sources,
        "nodes": measure.nodes(measured),
        "leaves": measure.leaves(measured, seen.cost),
    }
    summary["seconds"] = seconds + time.perf_counter() - started
    return Portfolio(
        name=model.name,
        title={str(language): title for language, title in model.settings.model.title.items()},
        status=solution.status.value,
        origin=model.origin,
        fingerprint=model.facts.fingerprint,
        settings=model.settings.model_dump(mode="json", by_alias=True),
        numbers={path: model.facts.value(path) for path in model.numbers_set},
        programmes=dict(market.programmes),
        names=_names(model),
        exchange=_exchange(model),
        summary=summary,
        model=model,
        **frames,
    )


def _levels(solved: Sequence[Measured], best: Measured, rejected: Sequence[Rejection]) -> DataFrame:

    rows: list[tuple[Any, ...]] = []
    for one in solved:
        costs = (x / KUSD_PER_MUSD for x in (one.objective, one.expected, one.cvar, one.worst))
        status = one.outcome.solution.status.value
        rows.append((programme_name(one.market.programmes), *costs, status, one is best, "-", float("nan")))
    rows += [
        (
            programme_name(one.programmes), *[float("nan")] * 4, "infeasible", False,
            "; ".join(" ".join(line.split()) for line in one.repairs) or "no number of the model that could give way",
            one.objective / KUSD_PER_MUSD,
        )
        for one in rejected
    ]  # fmt: skip
    return make_frame("programmes", rows)


def _names(model: Model) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table, key in (("suppliers", "supplier"), ("elements", "element")):
        frame = model.facts.tables[table]
        for name, en, ja in zip(frame[key], frame["name_en"], frame["name_ja"], strict=True):
            given = {"en": en, "ja": ja}
            found[str(name)] = {language: str(text) for language, text in given.items() if not pd.isna(text)}
    return found


def _exchange(model: Model) -> dict[str, float]:
    table = model.facts.tables["exchange_rates"]
    return {str(currency): float(rate) for currency, rate in zip(table["currency"], table["value"], strict=True)}
