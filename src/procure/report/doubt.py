"""What a doubt about the odds makes of an answer, in words: the worst law, which states it makes likelier, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from procure.languages import COMMA, Said
from procure.risk import balls
from procure.words import money

if TYPE_CHECKING:
    from pandas import DataFrame

    from procure.portfolio.portfolio import Portfolio

#: States that are told, of those that the worst law makes likelier; and the least by which it has to, in shares of the time.
STATES, LEAST = 4, 0.0005
IN_DOUBT = Said(
    "The odds are in doubt: {may}. The worst law moves {moved} % of the probability; under it this plan costs {dearer} million USD "
    "more, weighed, and the plan is made for it.",
    "確率は不確か: {may}。最悪の確率分布は確率の {moved} % を移し、その下で本計画の目的値は {dearer} 百万ドル高い。"
    "計画はこの分布に対して立てられている。",
)
BY_BANDS = Said(
    "Where futures are drawn, what a supplier does is how much of its supply is lost over all years, in tenths: futures within a "
    "tenth stand for one another.",
    "将来を抽出した場合は、供給元の挙動を全期間で失われる供給の割合（1 割刻み）で数え、同じ 1 割の中の将来は互いに入れ替わり得る。",
)
LIKELIER = Said("It makes likelier, of all the time: {states}.", "その下で増える状態（全期間に占める割合）: {states}。")
STATE = Said("{process} {state} {before} to {after} %", "{process} {state} {before} → {after} %")


def in_doubt(portfolio: Portfolio) -> Iterator[Said]:
    """The sentences of an answer whose odds are in doubt; none where they are not."""
    summary = portfolio.summary
    if "as_given" not in summary:
        return
    chosen = portfolio.settings["risk"]
    yield IN_DOUBT.format(
        may=balls()[chosen["ambiguity"]].in_words(chosen["radius"]), moved=f"{100 * summary['moved']:.3g}",
        dearer=money(summary["objective"] - summary["as_given"]),
    )  # fmt: skip
    if balls()[chosen["ambiguity"]].by_history and summary["drawn"]:
        yield BY_BANDS
    yield from likelier(portfolio.odds)


def likelier(odds: DataFrame) -> Iterator[Said]:
    """The states that the worst law makes likelier, those first that gain most; nothing where there is none."""
    gain = (odds["worst_chance"] - odds["chance"]).sort_values(ascending=False, kind="stable")
    rows = odds.loc[gain.index[gain > LEAST][:STATES]].to_dict("records")
    if rows:
        told = (
            STATE.format(
                process=row["process"], state=row["state"],
                before=f"{100 * row['chance']:.3g}", after=f"{100 * row['worst_chance']:.3g}",
            )
            for row in rows
        )  # fmt: skip
        yield LIKELIER.format(states=COMMA.join(told))
