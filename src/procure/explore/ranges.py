"""Which shares are firm and which are free: the least and the largest of each supplier among all plans that cost hardly more.

A best plan is one of many that cost nearly as much. Within a share of the least cost, under the same programme, in the same
futures, the share of a supplier in the demand of a class or an element is made as small as can be, and as large
(`program.near_optimal`): 2 × suppliers × groups linear programs at most, on as many cores as there are. Every plan found on the
way is one of them, so where it does without a supplier the least share is known to be nothing, and is not looked for.

Shares are expected: tonnes that arrive, contracted and called, over all years and futures, as parts of what is demanded there. The
same can be asked of what lies in stock, in days of use at the end of a year, in the mean of all years and futures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import ClassVar

import numpy as np
from pandas import DataFrame

from procure.errors import IS, DataError, Fault
from procure.explore.kept import Kept
from procure.languages import Said
from procure.lp.cores import cores
from procure.model import Model, ModelOrName, as_model
from procure.program.near_optimal import NearOptimal
from procure.program.program import Program
from procure.scenarios.decided import Programmes
from procure.solving.abreast import abreast
from procure.solving.answer import Answer
from procure.solving.compiled import Compiled
from procure.solving.level import Level
from procure.solving.trees import faults_of, is_drawn, trees
from procure.units import DAYS_PER_YEAR
from procure.words import LEAST_SHARE, Progress

#: Among the suppliers, what is in stock: any name may be that of a supplier.
STOCK = ""
_Pair = tuple[str, str, tuple[str, ...]]  # a group, a supplier or the stock, the elements of the group
_Range = tuple[float, float, float]
#: A share below it is none: the solver may be off by so much.
NOTHING = 1e-9
COLUMNS = ("scope", "supplier", "share", "low", "high", "needed", "least_low", "most_high", "needed_on")
OF_DAYS = ("share", "low", "high", "least_low", "most_high")


@dataclass(frozen=True, eq=False)
class Ranges(Kept):
    """The least and the largest share of each supplier among all plans that cost at most a share `within` more than the best.

    Attributes
    ----------
    name : str
        Of the model.
    within : float
        By how much of the least cost a plan may be dearer.
    programme : str
        The level of the best plan, which is that of all others.
    cost_musd : float
        Weighed cost of the best plan, million USD of present value.
    levels : mapping
        The other programme levels of which there is a plan within as much, and what their best costs, million USD.
    table : DataFrame
        A row for each class or element (`scope`) and supplier that sells it: its `share` of the expected demand of all years in the
        best plan found, the least and the largest one (`low`, `high`), and whether no plan does without it (`needed`). Over several
        trees `least_low` and `most_high` are the outermost, and `needed_on` says on how many it is needed.
    stock : DataFrame
        Where it was asked for, and then instead, the same of the stock of each class or element: `days` of use at the end of a
        year, in the mean of all, and their range.
    n_trees : int
        That were solved; 0 where every future is counted.
    """

    format: ClassVar[str] = "procure.ranges"

    name: str
    within: float
    programme: str
    cost_musd: float
    levels: dict[str, float]
    table: DataFrame = field(repr=False)
    stock: DataFrame = field(repr=False)
    n_trees: int


def ranges(
    model: ModelOrName,
    within: float = 0.01,
    *,
    elements: Sequence[str] | None = None,
    stock: bool = False,
    seeds: int = 1,
    progress: Progress | None = None,
) -> Ranges:
    """The least and the largest share of each supplier, of every class and some elements, among all plans near the best.

    Parameters
    ----------
    model : Model, str or Path
    within : float
        By which share of the least weighed cost a plan may be dearer: 0.01 is one per cent.
    elements : sequence of str, optional
        Beside the classes; those that the model highlights, without it.
    stock : bool
        Whether days in stock are asked for, instead of shares.
    seeds : int
        Trees that are solved, where they are drawn, under the level that is best on the first.
    progress : callable, optional
        Called with (done, total, what) as shares are found.

    Returns
    -------
    Ranges

    Raises
    ------
    DataError
        For elements that the model has not, and a share of cost that is none.
    Infeasible, SolverError
        As `procure.solve`.

    >>> from procure import load_model
    >>> found = ranges(load_model("two-class"))
    >>> china = found.table.query("supplier == 'china' and scope == 'medium_heavy'")
    >>> print(china[["share", "low", "high", "needed"]].round(2).to_string(index=False))
     share  low  high  needed
      0.41 0.35  0.72    True
    """
    model = as_model(model)
    faults = list(faults_of(seeds))
    if not 0 <= within <= 1:
        faults.append(
            Fault(
                "within",
                IS.format(value=within),
                Said("it is a share of the least cost, 0 to 1", "最小費用に対する比率、0 から 1"),
                Said("0.01 is one per cent", "1 % は 0.01 と書く"),
            )
        )
    asked = model.settings.model.highlight if elements is None else tuple(elements)
    try:
        model.changed({"model.highlight": list(asked)})  # knows the elements
    except DataError as error:
        faults += error.faults
    if faults:
        raise DataError(faults)
    first, *others = trees(model, seeds)
    answer = Compiled(first, is_solved_once=True).solve(progress=progress)
    found = [_of_tree(answer.as_it_ended.solved.program, within, asked, stock, progress)]
    found += [_of_tree(_program(tree, answer.programmes), within, asked, stock, progress) for tree in others]
    table = found[0].assign(
        least_low=_over(found, "low").min(axis=1),
        most_high=_over(found, "high").max(axis=1),
        needed_on=_over(found, "needed").sum(axis=1).astype(int),
    )
    is_stock = table["supplier"] == STOCK
    days = table[is_stock].drop(columns="supplier").reset_index(drop=True)
    days = days.assign(**{column: days[column] * DAYS_PER_YEAR for column in OF_DAYS})
    return Ranges(
        name=model.name,
        within=within,
        programme=answer.level,
        cost_musd=answer.objective,
        levels=_near(answer, within),
        table=table.loc[~is_stock, list(COLUMNS)].reset_index(drop=True),
        stock=days[[column for column in COLUMNS if column != "supplier"]].rename(columns={"share": "days"}),
        n_trees=len(found) if is_drawn(model) else 0,
    )


def _program(model: Model, programmes: Programmes) -> Program:
    """The program of another tree under the level that is best on the first."""
    return Level(model, programmes, {}, is_solved_once=True).program


def _near(answer: Answer, within: float) -> dict[str, float]:
    """The other levels whose best is near the best."""
    most = answer.objective + within * abs(answer.objective)
    return {name: cost for name, cost in answer.levels.items() if name != answer.level and cost <= most}


def _over(found: Sequence[DataFrame], column: str) -> DataFrame:
    return DataFrame({k: table[column] for k, table in enumerate(found)})


def _of_tree(
    program: Program, within: float, asked: Sequence[str], of_stock: bool, progress: Progress | None
) -> DataFrame:
    """The ranges of one tree, of shares or of stock."""
    market = program.market
    sets = market.sets
    groups: dict[str, tuple[str, ...]] = {}
    for e in sets.elements:
        groups[market.class_of[e]] = (*groups.get(market.class_of[e], ()), e)
    groups |= {e: (e,) for e in asked if e in sets.elements and (e,) not in groups.values()}
    pairs = [
        (name, s, elements)
        for name, elements in groups.items()
        for s in ((STOCK,) if of_stock else sets.suppliers)
        if of_stock or any((s, e) in sets.sold for e in elements)
    ]
    told = _Told(progress, len(pairs), market.model.settings.world.tree.seed)
    n_hands = max(1, min(cores(), len(pairs)))
    parts = [[pair for pair in pairs if pair[1] not in sets.baskets][k::n_hands] for k in range(n_hands)]
    for basket in sets.baskets:  # all of one stays in one hand: its extremes are near each other
        min(parts, key=len).extend(pair for pair in pairs if pair[1] == basket)
    tasks = [partial(_part, program, within, part, told) for part in parts if part]
    found = {key: row for rows in abreast(tasks, n_hands) for key, row in rows.items()}
    return DataFrame(
        [(name, s, *found[name, s], found[name, s][1] >= LEAST_SHARE) for name, s, _ in pairs],
        columns=["scope", "supplier", "share", "low", "high", "needed"],
    )


def _part(program: Program, within: float, pairs: Sequence[_Pair], told: _Told) -> dict[tuple[str, str], _Range]:
    """Share, least and largest share of some pairs of a group and a supplier."""
    near = NearOptimal(program, within)
    weights = [
        near.in_stock(elements) if supplier == STOCK else near.supplied(supplier, elements)
        for _, supplier, elements in pairs
    ]
    shares = [float(weight @ near.optimum.x) for weight in weights]
    low, high = np.array(shares), np.array(shares)

    def look(k: int, *, largest: bool) -> None:
        supplier = pairs[k][1]
        alike = supplier if supplier in program.market.sets.baskets else ""
        x = near.extreme(weights[k], largest=largest, alike=alike).x
        seen = np.array([weight @ x for weight in weights])
        np.minimum(low, seen, out=low)
        np.maximum(high, seen, out=high)

    for k, (name, supplier, _) in enumerate(pairs):
        look(k, largest=True)
        if low[k] > NOTHING:
            look(k, largest=False)
        told.one_more(f"{supplier or 'stock'}, {name}")
    low[np.abs(low) <= NOTHING] = 0.0
    return {(name, supplier): (shares[k], float(low[k]), float(high[k])) for k, (name, supplier, _) in enumerate(pairs)}


class _Told:
    """Tells how many pairs are done, from several threads."""

    def __init__(self, progress: Progress | None, total: int, seed: int) -> None:
        self._progress, self._total, self._seed, self._done, self._lock = progress, total, seed, 0, Lock()

    def one_more(self, what: str) -> None:
        """One more is done."""
        with self._lock:
            self._done += 1
            if self._progress is not None:
                self._progress(
                    self._done,
                    self._total,
                    Said("{what}, seed {seed}", "{what}、種 {seed}").format(what=what, seed=self._seed),
                )
