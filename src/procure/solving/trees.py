"""The trees that an answer rests on: one, or several drawn alike by other seeds, and how far what they say differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from procure.errors import IS, LEAVE_OUT, Fault
from procure.languages import Said
from procure.model import Model
from procure.scenarios.futures import holds_every_future
from procure.scenarios.world import programme_choices


def is_drawn(model: Model) -> bool:
    """Whether its tree is a drawing of more futures than it holds, under any programme level."""
    return not all(holds_every_future(model, level) for level in programme_choices(model))


def trees(model: Model, seeds: int) -> list[Model]:
    """The model over so many trees, its own first; one where the tree is the whole law, which has no luck in it."""
    first = model.settings.world.tree.seed
    more = seeds if is_drawn(model) else 1
    others = (model.with_(**{"world.tree.seed": first + k}) for k in range(1, more))
    return [model, *(replace(other, changes=model.changes) for other in others)]  # nobody asked for those seeds


def faults_of(seeds: int) -> Iterator[Fault]:
    """What is wrong with a number of trees."""
    if seeds < 1:
        yield Fault(
            "seeds",
            IS.format(value=seeds),
            Said("at least one tree is solved", "解くシナリオツリーは少なくとも一本"),
            LEAVE_OUT,
        )
