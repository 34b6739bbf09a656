"""The words of the served page, in every language; what it shares with the report it takes from there."""

from __future__ import annotations

from collections.abc import Mapping

from procure.languages import Language
from procure.report.html.words import words_in as words_of_report

#: Words of the report that this page has, too.
SHARED = ("language", "level", "unit", "table_of", "verdict_heading", "sliders_heading")

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "note_live": "Move a number, or write any value beside its slider: each answer is solved, none is interpolated.",
        "note": "Move numbers, or write any value beside a slider, then solve: each answer is solved, none is interpolated.",
        "solve": "Solve", "cancel": "Cancel", "reset": "As in the model", "keep": "Keep this answer beside others",
        "save_file": "Save the model file", "save_report": "Save the report", "exact_value": "Value of {path}",
        "working": "Working, {seconds} s.", "step": "{what}, {done} of {total}", "solved": "Solved in {seconds} s.",
        "moved": "The numbers have moved since: solve, and the answer follows.", "saved": "Saved: {name}.",
        "none": "There is no answer to these numbers.", "lost": "procure no longer answers: start procure explore again.",
        "beside_heading": "Answers side by side", "beside_table": "Costs in present value, shares of demand over all years",
        "this": "this answer", "kept": "answer {number}", "numbers_set": "numbers moved", "as_model": "none",
        "back": "Go back to it", "drop": "Take it away", "of_model": "Model {name}",
    },
    "ja": {
        "note_live": "数値を動かすか、つまみの横に値を書く。どの回答も解いたもので、補間ではない。",
        "note": "数値を動かすか、つまみの横に値を書いてから「解く」を押す。どの回答も解いたもので、補間ではない。",
        "solve": "解く", "cancel": "中止", "reset": "モデルの値に戻す", "keep": "この回答を並べて残す",
        "save_file": "モデルファイルを保存", "save_report": "報告書を保存", "exact_value": "{path} の値",
        "working": "計算中、{seconds} 秒。", "step": "{what}、{total} 件中 {done} 件", "solved": "{seconds} 秒で解いた。",
        "moved": "その後に数値が動いている。「解く」を押すと回答が追従する。", "saved": "保存した: {name}。",
        "none": "この数値に対する回答はない。", "lost": "procure が応答しない。procure explore を起動し直す。",
        "beside_heading": "回答の比較", "beside_table": "費用の現在価値、全期間の需要比",
        "this": "この回答", "kept": "回答 {number}", "numbers_set": "動かした数値", "as_model": "なし",
        "back": "この数値に戻る", "drop": "外す", "of_model": "モデル {name}",
    },
}  # fmt: skip


def words_in(language: Language) -> Mapping[str, str]:
    """Every word of the page in a language."""
    report = words_of_report(language)
    return {**{key: report[key] for key in SHARED}, **WORDS[language]}
