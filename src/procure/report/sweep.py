"""The rows of a sweep in a few lines: how many cases ended how, and what the best and the worst of them cost."""

from __future__ import annotations

from collections.abc import Iterator

from pandas import DataFrame

from procure.explore.sweep.columns import OPTIMAL, STATUSES
from procure.words import listed, money


def summary(name: str, rows: DataFrame) -> str:
    """How the cases of a model ended, in lines."""
    return "\n".join(_lines(name, rows))


def _lines(name: str, rows: DataFrame) -> Iterator[str]:
    ended = rows["status"].value_counts()
    counted = [f"{ended[status]:,} {status}" for status in STATUSES if status in ended]
    yield f"{len(rows):,} cases of {name}: {', '.join(counted)}."
    optimal = rows[rows["status"] == OPTIMAL]
    if len(optimal) and "objective_musd" in rows:
        low, high = optimal["objective_musd"].min(), optimal["objective_musd"].max()
        yield f"Weighed cost from {money(low)} to {money(high)} million USD."
    if len(optimal) and "programme" in rows and optimal["programme"].nunique() > 1:
        chosen = optimal["programme"].value_counts()
        yield f"Chosen: {listed([f'{level} {count:,}' for level, count in chosen.items()])}."
    for status in STATUSES[1:]:
        messages = rows.loc[rows["status"] == status, "message"].value_counts()
        for message, count in list(messages.items())[:3]:
            yield f"  {status}, {count:,}: {str(message)[:200]}"
