"""Whatever limits is known in full: every row and every kind has its words, its tag, a derivative that holds, and a test.

The rows are those of `build_plan` and `build_period` over a model with every feature, the kinds those of `procure.limits`: whoever
adds one without saying what it is fails here, and lists nothing anywhere.
"""

import ast
import re
from pathlib import Path

import numpy as np
import pyomo.environ as pyo
import pytest
from pytest import approx

from procure.errors import DataError
from procure.limits import KINDS, Counts
from procure.lp.program import LinearProgram
from procure.market import make_market
from procure.market.limits import choice_of
from procure.program.conditions import conditions
from procure.program.elastic import TIERS, Elastic
from procure.program.positions import FUTURE, Positions
from procure.program.program import compose
from procure.program.restraints import RESTRAINTS, TableNumbers
from random_models import random_model, random_tree
from test_buying import with_ways_to_buy
from test_formulation import BUILD, SETS
from test_infeasibility import market, term

TESTS = Path(__file__).parent
#: Chosen where a kind wants somebody named.
SOMEBODY = ({}, {"supplier": "near"}, {"country": "Near"})
#: Of the suppliers of `test_infeasibility`, what a limit may ask.
TERMS = [term("near", "footprint", 1.0), term("far", "footprint", 2.0)]


# --- rows


def without_a_note(m):
    """The constraints of a block of which nothing is known: neither a note beside the rows, nor a kind of limit of that name."""
    rows = m.component_objects(pyo.Constraint, active=True)
    return [row.local_name for row in rows if row.local_name not in m.notes and row.local_name not in KINDS]


@pytest.mark.parametrize("block", BUILD)
def test_every_row_has_a_note(block):
    m = BUILD[block](pyo.ConcreteModel(), SETS)
    assert without_a_note(m) == []
    m.novel = pyo.Constraint(expr=m.stock_today["Nd"] >= 0 if block == "plan" else m.stock["Nd"] >= 0)
    assert without_a_note(m) == ["novel"]


@pytest.mark.parametrize("block", BUILD)
def test_every_note_has_a_tag_and_words_that_can_be_filled(block):
    """Words have places for what the row is indexed by, and for tonnes where a datum of the row's own index says how many."""
    m = BUILD[block](pyo.ConcreteModel(), SETS)
    for name, note in m.notes.items():
        row = getattr(m, name)
        places = set(re.findall(r"{(\w+)}", note.says))
        owners = {place for part in row.index_set().subsets() for place in m.holds[part.local_name]}
        assert note.tag in {"physical", "contractual", "definition"}, name
        assert note.says and places <= {"supplier", "elements", "amount"}, name
        assert ("supplier" in places) <= ("supplier" in owners), name
        assert bool(places & {"elements", "amount"}) <= ("element" in owners), name
        assert ("amount" in places) == bool(note.amount), name
        if note.amount:
            assert note.amount in m.data_names and set(getattr(m, note.amount)) == set(row), name
        if not note.is_silent:
            assert note.table, f"{name}: where do its numbers stand?"


def test_a_row_of_a_kind_is_named_after_it():
    m = BUILD["plan"](pyo.ConcreteModel(), SETS)
    rows = {row.local_name for row in m.component_objects(pyo.Constraint, active=True)}
    assert rows & KINDS.keys() == {name for name, kind in KINDS.items() if kind.counts is Counts.PLAN}


@pytest.mark.parametrize("block", BUILD)
def test_what_gives_way_number_by_number_has_numbers_that_do(block):
    """A row whose note is silent, because its numbers are told one by one, is loosened by numbers of some table."""
    m = BUILD[block](pyo.ConcreteModel(), SETS)
    by_number = {name for name, note in m.notes.items() if note.gives_way}
    assert by_number <= {row for names in loosened_by().values() for row in names}


# --- numbers of the tables


def program_of(seed, *, buying=False):
    """A random program, its tail watched whole, and what can give way in it; with all ways of buying, or few."""
    model = with_ways_to_buy(random_model(seed), seed) if buying else random_model(seed)
    programmes = {s: choice.programmes[-1] for s, choice in model.settings.suppliers.items() if choice.programmes}
    tree = random_tree(model, seed, programmes=programmes)
    asked = make_market(model, programmes, tree)
    program = compose(asked, np.arange(len(asked.shape.leaves)))
    numbers = TableNumbers(asked)
    positions = Positions(program.composition, program.composed)
    giving = conditions(program, positions, numbers)
    return program, giving, Elastic(program, giving, positions, numbers)


_loosened: dict[str, set[str]] = {}


def loosened_by():
    """The rows that each kind of number loosens in some random models."""
    if not _loosened:
        for seed in range(24):
            program, giving, _ = program_of(seed, buying=seed % 8 == 7)
            paths, tables = program.market.model.facts.paths(), program.market.model.facts.tables
            for condition in giving:
                table, position = paths[condition.path]
                attribute = tables[table].iloc[position].get("attribute")
                (kind,) = [r.name for r in RESTRAINTS if r.table == table and r.attribute in (None, attribute)]
                _loosened.setdefault(kind, set()).update(name for name, _ in condition.rates)
    return _loosened


@pytest.mark.parametrize("restraint", [restraint.name for restraint in RESTRAINTS if restraint.told])
def test_every_number_that_can_give_way_loosens_something(restraint):
    assert loosened_by().get(restraint)


@pytest.mark.parametrize("seed", range(10))
def test_giving_way_is_setting_the_number(seed):
    """Two routes: the slack of every number against the program composed anew with the number a little less strict.

    Rows whose entries move (an offer times `use`, a price) are the reason why a slack may give less; all others are the same.
    """
    program, giving, elastic = program_of(seed)
    here, (n_rows, n_columns) = program.composed.lp, program.composed.lp.matrix.shape
    slacks = elastic.lp.matrix[:, n_columns:].toarray()
    freed = elastic.lp.matrix[n_rows:, :n_columns].tocoo()
    checked = 0
    for number, condition in enumerate(giving):
        step = condition.size * 2.0**-12
        changed = program.market.model.with_(**{condition.path: condition.value + condition.sign * step})
        moved = make_market(changed, program.market.programmes, program.market.tree)
        there = compose(moved, program.composition.watched).composed.lp
        unmoved = np.asarray(abs(there.matrix - here.matrix).sum(axis=1)).ravel() == 0
        for before, after in ((here.row_lower, there.row_lower), (here.row_upper, there.row_upper)):
            finite = unmoved & np.isfinite(before)
            assert after[finite] - before[finite] == approx(-slacks[:n_rows][finite, number] * step, abs=1e-9)
        checked += np.count_nonzero(slacks[:n_rows, number][unmoved]) + np.count_nonzero(slacks[n_rows:, number])
        expected = expected_bounds(here, freed, slacks[n_rows:, number] * step, elastic.lp)
        assert (there.lower, there.upper) == (approx(expected[0], abs=1e-9), approx(expected[1], abs=1e-9))
    assert checked


def expected_bounds(lp: LinearProgram, freed, slack, elastic: LinearProgram):
    """Bounds of columns after a slack has given way in the rows that stand for them."""
    lower, upper = lp.lower.copy(), lp.upper.copy()
    for row, column in zip(freed.row.tolist(), freed.col.tolist(), strict=True):
        side = lower if np.isfinite(elastic.row_lower[lp.matrix.shape[0] + row]) else upper
        side[column] -= slack[row]
    return lower, upper


# --- kinds of limits


def limit_of_kind(name, bound=0.5):
    """A market with one limit of a kind, and that limit."""
    for somebody in SOMEBODY:
        try:
            asked = market({"name": f"a_{name}", "kind": name, KINDS[name].sense: bound} | somebody, terms=TERMS)
        except DataError:
            continue
        return asked, asked.sets.limits[0]
    raise AssertionError(f"no limit of kind '{name}' can be made")


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_words_and_a_tag(name):
    asked, limit = limit_of_kind(name)
    choice, kind = choice_of(asked.model, limit), KINDS[name]
    assert kind.name == name and limit.tag in TIERS
    assert kind.subject(choice).strip() and "{" not in kind.subject(choice)
    assert "a bound of one's own" in kind.says(choice, "a bound of one's own")


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_a_derivative_that_holds(name):
    """As its rows say, and as what is allowed moves when the bound does."""
    asked, limit = limit_of_kind(name)
    program, kind = compose(asked), KINDS[name]
    (condition,) = [
        c
        for c in conditions(program, Positions(program.composition, program.composed), TableNumbers(asked))
        if c.limit is limit
    ]
    assert condition.rates and all(np.all(np.asarray(rate) > 0) for rate in condition.rates.values())
    more, _ = limit_of_kind(name, 0.75)
    loosens = -1 if kind.sense == "min" else 1
    for (row, index), rate in condition.rates.items():
        if row == FUTURE:
            assert more.bounds[index].most - asked.bounds[index].most == approx(0.25 * rate)
            continue
        plan = program.composition.plan
        ones = np.ones(len(plan.columns))
        slack = [plan.slack((row, index), here.plan_data(plan), ones) for here in (asked, more)]
        assert loosens * (slack[1] - slack[0]) > 0


def named_in_tests():
    """Words in quotes in the tests of other files, and the files' own names."""
    for path in TESTS.glob("test_*.py"):
        if path.name not in ("test_limits.py", "test_formulation.py"):
            yield path.stem.removeprefix("test_")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_every_kind_has_a_test():
    assert KINDS.keys() <= set(named_in_tests())
