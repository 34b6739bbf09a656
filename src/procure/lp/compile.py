"""From a Pyomo block to sparse arrays whose entries are affine in the data.

Pyomo's parameterised compiler returns a matrix whose entries are numbers or expressions in the data; each expression is
lowered once to a constant and a sparse row of coefficients. From then on every number of the program is
``constant + coefficients @ data``, for one set of data or for all nodes of a tree at once, and Pyomo is out of the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.units import Array, Index, Mask

_NOT_LINEAR = Said("{seen} is not linear", "{seen} は線形ではない")
_LINEAR = Said(
    "a constraint is linear in the decisions, and its coefficients are affine in the data",
    "制約は決定について線形で、係数はデータについてアフィン",
)
_BEFOREHAND = Said(
    "work the nonlinear part out beforehand and pass it as one datum",
    "非線形の部分を先に計算し、一つのデータとして渡す",
)

Name = tuple[str, tuple[Any, ...]]  # (component, index), for example ("call", ("china", "Dy"))


@dataclass(frozen=True)
class Affine:
    """Numbers that are affine in the data: ``constant + coefficients @ data``."""

    constant: Array
    coefficients: sparse.csr_matrix

    def at(self, data: Array) -> Array:
        """The numbers at `data`, shape (n_data,) or (n_nodes, n_data); the nodes stay the first axis."""
        if data.ndim == 1:
            return np.asarray(self.constant + self.coefficients @ data)
        return np.asarray(self.constant + (self.coefficients @ data.T).T)

    @cached_property
    def moving(self) -> Index:
        """Positions of the numbers that depend on data at all."""
        return np.flatnonzero(np.diff(self.coefficients.indptr))

    @cached_property
    def moving_alone(self) -> Affine:
        """The numbers that depend on data, without the others."""
        return Affine(self.constant[self.moving], sparse.csr_matrix(self.coefficients[self.moving]))


@dataclass(frozen=True)
class Template:
    """A compiled block: columns, rows, entries and forms (one per objective), all affine in the data.

    Rows on a single column with a fixed coefficient have become bounds of that column; `lower_row` and `upper_row` say
    which row each bound came from (-1: the domain of the variable), so that reduced costs answer under the row's name.
    What the block says of its index sets, rows, links and forms is kept beside them.
    """

    columns: tuple[Name, ...]
    rows: tuple[Name, ...]
    data: tuple[Name, ...]
    forms: tuple[str, ...]
    integer: Mask
    domain_lower: Array
    domain_upper: Array
    lower: Affine
    upper: Affine
    lower_row: Index
    upper_row: Index
    bound_rows: tuple[Name, ...]
    row_lower: Affine
    row_upper: Affine
    entry_row: Index
    entry_column: Index
    entry: Affine
    form_row: Index
    form_column: Index
    form: Affine
    holds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # component -> what each place of its index is
    notes: Mapping[str, Any] = field(default_factory=dict)  # constraint -> what is known of its rows
    links: frozenset[str] = frozenset()  # decisions of the plan, for the year of the period
    carried: Mapping[str, tuple[str, str]] = field(
        default_factory=dict
    )  # from the period before, and from the plan in the first
    orders: frozenset[str] = frozenset()  # decisions that can be made before demand is seen
    measures: Mapping[str, str] = field(default_factory=dict)  # limit -> its form; the other forms are money

    @cached_property
    def linked(self) -> frozenset[str]:
        """Decisions that another block makes."""
        return self.links | frozenset(self.carried)

    @cached_property
    def costs(self) -> tuple[str, ...]:
        """Forms that are money."""
        return tuple(name for name in self.forms if name not in self.measures.values())

    @cached_property
    def is_cost(self) -> Mask:
        """Which terms of the forms are money."""
        return np.isin(self.form_row, [self.forms.index(name) for name in self.costs])

    @cached_property
    def column_index(self) -> dict[Name, int]:
        """Position of each column."""
        return {name: position for position, name in enumerate(self.columns)}

    @cached_property
    def data_index(self) -> dict[Name, int]:
        """Position of each datum."""
        return {name: position for position, name in enumerate(self.data)}

    @cached_property
    def row_index(self) -> dict[Name, int]:
        """Position of each row that stayed a row."""
        return {name: position for position, name in enumerate(self.rows)}

    def element_of(self, name: Name) -> Any:
        """The element that a decision, a row or a datum is indexed by; None where it is indexed by none."""
        component, index = name
        holds = self.holds.get(component, ())
        return index[holds.index("element")] if "element" in holds else None

    @cached_property
    def column_element(self) -> tuple[Any, ...]:
        """The element of each column, None where it is of no single one."""
        return tuple(self.element_of(name) for name in self.columns)

    @cached_property
    def row_element(self) -> tuple[Any, ...]:
        """The element of each row: that of all its own columns, None where they are of several; not what it is indexed by."""
        touched: list[set[Any]] = [set() for _ in self.rows]
        for row, column in zip(self.entry_row.tolist(), self.entry_column.tolist(), strict=True):
            if self.columns[column][0] not in self.linked:
                touched[row].add(self.column_element[column])
        return tuple(next(iter(elements)) if len(elements) == 1 else None for elements in touched)

    def across_elements(self, name: Name, element: Any) -> Name:
        """What a column or row of an element is called whatever its element: ("call", ("china",)), ("shortage", (2,))."""
        component, index = name
        holds = self.holds.get(component, ())
        at = holds.index("element") if "element" in holds else -1
        return (component, (*index[:at], *index[at + 1 :])) if at >= 0 and index[at] == element else name

    def owner(self, name: Name) -> dict[str, Any]:
        """What a row is indexed by, by what it is: {"supplier": "china", "element": "Dy", "year": 2030}."""
        component, index = name
        return dict(zip(self.holds.get(component, ()), index, strict=False))

    def bounds(self, data: Array) -> tuple[Array, Array]:
        """Lower and upper column bounds at `data`: the tighter of the domain and the row that became a bound."""
        return np.maximum(self.domain_lower, self.lower.at(data)), np.minimum(self.domain_upper, self.upper.at(data))

    def form_values(self, data: Array, columns: Array) -> Array:
        """Every form at every node: data (n_nodes, n_data), columns (n_nodes, n_columns) -> (n_nodes, n_forms)."""
        terms = self.form.at(data) * columns[:, self.form_column]
        values = np.zeros((len(columns), len(self.forms)))
        for position in range(len(self.forms)):
            values[:, position] = terms[:, self.form_row == position].sum(axis=1)
        return values

    def slack(self, name: Name, data: Array, columns: Array) -> float:
        """How much room a row leaves, in its unit, wherever it went: a row, or the bound of a column; negative where it is missed.

        Parameters
        ----------
        data : array, shape (n_data,)
        columns : array, shape (n_columns,)
        """
        if name in self.row_index:
            row = self.row_index[name]
            entries = np.flatnonzero(self.entry_row == row)
            activity = float(self.entry.at(data)[entries] @ columns[self.entry_column[entries]])
            low, high = float(self.row_lower.at(data)[row]), float(self.row_upper.at(data)[row])
            return min(activity - low, high - activity)
        row = self.bound_rows.index(name)
        below = columns - self.lower.at(data)
        above = self.upper.at(data) - columns
        return float(
            min(below[self.lower_row == row].min(initial=np.inf), above[self.upper_row == row].min(initial=np.inf))
        )

    def gradient(self, data: Array, columns: Array, row_dual: Array, reduced_cost: Array, weight: Array) -> Array:
        """Change of the optimal cost per unit of each datum, at every node: the derivative of the Lagrangian

          Σ_f weight_f form_f x - Σ_r row_dual_r (entry_r x - side_r) - Σ_j reduced_cost_j (x_j - bound_j),

        in which only what is affine in the data moves. Sides and bounds are those that hold: the lower one where the dual is
        positive, the upper one where it is negative, so that an equality counts once. A bound tighter than its domain only.

        Parameters
        ----------
        data : array, shape (n_nodes, n_data)
        columns, reduced_cost : array, shape (n_nodes, n_columns)
        row_dual : array, shape (n_nodes, n_rows)
            As HiGHS signs them, in a minimisation.
        weight : array, shape (n_nodes, n_forms)
            What one unit of each form adds to the objective.

        Returns
        -------
        array, shape (n_nodes, n_data)
            In units of the objective per unit of the datum. Where optimum or duals are not unique it is one of several.
        """
        lower, upper, entry, form = (one.moving for one in (self.lower, self.upper, self.entry, self.form))
        loose = self.lower.moving_alone.at(data) < self.domain_lower[lower]
        high = self.upper.moving_alone.at(data) > self.domain_upper[upper]
        parts = (
            (self.row_lower, np.maximum(row_dual[:, self.row_lower.moving], 0.0)),
            (self.row_upper, np.minimum(row_dual[:, self.row_upper.moving], 0.0)),
            (self.lower, np.where(loose, 0.0, np.maximum(reduced_cost[:, lower], 0.0))),
            (self.upper, np.where(high, 0.0, np.minimum(reduced_cost[:, upper], 0.0))),
            (self.entry, -row_dual[:, self.entry_row[entry]] * columns[:, self.entry_column[entry]]),
            (self.form, weight[:, self.form_row[form]] * columns[:, self.form_column[form]]),
        )
        return np.asarray(sum((part.moving_alone.coefficients.T @ factor.T).T for part, factor in parts))


def compile_block(block: Any) -> Template:
    """Compile a Pyomo block built by `procure.formulation` (its data are named in ``block.data_names``).

    Raises
    ------
    DataError
        When a constraint or an objective is not linear in the decisions, or not affine in the data; each is named.
    """
    from pyomo.core import Constraint, Objective, Var
    from pyomo.repn.plugins.parameterized_standard_form import ParameterizedLinearStandardFormCompiler

    data_components = [getattr(block, name) for name in block.data_names]
    data: dict[int, int] = {}
    data_names: list[Name] = []
    for component in data_components:
        for index, datum in component.items():
            data[id(datum)] = len(data_names)
            data_names.append((component.local_name, _as_tuple(index)))
    given = set(block.data_names)

    columns: list[Any] = []
    column_names: list[Name] = []
    for variable in block.component_objects(Var, active=True, descend_into=False):
        if variable.local_name not in given:
            for index, column in variable.items():
                columns.append(column)
                column_names.append((variable.local_name, _as_tuple(index)))
    position = {id(column): j for j, column in enumerate(columns)}

    faults = [
        *_not_linear(block.component_data_objects(Constraint, active=True), given, lambda c: c.body),
        *_not_linear(block.component_data_objects(Objective, active=True), given, lambda o: o.expr),
    ]
    if faults:
        raise DataError(faults)
    compiler = ParameterizedLinearStandardFormCompiler()
    compiled = compiler.write(block, wrt=data_components, mixed_form=True, set_sense=None)
    lower_to = _Lowering(data)
    at = np.array([position[id(column)] for column in compiled.columns], dtype=np.int64)

    entry_row, entry_column, entries = _triplets(compiled.A, at)
    form_row, form_column, forms = _triplets(compiled.c, at)

    names = [_name_of(row.constraint) for row in compiled.rows]
    kinds = np.array([row.bound_type for row in compiled.rows], dtype=np.int64)
    entry = lower_to.affine(entries, names, entry_row)
    right = lower_to.affine(list(compiled.rhs), names, range(len(names)))
    return _assemble(
        column_names, columns, names, kinds, right,
        np.array(entry_row, dtype=np.int64), np.array(entry_column, dtype=np.int64), entry,
        np.array(form_row, dtype=np.int64), np.array(form_column, dtype=np.int64),
        lower_to.affine(forms, [(o.local_name, ()) for o in compiled.objectives], form_row),
        tuple(o.local_name for o in compiled.objectives), tuple(data_names),
        {name: getattr(block, name) for name in ("notes", "links", "carried", "orders", "measures") if hasattr(block, name)}
        | {"holds": _holds(block)},
    )  # fmt: skip


def _holds(block: Any) -> dict[str, tuple[str, ...]]:
    """What each place of the index of every component is, from the index sets that it was declared over."""
    from pyomo.core import Constraint, Var

    known = getattr(block, "holds", {})
    found: dict[str, tuple[str, ...]] = {}
    for component in block.component_objects((Var, Constraint), active=True, descend_into=False):
        if component.is_indexed():
            parts = [known.get(part.local_name) for part in component.index_set().subsets()]
            places: list[str] = []
            for part, members in zip(parts, component.index_set().subsets(), strict=True):
                places += part if part is not None else [""] * (members.dimen or 1)
            found[component.local_name] = tuple(places)
    return found


def _triplets(matrix: Any, at: Index) -> tuple[list[int], list[int], list[Any]]:
    """Row, column (in our order) and expression of every entry of a compiled matrix."""
    columns = np.repeat(at, np.diff(matrix.indptr)).tolist()
    return [int(row) for row in matrix.indices], columns, list(matrix.data)


def _assemble(
    column_names: list[Name], columns: list[Any], names: list[Name], kinds: Index, right: Affine,
    entry_row: Index, entry_column: Index, entry: Affine,
    form_row: Index, form_column: Index, form: Affine,
    forms: tuple[str, ...], data_names: tuple[Name, ...], said: Mapping[str, Any],
) -> Template:  # fmt: skip
    """Turn rows on one column into its bounds, and the rest into ranged rows; `said` is what the block says of itself."""
    n_columns, n_rows = len(columns), len(names)
    fixed = np.diff(entry.coefficients.indptr) == 0
    count = np.bincount(entry_row, minlength=n_rows)
    single = np.zeros(n_rows, dtype=bool)
    alone = np.zeros(n_rows)
    owner = np.full(n_rows, -1, dtype=np.int64)
    for k in np.flatnonzero((count[entry_row] == 1) & fixed & (entry.constant != 0)):
        single[entry_row[k]] = True
        alone[entry_row[k]] = entry.constant[k]
        owner[entry_row[k]] = entry_column[k]

    lower_row = np.full(n_columns, -1, dtype=np.int64)
    upper_row = np.full(n_columns, -1, dtype=np.int64)
    became_bound = np.zeros(n_rows, dtype=bool)
    for r in np.flatnonzero(single):
        # <= with a negative coefficient is a lower bound; an equality is both.
        sides = {0: "both", 1: "upper", -1: "lower"}[int(kinds[r])]
        if alone[r] < 0 and sides != "both":
            sides = "lower" if sides == "upper" else "upper"
        takes_lower, takes_upper = sides in ("both", "lower"), sides in ("both", "upper")
        j = owner[r]
        # Each side of a column answers to one row only; a second one stays a row.
        if (takes_lower and lower_row[j] >= 0) or (takes_upper and upper_row[j] >= 0):
            continue
        became_bound[r] = True
        if takes_lower:
            lower_row[j] = r
        if takes_upper:
            upper_row[j] = r

    def bound(rows: Index, otherwise: float) -> Affine:
        constant = np.full(n_columns, otherwise)
        has = rows >= 0
        scale = np.zeros(n_columns)
        scale[has] = 1.0 / alone[rows[has]]
        constant[has] = right.constant[rows[has]] * scale[has]
        pick = sparse.csr_matrix((scale[has], (np.flatnonzero(has), rows[has])), shape=(n_columns, n_rows))
        return Affine(constant, sparse.csr_matrix(pick @ right.coefficients))

    kept = np.flatnonzero(~became_bound)
    place = np.full(n_rows, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    bound_place = np.cumsum(became_bound) - 1

    def side(free: int, infinite: float) -> Affine:
        constant = right.constant[kept].copy()
        coefficients = right.coefficients[kept].tolil()
        for i in np.flatnonzero(kinds[kept] == free):
            constant[i] = infinite
            coefficients.rows[i], coefficients.data[i] = [], []
        return Affine(constant, coefficients.tocsr())

    in_kept = ~became_bound[entry_row]
    infinity = np.inf
    return Template(
        columns=tuple(column_names),
        rows=tuple(names[r] for r in kept),
        data=data_names,
        forms=forms,
        integer=np.array([column.is_binary() or column.is_integer() for column in columns], dtype=bool),
        domain_lower=np.array([-infinity if c.lb is None else float(c.lb) for c in columns]),
        domain_upper=np.array([infinity if c.ub is None else float(c.ub) for c in columns]),
        lower=bound(lower_row, -infinity),
        upper=bound(upper_row, infinity),
        lower_row=np.where(lower_row >= 0, bound_place[lower_row], -1),
        upper_row=np.where(upper_row >= 0, bound_place[upper_row], -1),
        bound_rows=tuple(name for name, is_bound in zip(names, became_bound, strict=True) if is_bound),
        row_lower=side(1, -infinity),
        row_upper=side(-1, infinity),
        entry_row=place[entry_row[in_kept]],
        entry_column=entry_column[in_kept],
        entry=Affine(entry.constant[in_kept], sparse.csr_matrix(entry.coefficients[in_kept])),
        form_row=form_row,
        form_column=form_column,
        form=form,
        **said,
    )


class _Lowering:
    """Lowers Pyomo expressions in the data to constants and coefficient rows."""

    def __init__(self, data: dict[int, int]) -> None:
        self._data = data

    def affine(self, expressions: Sequence[Any], names: Sequence[Name], owners: Iterable[int]) -> Affine:
        """Lower `expressions`; entry k belongs to ``names[owners[k]]``, which the fault names when it is not affine."""
        from pyomo.repn import generate_standard_repn

        constant = np.zeros(len(expressions))
        row, column, value, faults = [], [], [], []
        for k, (expression, owner) in enumerate(zip(expressions, owners, strict=True)):
            if isinstance(expression, (int, float, np.number)):
                constant[k] = expression
                continue
            lowered = generate_standard_repn(expression, compute_values=True)
            if not lowered.is_linear():
                component, index = names[owner]
                faults.append(_not_affine(_text((component, index)), str(expression)))
                continue
            constant[k] = lowered.constant
            for datum, coefficient in zip(lowered.linear_vars, lowered.linear_coefs, strict=True):
                row.append(k)
                column.append(self._data[id(datum)])
                value.append(float(coefficient))
        if faults:
            raise DataError(faults)
        shape = (len(expressions), len(self._data))
        return Affine(constant, sparse.csr_matrix((value, (row, column)), shape=shape))


def _not_linear(components: Iterable[Any], given: set[str], expression: Any) -> list[Fault]:
    """The components whose body multiplies decisions with each other, or leaves the polynomials altogether."""
    from pyomo.core.expr.visitor import identify_variables
    from pyomo.repn import generate_standard_repn

    faults = []
    for component in components:
        body = expression(component)
        if body is None or not hasattr(body, "is_expression_type") or not body.is_expression_type():
            continue
        if body.polynomial_degree() in (0, 1):
            continue
        split = generate_standard_repn(body, quadratic=True, compute_values=False)
        products = [
            pair for pair in split.quadratic_vars if all(v.parent_component().local_name not in given for v in pair)
        ]
        decides = any(v.parent_component().local_name not in given for v in identify_variables(body))
        if products or (split.nonlinear_expr is not None and decides):
            shown = " * ".join(v.name for v in products[0]) if products else str(split.nonlinear_expr)
            faults.append(_not_affine(_text(_name_of(component)), shown))
    return faults


def _not_affine(where: str, seen: str) -> Fault:
    return Fault(
        where=where,
        seen=_NOT_LINEAR.format(seen=seen),
        rule=_LINEAR,
        remedy=_BEFOREHAND,
    )


def _name_of(component: Any) -> Name:
    return component.parent_component().local_name, _as_tuple(component.index())


def _as_tuple(index: Any) -> tuple[Any, ...]:
    if index is None:
        return ()
    return index if isinstance(index, tuple) else (index,)


def _text(name: Name) -> str:
    component, index = name
    return f"{component}[{','.join(map(str, index))}]" if index else component
