"""Of what the cost of a plan is made: by component, element and year, and by how its futures go.

Every term of the costs is coefficient × decision at a node n of weight w_n, discounted by d_n; with q the law of the leaves,

  expected   w_n = Σ_l q_l                                    over the leaves l that follow n
  weighed    w_n = Σ_l (1 - weight) q_l + weight q'_l         q' the law under which the mean cost is the CVaR, and both of
                                                       the worst law where the odds are in doubt

so that the parts add up to the cost, expected or weighed, to the last digit. What is paid for the output of a basket is split by
the tonnes that it is made of; what belongs to no element (an investment, a charge) has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
from pandas import DataFrame

from procure.lp.compile import Template
from procure.market import make_tree
from procure.portfolio.measure import Measured
from procure.units import KUSD_PER_MUSD, Array

COMPONENT, ELEMENT, YEAR = "component", "element", "year"
COLUMNS = (COMPONENT, ELEMENT, YEAR, "expected_musd", "weighed_musd")
#: How much of the time something stands in its first state: shares of the periods between which futures are told apart.
TIMES = (0.0, 1 / 3, 2 / 3, 1.0)


def parts(measured: Measured) -> DataFrame:
    """What each component, element and year adds to the cost, million USD of present value; an element may be blank."""
    weights = node_weights(measured)
    frame = DataFrame([*_of_plan(measured), *_of_periods(measured, weights)], columns=list(COLUMNS))
    return frame.groupby(list(COLUMNS[:3]), sort=False, as_index=False).sum()


def taken_apart(chosen: DataFrame, rival: DataFrame, cost: str = "weighed_musd") -> DataFrame:
    """The parts of two costs side by side, million USD: by component, element (blank: of none) and year, each adding up to both.

    Parameters
    ----------
    chosen, rival : DataFrame
        As `parts` gives them.
    cost : {"weighed_musd", "expected_musd"}

    Returns
    -------
    DataFrame
        `kind`, `part`, `chosen_musd`, `rival_musd` and their `difference_musd`, rival less chosen.
    """
    frames = []
    for kind in (COMPONENT, ELEMENT, YEAR):
        sums = [frame.groupby(kind, sort=False)[cost].sum() for frame in (chosen, rival)]
        both = pd.concat(sums, axis=1, keys=["chosen_musd", "rival_musd"]).fillna(0.0)
        both["difference_musd"] = both["rival_musd"] - both["chosen_musd"]
        both = both.sort_index() if kind == YEAR else both
        frames.append(both.rename_axis("part").reset_index().astype({"part": "str"}).assign(kind=kind))
    return pd.concat(frames, ignore_index=True)[["kind", "part", "chosen_musd", "rival_musd", "difference_musd"]]


def node_weights(measured: Measured) -> Array:
    """The weight of every node in the expected and in the weighed cost, shape (2, n_nodes)."""
    weights = np.zeros((2, len(measured.probability)))
    for own, law in zip(weights, (measured.law, measured.weighed_law), strict=True):
        np.add.at(own, measured.paths, law[:, None])
    return weights


def _of_plan(measured: Measured) -> Iterator[tuple[str, str, int, float, float]]:
    template: Template = measured.solved.templates.plan
    data = measured.market.plan_data(template)
    spent = template.form.at(data) * measured.outcome.plan[template.form_column] / KUSD_PER_MUSD
    for term in np.flatnonzero(spent).tolist():
        column = template.form_column[term]
        index = template.columns[column][1]
        year = int(index[-1]) if isinstance(index[-1], int) else measured.sets.years[0]
        form, element = template.forms[template.form_row[term]], template.column_element[column]
        yield form, element or "", year, spent[term], spent[term]


def _of_periods(measured: Measured, weights: Array) -> Iterator[tuple[str, str, int, float, float]]:
    template: Template = measured.solved.templates.period
    data = measured.market.period_data(template)
    spent = template.form.at(data) * measured.outcome.nodes[:, template.form_column]
    shape, years = measured.market.shape, measured.sets.years
    by_year = np.zeros((2, len(years), spent.shape[1]))
    for own, weight in zip(by_year, weights, strict=True):
        np.add.at(own, shape.year, (weight * measured.discount / KUSD_PER_MUSD)[:, None] * spent)
    for term in np.flatnonzero(template.is_cost & (by_year != 0).any(axis=(0, 1))).tolist():
        column = template.form_column[term]
        component, index = template.columns[column]
        form, element = template.forms[template.form_row[term]], template.column_element[column]
        shares: dict[str, Array] = {element or "": np.ones(len(years))}
        if component == "output":
            shares = {e: measured.part_of_basket(index[0], e) for _, e in measured.sets.of_supplier(index[0])}
        for name, share in shares.items():
            for k, year in enumerate(years):
                expected, weighed = (by_year[:, k, term] * share[k]).tolist()
                if expected or weighed:
                    yield form, name, year, expected, weighed


def futures(measured: Measured) -> DataFrame:
    """How likely futures of a kind are, and what they add to the expected cost, million USD of present value.

    A row for each process of the world (`process`) and how much of the time it stands in its first `state`, as normal, or waiting:
    more than `above` of the periods and at most `up_to` (both 0: never; both 1: always), with `chance` and `expected_musd`.
    """
    market = measured.market
    tree = make_tree(market.model, market.programmes)
    paths, new = tree.paths(), market.merged_from
    leaf_of = {node: k for k, node in enumerate(measured.leaves.tolist())}
    own = paths[:, -1] if new is None else new[paths[:, -1]]
    loss = measured.loss[[leaf_of[node] for node in own.tolist()]] / KUSD_PER_MUSD
    law = tree.probability[paths[:, -1]]
    rows = []
    for column, (process, states) in enumerate(zip(tree.processes, tree.states, strict=True)):
        first = (tree.state[paths, column] == 0).mean(axis=1)
        kind = np.where(first == 1.0, len(TIMES), np.searchsorted(TIMES, first))
        for k in np.unique(kind)[::-1].tolist():
            here = kind == k
            above, up_to = ((0.0, 0.0), *pairwise(TIMES), (1.0, 1.0))[k]
            rows.append((process, states[0], above, up_to, float(law[here].sum()), float(law[here] @ loss[here])))
    return DataFrame(rows, columns=["process", "state", "above", "up_to", "chance", "expected_musd"])
