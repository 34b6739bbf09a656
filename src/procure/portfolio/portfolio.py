"""The answer: a portfolio as tidy frames, printed on one screen, kept in JSON without loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pandas import DataFrame

from procure.errors import DataError, Fault, nearest
from procure.languages import Said
from procure.portfolio.frames import FRAMES, encode_number, to_document
from procure.portfolio.seal import SEALS, seals
from procure.portfolio.store import write
from procure.words import Shown

if TYPE_CHECKING:
    from procure.model import Model

FORMAT = "procure.portfolio"
#: One more whenever a field or a column changes. 2: how far prices hold, odds in doubt, what proves the answer.
VERSION = 2
#: Fields that are text, and the numbers that every summary has.
TEXTS = ("name", "status", "origin", "fingerprint")
SUMMARY = (
    "objective", "expected_cost", "cvar", "worst_case", "alpha", "weight", "plan_cost", "shortage_loss", "unavoidable_loss",
    "wait_and_see", "value_of_foresight", "n_nodes", "n_leaves", "drawn", "gap", "seconds", "seconds_in_solver",
    "resolved_cold", "assumed_share", "fresh_paths",
)  # fmt: skip
#: The one entry of a summary that is no number: names.
TIE = "tie"
#: A frame and a field may not share the name `programmes`: the field is what was chosen.
ATTRIBUTE = {"programmes": "programme_levels"}


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
        Where the odds are in doubt `objective` is that of the worst law, `as_given` that of the tables, for the same plan, and
        `moved` the probability between the two laws.
        `tie` is a list: the programme levels that cannot be told from the chosen one at 95 %; `fresh_paths`, on how many
        that was looked at, 0 where every future is counted or nothing was compared.
    plan, mix, costs, shortage, stock, limits, shares, programme_levels, value_of_information, seeds, provenance,
    nodes, leaves, odds : DataFrame
        As described in `procure.portfolio.frames.FRAMES`.
    proof : mapping, optional
        What `procure.verify` proves the answer again by, where it was kept (`procure.portfolio.proof`).
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
    summary: Mapping[str, Any]
    plan: DataFrame = field(repr=False)
    mix: DataFrame = field(repr=False)
    costs: DataFrame = field(repr=False)
    shortage: DataFrame = field(repr=False)
    stock: DataFrame = field(repr=False)
    limits: DataFrame = field(repr=False)
    shares: DataFrame = field(repr=False)
    programme_levels: DataFrame = field(repr=False)
    value_of_information: DataFrame = field(repr=False)
    seeds: DataFrame = field(repr=False)
    provenance: DataFrame = field(repr=False)
    nodes: DataFrame = field(repr=False)
    leaves: DataFrame = field(repr=False)
    odds: DataFrame = field(repr=False)
    proof: Mapping[str, Any] | None = field(default=None, repr=False)
    model: Model | None = field(default=None, repr=False)

    def frame(self, name: str) -> DataFrame:
        """A frame by the name it has in `procure.portfolio.frames.FRAMES`."""
        if name not in FRAMES:
            raise DataError(
                Fault(
                    "frame",
                    f"'{name}'",
                    Said("it is a frame of a portfolio", "回答の表の名前であること"),
                    nearest(name, FRAMES),
                )
            )
        frame: DataFrame = getattr(self, ATTRIBUTE.get(name, name))
        return frame

    def __repr__(self) -> str:
        s = self.summary
        return f"Portfolio({self.name!r}, expected {s['expected_cost']:,.0f} million USD, cvar {s['cvar']:,.0f})"

    def to_json(self, path: str | Path) -> None:
        """Write everything to `path`, at once or not at all; a file of that name is replaced.

        Raises `DataError` where the folder is missing or cannot be written to.
        """
        write(path, self.document())

    def document(self) -> dict[str, Any]:
        """Everything, as JSON knows it; where it can be proved, with the seal of every part."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            **{key: getattr(self, key) for key in TEXTS},
            "title": dict(self.title),
            "programmes": dict(self.programmes),
            "names": {key: dict(value) for key, value in self.names.items()},
            "exchange": {key: encode_number(value) for key, value in self.exchange.items()},
            "numbers": {key: encode_number(value) for key, value in self.numbers.items()},
            "summary": {key: value if key == TIE else encode_number(value) for key, value in self.summary.items()},
            "settings": dict(self.settings),
            "frames": {name: to_document(name, self.frame(name)) for name in FRAMES},
        }
        if self.proof is not None:
            document["proof"] = dict(self.proof)
            document["proof"][SEALS] = seals(document)
        return document
