"""Levels that are solved one after the other or side by side, where each may start from the basis of one over the same tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from procure.program.optimum import Optimum
from procure.solving.level import Waiting


class Relay:
    """Who starts from whom: a level that would be solved from scratch, from the first one before it over the same tree.

    Parameters
    ----------
    waiting : sequence of Waiting
        Levels in the order in which they are wanted.

    Attributes
    ----------
    order : list of Waiting
        The same, so that nobody waits while there is something to do: those that start from another come last.
    """

    def __init__(self, waiting: Sequence[Waiting]) -> None:
        self._ends: dict[str, Future[Optimum]] = {each.level.name: Future() for each in waiting}
        self._source: dict[str, str] = {}
        for k, each in enumerate(waiting):
            before = (other for other in waiting[:k] if each.is_over_the_tree_of(other))
            if each.starts_from_scratch and (source := next(before, None)) is not None:
                self._source[each.level.name] = source.level.name
        self.order = sorted(waiting, key=lambda each: each.level.name in self._source)

    def solved(self, each: Waiting, solve: Callable[[Waiting], Optimum]) -> Optimum:
        """How a level ends by `solve`, once there is what it starts from; called once for each, in any thread."""
        name = each.level.name
        try:
            if name in self._source:
                each.start_from(self._ends[self._source[name]].result())
            end = solve(each)
        except BaseException as error:
            self._ends[name].set_exception(error)  # or who waits for it would wait for ever
            raise
        self._ends[name].set_result(end)
        return end
