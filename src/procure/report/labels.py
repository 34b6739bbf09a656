"""The fixed words of a screen, in every language it is shown in."""

from __future__ import annotations

from procure.words import Language

LABELS: dict[Language, dict[str, str]] = {
    "en": {
        "futures": "{name}: {paths} paths, {which}, {nodes} nodes, {status}, {seconds} s",
        "drawn": "drawn from many", "every": "every future there is",
        "programmes_chosen": "programme: {levels}",
        "shares": "Expected supply, %", "today": "today", "all": "all", "spot": "spot market",
        "stock": "stock, net", "shortage": "unserved", "surplus": "sold on",
        "elements": "All years, %", "demand": "t/yr", "short": "unserved",
        "spot_heading": "spot", "stock_heading": "stock",
        "years_short": "years short", "tail_share": "worst {tail}", "short_cost": "lost, M USD",
        "costs": "Present value, million USD", "expected": "expected", "tail": "worst {tail}", "worst": "worst path",
        "total": "all costs",
        "investment": "investment", "fixed": "fixed charges", "storage_cost": "storage", "contracts": "contracts",
        "calls": "calls", "spot_purchases": "spot purchases", "shortage_cost": "shortage", "sales": "sales",
        "stock_value": "stock left at the end",
        "levels": "Programmes, million USD", "objective": "weighed", "status": "status",
        "chosen": "chosen", "dearer": "dearer", "tie": "tie", "cheaper out of sample": "CHEAPER", "not compared": "not compared",
        "infeasible": "infeasible", "fresh": "fresh paths", "apart": "dearer (error)",
        "cheapest": "{chosen} is cheapest: {apart} M USD below {level} {where}; {ties}.", "no_ties": "no level ties",
        "some_tie": "{levels} cannot be told from {chosen} at 95 %: dearer by {apart} million USD {where}.",
        "are_cheaper": "BUT cheaper than {chosen} {where}: {levels} million USD. The tree chose by its own luck.",
        "cheaper_by": "{level} by {apart}",
        "on_fresh": "on {paths} fresh paths", "in_all": "exactly, over every future",
        "seeds": "{count} trees chose {levels}; of their plans that of seed {seed} costs least on the same fresh paths, "
                 "{cost} ({error}), the dearest {most}.",
        "unknown": "How sure the choice is, is not known: {level} was {verdict}.",
        "loss": "Shortage costs {loss} million USD on average; {unavoidable} of it no plan could avoid, even one that knew "
                "the future. Not knowing it costs {foresight} in all.",
        "loss_limited": "Shortage costs {loss} million USD on average, less than the {unavoidable} that are cheapest for who knows "
                        "the future: limits ask for it. Not knowing it and the limits cost {foresight} in all.",
        "loss_alone": "Shortage costs {loss} million USD on average.",
        "out": "{level} is out: it needs {needs}; it would cost {cost} then, {more}.",
        "out_alone": "{level} is out: it needs {needs}.", "saved": "{saved} less", "spent": "{saved} more",
        "information": "Weighed, million USD", "wait_and_see": "future known", "here_and_now": "as decided",
        "expected_value_plan": "plan for the means", "expected_value": "as it would think", "impossible": "impossible",
        "evpi": "To know the future would be worth {evpi} million USD (EVPI).",
        "vss": "A plan for mean numbers, which would think that it costs {thought}, costs {vss} more than this one (VSS).",
        "no_vss": "A plan for mean numbers cannot be carried out: {conflict}.",
        "limits": "What holds it back, and what a little more of it saves",
        "more_limits": "... and {count} more in portfolio.limits",
        "no_limits": "nothing: no limit binds",
        "provenance": "Priced by numbers that are", "sourced": "sourced", "derived": "derived", "unverified": "unverified",
        "assumed": "assumed",
        "note": "Weighed: {mean} % mean and {weight} % the mean of the worst {tail}. Worst {tail} of an element: its worst year.",
    },
    "ja": {
        "futures": "{name}: 経路 {paths}（{which}）、節点 {nodes}、{status}、{seconds} 秒",
        "drawn": "多数からの抽出", "every": "起こり得る全経路",
        "programmes_chosen": "選択した計画: {levels}",
        "shares": "期待供給比率 %", "today": "現在", "all": "全体", "spot": "スポット市場",
        "stock": "備蓄（純放出）", "shortage": "供給不足", "surplus": "余剰転売",
        "elements": "元素別 %", "demand": "t/年", "short": "不足",
        "spot_heading": "スポット", "stock_heading": "備蓄",
        "years_short": "不足年数", "tail_share": "最悪 {tail}", "short_cost": "百万ドル",
        "costs": "現在価値、百万ドル", "expected": "期待値", "tail": "最悪 {tail}", "worst": "最悪経路",
        "total": "総費用",
        "investment": "投資", "fixed": "固定費", "storage_cost": "保管", "contracts": "契約", "calls": "随時購入",
        "spot_purchases": "スポット購入", "shortage_cost": "不足損失", "sales": "転売", "stock_value": "期末在庫価値",
        "levels": "計画水準の比較、百万ドル", "objective": "目的値", "status": "状態",
        "chosen": "選択", "dearer": "割高", "tie": "優劣不明", "cheaper out of sample": "標本外で割安", "not compared": "比較なし",
        "infeasible": "不可", "fresh": "新しい経路", "apart": "差（標準誤差）",
        "cheapest": "{chosen} が最も安い: {level} より {apart} 百万ドル安い（{where}）。{ties}。",
        "no_ties": "優劣不明の水準はない",
        "some_tie": "{levels} は {chosen} と 95 % で区別できない: 差 {apart} 百万ドル（{where}）。",
        "are_cheaper": "ただし {chosen} より安い（百万ドル、{where}）: {levels}。木の選択は抽出の偶然による。",
        "cheaper_by": "{level} {apart}",
        "on_fresh": "新しい {paths} 経路", "in_all": "起こり得る全経路、厳密",
        "seeds": "{count} 本の木の選択: {levels}。同じ新しい経路で最も安いのは種 {seed} の計画の {cost} ({error})、"
                 "最も高いものは {most}。",
        "unknown": "選択の確かさは不明: {level} は {verdict}。",
        "loss": "不足損失は平均 {loss} 百万ドル。うち {unavoidable} は未来を知っていても避けられない。"
                "未来を知らないことの費用は計 {foresight}。",
        "loss_limited": "不足損失は平均 {loss} 百万ドル。制約により、未来を知る最安計画の {unavoidable} より少ない。"
                        "未来を知らないことと制約の費用は計 {foresight}。",
        "loss_alone": "不足損失は平均 {loss} 百万ドル。",
        "out": "{level} は不可: 必要な緩和 {needs}。その場合の費用は {cost}（{more}）。",
        "out_alone": "{level} は不可: 必要な緩和 {needs}。", "saved": "{saved} 安い", "spent": "{saved} 高い",
        "information": "目的値、百万ドル", "wait_and_see": "未来既知", "here_and_now": "本計画",
        "expected_value_plan": "平均値計画", "expected_value": "平均値計画の見込み", "impossible": "実行不能",
        "evpi": "未来を知ることの価値は {evpi} 百万ドル（EVPI）。",
        "vss": "平均値だけで立てた計画は {thought} で済むと見込むが、本計画より {vss} 高くつく（VSS）。",
        "no_vss": "平均値だけで立てた計画は実行できない: {conflict}。",
        "limits": "何が制約しているか（緩和による限界的な節約）", "more_limits": "… ほか {count} 件は portfolio.limits に",
        "no_limits": "効いている制約はない",
        "provenance": "費用を決める数値の根拠", "sourced": "出典あり", "derived": "計算", "unverified": "未確認",
        "assumed": "仮定",
        "note": "目的値は平均 {mean} % と最悪 {tail} の平均 {weight} % の加重。元素の最悪 {tail} は最も悪い年のもの。",
    },
}  # fmt: skip

#: In Japanese, the numbers of the tables that hold back, the steps by which limits and numbers move, and where there is none.
HELD_BACK = {
    "offer": "供給枠", "contract_limit": "事前契約の上限", "commitment": "既契約", "capacity": "生産能力",
    "programme_capacity": "計画の生産能力",
    "growth": "年間増産", "expansion": "増設上限", "minimum_order": "最低発注量", "stock_today": "現在の備蓄",
    "stock_room": "備蓄の上限", "refill": "備蓄への補充枠", "spot": "スポット市場の量",
}  # fmt: skip
STEPS = {
    "percentage point": "1 %ポイント緩和", "day": "1日緩和", "million USD": "百万ドル緩和", "0.1 t/t": "0.1 t/t 緩和",
    "1 % more": "1 % 増", "1 % less": "1 % 減",
}  # fmt: skip
WHEN = {"undisturbed": "（平常時）", "always": "（あらゆる将来）", "mean": "（全将来の平均）"}
NO_PRICE = "経路を丸ごと数えるため限界価格はない"

#: How people count large sums: (name, units of the currency).
LARGE_UNITS = {"JPY": ("億円", 1e8)}
