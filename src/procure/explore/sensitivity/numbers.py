"""The numbers of a model that are not known for sure: each with its range in the tables, and what it may move at first order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from procure import risk
from procure.errors import LEAVE_OUT, DataError, Fault, nearest
from procure.explore.along import Along, along
from procure.explore.sweep.axis import range_of_tables
from procure.facts import Place
from procure.facts.schema import statuses
from procure.languages import Said
from procure.market import TrackedMarket, numbers_read, weighed_tree
from procure.model import Model
from procure.portfolio.measure import Measured
from procure.portfolio.shadow import gradients
from procure.reason import Reason
from procure.scenarios.world import numbers_of_law
from procure.units import KUSD_PER_MUSD, Array

_NO_RANGE = Said("a choice of a model file has no range of its own", "モデルファイルの選択に範囲はない")
_ASK_SWITCH = Said(
    "ask `procure switch MODEL {path}` with one", "範囲を指定して `procure switch MODEL {path}` で調べる"
)
_A_CHOICE = Said("it is a choice", "モデルの選択である")
_UNREAD = Said("nothing in this model reads the number", "このモデルはこの数値を読まない")
_NONE_OF_STATUS = Said("none of status {wanted} has a range", "根拠が {wanted} で範囲を持つ数値がない")
_SOME_UNSURE = Said("some number is not known for sure", "不確かな数値が要る")
_OTHER_STATUSES = Said("ask for other statuses", "別の根拠を指定する")
_MUST_COUNT = Said("what is asked must count", "調べるのは結果に効く数値")

#: Numbers of these statuses are taken for known, unless they are asked for.
KNOWN = ("sourced",)
#: What is told while numbers are gone through.
AT_FIRST_ORDER = Said("{path} at first order", "{path} の一次近似")
#: Why a number that has a range is left out.
PART_OF_WHOLE, END_REFUSED = (
    Said("parts of a whole cannot move alone", "全体の一部は単独では動かせない"),
    Said("numbers beside it do not allow one of its ends", "範囲の端が隣の数値と両立しない"),
)


@dataclass(frozen=True)
class Unknown:
    """A number between two ends: where it stands, its status, its value and range in the unit of the model."""

    along: Along
    status: str
    value: float

    @property
    def path(self) -> str:
        """Its full dotted path."""
        return self.along.path

    def ends(self) -> list[float]:
        """The ends of its range that are not its value."""
        return [end for end in (self.along.low, self.along.high) if end != self.value]


def unknowns(
    model: Model, paths: Sequence[str] | None = None, of: Collection[str] | None = None
) -> tuple[list[Unknown], list[str]]:
    """The numbers that a model reads and whose range has two ends, and the paths of those among them that cannot move alone.

    Parameters
    ----------
    model : Model
    paths : sequence of str, optional
        These only, whatever their status: `DataError` where one has no range or nothing reads it.
    of : collection of str, optional
        Statuses; by default all but `KNOWN`.

    Raises `DataError` for an unknown status with the nearest, and where no number is left.
    """
    if of is not None and (strange := [status for status in of if status not in statuses()]):
        rule = Said("a status is one of {statuses}", "根拠は次のいずれか: {statuses}").format(
            statuses=", ".join(statuses())
        )
        raise DataError([Fault("status", f"'{s}'", rule, nearest(s, statuses())) for s in strange])
    facts, read = model.facts, numbers_read(model)
    if paths is not None:
        faults: list[Fault] = []
        found = []
        for path in paths:
            if not model.is_number_of_facts(path):
                rule, remedy = (
                    _NO_RANGE,
                    _ASK_SWITCH.format(path=path),
                )
                faults.append(Fault(path, _A_CHOICE, rule, remedy))
                continue
            try:
                if facts.locate(path) not in read:
                    faults.append(Fault(path, _UNREAD, _MUST_COUNT, LEAVE_OUT))
                    continue
                found.append(_unknown(model, facts.resolve(path)))
            except DataError as error:
                faults += error.faults
        if faults:
            raise DataError(faults)
        return found, []
    wanted = set(statuses()) - set(KNOWN) if of is None else set(of)
    found, left_out = _of_tables(model, read, wanted)
    if not found:
        raise DataError(
            Fault("numbers", _NONE_OF_STATUS.format(wanted=", ".join(sorted(wanted))), _SOME_UNSURE, _OTHER_STATUSES)
        )
    return found, left_out


def _of_tables(model: Model, read: Collection[Place], wanted: Collection[str]) -> tuple[list[Unknown], list[str]]:
    """Those of the statuses that are wanted, and those whose ends the numbers beside them do not allow: parts of a whole."""
    found, left_out = list[Unknown](), list[str]()
    for path, (table, position) in model.facts.paths().items():
        row = model.facts.tables[table].iloc[position]
        is_wanted = Place(table, position, "value") in read and str(row.get("status")) in wanted
        if not is_wanted or not row["low"] < row["high"]:
            continue
        try:
            found.append(_unknown(model, path))
        except DataError:
            left_out.append(path)
    return found, left_out


def _unknown(model: Model, path: str) -> Unknown:
    low, high = range_of_tables(model, "numbers", path)
    place = model.facts.locate(path)
    status = str(model.facts.tables[place.table]["status"].iloc[place.position])
    return Unknown(along(model, path, low, high), status, model.facts.value(path))


class FirstOrder:
    """What numbers move the weighed cost of a solved level by, at first order: the plan stays, and what is scarce keeps its price.

    With dL/dD what one unit more of a datum D costs at the optimum (`Template.gradient`), and Z_l what leaf l costs,

      ΔV = Σ_D dL/dD (D(ν') - D(ν))                    a number of the market
      ΔV = ρ'[Z] - ρ[Z]                                a number of the law, by which ρ weighs the leaves

    It is exact for a small step, and ranks large ones: what the plan would save by giving way is left out.
    """

    def __init__(self, measured: Measured) -> None:
        self._measured, self._market = measured, measured.market
        self._tracked = TrackedMarket(self._market.model, self._market.programmes, self._market.tree)
        self._law = numbers_of_law(self._market.model, self._market.programmes)
        self._of_plan, self._of_period = gradients(measured)

    def is_refused(self, changes: Mapping[str, float]) -> bool:
        """Whether numbers beside them do not allow these: less on offer than is committed, for example."""
        return self._tracked.tried(self._places(changes)) is Reason.FAULT

    def _places(self, changes: Mapping[str, float]) -> dict[Place, float]:
        facts = self._market.model.facts
        return {facts.locate(path): value for path, value in changes.items()}

    def moves(self, changes: Mapping[str, float]) -> float:
        """Million USD; NaN where the change reaches further than numbers."""
        places = self._places(changes)
        moved = self._tracked.tried(places)
        if isinstance(moved, Reason):
            return float("nan")
        templates, market = self._measured.solved.templates, self._market
        change = 0.0
        for (name, index), value in moved.plan.items():
            change += self._of_plan[templates.plan.data_index[name, index]] * (value - market.plan[name][index])
        for (name, index), values in moved.period.items():
            before = market.period[name][index]
            apart = np.subtract(
                values, before, out=np.zeros(len(before)), where=np.isfinite(values) & np.isfinite(before)
            )
            change += float(self._of_period[:, templates.period.data_index[name, index]] @ apart)
        if not self._law.isdisjoint(places):
            change += self._of_law(changes)
        return change / KUSD_PER_MUSD

    def _of_law(self, changes: Mapping[str, float]) -> float:
        """What other odds of the same futures make of the same costs, kUSD; NaN where they are others."""
        market, new = self._market, self._market.merged_from
        tree = weighed_tree(market.model.changed(changes), market.programmes)
        if tree is None or new is None or len(new) != tree.n_nodes + market.shape.n_outside:
            return float("nan")
        likely = np.bincount(new[: tree.n_nodes], weights=tree.probability, minlength=market.tree.n_nodes).astype(float)
        return self._weighed(likely[self._measured.leaves]) - self._weighed(self._measured.law)

    def _weighed(self, law: Array) -> float:
        return self._measure.value(self._measured.loss, law / law.sum())

    @cached_property
    def _measure(self) -> risk.LinearMeasure:
        return self._measured.doubt or risk.MeanCVaR(self._measured.risk.alpha, self._measured.risk.weight)
