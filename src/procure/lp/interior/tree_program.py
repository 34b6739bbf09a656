"""A program over a tree of futures in which decisions stand by element and node: what `tree_path` solves, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass

from scipy import sparse

from procure.units import Array, Index


@dataclass(frozen=True)
class Links:
    """How cells see the plan: entry z of T stands in row `row[z]`, link `link[z]`, with a value per element and node.

    Link t of element e in year y is column `column[t, e, y]` of the plan; -1 where there is none.
    """

    row: Index
    link: Index
    value: Array  # (n_entries, n_elements, n_nodes)
    column: Index  # (n_links, n_elements, n_years)


@dataclass(frozen=True)
class Measure:
    """What is added up over a node: R and R_s per cell, Q per node; zero at nodes that do not count."""

    own: Array  # (n_columns, n_elements, n_nodes)
    stock: Array  # (n_elements, n_nodes)
    plan: sparse.csr_matrix  # (n_nodes, n_plan)


@dataclass(frozen=True)
class TreeProgram:
    """The program that `tree_path` states, in natural units; the first measure is the (discounted) cost.

    Years are counted from 0 and have one or several periods each; nodes stand in breadth order, period by period, and every node
    but those of the last period has children, side by side. Absent columns are fixed at zero, absent rows unbounded.
    """

    parent: Index
    year: Index
    probability: Array
    W: sparse.csr_matrix  # (n_rows, n_columns)
    S: Array  # (n_rows,)
    L: Array  # (n_rows,)
    row_lower: Array  # (n_rows, n_elements, n_nodes)
    row_upper: Array
    lower: Array  # (n_columns, n_elements, n_nodes)
    upper: Array
    stock_lower: Array  # (n_elements, n_nodes)
    stock_upper: Array
    links: Links
    measures: tuple[Measure, ...]
    bound: Array  # (n_measures - 1, n_years): the most of Σ p m per year; inf where there is no limit
    plan_cost: Array
    plan_rows: sparse.csr_matrix
    plan_row_bounds: tuple[Array, Array]
    plan_bounds: tuple[Array, Array]
    element_of_plan: Index  # of each column of the plan, or -1
    watched: Index  # leaves (nodes) that the tail may reach
    alpha: float
    weight: float


@dataclass(frozen=True)
class TreePoint:
    """A point of a tree program in natural units: columns, and the duals of rows, limits and paths."""

    plan: Array
    own: Array
    stock: Array
    plan_dual: Array
    row_dual: Array
    limit_dual: Array  # (n_measures - 1, n_years)
    tau: Array  # per watched leaf
    iterations: int
