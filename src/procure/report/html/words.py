"""The words of the report page, in every language; those that a picture or a screen has too are taken from there."""

from __future__ import annotations

from collections.abc import Mapping

from procure.languages import Language, Said, in_language
from procure.report.plot.words import words_in as words_of_pictures

WORDS: Mapping[str, Said] = {
    "language": Said("English", "日本語"),
    "picture": Said("Picture", "図"),
    "contents": Said("Contents", "目次"),
    "skip": Said("Skip to the answer", "本文へ"),
    "none": Said("none", "なし"),
    "of_model": Said("Model {name}", "モデル {name}"),
    "table_of": Said("Table", "表"),
    "and": Said(" and ", "・"),
    "number": Said("number", "数値"),
    "source": Said("source", "出典"),
    "range": Said("range", "範囲"),
    "status_of": Said("status", "根拠"),
    "unit": Said("unit", "単位"),
    "verdict_heading": Said("What to do", "結論"),
    "choose": Said("Programme: {levels}.", "計画: {levels}。"),
    "start_none": Said("Start no programme for {suppliers}.", "{suppliers}の開発計画は始めない。"),
    "sign": Said("Contract for {year}: {contracts}.", "{year} 年分の契約: {contracts}。"),
    "sign_of": Said("{supplier} {tonnes} t", "{supplier} {tonnes} t"),
    "room": Said("Make room for stock of up to {days} days of use.", "備蓄は最大で使用量 {days} 日分。"),
    "in_brackets": Said(
        "In brackets is the standard error of a difference: with 95 % confidence the truth is no further off than twice that.",
        "括弧内は差の標準誤差。真の差は 95 % の確かさでその 2 倍以内にある。",
    ),
    "level_of": Said("{supplier}, {level}", "{supplier}、{level}"),
    "sentence": Said("{text}.", "{text}。"),
    "holds_most": Said("What holds it back most: {words}.", "最も強い制約: {words}。"),
    "assumed_of": Said(
        "{share} % of all money is priced by numbers that are assumed.", "費用全体の {share} % は仮定した数値で決まる。"
    ),
    "tile_cost": Said("expected cost, present value", "期待費用（現在価値）"),
    "tile_tail": Said("mean of the worst {tail}", "最悪 {tail} の平均"),
    "tile_unserved": Said("of demand for {scope} unserved, expected", "{scope}の需要のうち満たされない割合（期待値）"),
    "tile_stock": Said("of use in stock at most: {element}, {year}", "備蓄の上限、使用日数: {element}、{year} 年"),
    "days": Said("days", "日"),
    "plan_heading": Said("What to sign, build and store", "契約・建設・備蓄"),
    "plan_note": Said(
        "What is decided now, by year. A row that is nothing in every year is left out.",
        "今決めること、年ごと。どの年も何もない行は省く。",
    ),
    "plan_table": Said("The plan, t of oxide a year; stock in t", "計画、酸化物 t/年（備蓄は t）"),
    "decision": Said("decision", "決定"),
    "programme": Said("Programme in force", "実施する開発計画"),
    "contract": Said("Sign: firm contracts, t/yr", "契約: 確定引取量、t/年"),
    "reserve": Said("Reserve: kept under option, t/yr", "予約: オプションで確保する量、t/年"),
    "placed": Said("Place an order", "発注する"),
    "output": Said("Run: throughput of whole ore, t/yr", "稼働: 原料処理量、t/年"),
    "expansion": Said("Build: capacity added, t/yr", "建設: 追加能力、t/年"),
    "use": Said("Qualify and keep in use", "認定して使い続ける"),
    "stock_target": Said("Store: the most to hold, t", "備蓄: 保有の上限、t"),
    "yes": Said("yes", "あり"),
    "after": Said("{what} (after {seen}, {chance} %)", "{what}（{seen} の後、{chance} %）"),
    "stock_table": Said("Stock: the most to hold, days of that year's use", "備蓄: 保有の上限、その年の使用日数"),
    "element": Said("element", "元素"),
    "mix_heading": Said("Who supplies", "供給の構成"),
    "mix_note": Said(
        "Expected shares of demand over all futures; columns add up to 100.",
        "全ての将来にわたる需要比の期待値。列の合計は 100。",
    ),
    "mix_table": Said("Expected supply, % of demand", "期待供給、需要比 %"),
    "class": Said("class", "区分"),
    "supplier": Said("supplier", "供給元"),
    "cost_heading": Said("What it costs, and how bad it may be", "費用と、最悪の場合"),
    "cost_table": Said("Present value, million USD", "現在価値、百万ドル"),
    "component": Said("component", "内訳"),
    "in_currency": Said("{column}, {unit}", "{column}、{unit}"),
    "shortage_heading": Said("Who runs short, and when", "不足する元素とその時期"),
    "shortage_table": Said("Unserved demand over all years", "全期間の満たされない需要"),
    "unserved_mean": Said("unserved, %", "不足 %"),
    "shortage_years": Said(
        "Unserved demand by year, %: mean of all futures, then mean of the worst {tail}",
        "年ごとの満たされない需要 %: 全ての将来の平均、次に最悪 {tail} の平均",
    ),
    "mean_of_all": Said("Mean of all futures", "全ての将来の平均"),
    "nobody": Said("Nobody runs short.", "不足する元素はない。"),
    "levels_heading": Said("How sure the choice is", "選択の確かさ"),
    "levels_table": Said("Programmes, million USD of present value", "開発計画の比較、現在価値、百万ドル"),
    "level": Said("programme", "開発計画"),
    "verdict": Said("verdict", "判定"),
    "limits_heading": Said(
        "What holds it back, and what more of it is worth", "何が制約しているか、緩めればいくら得か"
    ),
    "limits_table": Said(
        "Limits and numbers that bind, dearest first; savings in million USD of present value",
        "効いている制約と数値、節約の大きい順（現在価値、百万ドル）",
    ),
    "limit": Said("a little more", "わずかな緩和"),
    "used": Said("used", "使用"),
    "there_is": Said("there is", "上限"),
    "saves": Said("saves", "節約"),
    "tag": Said("kind", "種類"),
    "policy": Said("policy", "政策"),
    "contractual": Said("contract", "契約"),
    "physical": Said("physical", "物理"),
    "limits_more": Said(
        "{count} more bind and save less; they are in the answer's frame limits.",
        "ほか {count} 件も効いているが節約は小さい。回答の表 limits にある。",
    ),
    "unavoidable_heading": Said("What no plan can avoid", "どの計画でも避けられないもの"),
    "sliders_heading": Said("If these numbers were others", "数値が違えば"),
    "sliders_note": Said(
        "Every step of a slider is a case that was solved. Between two steps the figures lie on straight "
        "lines between the solved cases beside them: they are no answers.",
        "目盛りの一つ一つが解いた事例である。目盛りの間の数値は両側の事例を直線で結んだもので、解ではない。",
    ),
    "of_class": Said("{scope}: {what}", "{scope}: {what}"),
    "at_sliders": Said("at the sliders", "つまみの位置"),
    "of_answer": Said("this answer", "この回答"),
    "solved_here": Said("Solved: exact at these steps.", "解: この目盛りでは厳密。"),
    "between": Said("Between solved steps: interpolated, not solved.", "目盛りの間: 補間であり、解ではない。"),
    "unsolved": Said(
        "There is no portfolio at these steps, or beside them.", "この目盛り、または隣の目盛りでは調達計画がない。"
    ),
    "sliders_table": Said("Costs in present value, shares of demand over all years", "費用の現在価値、全期間の需要比"),
    "ranges_heading": Said("Which shares are firm, and which are free", "動かせない比率、動かせる比率"),
    "frontier_heading": Said("What each step of a limit costs", "制約の一段ごとの費用"),
    "stress_heading": Said("Along one path of events", "一つの事態の経過"),
    "fresh_paths_heading": Said("On fresh paths", "新しい経路での成績"),
    "corridor_heading": Said("What a contract is worth", "契約の価値"),
    "ambiguity_heading": Said("How wrong the odds may be", "確率はどこまで違ってよいか"),
    "first_supplier_heading": Said("Where the first supplier changes", "第一の供給元が変わる値"),
    "regret_heading": Said("Which plan is least regretted", "後悔が最も小さい計画"),
    "why_heading": Said("Why not another", "なぜ別の計画ではないのか"),
    "verification_heading": Said("Proved again by arithmetic", "算術による検証"),
    "hedges_heading": Said("What each hedge is worth", "備えそれぞれの価値"),
    "reviews_heading": Said("What each review is worth", "見直しそれぞれの価値"),
    "numbers_heading": Said("Which numbers decide", "結論を左右する数値"),
    "switches_heading": Said("Where another programme is chosen", "別の開発計画が選ばれる値"),
    "deciding_table": Said(
        "The numbers that were looked at, those first that change the choice", "調べた数値、選択を変えるものから順に"
    ),
    "flips_at": Said("another programme", "別の開発計画"),
    "never": Said("nowhere in the range", "範囲内にはない"),
    "flips_to": Said("{level} at the {end}", "{end}で {level}"),
    "turns_low": Said("{level} below {value}", "{value} を下回ると {level}"),
    "turns_high": Said("{level} above {value}", "{value} を上回ると {level}"),
    "low_end": Said("low end", "下端"),
    "high_end": Said("high end", "上端"),
    "from_to": Said("{low} to {high}", "{low}～{high}"),
    "and_then": Said("; ", "、"),
    "assumptions_heading": Said("The assumptions that decide", "結論を左右する前提"),
    "provenance_table": Said("Gross cost by how firm the number is that prices it", "費用総額を決める数値の根拠"),
    "cost_musd": Said("million USD", "百万ドル"),
    "share_pct": Said("%", "%"),
    "set_table": Said(
        "Numbers set for this answer, in place of those of the tables", "表の値に代えてこの回答のために設定した数値"
    ),
    "value": Said("value", "値"),
    "reason": Said("reason", "理由"),
    "not_asked": Said(
        "Which single numbers would change the choice, and at which value, has not been asked for this "
        "page. procure sensitivity --decides and procure switch answer it.",
        "どの数値がどの値で選択を変えるかは、このページでは調べていない。procure sensitivity --decides と"
        " procure switch が答える。",
    ),
    "computed_heading": Said("How it was computed", "計算の方法"),
    "computed_table": Said("Model, futures, solver, versions", "モデル、将来、解法、版"),
    "what": Said("what", "項目"),
    "model": Said("model", "モデル"),
    "file": Said("model file", "モデルファイル"),
    "facts_hash": Said("tables, SHA-256", "数値の表 SHA-256"),
    "settings_hash": Said("choices, SHA-256", "選択 SHA-256"),
    "answer_hash": Said("answer, SHA-256", "回答 SHA-256"),
    "tree": Said("futures", "将来"),
    "tree_drawn": Said(
        "{leaves} paths, {nodes} nodes, drawn by seed {seed}", "経路 {leaves}、節点 {nodes}、種 {seed} で抽出"
    ),
    "tree_every": Said(
        "{leaves} paths, {nodes} nodes: every future there is", "経路 {leaves}、節点 {nodes}: 起こり得る全経路"
    ),
    "fresh_of": Said("verdict on the programmes", "開発計画の判定"),
    "fresh_said": Said("{paths} fresh paths, seed {seed}", "新しい {paths} 経路、種 {seed}"),
    "fresh_none": Said("no fresh paths", "新しい経路なし"),
    "risk": Said("weighing", "加重"),
    "solver": Said("solver", "求解"),
    "solver_said": Said(
        "{status}; proved to {gap}; {cold} answers solved again", "{status}、証明の精度 {gap}、解き直し {cold} 件"
    ),
    "gap_exact": Said("the last digit", "最後の桁まで"),
    "gap_said": Said("{gap} %", "{gap} %"),
    "seconds": Said("time", "時間"),
    "seconds_said": Said("{seconds} s", "{seconds} 秒"),
    "page_by": Said("this page written by", "このページの作成"),
    "discount": Said("discount rate", "割引率"),
    "variant": Said("variant of the world", "世界の変種"),
    "settings": Said("Every choice of the model", "モデルの全ての選択"),
    "rounding": Said(
        "Figures are rounded for reading; the exact number of the answer stands behind each in the page, "
        "as its value. A dash is nothing.",
        "数値は読みやすく丸めてある。回答の正確な値は、ページの中でそれぞれの数値の背後にある。横線は無いことを表す。",
    ),
}


def words_in(language: Language) -> Mapping[str, str]:
    """Every word of the page, the pictures and the screens in a language; the page's own come first."""
    return {**words_of_pictures(language), **{key: in_language(text, language) for key, text in WORDS.items()}}
