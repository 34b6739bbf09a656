"""The tree of futures of a model: a table handed in, all of them where they are few, else some that stand for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from threadpoolctl import threadpool_limits

from procure.errors import DataError, Fault, nearest
from procure.languages import Said
from procure.memory import give_back
from procure.model import Model
from procure.scenarios.decided import Programmes
from procure.scenarios.draw import Paths
from procure.scenarios.grow import draw_stand_ins, enumerated
from procure.scenarios.process import Process, canonical
from procure.scenarios.stand_ins import StandIns
from procure.scenarios.table import table_tree
from procure.scenarios.tree import Tree
from procure.scenarios.world import periods_of, processes, programme_choices
from procure.units import Array

#: What the paths of a world may cost under a choice of programmes, in parts that add up, shape (n_paths, n_parts); hashable.
Losses = Callable[[Programmes, Paths], Array]
#: Where the odds are in doubt, how likely a future is that a table gives no chance: nothing, but a future.
UNLIKELY = 1e-12
Laws = tuple[tuple[Process, ...], ...]  # the processes under each of several choices of programmes


def tree_of(model: Model, programmes: Programmes, losses: Losses | None = None) -> Tree:
    """The tree of futures: the table the user handed in, or one made from the processes.

    It holds every future where they are few. Else the trees of all programme levels hold the same futures, spread over
    `losses` (`grow.build_trees`), so that levels differ by what they do and not by the luck of their draws.
    """
    settings = model.settings
    years = periods_of(model)
    law = _law(model, programmes)
    if settings.world.scenarios:
        table = model.facts.tables["scenarios"].rename(columns={"value": "probability"})
        if settings.risk.in_doubt:  # what is given no chance the odds may favour all the same
            table["probability"] = table["probability"].replace(0.0, UNLIKELY)
        table = table.astype(object).where(table.notna(), None)
        return table_tree(table, list(law), len(years)).merged()[0]
    choice = settings.world.tree
    names = {process.name for process in law}
    if choice.primary is not None and choice.primary not in names:
        seen = Said("'{chain}' is not in this model", "'{chain}' はこのモデルにない").format(chain=choice.primary)
        rule = Said("the primary chain can fail in this model", "主たる確率過程はこのモデルで途絶し得るもの")
        raise DataError(Fault(f"{model.origin}, world.tree.primary", seen, rule, nearest(choice.primary, names)))
    if choice.branch and choice.primary is None and len(names) > 1:
        seen = Said("no primary chain is named", "主たる確率過程の指定がない")
        rule = Said("one chain branches into all its states", "全状態に分岐する確率過程は一つ")
        remedy = Said("set world.tree.primary", "world.tree.primary を指定する")
        raise DataError(Fault(f"{model.origin}, world.tree.branch", seen, rule, remedy))
    nodes = most_nodes(model)
    exact = _every_future(law, len(years), nodes)
    if exact is not None:
        return exact
    return _drawn_for(model, programmes, losses)[0]


def is_drawn_anew(model: Model, programmes: Programmes, losses: Losses | None = None) -> bool:
    """Whether the law has moved so far that other futures are drawn than for the facts as they were read."""
    return not holds_every_future(model, programmes) and _drawn_for(model, programmes, losses)[1]


def weighed_alone(model: Model, programmes: Programmes, losses: Losses | None = None) -> Tree | None:
    """The tree of one choice of programmes, whatever the law makes of others; None where other futures would stand for its own."""
    if holds_every_future(model, programmes):
        return tree_of(model, programmes, losses)
    drawn, now, at = _asked(model, programmes, losses)
    laws = [*drawn.laws[:at], canonical(now[at]), *drawn.laws[at + 1 :]]
    trees = drawn.weighed(laws)
    return None if trees is None else trees[at]


def _drawn_for(model: Model, programmes: Programmes, losses: Losses | None) -> tuple[Tree, bool]:
    """The tree of futures drawn, and whether they were drawn anew.

    They are those of the facts as they were read, weighed by the law as it stands: a number that is moved does not move the
    futures. Only where these cannot stand for the law of some level (`StandIns.weighed`) all levels get others.
    """
    drawn, now, at = _asked(model, programmes, losses)
    trees = _weighed(drawn, now)
    return (trees or _drawn(now, *_how(model, programmes, losses)).trees)[at], trees is None


def _asked(model: Model, programmes: Programmes, losses: Losses | None) -> tuple[StandIns, Laws, int]:
    """The futures of the facts as they were read, the law of every level as it stands, and which of them is asked for."""
    levels, *_ = how = _how(model, programmes, losses)
    as_read = replace(model, facts=model.facts.as_read)
    before, now = (tuple(_law(one, dict(level)) for level in levels) for one in (as_read, model))
    return _drawn(before, *how), now, levels.index(tuple(programmes.items()))


def _how(model: Model, programmes: Programmes, losses: Losses | None) -> tuple[Any, ...]:
    """How futures are drawn, beside the laws: the levels that share them first."""
    choice, levels = model.settings.world.tree, programme_choices(model)
    if dict(programmes) not in levels:
        levels.append(dict(programmes))
    years = periods_of(model)
    branch = tuple(years.index(year) for year in choice.branch if year in years)
    nodes = most_nodes(model)
    return tuple(tuple(level.items()) for level in levels), branch, choice.primary, nodes, choice.seed, losses


def most_nodes(model: Model) -> int:
    """The most nodes of a drawn tree: as many paths whatever the period, and however many years beyond the last are solved."""
    choices = model.settings
    return choices.world.tree.nodes * choices.model.periods_per_year * len(model.years) // len(model.told_years)


def holds_every_future(model: Model, programmes: Programmes) -> bool:
    """Whether the tree of a model is the whole law, and not a drawing of it: a table handed in, or few enough futures."""
    nodes = most_nodes(model)
    law = _law(model, programmes)
    return model.settings.world.scenarios or _every_future(law, len(periods_of(model)), nodes) is not None


# The last laws and trees are kept: every level asks for those of all, and some changes leave the law as it is.


@dataclass(frozen=True, eq=False)
class _Known:
    """A model as whoever is asked about it again knows it: by its facts and choices, which nobody changes in place."""

    model: Model

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Known)
            and self.model.facts is other.model.facts
            and self.model.settings is other.model.settings
        )

    def __hash__(self) -> int:
        return hash((id(self.model.facts), id(self.model.settings)))


def _law(model: Model, programmes: Programmes) -> tuple[Process, ...]:
    """The processes of a model under a choice of programmes."""
    return _law_of(_Known(model), tuple(programmes.items()))


@lru_cache(maxsize=64)
def _law_of(known: _Known, programmes: tuple[tuple[str, str], ...]) -> tuple[Process, ...]:
    return tuple(processes(known.model, dict(programmes)))


@lru_cache(maxsize=8)
def _every_future(law: tuple[Process, ...], n_periods: int, nodes: int) -> Tree | None:
    return enumerated(law, n_periods, nodes)


@lru_cache(maxsize=4)
def _drawn(
    laws: Laws, levels: tuple[tuple[tuple[str, str], ...], ...], branch: tuple[int, ...],
    primary: str | None, nodes: int, seed: int, losses: Losses | None,
) -> StandIns:  # fmt: skip
    n_periods = laws[0][0].n_periods
    of_law = None if losses is None else lambda law, paths: losses(dict(levels[law]), paths)
    with threadpool_limits(1, user_api="blas"):  # its products are small: a second thread mostly waits
        drawn = draw_stand_ins(laws, n_periods, branch=branch, primary=primary, nodes=nodes, seed=seed, losses=of_law)
    give_back()
    return drawn


@lru_cache(maxsize=4)
def _weighed(drawn: StandIns, laws: Laws) -> list[Tree] | None:
    return drawn.weighed([canonical(law) for law in laws])
