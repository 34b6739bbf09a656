"""How numbers, years and lists are said, in messages and on every screen; and who shows an answer as a whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

from procure.languages import COMMA, Language, Said

#: Is told how far some work has come: what is done of it, how much there is, and what it is.
Progress = Callable[[int, int, str], None]

_MORE = Said(" and {left} more", " ほか{left}件")
_NO_PROGRAMMES = Said("no programmes", "開発計画なし")

#: Shares below this are shown as none.
LEAST_SHARE = 0.0005


def listed(texts: Collection[str], most: int = 12) -> str:
    """The first `most` texts in their order, and how many are left.

    >>> listed(["Dy", "Nd", "Tb"]), listed(["Dy", "Nd", "Tb"], most=2)
    ('Dy, Nd, Tb', 'Dy, Nd and 1 more')
    """
    left = len(texts) - most
    shown = [*texts][: most if left > 0 else None]
    said = COMMA.join(shown)
    return said + _MORE.format(left=left) if left > 0 else said


#: What to do about chances that do not sum to one, and about those of disruptions.
RESCALE = Said("rescale them, or add the missing outcome", "比例して直すか、欠けている結果を加える")
RESCALE_OFTEN = RESCALE + Said(" (often 'no disruption')", "（多くは「途絶なし」）")


def chances(law: Mapping[str, float] | Iterable[tuple[str, float]], most: int = 8) -> str:
    """Outcomes with their probabilities, or things with their shares.

    >>> chances({"calm": 0.8, "closure": 0.15})
    'calm 0.8, closure 0.15'
    """
    pairs = law.items() if isinstance(law, Mapping) else law
    return listed([f"{name} {probability:g}" for name, probability in pairs], most)


def programme_name(chosen: Mapping[str, str]) -> str:
    """What a choice of programmes is called, each supplier with its level or strategy.

    >>> programme_name({"seabed": "pilot_then_ten"}), programme_name({})
    ('seabed pilot then ten', 'no programmes')
    """
    named = (f"{supplier} {level.replace('_', ' ')}" for supplier, level in sorted(chosen.items()))
    return COMMA.join(named) or _NO_PROGRAMMES


def level_in_words(level: str) -> str:
    """A choice of programmes, as `programme_name` calls it, in every language."""
    return _NO_PROGRAMMES if level == _NO_PROGRAMMES else level


def span(years: Iterable[int]) -> str:
    """Years as ranges.

    >>> span([2030, 2031, 2032, 2035])
    '2030-2032, 2035'
    """
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


_UNITS = {
    "t/yr": Said("t/yr", "t/年"), "days": Said("days", "日"), "day": Said("day", "日"),
    "month": Said("month", "か月"), "months": Said("months", "か月"),
    "million USD": Said("million USD", "百万ドル"), "percentage point": Said("percentage point", "%ポイント"),
    "1/yr": Said("1/yr", "回/年"), "year": Said("year", "年"), "yr": Said("yr", "年"), "share": Said("share", "比率"),
}  # fmt: skip


def unit_in_words(unit: str) -> str:
    """A unit as people write it.

    >>> unit_in_words("t/yr"), [unit_in_words(unit).ja for unit in ("t/yr", "month")], unit_in_words("USD/kg")
    ('t/yr', ['t/年', 'か月'], 'USD/kg')
    """
    return _UNITS.get(unit, unit)


def between(numbers: Iterable[float]) -> str:
    """The least and the largest of some numbers, where they differ.

    >>> between([16, 1020, 300]), between([16, 16])
    ('16 to 1,020', '16')
    """
    low, *_, high = sorted([*numbers] * 2)
    return (
        in_full(low)
        if low == high
        else Said("{low} to {high}", "{low}～{high}").format(low=in_full(low), high=in_full(high))
    )


_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")


def printable(text: str) -> str:
    """A text in one line without what moves, colours or turns it: terminal escapes, control and formatting characters.

    >>> printable("Dy\\x1b[31m\\x1b]0;title\\x07 and\\nTb\\u202e"), printable("重希土類　備蓄")
    ('Dy and Tb', '重希土類　備蓄')
    """
    if text.isprintable():
        return text
    plain = " ".join(_ESCAPES.sub("", text).splitlines()).replace("\t", " ")
    return "".join(character for character in plain if unicodedata.category(character)[0] != "C")


def alike(text: str) -> str:
    """A text as it compares with others: without capitals, and in characters of half width.

    >>> alike("Ｄｙ") == alike("dy")
    True
    """
    return unicodedata.normalize("NFKC", text).casefold()


#: What to do about digits of full width.
FULL_WIDTH = Said("write {plain}: these are full-width digits", "全角数字なので {plain} と書く")


def half_width(text: str) -> str:
    """A number in digits of half width where it is written in those of full width, as a Japanese keyboard does; else nothing.

    >>> half_width("９００．５"), half_width("900.5"), half_width("重希土")
    ('900.5', '', '')
    """
    plain = unicodedata.normalize("NFKC", text)
    return plain if plain != text and plain.isascii() and any(map(str.isdigit, plain)) else ""


def in_full(number: float) -> str:
    """Every digit that is meant, with commas: at most ten.

    >>> in_full(19243.00000000001), in_full(0.13)
    ('19,243', '0.13')
    """
    return f"{number:,.10g}"


def plain(number: float) -> str:
    """Up to six digits, without commas or exponent, as it may be written into a model file.

    >>> plain(1234567.8), plain(0.1 + 0.2)
    ('1234568', '0.3')
    """
    text = f"{number:.6g}"
    return f"{number:.0f}" if "e+" in text else text


def rounded(number: float, digits: int = 3) -> str:
    """As many digits, with commas.

    >>> rounded(49.6214), rounded(14378.9)
    ('49.6', '14,400')
    """
    return in_full(float(f"{number:.{digits}g}"))


def money(amount: float) -> str:
    """A sum to the unit, small ones to two digits; ``-`` where there is none.

    >>> money(32753.9), money(0.1265), money(float("nan"))
    ('32,754', '0.13', '-')
    """
    if amount != amount or amount == 0:
        return "-"
    return f"{amount:,.0f}" if abs(amount) >= 9.95 else f"{amount:.2g}"


def percent(share: float) -> str:
    """A share in per cent, two digits: ``-`` is less than a twentieth of one.

    >>> percent(0.6543), percent(0.0123), percent(0.0)
    ('65', '1.2', '-')
    """
    if abs(share) < LEAST_SHARE:
        return "-"
    return f"{100 * share:.1f}" if abs(share) < 0.0995 else f"{100 * share:.0f}"


def worst_share(alpha: float) -> str:
    """How much of the outcomes a confidence level averages, in per cent.

    >>> worst_share(0.95), worst_share(0.999)
    ('5 %', '0.1 %')
    """
    return f"{100 * (1 - alpha):.3g} %"


class Screens(Protocol):
    """Shows answers to people."""

    def to_text(self, answer: Any, language: Language = "en", width: int | None = None) -> str:
        """The answer as plain text."""

    def to_html(self, answer: Any, language: Language = "en") -> str:
        """The answer as a notebook shows it."""

    def screen(self, answer: Any, language: Language = "en") -> Any:
        """The answer as rich shows it in a terminal."""


_screens: list[Callable[[], Screens]] = []


def show_with(screens: Callable[[], Screens]) -> None:
    """Say who shows answers; asked for when the first one is shown."""
    _screens[:] = [screens]


class Shown:
    """Base of the answers: printed, and in a notebook, they are one screen.

    Screens are made where everything below can be read, so an answer does not import them: the package names them, once.
    """

    def to_text(self, language: Language = "en", width: int | None = None) -> str:
        """The answer as one screen of plain text, in English or Japanese, of lines at most `width` columns wide."""
        return _screens[0]().to_text(self, language, width)

    def __str__(self) -> str:
        """One screen of plain text."""
        return self.to_text()

    def __rich__(self) -> Any:
        """One screen for a terminal."""
        return _screens[0]().screen(self)

    def _repr_html_(self) -> str:
        """The same as tables, for a notebook."""
        return _screens[0]().to_html(self)


def with_error(number: float, error: float) -> str:
    """A sum and its standard error in brackets, where it has one.

    >>> with_error(1243.2, 87.4), with_error(1243.2, 0.0), with_error(0.0, 0.0)
    ('1,243 (87)', '1,243', '-')
    """
    return f"{money(number)} ({money(error)})" if error > 0 else money(number)
