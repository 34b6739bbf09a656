"""What is said in English and in Japanese, side by side; and which of the two is meant."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = ("en", "ja")
#: Variables that say in which language messages are wanted; of those that are set, the first one counts.
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")


class Said(str):
    """A text in English that carries its Japanese: whatever keeps, compares or prints texts takes it for the English one.

    What is put together by `format`, `join` and `+` is said in both again. An f-string, and what else makes a new text of it,
    gives the English alone.

    >>> limit = Said("at most {share} of {what}", "{what}の{share}以下").format(share="65 %", what=Said("demand", "需要"))
    >>> print(limit, limit.ja)
    at most 65 % of demand 需要の65 %以下
    """

    ja: str

    def __new__(cls, en: str, ja: str) -> Said:
        """A text and the same in Japanese."""
        text = super().__new__(cls, en)
        text.ja = ja
        return text

    def __reduce__(self) -> tuple[type[Said], tuple[str, str]]:
        """Both reach another process."""
        return Said, (str(self), self.ja)

    def format(self, *fields: Any, **named: Any) -> Said:
        """Both with their fields filled in, each with what they say in its language."""
        theirs = {name: in_language(field, "ja") for name, field in named.items()}
        return Said(
            super().format(*fields, **named), self.ja.format(*(in_language(field, "ja") for field in fields), **theirs)
        )

    def join(self, texts: Iterable[str], /) -> Said:
        """The texts with this between them."""
        parts = list(texts)
        return Said(super().join(parts), self.ja.join(in_language(part, "ja") for part in parts))

    def __add__(self, after: str, /) -> Said:
        return Said(super().__add__(after), self.ja + in_language(after, "ja"))

    def __radd__(self, before: str, /) -> Said:
        return Said(before + str(self), in_language(before, "ja") + self.ja)


#: Between the parts of a list, of a list of two, and between sentences.
COMMA, AND, SPACE, LINE = Said(", ", "、"), Said(" and ", "、"), Said(" ", ""), Said("\n", "\n")
#: Between what one of is chosen.
OR = Said(" or ", "、")


def in_language(text: Any, language: Language) -> Any:
    """A text in a language, and no longer in the other; what is not said in several is the same in all.

    >>> in_language(Said("stock", "備蓄"), "ja"), in_language("Dy", "ja"), in_language(0.5, "ja")
    ('備蓄', 'Dy', 0.5)
    """
    if not isinstance(text, Said):
        return text
    return text.ja if language == "ja" else str(text)


_FIELD = re.compile(r"\{(\w+)[^{}]*\}")


def again(text: str, *forms: Said, **fields: Callable[[str], str]) -> str:
    """What one of some forms came to in English, said in both languages again; as it is where none did.

    An answer keeps its texts in English. What stands in a field is said as the function of its name says it, or as it is.

    >>> again("2029 of china", Said("{year} of {sees}", "{year}年（{sees}）")).ja
    '2029年（china）'
    """
    for form in forms:
        literals = [re.sub(r"(\\ )+", r"\\s+", re.escape(literal)) for literal in _FIELD.split(str(form))[::2]]
        names = _FIELD.findall(str(form))
        pattern = literals[0] + "".join(
            f"(?P<{name}>.+?){after}" for name, after in zip(names, literals[1:], strict=True)
        )
        if (found := re.fullmatch(pattern, text)) is not None:
            said = {name: in_language(fields.get(name, str)(part), "ja") for name, part in found.groupdict().items()}
            return Said(text, _FIELD.sub(r"{\1}", form.ja).format(**said))
    return text


def named(names: Mapping[Any, str], otherwise: str) -> Said:
    """What the columns of a table call something, by language; where one has no name the other's, or `otherwise`.

    >>> named({"en": "China", "ja": "中国"}, "china").ja, named({"en": "Mine"}, "mine").ja, named({}, "x")
    ('中国', 'Mine', 'x')
    """
    en = names.get("en") or names.get("ja") or otherwise
    return Said(en, names.get("ja") or in_language(en, "ja"))


def of_locale(variables: Mapping[str, str] = os.environ) -> Language:
    """The language that the locale asks for: Japanese where it says so, English otherwise.

    >>> of_locale({"LC_ALL": "", "LANG": "ja_JP.UTF-8"}), of_locale({"LC_ALL": "C", "LANG": "ja_JP.UTF-8"})
    ('ja', 'en')
    """
    wanted = next(filter(None, (variables.get(name) for name in _LOCALE)), "")
    return "ja" if wanted.lower().startswith("ja") else "en"
