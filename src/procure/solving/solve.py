"""A model solved: on one tree, or on several drawn alike, of whose plans fresh paths choose."""

from __future__ import annotations

import itertools
import multiprocessing
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pandas as pd
from pandas import DataFrame

from procure.errors import DataError, ProcureError
from procure.languages import Said
from procure.lp.cores import cores
from procure.model import Model, ModelOrName, as_model
from procure.model.extension import NO_EXTENSION
from procure.portfolio.evaluate import evaluate
from procure.portfolio.portfolio import Portfolio
from procure.portfolio.verdict import PATHS, SEED
from procure.solving.compiled import Compiled
from procure.solving.trees import faults_of, trees
from procure.words import Progress


def solve(
    model: ModelOrName,
    *,
    options: Mapping[str, Any] | None = None,
    foresight: bool = True,
    value_of_information: bool = False,
    verdict: bool = True,
    seeds: int = 1,
    proof: bool | None = None,
    progress: Progress | None = None,
) -> Portfolio:
    """The least-cost portfolio of a model.

    Parameters
    ----------
    model : Model, str or Path
        From `load_model`; or what that takes, a bundled name such as ``"japan"`` or the path of a file.
    options : mapping, optional
        HiGHS options by their own names, for example ``{"time_limit": 60.0}``: seconds per programme level, and again for what
        explains it or for `foresight`.
    foresight : bool
        Whether to work out, too, what every path would cost whoever had known it from the start: most of the time of a large
        model. Without it `unavoidable_loss`, `wait_and_see` and `value_of_foresight` are NaN.
    value_of_information : bool
        Whether to work out for every programme level what knowing the future would be worth, weighed, and what the plan for mean
        numbers would cost: `Portfolio.value_of_information`.
    verdict : bool
        Whether to play the plans of all programme levels on fresh paths, where the tree was drawn, so that the answer says how
        well it is known which is best: some seconds of a core a level.
    seeds : int
        Trees to solve where they are drawn, side by side: from the seed of the model on, one after the other. The answer is the
        plan, of those that each tree takes for the best, that costs least on fresh paths, the same for all; `Portfolio.seeds`
        has them all. With more than one the verdict is never left out.
    proof : bool, optional
        Whether the answer keeps what `procure.verify` proves it by: the decisions and multipliers of every programme level. By
        default it does where that is small.
    progress : callable, optional
        Called with (done, total, what) as programme levels are solved, and again where more is asked of each.

    Returns
    -------
    Portfolio
        Of the programme level with the least weighed cost on its tree; all levels are in `Portfolio.programme_levels`.

    Raises
    ------
    DataError
        Where facts are missing that the model needs, or numbers were set that it does not read; or where several trees are asked
        for and their plans cannot be played on fresh paths.
    Infeasible
        Where no portfolio keeps the limits: which of them conflict, and the cheapest repair.
    SolverError
        Where the solver stops at a limit, or what it says does not hold.

    >>> portfolio = solve("two-class")
    >>> portfolio.status
    'optimal'
    """
    model = as_model(model)
    if faults := list(faults_of(seeds)):
        raise DataError(faults)
    drawn = trees(model, seeds)
    if len(drawn) > 1:
        seeds_of, best = _plans(drawn, options, progress)
        if foresight or value_of_information or proof:  # of the answer alone: what is solved again comes out the same
            best = _solved(best.model or model, options, foresight, value_of_information, PATHS, proof, progress)
        return replace(best, seeds=seeds_of)
    return _solved(model, options, foresight, value_of_information, PATHS if verdict else 0, proof, progress)


def _solved(
    model: Model,
    options: Mapping[str, Any] | None,
    foresight: bool,
    value_of_information: bool,
    paths: int,
    proof: bool | None = None,
    progress: Progress | None = None,
) -> Portfolio:
    """The portfolio of one tree."""
    answer = Compiled(model, options=options, is_solved_once=True).solve(progress=progress)
    return answer.make_portfolio(foresight, value_of_information, paths=paths, proof=proof, progress=progress)


def _plans(
    trees: Sequence[Model], options: Mapping[str, Any] | None, progress: Progress | None
) -> tuple[DataFrame, Portfolio]:
    """What each tree takes for the best, and the one of these that costs least on fresh paths."""
    portfolios: list[Portfolio] = []
    for tree, found in zip(trees, _side_by_side(trees, options), strict=True):
        if progress is not None:
            progress(
                len(portfolios), len(trees), Said("seed {seed}", "種 {seed}").format(seed=tree.settings.world.tree.seed)
            )
        # What went wrong elsewhere goes wrong here, too, and is said by whom it concerns.
        portfolio = replace(_solved(tree, options, False, False, PATHS) if found is None else found, model=tree)
        if not portfolio.summary["fresh_paths"]:
            evaluate(portfolio, PATHS, SEED)  # says why it cannot be played
        portfolios.append(portfolio)
    table = pd.concat([portfolio.seeds for portfolio in portfolios], ignore_index=True)
    best = int(table["fresh_musd"].to_numpy().argmin())
    return table.assign(chosen=table.index == best), portfolios[best]


def _side_by_side(trees: Sequence[Model], options: Mapping[str, Any] | None) -> Iterator[Portfolio | None]:
    """The portfolio of each tree, in order; None where there is none."""
    n_hands = min(cores(), len(trees))
    if n_hands < 2 or trees[0].extension is not NO_EXTENSION:  # functions of one's own stay in this process
        yield from (_tried(tree, options) for tree in trees)
        return
    # Spawned, not forked: a fork would share whatever threads and locks the caller has.
    with ProcessPoolExecutor(n_hands, multiprocessing.get_context("spawn")) as pool:
        with _uninterrupted():
            found = pool.map(_tried, trees, itertools.repeat(options), itertools.repeat(1))
        yield from found


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes that are started meanwhile hear no Ctrl-C: it is for the one who started them."""
    if threading.current_thread() is not threading.main_thread():  # which alone may say so
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _tried(tree: Model, options: Mapping[str, Any] | None, n_cores: int | None = None) -> Portfolio | None:
    """The portfolio of a tree, without its model; None where there is none."""
    try:
        answer = Compiled(tree, options=options, n_cores=n_cores, is_solved_once=True).solve()
        return replace(answer.make_portfolio(False, paths=PATHS), model=None)
    except ProcureError:
        return None
