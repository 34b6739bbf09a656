"""What a row of a sweep says: every column with its unit, in this one place.

A row begins with its parameters, a column each under their dotted path, in the unit of the model (what `Model.with_` takes).
Columns that there are several of, one for each class, supplier, limit or level, are families: `class_share.<class>.<source>`
stands for `class_share.medium_heavy.china` and the others. Masses and shares are expected ones over all years of the plan, money
is present value, and what does not exist is blank.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from procure.errors import DataError, Fault, nearest
from procure.languages import Said

Kind = Literal["text", "number", "integer", "flag"]
#: A value of a row by the name of its column; a family's has its parts behind dots.
Row = dict[str, object]

#: How a case ends.
OPTIMAL, INFEASIBLE, LIMIT_REACHED, BAD_INPUT, FAILED = STATUSES = (
    "optimal", "infeasible", "limit_reached", "bad_input", "failed",
)  # fmt: skip
#: Why a case failed whose process ended twice.
DIED = "solver process died"
#: What a verdict says: see the column.
EXACT, UNASKED, ALONE, COMPARED = "exact", "not asked for", "one programme", "compared"
#: The number of a case, as text that says all of it; it knows a case again.
CASE = "case"


@dataclass(frozen=True)
class Column:
    """A column: its name, what its cells are, their unit ("1" for a share, "" for none), what it says.

    `of` names the parts of a family, and `is_asked_for` tells that a row has it only where the caller names it.
    """

    name: str
    kind: Kind
    unit: str
    says: str
    of: tuple[str, ...] = ()
    is_asked_for: bool = False

    @property
    def title(self) -> str:
        """The name with the parts of a family."""
        return ".".join([self.name, *(f"<{part}>" for part in self.of)])


_MUSD = "million USD"
COLUMNS: Sequence[Column] = (
    Column(CASE, "text", "", "the case, as JSON: its parameters by path; by it a store knows a case again", is_asked_for=True),
    Column("status", "text", "", f"how it ended: {', '.join(STATUSES)}"),
    Column("message", "text", "", "why it is not optimal: every fault, the solver's last word, or what was raised"),
    Column("conflict", "text", "", "of an infeasible case, the limits in conflict and the least each would have to give"),
    Column("repair", "text", "", "of an infeasible case, the cheapest change that gives a portfolio"),
    Column("objective_musd", "number", _MUSD, "weighed cost; under different risk weights costs cannot be compared"),
    Column("bound_musd", "number", _MUSD, "what no portfolio costs less than, proved; at a limit, none of the level that stopped"),
    Column("expected_musd", "number", _MUSD, "expected cost"),
    Column("cvar_musd", "number", _MUSD, "mean cost of the worst 1 - `risk.alpha` of the paths"),
    Column("worst_musd", "number", _MUSD, "cost of the worst path"),
    Column("cost", "number", _MUSD, "what the expected cost is spent on", ("component",)),
    Column("programme", "text", "", "the programme level of least weighed cost"),
    Column(
        "level_bound", "number", _MUSD,
        "what no portfolio of each programme level costs less than, proved: its cost, or, of one that is dearer than the chosen, "
        "as far as it was looked at", ("programme",),
    ),
    Column(
        "level", "number", _MUSD, "weighed cost under each programme level that has a portfolio: takes several times as long",
        ("programme",), is_asked_for=True,
    ),
    Column(
        "verdict", "text", "",
        f"how well it is known that the programme is best: {EXACT} where every future is counted; {UNASKED} where futures are "
        f"drawn; {COMPARED} on fresh paths, where asked for; {ALONE} where there is no other; else why not",
    ),
    Column("tie", "text", "", "the programme levels that cannot be told from the chosen at 95 %"),
    Column("class_shortage", "number", "1", "unserved share of the demand of each class, and of all", ("class",)),
    Column("element_shortage", "number", "1", "that of each element in `model.highlight`", ("element",)),
    Column(
        "class_share", "number", "1",
        "share of the demand of each class, and of all, that a supplier fills, or spot, stock, or (negative) surplus; with the "
        "shortage they sum to one", ("class", "source"),
    ),
    Column("mix", "number", "1", "that of each element, shortage included", ("element", "source"), is_asked_for=True),
    Column(
        "limit_price", "number", _MUSD,
        "what loosening a limit by a step (percentage point, day, million USD) saves, in all its years at once, at the margin",
        ("limit",),
    ),
    Column("gap", "number", "1", "objective less bound, relative: how far the cost may be from the least"),
    Column("proof", "text", "", "what the bound rests on: duals, ray, bounds, searches or solver; several where levels differ"),
    Column("resolved_cold", "integer", "", "answers of the solver that did not hold when checked, and were solved again"),
    Column("made_anew", "text", "", "why the case could not be followed in place; blank where it was"),
    Column("seconds", "number", "s", "wall time of the case"),
    Column("seconds_in_solver", "number", "s", "that inside the solver, summed over programme levels, which may run side by side"),
)  # fmt: skip

BY_NAME = {column.name: column for column in COLUMNS}
#: What every row has, whatever was asked for.
ALWAYS = (CASE, "status", "message")
#: Those of them that are shown.
SHOWN = ALWAYS[1:]
#: What two runs of a case need not agree in.
OF_THE_RUN = ("seconds", "seconds_in_solver", "resolved_cold", "made_anew")


def column_of(name: str) -> Column | None:
    """The column behind a name, which may have the parts of a family; None where it names none."""
    return BY_NAME.get(name.partition(".")[0])


_A_COLUMN = Said("it is a column of a row, or the family of some", "行の列か、列の一群の名前")


def chosen(names: Iterable[str] | None) -> tuple[str, ...]:
    """The columns of a row, in their order, without the parts of families; all but those that want asking, without `names`.

    Raises `DataError` for names that are none.
    """
    if names is None:
        return tuple(column.name for column in COLUMNS if column.name in ALWAYS or not column.is_asked_for)
    wanted = list(names)
    faults = [
        Fault("columns", f"'{name}'", _A_COLUMN, nearest(name.partition(".")[0], BY_NAME))
        for name in wanted
        if (column := column_of(name)) is None or (name != column.name and not column.of)
    ]  # fmt: skip
    if faults:
        raise DataError(faults)
    heads = {*ALWAYS, *(name.partition(".")[0] for name in wanted)}
    return tuple(name for name in BY_NAME if name in heads)


def is_shown(name: str, names: Iterable[str] | None) -> bool:
    """Whether a column, parts included, is among those asked for: by its name, its family or the beginning of its parts.

    >>> is_shown("class_share.all.china", ["class_share.all"]), is_shown("class_share.light.china", ["class_share.all"])
    (True, False)
    """
    if name in SHOWN:
        return True
    if names is None:
        return not BY_NAME[name.partition(".")[0]].is_asked_for
    return any(name == wanted or name.startswith(f"{wanted}.") for wanted in names)
