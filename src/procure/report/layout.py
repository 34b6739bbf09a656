"""A text in lines of some width: no word is broken, no number split, and full-width characters count two."""

from __future__ import annotations

import re

from rich.cells import cell_len, chop_cells

#: What stays together in a sentence: a Latin or katakana word, a number; another Japanese character with what may not begin or
#: end a line beside it. In a heading: what stands between spaces, commas and brackets.
_OPENING, _CLOSING = "（「『【［｛〈《", "、。，．）」』】］｝〉》：；？！・ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々…％"
_WIDE, _KATAKANA = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff60\uffe0-\uffe6", "\u30a1-\u30fa\u30fc"
_OF_SENTENCE = re.compile(f"[{_OPENING}]*(?:[^{_WIDE}\\s]+|[{_KATAKANA}]+|[{_WIDE}])[{_CLOSING}]*|\\s+")
_OF_HEADING = re.compile(r"[^\s、・][^\s、・（]*[、・]?|\s+")
#: Of a word that is longer than a line: what stands between its marks.
_OF_WORD = re.compile(r"[^._/:=-]*[._/:=-]+|[^._/:=-]+")
#: A number and its sign of per cent, a sum and its error: no line ends between them.
_TIED, _TIE = re.compile(r"(?<=[0-9]) (?=%|\([0-9.,]+\))"), "\ue000"


def wrapped(text: str, width: int, *, is_heading: bool = False) -> list[str]:
    """The text in lines, later ones indented as the first is; only a word that is longer is broken, after a mark if it has one.

    >>> wrapped("  mean of the worst 5 %", 18), wrapped("最悪 5 %の平均、増える。", 10)
    (['  mean of the', '  worst 5 %'], ['最悪 5 %の', '平均、増え', 'る。'])
    """
    if cell_len(text) <= width:
        return [text]
    indent = " " * min(len(text) - len(text.lstrip(" ")), width // 2)
    room, lines, line = max(width - len(indent), 2), list[str](), ""
    whole = _parts(text, is_heading)
    for word in (part for each in whole for part in (_OF_WORD.findall(each) if cell_len(each) > room else [each])):
        if word.isspace():
            line += word if line else ""
            continue
        if cell_len(line + word) > room and line:
            lines.append(line)
            line = ""
        *full, line = chop_cells(line + word, room)
        lines += full
    return [indent + each.replace(_TIE, " ").rstrip(" ") for each in (*lines, line)]


def _parts(text: str, is_heading: bool) -> list[str]:
    """Words and the spaces between them."""
    return (_OF_HEADING if is_heading else _OF_SENTENCE).findall(_TIED.sub(_TIE, text.strip(" ")))


def longest(text: str, *, is_heading: bool = False) -> int:
    """The width of the longest word of a text."""
    return max((cell_len(word) for word in _parts(text, is_heading) if not word.isspace()), default=0)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text with spaces after it, or before it, to a width."""
    spaces = " " * (width - cell_len(text))
    return spaces + text if right else text + spaces
