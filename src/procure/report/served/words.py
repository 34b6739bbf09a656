"""The words of the served page, in every language; what it shares with the report it takes from there."""

from __future__ import annotations

from collections.abc import Mapping

from procure.languages import Language, Said, in_language
from procure.report.html.words import words_in as words_of_report

#: Words of the report that this page has, too.
SHARED = ("language", "level", "unit", "table_of", "picture", "verdict_heading", "sliders_heading")

WORDS: Mapping[str, Said] = {
    "note_live": Said(
        "Move a number, or write any value beside its slider: each answer is solved, none is interpolated.",
        "数値を動かすか、つまみの横に値を書く。どの回答も解いたもので、補間ではない。",
    ),
    "note": Said(
        "Move numbers, or write any value beside a slider, then solve: each answer is solved, none is interpolated.",
        "数値を動かすか、つまみの横に値を書いてから「解く」を押す。どの回答も解いたもので、補間ではない。",
    ),
    "solve": Said("Solve", "解く"),
    "cancel": Said("Cancel", "中止"),
    "reset": Said("As in the model", "モデルの値に戻す"),
    "keep": Said("Keep this answer beside others", "この回答を並べて残す"),
    "save_file": Said("Save the model file", "モデルファイルを保存"),
    "save_report": Said("Save the report", "報告書を保存"),
    "exact_value": Said("{what}: value", "{what}: 値"),
    "path_of": Said("In the model file: {path}", "モデルファイルでの名前: {path}"),
    "add_limit": Said("Add a limit", "制約を加える"),
    "add": Said("Add it and solve", "加えて解く"),
    "kind": Said("Kind of limit", "制約の種類"),
    "preset": Said("A policy that is in the tables", "表にある政策から"),
    "own_limit": Said("none: a limit of one's own", "なし: 自由に設定"),
    "optional": Said("not set", "指定しない"),
    "limits_added": Said("Limits added", "加えた制約"),
    "remove": Said("Remove", "外す"),
    "not_added": Said("The limit was not added.", "制約は加わっていない。"),
    "working": Said("Working, {seconds} s.", "計算中、{seconds} 秒。"),
    "step": Said("{what}, {done} of {total}", "{what}、{total} 件中 {done} 件"),
    "step_alone": Said("{what}", "{what}"),
    "solved": Said("Solved in {seconds} s.", "{seconds} 秒で解いた。"),
    "moved": Said(
        "The numbers have moved since: solve, and the answer follows.",
        "その後に数値が動いている。「解く」を押すと回答が追従する。",
    ),
    "saved": Said("Saved: {name}.", "保存した: {name}。"),
    "none": Said("There is no answer to these numbers.", "この数値に対する回答はない。"),
    "lost": Said(
        "procure no longer answers: start procure explore again.",
        "procure が応答しない。procure explore を起動し直す。",
    ),
    "beside_heading": Said("Answers side by side", "回答の比較"),
    "beside_table": Said("Costs in present value, shares of demand over all years", "費用の現在価値、全期間の需要比"),
    "this": Said("this answer", "この回答"),
    "kept": Said("answer {number}", "回答 {number}"),
    "numbers_set": Said("what was moved", "動かしたもの"),
    "as_model": Said("none", "なし"),
    "why": Said("Why do they differ?", "違いの理由"),
    "why_heading": Said("Why this answer differs from answer {number}", "この回答と回答 {number} の違いの理由"),
    "pictures_heading": Said("Pictures", "図"),
    "pictures_later": Said("They are drawn once the answer stands.", "回答が定まると描かれる。"),
    "back": Said("Go back to it", "この数値に戻る"),
    "drop": Said("Take it away", "外す"),
    "of_model": Said("Model {name}", "モデル {name}"),
}


def words_in(language: Language) -> Mapping[str, str]:
    """Every word of the page in a language."""
    report, own = words_of_report(language), {key: in_language(text, language) for key, text in WORDS.items()}
    return {key: report[key] for key in SHARED} | own
