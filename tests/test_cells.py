"""Trees solved cell by cell cost what HiGHS says they cost whole, and prove it."""

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import sparse

import procure
import procure.program.infeasibility
import procure.program.program
from procure import Infeasible, SolverError, load_model
from procure.lp import cells, dual_bound, highs
from procure.lp.cells import NotByCells
from procure.lp.compose import Composition
from procure.lp.interior import central_path
from procure.lp.interior.tail import Tail
from procure.lp.program import LinearProgram, Solution, Status
from procure.market import make_market, merge
from procure.program.infeasibility import tightest_bound, tightest_by_cells
from procure.program.program import compose
from procure.program.solve import solve_program
from procure.risk import cvar
from random_models import random_market, random_model, seeds

SMALL = {"world.tree.nodes": 60, "world.tree.branch": (2027,), "suppliers.seabed.programmes": ("none", "five")}
#: Tosses of `random_models` that leave a tree of cells.
CELLS = {"model__periods_per_year": 1, "demand__uncertain": "none"}
UNSERVED = {"name": "unserved", "kind": "expected_shortage"}


def program_in_cells(market):
    return compose(replace(market, merged_from=None))


def by_cells(program, **options):
    return cells.solve(program.composition, program.composed, program.figures, **options)


def is_optimum(answer):
    return isinstance(answer, Solution) and answer.status is Status.OPTIMAL


def check(program, answer=None):
    """Cost, proof, rows and prices of the point, by default the one found now, each against the whole program."""
    whole, answer, lp = highs.solve(program.composed.lp), answer or by_cells(program), program.composed.lp
    assert whole.status is Status.OPTIMAL and is_optimum(answer)
    size = max(1.0, abs(whole.objective))
    assert answer.objective == pytest.approx(whole.objective, rel=1e-7, abs=1e-4)
    assert answer.bound <= whole.objective + 1e-9 * size
    row = lp.matrix @ answer.x
    missed = np.maximum(np.maximum(lp.row_lower - row, row - lp.row_upper), 0.0)
    assert (missed <= 1e-7 * (1.0 + np.abs(lp.matrix) @ np.abs(answer.x))).all()
    assert (answer.x >= lp.lower).all() and (answer.x <= lp.upper).all()
    assert answer.reduced_cost == pytest.approx(lp.cost - lp.matrix.T @ answer.row_dual)
    return answer


def test_japan_agrees_with_the_whole_program():
    """The tail couples elements, a tight share couples years' nodes, the basket of the seabed couples both.

    Where drawing and refilling at once costs nothing, numbers may cancel and a row be missed: that is said, not passed over.
    """
    agreed = 0
    for weight, share, level in product((0.0, 0.3, 1.0), (0.4, 1.0), ("none", "five")):
        model = load_model("japan").with_(**SMALL, **{"risk.weight": weight, "limits.china_heavy_share.max": share})
        program = program_in_cells(merge(make_market(model, {"seabed": level})))
        if is_optimum(answer := by_cells(program)):
            agreed += check(program, answer) is answer
    assert agreed >= 11


def made_of_cells(program):
    return cells.unlike_cells(program.composition, program.composed) is None


@pytest.mark.parametrize("seed", seeds(24, 60))
def test_random_models_agree_or_are_left_to_the_whole(seed):
    """Whatever is not made of cells is refused, never solved wrong."""
    program = program_in_cells(random_market(seed))
    answer = by_cells(program)
    if isinstance(answer, NotByCells):
        assert answer is not NotByCells.NO_POINT or not is_solvable(program)
        assert not made_of_cells(program) or answer in (NotByCells.UNLIKE, NotByCells.NO_POINT)
    else:
        check(program, answer)


def test_random_models_made_of_cells_agree_with_the_whole_program():
    """All but a few close their gap; those that do not say so, and are left to HiGHS."""
    programs = [program_in_cells(random_market(seed, **CELLS)) for seed in range(120)]
    chosen = [program for program in programs if made_of_cells(program)]
    closed = [(program, answer) for program in chosen if is_optimum(answer := by_cells(program))]
    assert len(chosen) >= 15 and len(closed) >= len(chosen) - 1
    for program, answer in closed:
        check(program, answer)


@pytest.mark.parametrize("seed", [6, 11, 24, 25, 36, 56, 57, 63, 68])
def test_a_limit_on_expected_shortage_is_a_measure_too(seed):
    """Half of what goes unserved when nothing limits it, where that can be had."""
    program = program_in_cells(random_market(seed, [{**UNSERVED, "max": 1.0}], **CELLS))
    lp, rows = program.composed.lp, program.composed.future_rows
    free = highs.solve(lp)
    market = program.market
    most = {
        key: replace(value, most=0.7 * float((lp.matrix @ free.x)[rows[key]].item()) + 1e-3)
        for key, value in market.bounds.items()
    }
    tighter = compose(replace(market, bounds=most))
    if is_solvable(tighter):
        assert check(tighter).objective > free.objective * (1 - 1e-9)
    else:
        assert not is_optimum(by_cells(tighter))


def is_solvable(program):
    return highs.solve(program.composed.lp).status is Status.OPTIMAL


SHARE = {"name": "northern", "kind": "share", "country": "Northland", "max": 1.0}


def halfway(program):
    """The program with limits on all futures halfway between what the cheapest plan reaches and what the one that reaches least
    of them does, each beside what the cheapest does; and the cost of the cheapest.

    The plan between the two keeps them all, and most of them bind. What both plans reach is left alone: nothing would be inside.
    """
    lp, rows, market = program.composed.lp, program.composed.future_rows, program.market
    cheapest = highs.solve(lp)
    most = {key: (lp.matrix[at] @ cheapest.x).item() for key, at in rows.items()}
    measured = sum(lp.matrix[at].toarray()[0] / max(most[key], 1e-3) for key, at in rows.items())
    least = highs.solve(replace(lp, cost=measured))
    assert cheapest.status is Status.OPTIMAL and least.status is Status.OPTIMAL
    bounds = dict(market.bounds)
    for key, at in rows.items():
        fewer = (lp.matrix[at] @ least.x).item()
        if fewer < 0.99 * most[key]:
            bounds[key] = replace(bounds[key], most=(most[key] + fewer) / 2)
    return compose(replace(market, bounds=bounds)), cheapest.objective


def limited(seed, periods=1, weight=0.3):
    """Three years, paths that branch early and late, baskets and stock; a share and an expected shortage that do not bind."""
    choices = {
        "model__periods_per_year": periods, "model__years": (2027, 2029), "demand__uncertain": "none", "demand__orders": "after",
        "risk__weight": weight, "risk__alpha": 0.7,
    }  # fmt: skip
    return program_in_cells(random_market(seed, [SHARE, {**UNSERVED, "max": 1.0}], **choices))


def test_coming_nearer_to_the_rows_is_progress():
    """Far from them the gap of this program grows for twelve iterations, and the search gave up."""
    check(halfway(limited(49))[0])


def test_a_limit_towards_which_nothing_counts_is_measured_by_its_bound():
    """Nothing is bought from the north: relative to itself the residual of its share is mere rounding, and never small."""
    check(halfway(limited(29, weight=1.0))[0])


@pytest.mark.parametrize("periods", [1, 2, 4])
def test_all_periods_of_a_year_see_its_plan_and_count_towards_its_limits(periods):
    """Against the whole program, at every weight of the tail, with both limits in force; all but one close their gap."""
    seeds = [seed for seed in range(28) if made_of_cells(limited(seed))]
    priced, closed = {"northern": 0, "unserved": 0}, 0
    for seed, weight in product(seeds, (0.0, 0.3, 1.0)):
        program, free = halfway(limited(seed, periods, weight))
        if not is_optimum(answer := by_cells(program)):
            continue
        closed += check(program, answer) is answer
        for (name, year), at in program.composed.future_rows.items():
            worth = -answer.row_dual[at].item() * program.market.bounds[name, year].most
            priced[name] += worth > 1e-4 * abs(free)
    assert len(seeds) >= 9 and closed >= 3 * len(seeds) - 1
    assert min(priced.values()) >= 20


def japan_in_parts(periods, **choices):
    """Japan with several periods a year."""
    named = {path.replace("__", "."): value for path, value in choices.items()}
    model = load_model("japan").with_(
        **{"model.periods_per_year": periods, "suppliers.seabed.programmes": ("five",)} | named
    )
    return program_in_cells(merge(make_market(model, {"seabed": "five"})))


def test_japan_in_quarters_agrees_with_the_whole_program():
    """Forty periods in ten years; a share of China that binds."""
    program = japan_in_parts(4, world__tree__nodes=62, world__tree__branch=(2027,), limits__china_heavy_share__max=0.4)
    answer = check(program)
    assert min(answer.row_dual[at].item() for at in program.composed.future_rows.values()) < 0


def test_japan_in_months_takes_no_more_iterations_than_in_years():
    """120 periods, 2,000 nodes, the least likely of them 3e-6."""
    elements = {"model__elements": ("Nd", "Tb", "Dy", "Y"), "model__highlight": ("Nd",)}
    answer = check(japan_in_parts(12, world__tree__nodes=167, world__tree__branch=(2027, 2028), **elements))
    assert answer.iterations <= 48


def test_a_tree_is_cells_only_where_periods_are_slices_of_years():
    """Not where a path ends early, a year is left out, or one period lies in two years."""
    market = merge(make_market(load_model("japan").with_(**SMALL), {"seabed": "none"}))
    composition, composed = compose(market).composition, program_in_cells(market).composed
    parent, year, last = composition.shape.parent, composition.shape.year, len(composition.years) - 1

    def refused(parent=parent, year=year):
        shape = replace(composition.shape, parent=parent, year=year, same={})
        other = Composition(composition.plan, composition.period, composition.years, shape, composition.limits)
        return cells.unlike_cells(other, composed)

    ends = np.flatnonzero(year == last)
    twice = np.concatenate([parent, ends]), np.concatenate([year, np.full(len(ends), last)])  # two periods in it
    assert refused() is None and refused(*twice) is None
    early = np.concatenate([parent, ends[1:]]), np.concatenate([year, np.full(len(ends) - 1, last)])
    assert refused(*early) is NotByCells.TREE
    assert refused(year=np.where(year == last, last - 1, year)) is NotByCells.TREE
    assert refused(year=np.where(np.arange(len(year)) == ends[0], last - 1, year)) is NotByCells.TREE


def test_a_large_model_is_solved_by_cells_and_measured_as_any_other(monkeypatch):
    """`procure.solve` measures every plan again by plain arithmetic; cost, mean and tail are those of the simplex method."""
    model = load_model("japan").with_(**SMALL)
    by_simplex = procure.solve(model)
    monkeypatch.setattr(procure.program.program, "MANY_CELLS", 1)
    portfolio = procure.solve(model)
    assert portfolio.summary["objective"] == pytest.approx(by_simplex.summary["objective"], rel=1e-8)
    assert portfolio.summary["gap"] <= 1e-8
    weighed = portfolio.programme_levels["objective_musd"].to_numpy()
    assert weighed == pytest.approx(by_simplex.programme_levels["objective_musd"].to_numpy(), rel=1e-8)


def test_a_large_model_without_a_portfolio_says_why(monkeypatch):
    monkeypatch.setattr(procure.program.program, "MANY_CELLS", 1)
    model = random_model(6, [{**UNSERVED, "max": 0.0}], **CELLS)
    with pytest.raises(Infeasible, match="unserved"):
        procure.solve(model)


@pytest.mark.parametrize("seed", [6, 11, 24, 25, 36, 56])
def test_the_least_that_a_limit_must_give_is_that_of_the_whole_program(seed, monkeypatch):
    """Two routes: an interior point on the cells, its multipliers checked, and the simplex method on the elastic program."""
    program = program_in_cells(random_market(seed, [{**UNSERVED, "max": 0.0}], **CELLS))
    whole = tightest_bound(program, "unserved")
    monkeypatch.setattr(procure.program.program, "MANY_CELLS", 1)
    assert tightest_by_cells(program, "unserved") == pytest.approx(whole, rel=2e-5, abs=1e-6)


def test_a_point_that_misses_a_row_by_a_little_is_mended_nearby():
    """a + b = 1 is missed by 0.001, c <= b, and a is the plan, which stays: b goes up by 0.001, and c stays below it."""
    lp = LinearProgram(
        cost=np.zeros(3), matrix=sparse.csc_matrix([[1.0, 1.0, 0.0], [0.0, 1.0, -1.0]]),
        row_lower=np.array([1.0, 0.0]), row_upper=np.array([1.0, np.inf]), lower=np.zeros(3), upper=np.ones(3),
    )  # fmt: skip
    mended = cells._mended(lp, np.array([0.5, 0.499, 0.499]), np.arange(2), np.arange(0), 1)
    assert mended == pytest.approx([0.5, 0.5, 0.499])
    stays = np.array([0.5, 0.2, 0.2])
    full = replace(lp, upper=np.array([1.0, 0.3, 1.0]))
    assert cells._mended(full, stays, np.arange(2), np.arange(0), 1) is stays  # b may not go so far


def test_a_deadline_leaves_the_program_to_highs(monkeypatch):
    monkeypatch.setattr(procure.program.program, "MANY_CELLS", 1)
    program = program_in_cells(merge(make_market(load_model("japan").with_(**SMALL), {"seabed": "none"})))
    assert by_cells(program, deadline=0.0) is NotByCells.NO_POINT  # none is useful so soon
    assert "cell" not in solve_program(program, {"solver": "simplex"}).outcome.solution.message
    assert "cell" in solve_program(program).outcome.solution.message


def test_a_limit_of_time_says_how_far_it_came(monkeypatch):
    """A point with a bound, but not yet close: both are told, and HiGHS does not start over."""
    monkeypatch.setattr(procure.program.program, "MANY_CELLS", 1)
    program = program_in_cells(merge(make_market(load_model("japan").with_(**SMALL), {"seabed": "none"})))
    cost = by_cells(program).objective
    monkeypatch.setattr(central_path, "MOST_ITERATIONS", 15)
    late = replace(by_cells(program), seconds=2.0)
    monkeypatch.setattr(cells, "solve", lambda *_, **__: late)
    with pytest.raises(SolverError, match="cell by cell") as stopped:
        solve_program(program, {"time_limit": 1.0})
    assert stopped.value.status == "limit reached"
    reached, proved = (float(number) for number in re.findall(r"([\d.e+]+) kUSD", stopped.value.known))
    assert proved < cost < reached < 1.1 * cost


def test_orders_before_demand_is_seen_are_not_made_of_cells():
    market = merge(make_market(load_model("japan").with_(**SMALL), {"seabed": "none"}))
    together = replace(market.shape, information=np.arange(len(market.probability)))
    composition = compose(market).composition
    other = Composition(composition.plan, composition.period, composition.years, together, composition.limits)
    assert cells.unlike_cells(other, compose(market).composed) is NotByCells.TOGETHER


# --- what duals prove ---


def test_any_multipliers_prove_a_bound():
    """min x + 2 y, x + y >= 3, 0 <= x <= 2, y >= 0: the optimum is 2 + 2 = 4, at the multiplier 2; 1 proves 3, and -1 nothing.

    At 2 the reduced costs are (-1, 0): 2·3 - 1·2 = 4. At 1: (0, 1): 3. At -1 the row leans on a bound that is not there and is
    left out: 0.
    """
    import scipy.sparse as sparse

    program = LinearProgram(
        np.array([1.0, 2.0]), sparse.csc_matrix([[1.0, 1.0]]), np.array([3.0]), np.array([np.inf]),
        np.zeros(2), np.array([2.0, np.inf]),
    )  # fmt: skip
    assert [dual_bound.proved_bound(program, np.array([y])) for y in (2.0, 1.0, -1.0)] == [4.0, 3.0, 0.0]


def test_a_missing_bound_is_read_off_the_rows():
    """x <= 5 and z - x = 1, z free: z is between 1 and 6; w stands alone in its row, 2 w <= 8."""
    import scipy.sparse as sparse

    inf = np.inf
    program = LinearProgram(
        np.zeros(3), sparse.csc_matrix([[-1.0, 1.0, 0.0], [0.0, 0.0, 2.0]]), np.array([1.0, -inf]), np.array([1.0, 8.0]),
        np.array([0.0, -inf, -inf]), np.array([5.0, inf, inf]),
    )  # fmt: skip
    lower, upper = dual_bound.implied(program)
    assert lower.tolist() == [0.0, 1.0, -inf] and upper.tolist() == [5.0, 6.0, 4.0]


@pytest.mark.parametrize("seed", range(10))
def test_the_multipliers_of_the_tail_are_made_a_law(seed):
    random = np.random.default_rng(seed)
    tail = Tail(p := random.dirichlet(np.ones(30)), 0.8, 0.3, 1 / 30)
    tail.tau.value = tail.tau.value * random.uniform(0.5, 2.5, 30)
    law, loss = tail.law(), random.normal(size=30)
    assert law.sum() == pytest.approx(0.3) and (law >= 0).all() and (law <= 0.3 * p / 0.2 + 1e-12).all()
    assert law @ loss <= 0.3 * cvar(loss, p, 0.8) + 1e-9


# --- helpers ---


def test_a_tree_solved_with_helpers_costs_the_same(monkeypatch):
    program = program_in_cells(merge(make_market(load_model("japan").with_(**SMALL), {"seabed": "five"})))
    alone = by_cells(program)
    monkeypatch.setattr(central_path, "MANY", 1)
    monkeypatch.setattr(central_path, "idle_cores", lambda: 1)
    together = by_cells(program)
    assert together.objective == pytest.approx(alone.objective, rel=1e-9)
    assert together.x == pytest.approx(alone.x, rel=1e-6, abs=1e-3)  # the very same steps
