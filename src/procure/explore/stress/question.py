"""The question: today's plan and a found one along one path of events, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pandas import DataFrame, concat

from procure.errors import DataError, Fault, nearest
from procure.explore.stress.event import TABLE, Event, find_event
from procure.explore.stress.followed import follow_plan
from procure.explore.stress.frames import frames
from procure.explore.stress.ordinary import Decisions
from procure.explore.stress.result import STEPS, Stress
from procure.explore.yardsticks import TODAY
from procure.languages import Said
from procure.model import Model, ModelOrName, as_model
from procure.portfolio.evaluate import decisions, model_of
from procure.portfolio.portfolio import Portfolio

FOUND = "found"


def stress(
    answer: Portfolio | ModelOrName,
    event: str | Path,
    *,
    step: str = "month",
    year: int | None = None,
    without_stock: bool = False,
    model: Model | None = None,
) -> Stress:
    """Who stops along a path of events, on which day, and what that costs: today's plan and the found one side by side.

    Parameters
    ----------
    answer : Portfolio, Model, str or Path
        An answer, as solved or read from its file; of a model today's plan alone is followed.
    event : str or Path
        One of `event_paths.csv` by its name, or a CSV file of its columns.
    step : str
        By which it is told: "month", a twelfth of a year, or "week". No day and no sum hangs on it.
    year : int, optional
        At the beginning of which the event begins: the first of the plan unless given. Beyond the last year all is as in that.
    without_stock : bool
        Whether nobody has any stock at the start.
    model : Model, optional
        What is followed, where it is not what was solved: facts that are not the bundled ones, other days of stock.

    Returns
    -------
    Stress

    Raises
    ------
    DataError
        With every fault: an unknown event, step or year, with the nearest; rows of a file that say no path.

    >>> from procure import load_model
    >>> found = stress(load_model("japan"), "ban-12")
    >>> found.plans, found.days
    (("today's",), 370.0)
    """
    chosen = model or (answer.model or model_of(answer) if isinstance(answer, Portfolio) else as_model(answer))
    path = check_asked(chosen, event, step=step, year=year)
    plans: dict[str, tuple[Mapping[str, str], Decisions | None]] = {TODAY: ({}, None)}
    if isinstance(answer, Portfolio):
        plans[FOUND] = answer.programmes, decisions(answer)
    begins = chosen.years[0] if year is None else year
    tables: list[dict[str, DataFrame]] = []
    for name, (programmes, decided) in plans.items():
        followed = follow_plan(chosen, path, begins, programmes, decided, STEPS[step], without_stock=without_stock)
        tables.append(frames(name, followed))
    rates = chosen.facts.tables["exchange_rates"]
    return Stress(
        name=chosen.name,
        event=path.name,
        step=step,
        year=begins,
        days=float(followed.steps[-1]),
        without_stock=without_stock,
        released={
            holder.name: float(shares.max())
            for holder, shares in zip(followed.holders.holders, followed.released, strict=True)
        },
        idle=followed.idle,
        is_elsewhere=isinstance(answer, Portfolio) and answer.fingerprint != chosen.facts.fingerprint,
        plans=tuple(plans),
        exchange={str(code): float(rate) for code, rate in zip(rates["currency"], rates["value"], strict=True)},
        currency=chosen.settings.model.currency,
        **{key: concat([table[key] for table in tables], ignore_index=True) for key in tables[0]},
    )


def check_asked(model: Model, event: str | Path, *, step: str, year: int | None) -> Event:
    """The event that is asked for; `DataError` with every fault of event, step and year, as from `stress`."""
    faults = []
    if step not in STEPS:
        faults.append(
            Fault(
                "step",
                f"'{step}'",
                Said("it is told by month or by week", "刻みは month（月）か week（週）"),
                nearest(step, STEPS),
            )
        )
    if year is not None and year not in model.told_years:
        rule = Said("the plan is for {first} to {last}", "計画の対象は {first}～{last}年").format(
            first=model.told_years[0], last=model.told_years[-1]
        )
        faults.append(Fault("year", f"{year}", rule, Said("name one of these years", "その中の年を指定する")))
    try:
        path = find_event(event, model.facts)
    except DataError as error:
        raise DataError([*faults, *error.faults]) from None
    if faults:
        raise DataError(faults)
    return path


def solvable(model: Model) -> Model:
    """A model as it is solved: numbers of holders and events that were set in it are read along a path only."""
    of_path = {path for path in model.numbers_set if model.table_of(path) in ("holders", TABLE)}
    return replace(model, numbers_set=tuple(path for path in model.numbers_set if path not in of_path))
