"""The frames of an answer: their columns and units, and how they are kept in JSON without losing a digit.

Money is in million USD of present value and mass in t of oxide where a column does not say otherwise; a year's mass is that
of the whole year. Text is never blank; a number that does not exist is NaN, a year that does not exist is <NA>.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import pandas as pd
from pandas import DataFrame

from procure.errors import Fault, nearest
from procure.languages import AND, Said

_IT_IS = Said("it is {kind}", "{kind}である")
_AN_OBJECT = Said("a frame is an object of columns", "表は列のオブジェクト")
_COLUMNS = Said("the columns are {columns}", "列は {columns}")
_NO_COLUMN = Said("the column is missing", "この列がない")
_UNKNOWN = Said("unknown column", "未知の列")
_A_LIST = Said("a column is a list", "列はリスト")
_VALUE = Said("value is {value!r}", "値は {value!r}")
_OF_KIND = Said("it is a {kind}", "{kind}であること")
_ROWS = Said("columns of {lengths} rows", "{lengths} 行の列")
_ONE_LENGTH = Said("columns are of one length", "列の長さは同じ")

Kind = Literal["text", "integer", "year", "number", "flag"]
_KINDS: Mapping[Kind, Said] = {
    "text": Said("text", "文字列"),
    "integer": Said("integer", "整数"),
    "year": Said("year", "年"),
    "number": Said("number", "数値"),
    "flag": Said("flag", "true か false"),
}

#: What money is spent on: the first three by the plan, the others period by period.
COMPONENTS = (
    "investment", "fixed", "storage_cost",
    "contracts", "calls", "spot_purchases", "shortage_cost", "sales", "stock_value",
)  # fmt: skip
#: All that is spent in the years that are solved beyond the last of the model, where there are any.
BEYOND = "beyond"
#: What fills a year's demand beside the suppliers: stock is what leaves it, net; surplus is all that is sold on, and negative.
OTHER_SOURCES = ("spot", "stock", "shortage", "surplus")

FRAMES: Mapping[str, Mapping[str, Kind]] = {
    # What is decided now, under the names of `formulation.plan`: contracts and output in t/yr, stock in t. `of` names what a
    # decision is about, joined by dots: supplier, element or both. `seen` says what reviews have seen before that year, where the
    # plan is revised, and `chance` how likely that is; 1 elsewhere.
    "plan": {"decision": "text", "of": "text", "year": "year", "seen": "text", "chance": "number", "value": "number"},
    # Expected supply of each element, year by year; `supplied_t` over all suppliers and `OTHER_SOURCES` sums to demand,
    # `share` to one. `cost_musd` is what is paid; a basket's price is split by the tonnes it is made of.
    "mix": {
        "year": "integer", "supplier": "text", "element": "text", "class": "text", "contracted_t": "number",
        "delivered_t": "number", "called_t": "number", "supplied_t": "number", "share": "number", "cost_musd": "number",
    },
    # Mean, mean of the worst 1 - alpha of paths, and worst path.
    "costs": {"component": "text", "expected_musd": "number", "tail_musd": "number", "worst_musd": "number"},
    # `cvar_share` is the mean of the worst 1 - alpha of the year's unserved shares; `probability` that more than
    # `UNSERVED` of demand is unserved.
    "shortage": {
        "element": "text", "class": "text", "year": "integer", "demand_t": "number", "expected_t": "number",
        "expected_share": "number", "cvar_share": "number", "probability": "number", "cost_musd": "number",
    },
    # The most to be held, and what is expected to be held at the end of the year; days of that year's use. `sold_t` is what is
    # expected to leave the stock in the year to be sold on.
    "stock": {
        "element": "text", "year": "integer", "target_t": "number", "target_days": "number", "expected_t": "number",
        "expected_days": "number", "sold_t": "number",
    },
    # Limits of the model file first, then the numbers of the tables that hold back (an offer, a capacity, today's stock), dearest
    # first. The shadow price is what loosening by one `per` saves, at the margin: it holds for a small step. A number has one
    # price and one row, over all years: 1 % of it is 1 % in each of them; it has none where its price `is_worthless`. `value`
    # is what is used of it and `bound` what there is, means of the plan's years (those that have a bound) and, within a year,
    # expected sums: so in t/yr, and for room for stock in t; today's stock is no mean. Used of an offer is what is contracted
    # and called; of capacity the throughput, beside all the capacity there is, whoever pays for it. `slack` is their difference:
    # more than 0 beside a price where the number holds back in some years or futures only. `holds_to` is for how many steps a price
    # holds: what is saved by more of them is less than that many times it; NaN where that was not worked out (`portfolio.expiry`).
    "limits": {
        "limit": "text", "kind": "text", "tag": "text", "scope": "text", "year": "year", "value": "number",
        "bound": "number", "slack": "number", "unit": "text", "binding": "flag", "shadow_price_musd": "number",
        "per": "text", "holds_to": "number", "words": "text",
    },
    # Expected share of demand; year "today" is today's commitments and calls in the undisturbed state.
    "shares": {"year": "text", "class": "text", "supplier": "text", "share": "number"},
    # Every programme level that was tried; its costs are NaN where no portfolio keeps the limits. There `needs` is the cheapest
    # repair, and `repaired_musd` the weighed cost with it. Costs up to `worst_musd` are those of the tree; `fresh_musd` is the
    # weighed cost of the same plan on fresh paths, with its standard error. `difference_musd` is by how much a level is dearer
    # than the chosen one, weighed, and `standard_error_musd` that of this difference (`portfolio.verdict`): on the same fresh
    # paths, where it is known better than either cost; 0 where every future is counted, and the difference then that of the
    # trees, exactly; NaN where nothing was compared, and the difference then no more than that of the trees. `verdict` is chosen,
    # dearer, tie (not to be told from the chosen at 95 %), cheaper out of sample, infeasible, or not compared, and why.
    "programmes": {
        "level": "text", "objective_musd": "number", "expected_musd": "number", "cvar_musd": "number",
        "worst_musd": "number", "status": "text", "chosen": "flag", "needs": "text", "repaired_musd": "number",
        "difference_musd": "number", "standard_error_musd": "number", "verdict": "text",
        "fresh_musd": "number", "fresh_error_musd": "number", "waits_for": "text",
    },
    # What knowing more, or less, of the future would make of the weighed cost of every level that was tried
    # (`procure.portfolio.information`): empty unless it was asked for. A cost is infinite where it cannot be had, NaN where it is
    # not known; `conflict` says what the plan for the means cannot keep, "-" where it can be carried out.
    "value_of_information": {
        "level": "text", "wait_and_see_musd": "number", "here_and_now_musd": "number", "expected_value_plan_musd": "number",
        "expected_value_musd": "number", "evpi_musd": "number", "vss_musd": "number", "conflict": "text",
    },
    # The trees that were solved, by the seed they were drawn by: the level that each chose, its weighed cost on the tree and on
    # fresh paths that are the same for all, with its standard error; `chosen` is the tree that the answer is of.
    "seeds": {
        "seed": "integer", "level": "text", "objective_musd": "number", "fresh_musd": "number", "fresh_error_musd": "number",
        "chosen": "flag",
    },
    # Gross cost (sales count positive) by the status of the number that prices it.
    "provenance": {"status": "text", "cost_musd": "number", "share": "number"},
    # Costs in kUSD, undiscounted.
    "nodes": {
        "node": "integer", "parent": "integer", "period": "integer", "year": "integer", "probability": "number",
        "discount": "number", "label": "text",
        **{f"{component}_kusd": "number" for component in COMPONENTS[3:]},
    },
    # `tail_weight` is the law under which the mean cost is the CVaR; `wait_and_see_musd` the least cost had the path been
    # known.
    "leaves": {
        "node": "integer", "probability": "number", "tail_weight": "number", "cost_musd": "number",
        "shortage_musd": "number", "wait_and_see_musd": "number",
    },
    # Where the odds are in doubt: how much of the time each process is in each state, by the tables and under the worst law.
    "odds": {"process": "text", "state": "text", "chance": "number", "worst_chance": "number"},
}  # fmt: skip

#: Units by the last word of a column's name. Others have none, say it in a column `unit`, or hold decisions of several kinds.
_UNITS = {
    "musd": "million USD", "kusd": "thousand USD", "t": "t", "days": "day", "share": "1", "probability": "1", "chance": "1",
    "discount": "1", "weight": "1",
}  # fmt: skip


def unit_of(column: str) -> str:
    """The unit of a column, "1" where it is a share; blank where it has none.

    >>> unit_of("cost_musd"), unit_of("cvar_share"), unit_of("supplier")
    ('million USD', '1', '')
    """
    return _UNITS.get(column.rpartition("_")[2], "")


#: Steps beyond which no end of a price is looked for.
MOST_STEPS = 100.0
#: Share of a period's demand above which it counts as unserved.
UNSERVED = 1e-3
#: Share of all that is spent below which a price is nothing: cost itself is not known any better.
WORTHLESS = 1e-6


def is_worthless(price_musd: float, per: str, spent_musd: float) -> bool:
    """Whether a shadow price is nothing beside all that is spent or, where its step is a sum of money, beside the step.

    >>> is_worthless(0.00175, "percentage point", spent_musd=26_000), is_worthless(0.02, "million USD", spent_musd=26_000)
    (True, False)
    """
    return abs(price_musd) <= WORTHLESS * (1.0 if per == "million USD" else spent_musd)


_DTYPES: Mapping[Kind, Any] = {"text": "str", "integer": "int64", "year": "Int64", "number": "float64", "flag": "bool"}


def make_frame(name: str, rows: Iterable[tuple[Any, ...]]) -> DataFrame:
    """The frame `name` from rows in the order of its columns.

    >>> make_frame("provenance", [("assumed", 3.0, 1.0)])
        status  cost_musd  share
    0  assumed        3.0    1.0
    """
    columns = FRAMES[name]
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    return _frame(name, dict(zip(columns, values, strict=True)))


def _frame(name: str, values: Mapping[str, Iterable[Any]]) -> DataFrame:
    return DataFrame(
        {column: pd.Series(list(values[column]), dtype=_DTYPES[kind]) for column, kind in FRAMES[name].items()}
    )


def to_document(name: str, frame: DataFrame) -> dict[str, list[Any]]:
    """The columns of a frame as JSON-able lists: NaN and <NA> are null, infinities text; floats keep every digit."""
    kinds = FRAMES[name]
    return {column: [_encode(value) for value in frame[column].tolist()] for column in kinds}


def from_document(name: str, document: Any, where: str, faults: list[Fault]) -> DataFrame | None:
    """The frame behind `to_document`; what is wrong with it is added to `faults`."""
    kinds = FRAMES[name]
    if not isinstance(document, dict):
        faults.append(Fault(where, _IT_IS.format(kind=_kind(document)), _AN_OBJECT))
        return None
    before = len(faults)
    rule = _COLUMNS.format(columns=", ".join(kinds))
    faults += [Fault(f"{where}.{column}", _NO_COLUMN, rule) for column in kinds if column not in document]
    faults += [
        Fault(f"{where}.{column}", _UNKNOWN, rule, nearest(column, kinds)) for column in document if column not in kinds
    ]
    values: dict[str, list[Any]] = {}
    for column, kind in kinds.items():
        cells = document.get(column, [])
        if not isinstance(cells, list):
            faults.append(Fault(f"{where}.{column}", _IT_IS.format(kind=_kind(cells)), _A_LIST))
            continue
        values[column] = [decode(cell, kind) for cell in cells]
        for row, (cell, value) in enumerate(zip(cells, values[column], strict=True)):
            if value is _WRONG:
                faults.append(Fault(f"{where}.{column}[{row}]", _VALUE.format(value=str(cell)[:40]), of_kind(kind)))
                break
    lengths = {len(cells) for cells in values.values()}
    if len(faults) == before and len(lengths) > 1:
        faults.append(Fault(where, _ROWS.format(lengths=AND.join(map(str, sorted(lengths)))), _ONE_LENGTH))
    return None if len(faults) > before else _frame(name, values)


_WRONG = object()
_WORDS = {"inf": math.inf, "-inf": -math.inf}


def encode_number(value: float) -> Any:
    """A float as JSON knows it: NaN is null, infinities are text.

    >>> [encode_number(x) for x in (0.1, math.nan, -math.inf)]
    [0.1, None, '-inf']
    """
    return None if math.isnan(value) else value if math.isfinite(value) else str(value)


def _encode(value: Any) -> Any:
    if isinstance(value, float):
        return encode_number(value)
    return None if value is pd.NA else value


def decode(cell: Any, kind: Kind) -> Any:
    """One JSON value as a value of `kind`; `is_wrong` tells whether it was none."""
    if kind == "text":
        return cell if isinstance(cell, str) else _WRONG
    if kind == "flag":
        return cell if isinstance(cell, bool) else _WRONG
    whole = isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) < 2**63
    if kind == "integer":
        return cell if whole else _WRONG
    if kind == "year":
        return pd.NA if cell is None else cell if whole else _WRONG
    if cell is None:
        return math.nan
    if isinstance(cell, str):
        return _WORDS.get(cell, _WRONG)
    return float(cell) if whole or isinstance(cell, float) else _WRONG


def of_kind(kind: Kind) -> Said:
    """The rule that a cell breaks which is no value of its kind."""
    return _OF_KIND.format(kind=_KINDS[kind])


def is_wrong(value: Any) -> bool:
    """Whether `decode` found no value of its kind."""
    return value is _WRONG


def _kind(value: Any) -> str:
    names = {
        dict: Said("an object", "オブジェクト"),
        list: Said("a list", "リスト"),
        str: _KINDS["text"],
        bool: Said("true or false", "true か false"),
        type(None): "null",
    }
    return names.get(type(value), Said("a number", "数値"))
