"""The rows of a sweep in a few lines: how many cases ended how, and what the best and the worst of them cost."""

from __future__ import annotations

from collections.abc import Iterator

from pandas import DataFrame

from procure.explore.sweep.columns import OPTIMAL, STATUSES
from procure.languages import COMMA, LINE, Said
from procure.words import listed, money

#: How a case may end.
ENDED = {
    "optimal": Said("optimal", "最適"), "infeasible": Said("infeasible", "実行不能"),
    "limit_reached": Said("limit_reached", "制限到達"), "bad_input": Said("bad_input", "入力の誤り"),
    "failed": Said("failed", "失敗"),
}  # fmt: skip


def summary(name: str, rows: DataFrame) -> Said:
    """How the cases of a model ended, in lines."""
    return LINE.join(_lines(name, rows))


def _lines(name: str, rows: DataFrame) -> Iterator[str]:
    ended = rows["status"].value_counts()
    counted = [
        Said("{count:,} {status}", "{status} {count:,}").format(count=ended[status], status=ENDED.get(status, status))
        for status in STATUSES
        if status in ended
    ]
    yield Said("{count:,} cases of {name}: {counted}.", "{name} の {count:,} ケース: {counted}。").format(
        count=len(rows), name=name, counted=COMMA.join(counted)
    )
    optimal = rows[rows["status"] == OPTIMAL]
    if len(optimal) and "objective_musd" in rows:
        low, high = optimal["objective_musd"].min(), optimal["objective_musd"].max()
        yield Said("Weighed cost from {low} to {high} million USD.", "加重費用は {low} から {high} 百万ドル。").format(
            low=money(low), high=money(high)
        )
    if len(optimal) and "programme" in rows and optimal["programme"].nunique() > 1:
        chosen = optimal["programme"].value_counts()
        levels = listed([f"{level} {count:,}" for level, count in chosen.items()])
        yield Said("Chosen: {levels}.", "選択: {levels}。").format(levels=levels)
    for status in STATUSES[1:]:
        messages = rows.loc[rows["status"] == status, "message"].value_counts()
        for message, count in list(messages.items())[:3]:
            yield Said("  {status}, {count:,}: {message}", "  {status}、{count:,}: {message}").format(
                status=ENDED.get(status, status), count=count, message=str(message)[:200]
            )
