"""What an answer keeps to be proved again by: of every programme level its decisions, and the multipliers of its rows.

The program itself is not kept: it is made anew from the choices in the file and the facts. What belongs to a level are its short
cuts (`program.program`), its point and its row duals; to a level without a portfolio the multipliers that show that there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from procure.errors import DataError, Fault
from procure.facts import Facts
from procure.languages import Said
from procure.lp.packed import packed
from procure.program.program import Program
from procure.units import Array

#: Numbers up to which a proof is kept unasked: some hundred kilobytes of text.
SMALL = 20_000
_LEVEL = ("programmes", "watched", "apart", "decisions", "multipliers")
#: What to do about an answer that keeps none.
AGAIN_WITH_PROOF = Said("solve the model again with --proof", "--proof を付けてモデルを解き直す")


@dataclass(frozen=True)
class LevelProof:
    """How one programme level ended.

    Parameters
    ----------
    program : Program
        As it was solved at last.
    x : array, shape (n_columns,), or None
        Its decisions; None where no portfolio keeps the limits.
    row_dual : array, shape (n_rows,)
        Multipliers of its rows.
    """

    program: Program
    x: Array | None
    row_dual: Array

    @property
    def size(self) -> int:
        """How many numbers that is."""
        return len(self.row_dual) + (0 if self.x is None else len(self.x))


def kept(levels: Iterable[LevelProof], facts: Facts) -> dict[str, Any]:
    """What is kept of some levels, as JSON knows it, and on which facts by which release they were solved."""
    return {
        "release": version("procure"),
        "facts": facts.fingerprints,
        "levels": [
            {
                "programmes": dict(level.program.market.programmes),
                "watched": level.program.composition.watched.tolist(),
                "apart": sorted(level.program.apart),
                "decisions": None if level.x is None else packed(level.x),
                "multipliers": packed(level.row_dual),
            }
            for level in levels
        ],
    }


def is_small(levels: Iterable[LevelProof]) -> bool:
    """Whether it takes so little that it is kept unasked."""
    return sum(level.size for level in levels) <= SMALL


def check(proof: Any, where: str) -> Mapping[str, Any]:
    """What a file says is a proof, if it has the shape of one; `DataError` where it has not."""
    shape = isinstance(proof, dict) and {"release", "facts", "levels", "seals"} == proof.keys()
    shape = shape and isinstance(proof["release"], str) and isinstance(proof["levels"], list)
    shape = shape and all(_is_of_texts(proof[key]) for key in ("facts", "seals"))
    if not (shape and all(_is_level(level) for level in proof["levels"])):
        rule = Said(
            "a proof has a release, facts, levels and seals, as `procure solve --proof` writes them",
            "証明には `procure solve --proof` が書くとおり release、facts、levels、seals がある",
        )
        raise DataError(
            Fault(
                f"{where}, proof",
                Said("it has another shape", "形が違う"),
                rule,
                AGAIN_WITH_PROOF,
            )
        )
    return dict(proof)


def _is_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_level(level: Any) -> bool:
    return (
        isinstance(level, dict)
        and tuple(sorted(level)) == tuple(sorted(_LEVEL))
        and _is_of_texts(level["programmes"])
        and isinstance(level["watched"], list)
        and all(isinstance(leaf, int) and 0 <= leaf < 2**31 for leaf in level["watched"])
        and isinstance(level["apart"], list)
        and all(isinstance(element, str) for element in level["apart"])
        and isinstance(level["multipliers"], str)
        and (level["decisions"] is None or isinstance(level["decisions"], str))
    )


def watched(level: Mapping[str, Any]) -> Any:
    """The leaves that a kept level watched."""
    return np.array(level["watched"], dtype=np.int64)
