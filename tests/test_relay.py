"""Levels that start from the basis of another: who starts from whom, where a basis stands, and that the answer is the same."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

import procure
from procure.lp.carried import carried
from procure.lp.highs import Solver
from procure.program import engine
from procure.program.engine import Engine
from procure.program.program import compose
from procure.solving.compiled import Compiled
from procure.solving.level import Waiting
from procure.solving.relay import Relay

LEVELS = ("none", "pilot", "ten", "test_then_ten", "pilot_then_ten")
SMALL = {"world.tree.nodes": 60, "suppliers.seabed.programmes": LEVELS}
#: Models whose programs differ in what composition adds: no tail, a tail that is capped, limits that couple futures, years beyond.
KINDS = {
    "as it is": ({}, None),
    "no tail": ({"risk.weight": 0.0}, None),
    "a capped tail": ({}, {"name": "cap", "kind": "cost_cvar", "alpha": 0.9, "max": 60_000.0}),
    "unserved shares": ({}, {"name": "served", "kind": "expected_shortage", "scope": "medium_heavy", "max": 0.43}),
    "years beyond": ({"model.beyond": 1}, None),
}


@pytest.fixture
def every_program_is_large(monkeypatch):
    monkeypatch.setattr(engine, "MANY_ROWS", 0)


@pytest.fixture
def starts(monkeypatch):
    """Of every solve whether it started from another's basis, and its iterations."""
    found, solve = [], Engine.solve

    def told(self, *given):
        is_carried = self._start is not None
        end = solve(self, *given)
        found.append((is_carried, end[0].iterations))
        return end

    monkeypatch.setattr(Engine, "solve", told)
    return found


def small(changes, limit=None):
    model = procure.load_model("japan").with_(**SMALL | changes)
    return model if limit is None else model.limited(limit)


@pytest.mark.parametrize("kind", KINDS)
def test_levels_cost_what_they_cost_alone(kind, every_program_is_large, starts):
    model = small(*KINDS[kind])
    for is_solved_once in (True, False):  # leaves unwatched, and all watched
        together = Compiled(model, is_solved_once=is_solved_once, n_cores=2).solve()
        assert sum(is_carried for is_carried, _ in starts) >= 2
        starts.clear()
        alone = Compiled(model, is_solved_once=is_solved_once)
        for name, cost in together.levels.items():
            assert cost == pytest.approx(alone.solve(only=[name]).objective, rel=1e-9)
        assert not any(is_carried for is_carried, _ in starts)
        starts.clear()


def test_a_basis_carried_to_its_own_program_is_the_same_one(every_program_is_large):
    """No iteration is left: every column and row stands where it did; of those of a cap on the tail a few are."""
    for kind in KINDS:
        model = small(*KINDS[kind])
        program = Compiled(model).programs({})[0]
        first = Solver(program.lp, engine.SIMPLEX)
        from_scratch = first.solve()
        there = program.composition, program.composed
        again = Solver(program.lp, engine.SIMPLEX)
        again.set_basis(carried(first.get_basis(), there, there))
        solution = again.solve()
        assert solution.iterations <= (0.01 * from_scratch.iterations if kind == "a capped tail" else 0)
        assert solution.objective == pytest.approx(from_scratch.objective, rel=1e-12)


def test_a_basis_reaches_leaves_that_its_own_program_did_not_watch(every_program_is_large):
    market = Compiled(small({}), is_solved_once=True).programs({})[0].market
    few, all_leaves = compose(market, np.array([0])), compose(market, np.arange(len(market.shape.leaves)))
    solver = Solver(few.lp, engine.SIMPLEX)
    solver.solve()
    cold, warm = Solver(all_leaves.lp, engine.SIMPLEX), Solver(all_leaves.lp, engine.SIMPLEX)
    places = [(program.composition, program.composed) for program in (few, all_leaves)]
    warm.set_basis(carried(solver.get_basis(), *places))
    from_scratch, from_there = cold.solve(), warm.solve()
    assert from_there.objective == pytest.approx(from_scratch.objective, rel=1e-9)
    assert from_there.iterations < from_scratch.iterations


def test_a_level_starts_near_its_end(starts):
    """Each of those that start from another takes less than half of the iterations of those that do not."""
    Compiled(small({"world.tree.nodes": 200}), n_cores=1).solve()
    from_another = [iterations for is_carried, iterations in starts if is_carried]
    from_scratch = [iterations for is_carried, iterations in starts if not is_carried]
    assert len(from_scratch) == 2  # two trees: with a pilot, and without one
    assert len(from_another) == 3
    assert max(from_another) < 0.5 * min(from_scratch)


def test_an_infeasible_level_hands_on_nothing(every_program_is_large):
    """A share from the seabed in 2035 is delivered by a programme alone: "none" has no basis, and nobody starts from it."""
    limit = {
        "name": "home",
        "domestic_share": 0.01,
        "supplier": "seabed",
        "scope": "medium_heavy",
        "from": 2035,
        "to": 2035,
    }
    model = procure.load_model("japan").with_(
        **SMALL | {"suppliers.seabed.programmes": ("none", "test_then_ten", "ten")}
    )
    answer = Compiled(model.limited(limit)).solve()
    assert answer.levels["seabed none"] == np.inf
    alone = Compiled(model.limited(limit)).solve(only=["seabed ten"])
    assert answer.levels["seabed ten"] == pytest.approx(alone.objective, rel=1e-9)


def test_what_is_small_or_asked_for_in_a_way_starts_from_scratch(starts):
    Compiled(small({})).solve()
    Compiled(small({}), options={"solver": "simplex"}).solve()
    assert not any(is_carried for is_carried, _ in starts)


class Waits:
    """A level that stands for itself: over a tree of its own name, and started from nothing yet."""

    def __init__(self, name, tree):
        self.level, self.tree, self.started_from, self.starts_from_scratch = (
            SimpleNamespace(name=name),
            tree,
            None,
            True,
        )

    def is_over_the_tree_of(self, other):
        return self.tree == other.tree

    def start_from(self, end):
        self.started_from = end


def test_who_starts_from_whom():
    """a1 <- a2, a3 and b1 <- b2: those that wait for another come last, in their order."""
    waiting = [Waits(name, name[0]) for name in ("a1", "a2", "b1", "a3", "b2")]
    relay = Relay(waiting)
    assert [each.level.name for each in relay.order] == ["a1", "b1", "a2", "a3", "b2"]
    ends = [relay.solved(each, lambda each: each.level.name) for each in relay.order]
    assert ends == ["a1", "b1", "a2", "a3", "b2"]
    assert [each.started_from for each in waiting] == [None, "a1", None, "a1", "b1"]


def test_nobody_waits_for_one_that_failed():
    waiting = [Waits("a1", "a"), Waits("a2", "a")]
    relay = Relay(waiting)
    has_begun = threading.Event()

    def fails(each):
        assert has_begun.wait(10)
        raise RuntimeError(each.level.name)

    def waits():
        has_begun.set()
        return relay.solved(waiting[1], lambda each: each.level.name)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(relay.solved, waiting[0], fails), pool.submit(waits)
        for each in (first, second):
            with pytest.raises(RuntimeError, match="a1"):
                each.result(timeout=20)


def test_a_call_that_fails_leaves_nothing_under_way(monkeypatch):
    """The next call moves the same programs: it begins once the other level, half a second behind, has ended."""
    compiled = Compiled(small({"suppliers.seabed.programmes": ("none", "pilot")}), n_cores=2)
    both, ended = threading.Barrier(2), []

    def solve(each):
        both.wait(20)
        if each.level.name == "seabed none":
            raise RuntimeError("fails")
        time.sleep(0.5)
        ended.append(each.level.name)

    monkeypatch.setattr(Compiled, "_n_abreast", lambda *_: 2)
    monkeypatch.setattr(Waiting, "solve", solve)
    with pytest.raises(RuntimeError, match="fails"):
        compiled.solve()
    assert ended == ["seabed pilot"]
