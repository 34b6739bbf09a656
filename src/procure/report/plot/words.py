"""The words on the pictures, in every language; those that a screen has too are taken from there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from procure.report.labels import LABELS
from procure.words import Language, printable, worst_share

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio

#: Characters of a name; what is longer would push the picture aside.
LONGEST = 44
#: Letters of what stands beside a name as its symbol.
SYMBOL = 3
#: Characters of a line at an axis.
_LINE = 42

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "all": "all elements", "light": "light", "medium_heavy": "medium and heavy",
        "mix": "Expected supply: {scope}", "mix_axis": "share of demand, %", "year": "year",
        "tail_each": "unserved, worst {tail} of each element", "tail_own": "unserved, worst {tail}",
        "shortage_title": "Unserved demand", "shortage_axis": "unserved, % of demand", "mean": "mean",
        "worst": "mean of the worst {tail}", "path": "worst path", "interval": "mean and its 95 % interval",
        "cost": "What it costs", "cost_axis": "present value, million USD", "programmes": "Programmes beside the one chosen",
        "portfolios": "Portfolios beside {first}", "difference_axis": "dearer, weighed present value, million USD",
        "error": "difference (standard error) and its 95 % interval", "exact": "difference, known exactly",
        "on_trees": "difference on the trees alone", "chosen": "chosen", "first": "held against",
        "out": "infeasible: no portfolio keeps the limits", "fresh": "on {paths} fresh paths",
        "switch": "Which programme is chosen", "margin_axis": "the next is dearer by, million USD",
        "margin": "how much dearer the next one is", "tie": "tie at 95 %", "at": "switch", "no unit": "no unit",
        "no portfolio": "no portfolio keeps the limits", "tied": "tie with another",
        "stress": "{name}: {event} from the beginning of {year}", "element": "element",
        "day_axis": "day of the event", "first_stop": "first stop on day {day}: {who}", "no_stop": "no line stops",
        "stop": "first day of a stop", "plan": "{plan} plan", "today's": "today's", "found": "found",
        "use": "unserved use, %", "map": "Sources of supply, {years}",
        "map_note": "t/yr: mean supply, t of oxide a year; the area of a disc grows with it.\n"
            "Points on a graticule, without coast lines.",
        "longitude": "longitude, °", "latitude": "latitude, °", "of_supply": "{name}\n{tonnes} t/yr, {share} % of demand",
        "tornado": "What the numbers that are not known for sure may move", "objective_axis": "weighed present value, million USD",
        "at_low": "at the low end of its range", "at_high": "at the high end", "other": "another programme is chosen",
        "unsolved": "not solved",
        "worth": "What it would be worth to know a number first", "worth_axis": "worth, million USD", "musd": "million USD",
        "interval_of_worth": "worth and its 95 % interval",
        "tree": "Futures of the tree: {process}", "tree_axis": "cumulative probability, %",
    },
    "ja": {
        "all": "全元素", "light": "軽希土類", "medium_heavy": "中・重希土類", "mix": "期待供給: {scope}",
        "mix_axis": "需要に占める割合、%", "year": "年", "tail_each": "供給不足（元素ごとの最悪 {tail}）",
        "tail_own": "供給不足（最悪 {tail}）", "shortage_title": "満たされない需要", "shortage_axis": "供給不足、需要比 %",
        "mean": "平均", "worst": "最悪 {tail} の平均", "path": "最悪経路", "interval": "平均と 95 % 区間",
        "cost": "費用の内訳", "cost_axis": "現在価値、百万ドル", "programmes": "選択した計画との差",
        "portfolios": "{first} との差", "difference_axis": "割高分、加重した現在価値、百万ドル",
        "error": "差（標準誤差）と 95 % 区間", "exact": "差（厳密）", "on_trees": "差（木の上のみ）", "chosen": "選択",
        "first": "比較の基準", "out": "不可: 制約を守る計画がない", "fresh": "新しい {paths} 経路",
        "switch": "選ばれる計画水準", "margin_axis": "次点の割高分、百万ドル", "margin": "次点がどれだけ高いか",
        "tie": "95 % で優劣不明", "at": "切替点", "no unit": "単位なし", "no portfolio": "制約を守る計画がない", "tied": "優劣不明",
        "stress": "{name}: {event}（{year} 年初から）", "element": "元素",
        "day_axis": "事象開始からの日数", "first_stop": "{day} 日目に最初の停止: {who}", "no_stop": "停止なし",
        "stop": "最初に停止する日", "plan": "{plan}計画", "today's": "現行", "found": "最適", "use": "満たされない使用量、%",
        "map": "供給源（{years} 年）",
        "map_note": "t/年: 年平均供給量（酸化物 t）。円の面積は供給量に比例。\n経緯線上の点で示す。海岸線は描いていない。",
        "longitude": "経度、°", "latitude": "緯度、°", "of_supply": "{name}\n{tonnes} t/年、需要の {share} %",
        "tornado": "不確かな数値が動かす費用", "objective_axis": "加重した現在価値、百万ドル", "at_low": "範囲の下端",
        "at_high": "範囲の上端", "other": "別の計画水準を選択",
        "unsolved": "解なし", "worth": "数値を先に知ることの価値", "worth_axis": "価値、百万ドル",
        "musd": "百万ドル", "interval_of_worth": "価値と 95 % 区間",
        "tree": "木の将来: {process}", "tree_axis": "累積確率、%",
    },
}  # fmt: skip


def words_in(language: Language) -> Mapping[str, str]:
    """Every word of the pictures and of the screens in a language; a picture's own come first."""
    return {**LABELS[language], **_WORDS[language]}


def shown(text: str, most: int = LONGEST) -> str:
    """A text as it may stand on a picture: no control and no formatting characters, and not too long.

    >>> shown("Lynas\\x1b[31m\\u202e"), shown("x" * 50)[-3:], shown("_hidden")
    ('Lynas', 'xx…', ' _hidden')
    """
    kept = printable(text)
    short = kept if len(kept) <= most else f"{kept[: most - 1]}…"
    return f" {short}" if short.startswith("_") else short  # matplotlib hides what begins with an underscore


def axis(path: str, unit: str, language: Language) -> str:
    """What stands at an axis of a number, in two lines where that is long.

    >>> axis("risk.weight", "1", "en"), axis("suppliers.seabed.programmes.ten.unit_cost", "USD/kg", "en")
    ('risk.weight, no unit', 'suppliers.seabed.programmes.\\nten.unit_cost, USD/kg')
    """
    text = f"{shown(path, 70)}, {unit if unit not in ('', '1') else words_in(language)['no unit']}"
    parts = text.split(".")
    if len(text) <= _LINE or len(parts) == 1:
        return text
    middle = min(range(1, len(parts)), key=lambda k: abs(len(".".join(parts[:k])) - len(text) / 2))
    return f"{'.'.join(parts[:middle])}.\n{'.'.join(parts[middle:])}"


class Names:
    """What a portfolio's suppliers, elements and classes are called on its pictures."""

    def __init__(self, portfolio: Portfolio, language: Language) -> None:
        self._names, self._words, self._language = portfolio.names, words_in(language), language
        self.title = shown(portfolio.title.get(language) or portfolio.title.get("en") or portfolio.name, most=80)
        self.tail = worst_share(portfolio.summary["alpha"])

    def of(self, key: str) -> str:
        """A supplier, a class, or a source that is none."""
        given = self._names.get(key, {})
        own = given.get(self._language) or given.get("en")
        return shown(own or self._words.get(key) or key.replace("_", " "))
