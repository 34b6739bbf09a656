"""How portfolios fared on fresh paths, in words and a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from procure.explore.yardsticks import CHEAPEST, TODAY
from procure.languages import Said
from procure.portfolio.evaluate import NOT_MINDED, Comparison, Evaluation
from procure.portfolio.fresh import CONFIDENCE
from procure.report.labels import LABELS
from procure.report.listing import Listing
from procure.report.page import Page
from procure.words import level_in_words, money, percent, rounded, span, unit_in_words, worst_share

_FRESH, _GIVEN = (
    Said("{paths:,} fresh paths, seed {seed}", "検証用の新しい {paths:,} 経路（種 {seed}）"),
    Said("the paths given", "与えられた経路"),
)
_LESS, _MORE = (
    Said(
        "Its program had made {amount} less of {name}, weighed", "{name} の加重費用は最適化時の見込みを {amount} 上回る"
    ),
    Said(
        "Its program had made {amount} more of {name}, weighed", "{name} の加重費用は最適化時の見込みを {amount} 下回る"
    ),
)
_NOT_THE_WORLD, _NOT_BOUND = (
    Said(
        ", {low} to {high}: its tree was not the world.",
        "（{low}～{high}）。シナリオツリーは現実の分布そのものではない。",
    ),
    Said(
        ", {low} to {high}: it keeps the limits that the rule, as said below, does not.",
        "（{low}～{high}）。最適化は、運用規則が守らない下記の制約を守っている。",
    ),
)
_APART = {
    "dearer": Said(
        "{name} is dearer than {first} by {by} ({low} to {high}), weighed.",
        "{name} は {first} より加重費用で {by} 高い（{low}～{high}）。",
    ),
    "cheaper": Said(
        "{name} is cheaper than {first} by {by} ({low} to {high}), weighed.",
        "{name} は {first} より加重費用で {by} 安い（{low}～{high}）。",
    ),
}
#: What a portfolio is held against.
YARDSTICKS = {TODAY: Said(TODAY, "現行契約"), CHEAPEST: Said(CHEAPEST, "平常時の最安計画")}
_BROKEN, _MAY_BREAK = Said("is broken", "守られない"), Said("may be broken", "守られないことがある")
_NOT_MINDED = Said(
    "{name} is no limit on a mean, and the rule does not mind it{when}: {amount}. Whether a rule that does could keep it with this "
    "plan, these paths do not say.",
    "制約 {name} は平均に対するものではなく、運用規則は考慮しない{when}: {amount}。考慮する規則なら本計画で守れるかどうかは、"
    "これらの経路からは分からない。",
)
_AMOUNT = Said("{value} {unit}, and the bound is {bound}", "{value} {unit}（限度 {bound}）")
_PRICED = Said(
    "{name} {broken}{when}: {amount}. The rule pays its shadow price for every unit, at which one more costs as much as it saves, "
    "and nothing holds it to the bound: the costs above are those of what it does.",
    "制約 {name} は{broken}{when}: {amount}。運用規則は 1 単位ごとに限界価値を支払うが、その価格では増やしても減らしても"
    "損得がなく、限度そのものには縛られない。上の費用はこの運用のものである。",
)
#: Elements with a line of their own: those that are short of most.
ELEMENTS = 6


def page(answer: Evaluation | Comparison) -> Page:
    """The screen."""
    return Page(_parts(answer))


def _parts(answer: Evaluation | Comparison) -> Iterator[str | Listing]:
    evaluations = answer.evaluations if isinstance(answer, Comparison) else {answer.programmes: answer}
    evaluations = {YARDSTICKS.get(name, level_in_words(name)): evaluation for name, evaluation in evaluations.items()}
    name, first = next(iter(evaluations.items()))
    drawn = _FRESH.format(paths=first.n_paths, seed=first.seed) if first.n_paths else _GIVEN
    yield Said(
        "{name} on {drawn}, under a rule that cannot see the future. Million USD; ± is {confidence:.0%}.",
        "{name}: {drawn}、将来を見通せない運用規則による。百万ドル、± は {confidence:.0%} 区間。",
    ).format(name=first.name, drawn=drawn, confidence=CONFIDENCE)
    yield ""
    yield _costs(evaluations)
    yield ""
    yield _optimism(name, first)
    if isinstance(answer, Comparison) and len(evaluations) > 1:
        yield ""
        yield from _verdicts(answer, name)
    yield ""
    yield _shortage(first)
    limits = list(_limits(first))
    if limits:
        yield ""
        yield from limits
    yield ""
    yield Said(
        "The rule is the best there is on the mean, and the mean is exact. One that minds the tail would cost less there: "
        "the tail, and the weighed cost, are the most that these portfolios need cost.",
        "この運用規則は平均費用について最良であり、平均は厳密な値である。最悪側を重視する規則なら最悪側の費用はさらに下がる。"
        "したがって最悪側の平均と加重費用は、これらの計画に要する費用の上限である。",
    )


def _costs(evaluations: Mapping[str, Evaluation]) -> Listing:
    first = next(iter(evaluations.values()))
    tail = LABELS["tail"].format(tail=worst_share(first.alpha))
    headings = (
        Said("Cost", "費用"),
        LABELS["expected"],
        tail,
        LABELS["objective"],
        Said("its program said", "最適化時の見込み"),
    )
    rows = []
    for name, evaluation in evaluations.items():
        half = (evaluation.costs["high_musd"] - evaluation.costs["low_musd"]) / 2
        costs = [_with_error(*pair) for pair in zip(evaluation.costs["musd"].tolist(), half.tolist(), strict=True)]
        rows.append((name, *costs, money(evaluation.costs["program_musd"].tolist()[-1])))
    return Listing(headings, rows, right=headings[1:])


def _with_error(number: float, half: float) -> str:
    """A sum and half the width of its interval; that alone where there is none to speak of.

    >>> _with_error(37571.3, 281.2), _with_error(26303.9, 0.0)
    ('37,571 ± 281', '26,304')
    """
    return f"{money(number)} ± {money(half)}" if half >= 0.5 else money(number)


def _optimism(name: str, evaluation: Evaluation) -> str:
    """How the program that found a portfolio judged it."""
    low, number, high = (float(evaluation.costs[f"optimism{part}_musd"].tolist()[-1]) for part in ("_low", "", "_high"))
    if abs(number) < 0.5:
        return Said("Its program had made as much of {name}.", "{name} の加重費用は最適化時の見込みどおり。").format(
            name=name
        )
    judged = (_LESS if number > 0 else _MORE).format(amount=money(abs(number)), name=name)
    if low <= 0 <= high:
        return judged + Said(
            ": chance may do that, between {more} more and {less} less.",
            "。抽出の偶然で説明できる（{more} の過大から {less} の過小まで）。",
        ).format(more=money(-low), less=money(high))
    # A rule that does not keep a limit costs less than its program, whatever the tree.
    is_bound = number > 0 or evaluation.limits["verdict"].isin(["kept", "unsure"]).all()
    low, high = sorted((abs(low), abs(high)))
    return judged + (_NOT_THE_WORLD if is_bound else _NOT_BOUND).format(low=money(low), high=money(high))


def _verdicts(answer: Comparison, first: str) -> Iterator[str]:
    """A sentence for every other portfolio, on the weighed cost."""
    rows = answer.differences[answer.differences["measure"] == "weighed"]
    columns = ("portfolio", "difference_musd", "low_musd", "high_musd", "verdict")
    for key, number, low, high, verdict in zip(*(rows[column].tolist() for column in columns), strict=True):
        name = YARDSTICKS.get(key, level_in_words(key))
        if verdict == "tie":
            yield Said(
                "{name} cannot be told from {first}: between {low} cheaper and {high} dearer.",
                "{name} と {first} は区別できない: {low} 安いから {high} 高いまでの間。",
            ).format(name=name, first=first, low=money(max(-low, 0)), high=money(max(high, 0)))
        else:
            low, high = sorted((abs(low), abs(high)))
            yield _APART[verdict].format(
                name=name, first=first, by=money(abs(number)), low=money(low), high=money(high)
            )


def _limits(evaluation: Evaluation) -> Iterator[str]:
    """A line for every limit that the rule does not keep for certain, in its worst year.

    Those on a mean it pays for; of the others, in every future, in a tail or on whole paths, it knows nothing.
    """
    limits = evaluation.limits
    frame = limits.assign(beyond=(limits["value"] - limits["bound"]).abs())
    for name, rows in frame[frame["verdict"] != "kept"].groupby("limit", sort=False):
        worst = rows.sort_values(["verdict", "beyond"], ascending=[True, False], kind="stable").iloc[0]
        years = sorted({int(year) for year in rows["year"].dropna()})
        when = Said(" in {years}", "（{years}年）").format(years=span(years)) if years else ""
        value, bound = rounded(float(worst["value"])), rounded(float(worst["bound"]))
        amount = _AMOUNT.format(value=value, bound=bound, unit=unit_in_words(worst["unit"]))
        if worst["verdict"] == NOT_MINDED:
            yield _NOT_MINDED.format(name=name, when=when, amount=amount)
            continue
        broken = _BROKEN if worst["verdict"] == "broken" else _MAY_BREAK
        yield _PRICED.format(name=name, broken=broken, when=when, amount=amount)


def _shortage(evaluation: Evaluation) -> Listing:
    """Expected shares unserved of the elements that are short of most, by year, per cent."""
    frame = evaluation.shortage
    whole = frame.groupby("element", sort=False)[["expected_t", "demand_t"]].sum()
    share = whole["expected_t"] / whole["demand_t"]
    chosen = share[share > 0].sort_values(ascending=False, kind="stable").index[:ELEMENTS].tolist()
    years = sorted(frame["year"].unique().tolist())
    share_of = dict(zip(zip(frame["element"], frame["year"], strict=True), frame["expected_share"], strict=True))
    rows = [(str(e), *(percent(share_of[e, year]) for year in years)) for e in chosen]
    headings = (Said("Unserved, %", "供給不足 %"), *map(str, years))
    return Listing(headings, rows, right=headings[1:])
