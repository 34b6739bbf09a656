"""The fixed words of a screen, in every language it is shown in."""

from __future__ import annotations

from collections.abc import Mapping

from procure.languages import Said
from procure.limits.said import CLASSES
from procure.portfolio.element_period import REFUSALS
from procure.portfolio.fresh import ORDERS_FIRST
from procure.portfolio.verdict import IN_DOUBT

LABELS: Mapping[str, Said] = {
    "futures": Said(
        "{name}: {paths} paths, {which}, {nodes} nodes, {status}, {seconds} s",
        "{name}: {paths} 経路（{which}）、{nodes} 節点、{status}、{seconds} 秒",
    ),
    "optimal": Said("optimal", "最適"),
    "limit_reached": Said("limit_reached", "制限到達"),
    "drawn": Said("drawn from many", "多数の中から抽出"),
    "every": Said("every future there is", "起こり得る全経路"),
    "choose": Said("Choose {levels}: ", "{levels} を選ぶ。"),
    "shares": Said("Expected supply, %", "期待供給比率 %"),
    "today": Said("today", "現在"),
    "all": Said("all", "全体"),
    **CLASSES,
    "spot": Said("spot market", "スポット市場"),
    "stock": Said("from stock", "備蓄（純放出）"),
    "shortage": Said("unserved", "供給不足"),
    "surplus": Said("resold", "余剰転売"),
    "elements": Said("All years, %", "元素別、全年 %"),
    "demand": Said("t/yr", "t/年"),
    "short": Said("unserved", "不足"),
    "surplus_heading": Said("resold", "転売"),
    "spot_heading": Said("spot", "スポット"),
    "stock_heading": Said("stock", "備蓄"),
    "years_short": Said("years short", "不足年数"),
    "tail_share": Said("worst {tail}", "最悪 {tail}"),
    "short_cost": Said("lost, {unit}", "損失、{unit}"),
    "costs": Said("Present value, {unit}", "現在価値、{unit}"),
    "expected": Said("expected", "期待値"),
    "tail": Said("worst {tail}", "最悪 {tail}"),
    "worst": Said("worst path", "最悪経路"),
    "total": Said("all costs", "総費用"),
    "investment": Said("investment", "投資"),
    "fixed": Said("fixed charges", "固定費"),
    "storage_cost": Said("storage", "保管"),
    "contracts": Said("contracts", "契約"),
    "calls": Said("calls", "随時購入"),
    "spot_purchases": Said("spot purchases", "スポット購入"),
    "shortage_cost": Said("shortage", "不足損失"),
    "sales": Said("sales", "転売"),
    "stock_value": Said("stock left at the end", "期末在庫価値"),
    "beyond": Said("all in years beyond", "期間後の年の合計"),
    "levels": Said("Programmes, {unit}", "開発計画の比較、{unit}"),
    "objective": Said("weighed", "加重費用"),
    "status": Said("status", "状態"),
    "chosen": Said("chosen", "選択"),
    "dearer": Said("dearer", "割高"),
    "tie": Said("tie", "優劣不明"),
    "cheaper out of sample": Said("CHEAPER", "検証で割安"),
    "not compared": Said("not compared", "比較なし"),
    "infeasible": Said("infeasible", "実行不能"),
    "fresh": Said("fresh paths", "検証用の経路"),
    "apart": Said("dearer (error)", "差（標準誤差）"),
    "exact": Said("Every future is counted: the differences are exact.", "起こり得る全将来を数えた厳密な差。"),
    "one_tree": Said(
        "All on one tree, of many that could be drawn: with fresh paths (--paths) a difference has its error.",
        "抽出した1本のシナリオツリーによる。検証用の経路（--paths）を使えば差の誤差が分かる。",
    ),
    "refused": Said("How well that is known is not known: {why}", "確かさは不明: {why}"),
    "cheapest": Said(
        "{chosen} is cheapest: {apart} {unit} below {level} {where}; {ties}.",
        "{chosen} が最も安い: {level} より {apart} {unit}安い（{where}）。{ties}。",
    ),
    "no_ties": Said("no level ties", "優劣不明のものはない"),
    "some_tie": Said(
        "{levels} cannot be told from {chosen} at 95 %: dearer by {apart} {unit} {where}.",
        "{levels} は {chosen} と 95 % で区別できない: 差 {apart} {unit}（{where}）。",
    ),
    "are_cheaper": Said(
        "BUT cheaper than {chosen} {where}: {levels} {unit}. The tree chose by its own luck.",
        "ただし {chosen} より安い（{unit}、{where}）: {levels}。シナリオツリー上の選択は抽出の偶然による。",
    ),
    "cheaper_by": Said("{level} by {apart}", "{level} {apart}"),
    "on_fresh": Said("on {paths} fresh paths", "検証用の {paths} 経路"),
    "in_all": Said("exactly, over every future", "起こり得る全経路、厳密"),
    "seeds": Said(
        "{count} trees chose {levels}; of their plans that of seed {seed} costs least on the same fresh paths, "
        "{cost} ({error}), the dearest {most}.",
        "{count} 本のシナリオツリーの選択: {levels}。同じ検証用の経路で最も安いのは種 {seed} の計画の {cost} ({error})、"
        "最も高いものは {most}。",
    ),
    "on_the_tree": Said(
        "On the tree alone {chosen} is cheapest: {apart} {unit} below {level}. How sure that is only fresh paths can tell.",
        "抽出した木の上では {chosen} が最も安い: {level} より {apart} {unit}安い。その確かさは検証用の経路で調べないと分からない。",
    ),
    "because": Said("{verdict}: {reason}", "{verdict}: {reason}"),
    **{reason: reason for reason in (IN_DOUBT, ORDERS_FIRST, *REFUSALS)},
    "unknown": Said(
        "How sure the choice is, is not known: {verdict} ({levels}).",
        "選択の確かさは不明: {verdict}（{levels}）。",
    ),
    "loss": Said(
        "Shortage costs {loss} on average; no plan could avoid {unavoidable} of it. Foresight would save {foresight}.",
        "不足損失は平均 {loss}。うち {unavoidable} は未来を知っていても避けられない。"
        "未来を知らないことの費用は計 {foresight}。",
    ),
    "loss_limited": Said(
        "Shortage costs {loss} on average, less than the {unavoidable} that are cheapest for who "
        "knows the future: limits ask for it. Not knowing it and the limits cost {foresight} in all.",
        "不足損失は平均 {loss}。制約により、未来を知る最安計画の {unavoidable} より少ない。"
        "未来を知らないことと制約の費用は計 {foresight}。",
    ),
    "loss_avoidable": Said(
        "Shortage costs {loss} on average; who knew the future could avoid all of it. Foresight would save {foresight}.",
        "不足損失は平均 {loss}。未来を知っていればすべて避けられる。未来を知らないことの費用は計 {foresight}。",
    ),
    "loss_none": Said(
        "Shortage costs {loss} on average. Foresight would save {foresight}.",
        "不足損失は平均 {loss}。未来を知らないことの費用は計 {foresight}。",
    ),
    "loss_alone": Said("Shortage costs {loss} on average.", "不足損失は平均 {loss}。"),
    "sum": Said("{amount} {unit}", "{amount} {unit}"),
    "nothing": Said("nothing", "ゼロ"),
    "out": Said(
        "{level} is out: it needs {needs}; it would cost {cost} then, {more}.",
        "{level} は実行不能: 必要な緩和 {needs}。その場合の費用は {cost}（{more}）。",
    ),
    "out_alone": Said("{level} is out: it needs {needs}.", "{level} は実行不能: 必要な緩和 {needs}。"),
    "saved": Said("{saved} less", "{saved} 安い"),
    "spent": Said("{saved} more", "{saved} 高い"),
    "information": Said("Weighed, million USD", "加重費用、百万ドル"),
    "wait_and_see": Said("future known", "未来既知"),
    "here_and_now": Said("as decided", "本計画"),
    "expected_value_plan": Said("plan for the means", "平均値計画"),
    "expected_value": Said("as it would think", "平均値計画の見込み"),
    "impossible": Said("impossible", "実行不能"),
    "evpi": Said(
        "To know the future would be worth {evpi} million USD (EVPI).",
        "未来を知ることの価値は {evpi} 百万ドル（EVPI）。",
    ),
    "vss": Said(
        "A plan for mean numbers, which would think that it costs {thought}, costs {vss} more than this one (VSS).",
        "平均値だけで立てた計画は {thought} で済むと見込むが、本計画より {vss} 高くつく（VSS）。",
    ),
    "no_vss": Said(
        "A plan for mean numbers cannot be carried out: {conflict}.",
        "平均値だけで立てた計画は実行できない: {conflict}。",
    ),
    "musd": Said("million USD", "百万ドル"),
    "musd_short": Said("M USD", "百万ドル"),
    "kusd_short": Said("k USD", "千ドル"),
    "kusd": Said("thousand USD", "千ドル"),
    "holds_most": Said("What holds it back most: {words}.", "最も強い制約: {words}。"),
    "limits": Said(
        "What holds it back, and what a little more of it saves",
        "何が制約となっているか、少し緩めると何が節約できるか（限界価値）",
    ),
    "more_limits": Said(
        "... and {count} more in portfolio.limits; what a limit costs in all is in procure hedges",
        "… ほか {count} 件は portfolio.limits に。制約の費用の総額は procure hedges で",
    ),
    "no_limits": Said("nothing: no limit binds", "効いている制約はない"),
    "provenance": Said("Priced by numbers that are: {shares}", "費用を決める数値の根拠: {shares}"),
    "sourced": Said("sourced", "出典あり"),
    "derived": Said("derived", "計算"),
    "unverified": Said("unverified", "未確認"),
    "assumed": Said("assumed", "仮定"),
    "decides": Said(
        "Which of them the choice of programme turns on, and at which value: procure sensitivity {model} --decides",
        "開発計画の選択がどの数値のどの値で変わるか: procure sensitivity {model} --decides",
    ),
    "note": Said(
        "Weighed: {mean} % mean and {weight} % the mean of the worst {tail}. Worst {tail} of an element: its "
        "worst year.",
        "加重費用は平均 {mean} % と最悪 {tail} の平均 {weight} % の加重。元素の最悪 {tail} は最も悪い年のもの。",
    ),
}

#: How far a price holds, in what its steps are counted in.
HOLDS_TO = Said(", less beyond {amount}", "（{amount}まで）")
HOLDS_ON = Said(", to {amount} and beyond", "（{amount}以上も同じ）")
HOLDS_NOT = Said(", less from the first on", "（ごくわずかのみ）")
STEPS_OF = {
    "percentage point": Said("{n} points", "{n} %ポイント"), "day": Said("{n} days", "{n}日"),
    "million USD": Said("{n} million", "{n}百万ドル"), "0.1 t/t": Said("{n} steps", "{n}段"),
    "1 % more": Said("{n} %", "{n} %"), "1 % less": Said("{n} %", "{n} %"),
}  # fmt: skip
#: In Japanese, of a limit that has no price.
NO_PRICE = "将来全体を数えるため限界価値はない"

#: How people count large sums: (name, units of the currency).
LARGE_UNITS = {"JPY": ("億円", 1e8)}
