"""One period of one element, given the plan: what it costs, and all else it comes to, for any tonnes that leave its stock.

It is read from the compiled period, not written again. Columns of the element that the plan does not decide are decided; a row with
one of them is its bound; the row that carries stock says how many tonnes leave it. What is left, the balance, is a program of very
few rows, which `lp.parametric` solves for every such number at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.lp.compile import Affine, Name, Template
from procure.lp.parametric import TooManyBases, optima
from procure.units import Array, Index

_PERIOD_OF = Said("the period of {element}", "{element} の期")
_OF_NO_ELEMENT = Said("it belongs to no single element", "どの元素にも属さない")
_TIES = Said("it ties {element} to {other}", "{element} を {other} と結び付ける")
_DIFFERS = Said(
    "what it takes of a tonne of {element} differs from state to state", "{element} 1 t 当たりの係数が状態により異なる"
)
_OF_STOCK = Said(
    "it speaks of the stock of {element}, which only its own balance may",
    "{element} の備蓄に触れるが、それができるのは収支だけ",
)
_STOCK_OF = Said("stock of {element}", "{element} の備蓄")
_LEAST_STOCK = Said("a least stock is asked for", "備蓄の下限がある")
_A_ROW = Said("a row of the period", "期の行")
_ONE_SIDED = Said("it has a side in some states and none in others", "状態により一方の側の限度がない")
_BY_ITSELF = Said(
    "the rule plays each element by itself, with a stock that only its balance moves",
    "運用規則は元素を一つずつ運用し、備蓄はその収支だけで動く",
)
#: Why a portfolio is not played, where that is the same of every element and row.
REFUSALS = (_OF_NO_ELEMENT, _LEAST_STOCK, _ONE_SIDED)
_WITHOUT = Said("evaluate the portfolio without this row", "この行なしで評価する")

#: The component of which the tonnes are told apart from the forms.
SHORTAGE = "shortage"


@dataclass(frozen=True)
class ElementPeriods:
    """The different periods that an element may meet, and which of them every node has.

    Parameters
    ----------
    which : int array, shape (n_nodes,)
        Position of each node's period in the other arrays.
    breaks : array, shape (n, k)
        Of the tonnes that leave the stock, ascending; between them everything is linear.
    amounts : array, shape (n, k, n_forms + 1)
        There, every form of the period but for what stock adds, and last the tonnes unserved.
    of_stock : array, shape (n, n_forms)
        What a tonne left in stock adds to each form.
    weight : array, shape (n, n_forms)
        What a unit of each form counts in what is minimised.
    room : array, shape (n_nodes,)
        The most stock that may be left, t.
    """

    which: Index
    breaks: Array
    amounts: Array
    of_stock: Array
    weight: Array
    room: Array

    @cached_property
    def cost(self) -> Array:
        """What is minimised, at the breaks, kUSD, shape (n, k)."""
        return np.asarray(np.einsum("nkf,nf->nk", self.amounts[:, :, :-1], self.weight))

    @cached_property
    def price_of_stock(self) -> Array:
        """What a tonne left in stock adds to it, kUSD/t; negative where it is worth something."""
        return np.asarray((self.of_stock * self.weight).sum(axis=1))


def element_periods(
    template: Template, element: str | None, data: Array, planned: Array, weight: Array, today: float = 0.0
) -> ElementPeriods:
    """The periods of an element at all nodes; periods with the same numbers are one.

    Parameters
    ----------
    template : Template
        The compiled period.
    element : str or None
        None: what belongs to no single element, which is all of the plan.
    data : array, shape (n_nodes, n_data)
    planned : array, shape (n_nodes, n_columns)
        What the plan says in the columns that it decides.
    weight : array, shape (n_nodes, n_forms)
        What a unit of each form counts in what is minimised: 1 for money.
    today : float
        Stock before the first period, t.

    Raises `DataError` where a row of one's own ties elements together, or stock to anything but its own balance.
    """
    mine = _Columns(template, element)
    numbers, decisions = _read(template, mine)
    first, which = _alike(np.concatenate([data[:, numbers], planned[:, decisions], weight], axis=1))
    # Multiplied from the other side, many times: as `data` itself may be.
    periods = _distinct(template, mine, np.asfortranarray(data[first]), planned[first], weight[first], today)
    return replace(periods, which=periods.which[which], room=periods.room[which])


def _read(template: Template, mine: _Columns) -> tuple[Index, Index]:
    """The data that the period of an element hangs on, and the decisions of the plan."""
    forms = np.flatnonzero(mine.owned[template.form_column])
    bounded = np.array([*mine.decided, mine.stock]) if mine.element is not None else np.empty(0, dtype=np.int64)
    touched = np.unique(template.entry_row[np.isin(template.entry_column, bounded)])
    entries = np.flatnonzero(np.isin(template.entry_row, touched))
    used = [
        affine.coefficients[chosen].indices
        for affine, chosen in (
            (template.form, forms), (template.entry, entries), (template.row_lower, touched),
            (template.row_upper, touched), (template.lower, bounded), (template.upper, bounded),
        )
    ]  # fmt: skip
    columns = np.unique(np.concatenate([template.form_column[forms], template.entry_column[entries]]))
    return np.unique(np.concatenate(used)).astype(np.int64), columns[mine.is_planned[columns]]


def _distinct(
    template: Template, mine: _Columns, data: Array, planned: Array, weight: Array, today: float
) -> ElementPeriods:
    """The same at nodes that mostly differ."""
    element = mine.element
    forms = len(template.forms)
    at = np.flatnonzero(mine.owned[template.form_column])
    value = _rows(template.form, at).at(data)
    row, column = template.form_row[at], template.form_column[at]

    def added(chosen: Index, factor: Array | None = None) -> Array:
        total = np.zeros((len(data), forms))
        for k in chosen.tolist():
            total[:, row[k]] += value[:, k] * (1.0 if factor is None else factor[:, column[k]])
        return total

    sure = added(np.flatnonzero(mine.is_planned[column]), planned)
    weight = np.where(np.isin(np.arange(forms), row), weight, 0.0)
    if element is None:
        first, which = _alike(np.concatenate([sure, weight], axis=1))
        n = len(first)
        amounts = np.concatenate([sure[first], np.zeros((n, 1))], axis=1)[:, None, :].repeat(2, axis=1)
        return ElementPeriods(
            which, np.tile([0.0, 1.0], (n, 1)), amounts, np.zeros((n, forms)), weight[first], np.zeros(len(data))
        )
    of_stock = added(np.flatnonzero(column == mine.stock))
    program = _program(template, mine, data, planned)
    decided = np.isin(column, mine.decided)
    value, row, place = value[:, decided], row[decided], np.searchsorted(mine.decided, column[decided])
    telling = [value, sure, of_stock, weight, program.side, program.lower, program.upper]
    first, which = _alike(np.concatenate(telling, axis=1))
    value, sure, of_stock, weight = value[first], sure[first], of_stock[first], weight[first]
    price = np.zeros((len(first), program.matrix.shape[1]))
    np.add.at(price.T, place, (value * weight[:, row]).T)
    most = max(float(program.room.max()), today, 1.0)
    lower, upper = program.lower[first], program.upper[first]
    side = program.side[first] - lower @ program.matrix.T
    try:
        solved = optima(price, program.matrix, side, program.direction, upper - lower, -most, most)
    except TooManyBases as error:
        raise refused(_PERIOD_OF.format(element=element), error.args[0]) from None
    columns = solved.columns + lower[:, None, :]
    amounts = np.zeros((*solved.breaks.shape, forms + 1))
    for k in range(len(row)):
        amounts[:, :, row[k]] += value[:, k, None] * columns[:, :, place[k]]
    amounts[:, :, :-1] += sure[:, None, :]
    unserved = [k for k, j in enumerate(mine.decided.tolist()) if template.columns[j][0] == SHORTAGE]
    amounts[:, :, -1] = columns[:, :, unserved].sum(axis=2)
    return ElementPeriods(which, solved.breaks, amounts, of_stock, weight, program.room)


class _Columns:
    """Which columns of the period are what to one element."""

    def __init__(self, template: Template, element: str | None) -> None:
        names = template.columns
        kind = np.array([component for component, _ in names])
        of_element = np.array([other == element for other in template.column_element])
        ((start, (stock, _)),) = template.carried.items()
        self.element = element
        self.is_planned, is_start = np.isin(kind, [*template.links]), kind == start
        self.is_decided = ~self.is_planned & ~is_start  # of any element
        self.owned = of_element & ~is_start
        self.decided: Index = np.flatnonzero(of_element & self.is_decided & (kind != stock))
        if element is None:
            if len(self.decided):
                raise refused(_text(names[self.decided[0]]), _OF_NO_ELEMENT)
            self.stock = self.start = -1
        else:
            self.stock, self.start = template.column_index[stock, (element,)], template.column_index[start, (element,)]


@dataclass(frozen=True)
class _Program:
    """matrix @ columns = side + direction · tonnes that leave the stock, lower <= columns <= upper, stock <= room."""

    matrix: Array
    side: Array
    direction: Array
    lower: Array
    upper: Array
    room: Array


def _program(template: Template, mine: _Columns, data: Array, planned: Array) -> _Program:
    """The rows of an element's period; what is left out of them is known."""
    n = len(data)
    touched = np.unique(template.entry_row[np.isin(template.entry_column, [*mine.decided, mine.stock])])
    at = np.flatnonzero(np.isin(template.entry_row, touched))
    value = _rows(template.entry, at).at(data)
    row, column = template.entry_row[at], template.entry_column[at]
    moves = np.diff(template.entry.coefficients.indptr)[at] > 0
    low, high = _rows(template.row_lower, touched).at(data), _rows(template.row_upper, touched).at(data)
    known = np.zeros((n, len(touched)))
    for k in np.flatnonzero(mine.is_planned[column]).tolist():
        known[:, np.searchsorted(touched, row[k])] += value[:, k] * planned[:, column[k]]
    low, high = low - known, high - known
    bounded = np.array([*mine.decided, mine.stock])
    lower = np.maximum(template.domain_lower[bounded], _rows(template.lower, bounded).at(data))
    upper = np.minimum(template.domain_upper[bounded], _rows(template.upper, bounded).at(data))
    lower, least, upper, room = lower[:, :-1], lower[:, -1], upper[:, :-1], upper[:, -1]

    kept: list[tuple[Array, Array, Array, float]] = []  # entries, sides, direction
    for r in range(len(touched)):
        name = template.rows[touched[r]]
        entries = [k for k in np.flatnonzero(row == touched[r]).tolist() if not mine.is_planned[column[k]]]
        others = [k for k in entries if column[k] not in (*mine.decided, mine.stock, mine.start)]
        if others:
            raise refused(
                _text(name), _TIES.format(element=mine.element, other=_text(template.columns[column[others[0]]]))
            )
        inside = [k for k in entries if column[k] in mine.decided]
        stock = {int(column[k]): k for k in entries if k not in inside}
        if not inside and set(stock) == {mine.stock}:
            scale = value[:, stock[mine.stock]]
            sides = low[:, r] / scale, high[:, r] / scale
            least, room = np.maximum(least, np.minimum(*sides)), np.minimum(room, np.maximum(*sides))
            continue
        if len(inside) == 1 and not stock:
            place, scale = int(np.searchsorted(mine.decided, column[inside[0]])), value[:, inside[0]]
            sides = low[:, r] / scale, high[:, r] / scale
            lower[:, place] = np.maximum(lower[:, place], np.minimum(*sides))
            upper[:, place] = np.minimum(upper[:, place], np.maximum(*sides))
            continue
        if moves[entries].any():
            raise refused(_text(name), _DIFFERS.format(element=mine.element))
        weights = np.zeros(len(mine.decided))
        weights[np.searchsorted(mine.decided, column[inside])] = value[0, inside]
        direction = value[0, stock[mine.stock]] if mine.stock in stock else 0.0
        if stock and (set(stock) != {mine.stock, mine.start} or value[0, stock[mine.start]] != -direction):
            raise refused(_text(name), _OF_STOCK.format(element=mine.element))
        kept.append((weights, low[:, r], high[:, r], direction))
    if (least > 0).any():
        raise refused(_STOCK_OF.format(element=mine.element), _LEAST_STOCK)
    return _with_slacks(kept, lower, np.maximum(upper, lower), room)


def _with_slacks(rows: list[tuple[Array, Array, Array, float]], lower: Array, upper: Array, room: Array) -> _Program:
    """Rows that are inequalities get a column of their own: what lies between the row and one of its sides."""
    n, n_columns = lower.shape
    loose = [r for r, (_, low, high, _) in enumerate(rows) if (low < high).any()]
    matrix, side = np.zeros((len(rows), n_columns + len(loose))), np.empty((n, len(rows)))
    widths: list[Array] = []
    for r, (weights, low, high, _) in enumerate(rows):
        matrix[r, :n_columns] = weights
        from_low = bool(np.isfinite(low).all())
        side[:, r] = low if from_low else high
        if not np.isfinite(side[:, r]).all():
            raise refused(_A_ROW, _ONE_SIDED)
        if r in loose:
            matrix[r, n_columns + len(widths)] = -1.0 if from_low else 1.0
            widths.append((high - low)[:, None])
    return _Program(
        matrix, side, np.array([direction for *_, direction in rows]),
        np.concatenate([lower, np.zeros((n, len(widths)))], axis=1), np.concatenate([upper, *widths], axis=1), room,
    )  # fmt: skip


def _rows(affine: Affine, chosen: Index) -> Affine:
    """Some of the numbers."""
    return Affine(affine.constant[chosen], affine.coefficients[chosen])


def _alike(rows: Array) -> tuple[Index, Index]:
    """The first of each kind of row, and the kind of every row."""
    telling = rows[:, (rows != rows[0]).any(axis=0)]
    if not telling.shape[1]:
        return np.zeros(1, dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    # One number for each row, which rows that are alike share; others may by chance, and then rows are compared in full.
    key = np.where(np.isfinite(telling), telling, 0.1) @ np.random.default_rng(1).random(telling.shape[1])
    for columns in (key[None], telling.T):
        order = np.lexsort(columns)
        columns = columns[:, order]
        new = np.concatenate([[True], (columns[:, 1:] != columns[:, :-1]).any(axis=0)])
        which = np.empty(len(rows), dtype=np.int64)
        which[order] = np.cumsum(new) - 1
        if (telling == telling[order[new][which]]).all():
            break
    return order[new], which


def _text(name: Name) -> str:
    component, index = name
    return f"{component}[{', '.join(map(str, index))}]" if index else component


def refused(where: str, seen: str) -> DataError:
    """What a model is told whose elements cannot be played one by one."""
    return DataError(Fault(where, seen, _BY_ITSELF, _WITHOUT))
