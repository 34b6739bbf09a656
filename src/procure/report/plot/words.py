"""The words on the pictures, in every language; those that a screen has too are taken from there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells

from procure.languages import Language, Said, in_language, named
from procure.report.labels import LABELS
from procure.words import printable, worst_share

if TYPE_CHECKING:
    from procure.portfolio.portfolio import Portfolio

#: Characters of a name; what is longer would push the picture aside.
LONGEST = 44
#: Letters of what stands beside a name as its symbol.
SYMBOL = 3
#: Characters of a line at an axis.
_LINE = 42

_WORDS: Mapping[str, Said] = {
    "all": Said("all elements", "全元素"),
    "light": Said("light", "軽希土類"),
    "medium_heavy": Said("medium and heavy", "中・重希土類"),
    "mix": Said("Expected supply: {scope}", "期待供給: {scope}"),
    "mix_axis": Said("share of demand, %", "需要に占める割合、%"),
    "year": Said("year", "年"),
    "tail_each": Said("unserved, worst {tail} of each element", "供給不足（元素ごとの最悪 {tail}）"),
    "tail_own": Said("unserved, worst {tail}", "供給不足（最悪 {tail}）"),
    "shortage_title": Said("Unserved demand", "満たされない需要"),
    "shortage_axis": Said("unserved, % of demand", "供給不足、需要比 %"),
    "mean": Said("mean", "平均"),
    "worst": Said("mean of the worst {tail}", "最悪 {tail} の平均"),
    "path": Said("worst path", "最悪経路"),
    "interval": Said("mean and its 95 % interval", "平均と 95 % 区間"),
    "cost": Said("What it costs", "費用の内訳"),
    "cost_axis": Said("present value, million USD", "現在価値、百万ドル"),
    "programmes": Said("Programmes beside the one chosen", "選択した開発計画との差"),
    "portfolios": Said("Portfolios beside {first}", "{first} との差"),
    "difference_axis": Said("dearer, weighed present value, million USD", "割高分、加重費用（現在価値）、百万ドル"),
    "error": Said("difference (standard error) and its 95 % interval", "差（標準誤差）と 95 % 区間"),
    "exact": Said("difference, known exactly", "差（厳密）"),
    "on_trees": Said("difference on the trees alone", "差（シナリオツリー上のみ）"),
    "chosen": Said("chosen", "選択"),
    "first": Said("held against", "比較の基準"),
    "out": Said("infeasible: no portfolio keeps the limits", "不可: 制約を守る計画がない"),
    "fresh": Said("on {paths} fresh paths", "検証用の {paths} 経路"),
    "switch": Said("Which programme is chosen", "選ばれる開発計画"),
    "margin_axis": Said("the next is dearer by, million USD", "次点の割高分、百万ドル"),
    "margin": Said("how much dearer the next one is", "次点がどれだけ高いか"),
    "tie": Said("tie at 95 %", "95 % で優劣不明"),
    "at": Said("switch", "切替点"),
    "no unit": Said("no unit", "単位なし"),
    "no portfolio": Said("no portfolio keeps the limits", "制約を守る計画がない"),
    "tied": Said("tie with another", "優劣不明"),
    "stress": Said("{name}: {event} from the beginning of {year}", "{name}: {event}（{year} 年初から）"),
    "element": Said("element", "元素"),
    "day_axis": Said("day of the event", "事象開始からの日数"),
    "first_stop": Said("first stop on day {day}: {who}", "{day} 日目に最初の停止: {who}"),
    "no_stop": Said("no line stops", "停止なし"),
    "stop": Said("first day of a stop", "最初に停止する日"),
    "plan": Said("{plan} plan", "{plan}計画"),
    "today's": Said("today's", "現行"),
    "found": Said("found", "最適"),
    "use": Said("unserved use, %", "満たされない使用量、%"),
    "map": Said("Sources of supply, {years}", "供給源（{years} 年）"),
    "map_note": Said(
        "t/yr: mean supply, t of oxide a year; the area of a disc grows with it.\nPoints on a graticule, without "
        "coast lines.",
        "t/年: 年平均供給量（酸化物 t）。円の面積は供給量に比例。\n経緯線上の点で示す。海岸線は描いていない。",
    ),
    "longitude": Said("longitude, °", "経度、°"),
    "latitude": Said("latitude, °", "緯度、°"),
    "of_supply": Said("{name}\n{tonnes} t/yr, {share} % of demand", "{name}\n{tonnes} t/年、需要の {share} %"),
    "tornado": Said("What the numbers that are not known for sure may move", "不確かな数値が動かす費用"),
    "objective_axis": Said("weighed present value, million USD", "加重費用（現在価値）、百万ドル"),
    "at_low": Said("at the low end of its range", "範囲の下端"),
    "at_high": Said("at the high end", "範囲の上端"),
    "other": Said("another programme is chosen", "別の開発計画を選択"),
    "unsolved": Said("not solved", "解なし"),
    "worth": Said("What it would be worth to know a number first", "数値を先に知ることの価値"),
    "worth_axis": Said("worth, million USD", "価値、百万ドル"),
    "interval_of_worth": Said("worth and its 95 % interval", "価値と 95 % 区間"),
    "tree": Said("Futures of the tree: {process}", "シナリオツリーの将来: {process}"),
    "tree_axis": Said("cumulative probability, %", "累積確率、%"),
}


def words_in(language: Language) -> Mapping[str, str]:
    """Every word of the pictures and of the screens in a language; a picture's own come first."""
    return {key: in_language(text, language) for key, text in {**LABELS, **_WORDS}.items()}


def shown(text: str, most: int = LONGEST) -> str:
    """A text as it may stand on a picture: no control or formatting characters, and not too long; full-width ones count twice.

    >>> shown("Lynas\\x1b[31m\\u202e"), shown("x" * 50)[-3:], shown("_hidden"), shown("調達", most=3)
    ('Lynas', 'xx…', ' _hidden', '調…')
    """
    kept = printable(text)
    short = kept if cell_len(kept) <= most else f"{chop_cells(kept, most - 1)[0]}…"
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
        self.title = shown(in_language(named(portfolio.title, portfolio.name), language), most=80)
        self.tail = worst_share(portfolio.summary["alpha"])

    def of(self, key: str) -> str:
        """A supplier, a class, or a source that is none."""
        given = self._names.get(key, {})
        own = given.get(self._language) or given.get("en")
        return shown(own or self._words.get(key) or key.replace("_", " "))
