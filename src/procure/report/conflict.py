"""What cannot be kept together and what would mend it, as answers keep it in English, in both languages again."""

from __future__ import annotations

from procure.languages import Said, again
from procure.portfolio.information import NO_PLAN, NOT_ON_MEAN
from procure.portfolio.make import NO_REPAIR
from procure.program.infeasibility import BE, BETWEEN, GIVE, LET, SET, TAGS
from procure.words import unit_in_words

_SEMICOLON, _AMOUNT = Said("; ", "、"), Said("{number} {unit}", "{number} {unit}")


def needs(said: str) -> Said:
    """What a level needs that has no portfolio, as an answer keeps it, in both languages.

    >>> needs("limits.purse.max = 1.5 (1.5 million USD, now 1.2 million USD)").ja
    'limits.purse.max = 1.5（1.5 百万ドル、現在 1.2 百万ドル）'
    """
    return _SEMICOLON.join(
        again(
            one,
            SET,
            LET,
            NO_REPAIR,
            after=_amount,
            now=_amount,
            mended=lambda mended: again(mended, BE, GIVE, value=_amount),
        )
        for one in said.split("; ")
    )


#: A line of a conflict: what it says is kept in English alone.
_HELD = Said("{where} ({tag}): {says}", "{where}（{tag}）{says}")


def conflict(said: str) -> Said:
    """What cannot be kept together, as an answer keeps it; in Japanese its names and what they are of.

    >>> conflict("purse (policy): at most 1.2 million USD; alone it would have to be 1.5; terms.csv (physical): so much").ja
    'purse（政策）、terms.csv（物理）'
    """
    return _SEMICOLON.join(
        again(
            one,
            NO_PLAN,
            NOT_ON_MEAN,
            _HELD,
            told=conflict,
            tag=lambda tag: again(tag, *TAGS.values()),
            says=lambda says: Said(says, ""),
        )
        for one in BETWEEN.split(said)
    )


def _amount(said: str) -> Said:
    number, _, unit = said.partition(" ")
    return _AMOUNT.format(number=number, unit=unit_in_words(unit)) if unit else Said(number, number)
