"""Declaring a row of the mathematics together with what is known of it: its tag, where it comes from, its words.

Whose it is, and of which element, follows from the sets it is indexed by (`quantity.declare_set`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pyomo.environ as pyo


@dataclass(frozen=True)
class Note:
    """What is known of the rows of one constraint.

    `tag` says who could change it: nobody (physical), the parties (contractual), or it is what the model means by its words
    (definition: never a reason). `says` has places for {supplier}, for {elements}, and for {amount}: the elements with the
    tonnes in the datum `amount`. `table` is where its numbers stand. With `gives_way` its numbers are told one by one instead.
    """

    tag: Literal["physical", "contractual", "definition"]
    says: str
    table: str = ""
    amount: str = ""
    gives_way: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether it is never told as a reason of its own."""
        return self.gives_way or self.tag == "definition"


def row(
    block: Any, *sets: Any, tag: Literal["physical", "contractual", "definition"], says: str, table: str = "", amount: str = "",
    gives_way: bool = False,
) -> Callable[[Any], Any]:  # fmt: skip
    """A decorator like ``@block.Constraint(*sets)`` that keeps a `Note` beside the rows."""

    def declare(rule: Any) -> Any:
        block.notes[rule.__name__] = Note(tag, says, table, amount, gives_way)
        setattr(block, rule.__name__, pyo.Constraint(*sets, rule=rule))
        return rule

    return declare
