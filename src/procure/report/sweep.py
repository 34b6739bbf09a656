"""The rows of a sweep in a few lines: how many cases ended how, and what the best and the worst of them cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pandas import DataFrame, Series, isna

from procure.errors import DataError
from procure.explore.sweep.columns import BAD_INPUT, INFEASIBLE, OPTIMAL, STATUSES
from procure.languages import COMMA, LINE, SPACE, Said, again
from procure.model import Model
from procure.program.optimum import KNOWN, NO_PLAN, STOPPED
from procure.report.conflict import conflict, needs
from procure.words import listed, money

#: Characters of a message that are shown.
MOST = 200
#: How a case may end.
ENDED = {
    "optimal": Said("optimal", "最適"), "infeasible": Said("infeasible", "実行不能"),
    "limit_reached": Said("limit_reached", "制限到達"), "bad_input": Said("bad_input", "入力の誤り"),
    "failed": Said("failed", "失敗"),
}  # fmt: skip


#: Why the solver stopped, and what was known then.
_STOPPED = (SPACE.join([STOPPED, KNOWN]), SPACE.join([STOPPED, NO_PLAN]), STOPPED)
_REPAIRED = Said("{conflict}; {repair}", "{conflict}。緩和: {repair}")


def summary(model: Model, rows: DataFrame) -> Said:
    """How the cases of a model ended, in lines."""
    return LINE.join(_lines(model, rows))


def _lines(model: Model, rows: DataFrame) -> Iterator[str]:
    ended = rows["status"].value_counts()
    counted = [
        Said("{count:,} {status}", "{status} {count:,}").format(count=ended[status], status=ENDED.get(status, status))
        for status in STATUSES
        if status in ended
    ]
    yield Said("{count:,} cases of {name}: {counted}.", "{name} の {count:,} 事例: {counted}。").format(
        count=len(rows), name=model.name, counted=COMMA.join(counted)
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
        ended_so = rows[rows["status"] == status]
        for message, count in list(ended_so["message"].value_counts().items())[:3]:
            first = ended_so[ended_so["message"] == message].iloc[0]
            yield Said("  {status}, {count:,}: {message}", "  {status}、{count:,}: {message}").format(
                status=ENDED.get(status, status), count=count, message=_why(model, first, rows.attrs["parameters"])
            )


def _why(model: Model, row: Series, parameters: Sequence[str]) -> str:
    """Why a case has no portfolio, in both languages: rows keep it in English."""
    said = str(row["message"])[:MOST]
    if row["status"] == INFEASIBLE and {"conflict", "repair"} <= {*row.index}:
        told = _REPAIRED.format(conflict=conflict(str(row["conflict"])), repair=needs(str(row["repair"])))
        return Said(said, told.ja[:MOST])
    if row["status"] == BAD_INPUT:
        try:
            model.changed({path: row[path] for path in parameters if not isna(row[path])})
        except DataError as error:
            return Said(said, SPACE.join(fault.said for fault in error.faults).ja[:MOST])
    return again(said, *_STOPPED)
