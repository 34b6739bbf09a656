"""A kept answer proved again by arithmetic, and what of it cannot be changed without being found out."""

import copy
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from typer.testing import CliRunner

import procure
from procure.cli import app
from procure.errors import DataError
from procure.lp.certificate import violation
from procure.lp.dual_bound import proved_bound
from procure.lp.packed import packed, unpacked
from procure.market import make_market, make_tree, merge
from procure.model import Settings
from procure.portfolio.read import read_portfolio
from procure.portfolio.verify import verify
from procure.program.optimum import optimum
from procure.program.program import compose
from procure.program.whole import whole
from random_models import random_market, random_model, seeds
from test_compiled import BOOK
from test_portfolio import one_mine
from test_strategies import option
from test_together import world
from test_verdict import drawn

SHUT = (1 - np.exp(-2)) / 2  # the probability that the mine of `one_mine` is shut, after a year that began open


def proved_of(model):
    """The answer to a model, and what arithmetic says of it."""
    portfolio = procure.solve(model, foresight=False, verdict=False, proof=True)
    return portfolio, verify(portfolio)


def edited(portfolio, change):
    """The answer with its proof changed by a function of it."""
    proof = copy.deepcopy(dict(portfolio.proof))
    change(proof)
    return replace(portfolio, proof=proof)


def multiplied(portfolio, factor, n_rows):
    """The answer with its multipliers multiplied."""

    def change(proof):
        (level,) = proof["levels"]
        level["multipliers"] = packed(factor * unpacked(level["multipliers"], n_rows))

    return edited(portfolio, change)


def test_one_mine_by_hand():
    """Demand 100 t, of which the mine sells 80 at 10 kUSD/t unless it is shut, and 10 t of stock for then; a tonne short costs 50.

      open  80 x 10 + 20 x 50 = 1800        shut  90 x 50 = 4500

    A tonne more of demand costs 50 in either state: with u for that multiplier, a plan that buys no more than 80 t, and draws no
    more than 10, costs at least 100 u - 80 (u - 10) open and 90 u shut: the cost itself at u = 50. Half of the multipliers prove
    2500 - 80 x 15 = 1300 open and 2250 shut, and twice as many nothing: to run short costs less than they say, as far as that goes.
    """
    model = one_mine(weight=0.0)
    portfolio, found = proved_of(model)
    cost = 1.8 * (1 - SHUT) + 4.5 * SHUT
    assert found.holds and found.faults == ()
    assert found.levels[["cost_musd", "proved_musd"]].to_numpy() == approx(np.full((1, 2), cost))
    half = verify(multiplied(portfolio, 0.5, 6))
    assert half.levels["proved_musd"].item() == approx(1.3 * (1 - SHUT) + 2.25 * SHUT)
    assert not half.holds and any("no programmes costs no less is not proved" in fault for fault in half.faults)


def test_decisions_that_break_a_row_are_named():
    """A hundred tonnes less bought, and nothing in their place: the balance of copper is broken."""
    portfolio = procure.solve(one_mine(weight=0.0))

    def buys_less(proof):
        (level,) = proof["levels"]
        x = unpacked(level["decisions"], 15)
        x[0] -= 10.0  # the contract stands first
        level["decisions"] = packed(x)

    found = verify(edited(portfolio, buys_less))
    assert not found.holds
    assert any("break balance[Cu] of the period in mine=open" in fault for fault in found.faults)


@pytest.mark.parametrize("seed", seeds(3, 40))
def test_random_models_are_proved(seed):
    """All but whether whole numbers (minimum orders, programmes that build) are the cheapest, which no prices prove."""
    model = random_model(seed)
    portfolio, found = proved_of(model)
    is_linear = not any("has whole numbers" in fault for fault in found.faults)
    assert found.holds or not is_linear, found.faults
    assert all("costs no less is not proved" in fault or "is cheapest is not proved" in fault for fault in found.faults)
    assert found.gap <= 1e-9 or not is_linear
    chosen = found.levels[found.levels["chosen"]]
    assert chosen["cost_musd"].item() == approx(portfolio.summary["objective"], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("limits", "alpha", "weight", "together"),
    [
        ([], 0.9, 0.7, {"A", "B"}),
        ([{"name": "served", "kind": "expected_shortage", "scope": "A", "max": 0.1}], 0.0, 0.0, {"A", "B"}),
        ([{"name": "served", "kind": "expected_shortage", "scope": "A", "max": 0.1}], 0.9, 0.7, {"B"}),
        ([{"name": "tail", "kind": "shortage_cvar", "max": 0.5, "alpha": 0.8}], 0.0, 0.0, set()),
    ],
)
def test_a_program_is_proved_without_its_short_cuts(limits, alpha, weight, together):
    """As in `test_together`: what elements share is told apart again, and the gap stays nothing."""
    end = optimum(compose(merge(make_market(world(*limits, alpha=alpha, weight=weight)))))
    assert end.program.together == together
    everything = whole(end.program, end.solution.x, end.solution.row_dual)
    cost = everything.program.lp.cost @ everything.x
    assert cost == approx(end.solution.objective, rel=1e-12)
    assert proved_bound(everything.program.lp, everything.row_dual) == approx(cost, rel=1e-12)
    assert violation(everything.program.lp, everything.x).worst <= 1e-12


@settings(max_examples=12, deadline=None)
@given(seed=st.sampled_from([0, 6, 7, 11, 12]), noise=st.floats(-1, 1), at=st.integers(0, 10_000))
def test_no_multipliers_prove_more_than_the_optimum(seed, noise, at):
    """Weak duality: whatever is done to a multiplier, what is proved is no more than what the best plan costs."""
    program = compose(merge(random_market(seed)))
    solution = optimum(program).solution
    y = solution.row_dual.copy()
    y[at % len(y)] += noise * max(1.0, abs(y).max())
    everything = whole(program, solution.x, y)
    bound = proved_bound(everything.program.lp, everything.row_dual)
    assert bound <= solution.objective + 1e-9 * max(1.0, abs(solution.objective))


def test_a_level_without_a_portfolio_is_proved_to_have_none():
    """As in `test_strategies`: the plant of 1.5 million USD breaks a purse of 1.2, so to wait for its verdict is out."""
    limit = {"name": "purse", "kind": "budget", "max": 1.2, "tag": "policy"}
    model = option(["none", "wait"])
    document = {**model.settings.model_dump(by_alias=True, exclude_unset=True), "limits": [limit]}
    portfolio, found = proved_of(replace(model, settings=Settings.checked(document, model.origin)))
    assert found.holds, found.faults
    levels = found.levels.set_index("level")
    assert levels.loc["sea none", "cost_musd"] == approx(10.0) and levels.loc["sea none", "proved_musd"] == approx(10.0)
    assert np.isposinf(levels.loc["sea wait", "proved_musd"])

    def disarmed(proof):
        level = next(level for level in proof["levels"] if level["decisions"] is None)
        level["multipliers"] = packed(np.zeros(found_rows(portfolio, level)))

    found = verify(edited(portfolio, disarmed))
    assert any("that no portfolio keeps the limits under sea wait does not follow" in fault for fault in found.faults)
    assert any("that sea none is cheapest is not proved" in fault for fault in found.faults)


def found_rows(portfolio, level):
    """Rows of the program of a level."""
    market = make_market(portfolio.model, level["programmes"], make_tree(portfolio.model, level["programmes"]))
    return len(compose(merge(market), level["watched"], level["apart"]).lp.row_lower)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """One year of japan, with short cuts: its file, and the answer."""
    path = tmp_path_factory.mktemp("kept") / "book.json"
    portfolio = procure.solve(procure.load_model("japan").with_(**BOOK), proof=True)
    portfolio.to_json(path)
    return path, portfolio


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("kept") / "small.json"
    procure.solve(procure.load_model("two-class")).to_json(path)
    return path


def test_one_year_of_japan_is_proved_from_its_file(book):
    path, portfolio = book
    found = verify(read_portfolio(path))
    assert found.holds, found.faults
    assert found.gap <= 1e-9
    assert found.levels["cost_musd"].item() == approx(portfolio.summary["objective"], rel=1e-9)


def test_leaves_that_are_not_watched_are_proved_not_to_matter(book):
    _, portfolio = book
    market = merge(make_market(portfolio.model, portfolio.programmes, make_tree(portfolio.model, portfolio.programmes)))
    end = optimum(compose(market))
    assert len(end.program.composition.watched) < len(market.shape.leaves)
    everything = whole(end.program, end.solution.x, end.solution.row_dual)
    cost = everything.program.lp.cost @ everything.x
    assert cost / 1000 == approx(portfolio.summary["objective"], rel=1e-9)
    assert proved_bound(everything.program.lp, everything.row_dual) == approx(cost, rel=1e-9)


def numbers_in(part, path=()):
    """The place of every number of a document."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from numbers_in(value, (*path, key))
    elif isinstance(part, list):
        for k, value in enumerate(part):
            yield from numbers_in(value, (*path, k))
    elif isinstance(part, (int, float)) and not isinstance(part, bool):
        yield path


def changed(document, place):
    """The document with one number changed in its ninth digit, or by one where it is whole."""
    other = copy.deepcopy(document)
    inner = other
    for key in place[:-1]:
        inner = inner[key]
    number = inner[place[-1]]
    inner[place[-1]] = number + 1 if isinstance(number, int) else number * (1 + 1e-9) + 1e-12
    return other


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_no_number_of_the_file_can_be_changed(small, data):
    """By its seal, if by nothing else; and the part is named."""
    document = json.loads(small.read_text())
    place = data.draw(st.sampled_from(sorted(numbers_in(document), key=str)))
    path = small.with_name("changed.json")
    path.write_text(json.dumps(changed(document, place)))
    part = ".".join(map(str, place[:2])) if place[0] == "frames" else place[0]
    answer = CliRunner().invoke(app, ["verify", str(path)])
    if place[0] == "version":
        assert answer.exit_code == 2
    else:
        assert answer.exit_code == 3, answer.output
        assert f"{part} is not as it was written" in answer.output


#: Worked out by other programs than that of the answer.
ON_TRUST = ("wait_and_see_musd", "holds_to")
TOLD = ("plan", "mix", "costs", "shortage", "stock", "limits", "shares", "provenance", "nodes", "leaves")


@pytest.mark.parametrize("name", TOLD)
def test_a_number_that_is_changed_and_sealed_anew_comes_out_otherwise(small, name):
    """Whoever seals a file again has to do the arithmetic, too."""
    portfolio = read_portfolio(small)
    frame = portfolio.frame(name).copy()
    columns = [c for c in frame if frame[c].dtype.kind == "f" and c not in ON_TRUST and frame[c].abs().max() > 0]
    for column in columns:
        other = frame.copy()
        row = int(other[column].abs().to_numpy().argmax())
        other.loc[row, column] *= 1.0001
        found = verify(sealed(replace(portfolio, **{name: other})))
        assert any(fault.startswith(f"frames.{name}, row {row}") and column in fault for fault in found.faults), column


def sealed(portfolio):
    """The answer as it is read from a file that it was written to as it is."""
    return replace(portfolio, proof=portfolio.document()["proof"])


@pytest.mark.parametrize(
    "key", ["objective", "expected_cost", "cvar", "worst_case", "plan_cost", "shortage_loss", "assumed_share"]
)
def test_a_cost_that_is_changed_and_sealed_anew_comes_out_otherwise(small, key):
    portfolio = read_portfolio(small)
    other = replace(portfolio, summary={**portfolio.summary, key: portfolio.summary[key] * 1.0001 + 1e-6})
    found = verify(sealed(other))
    assert any(fault.startswith(f"summary.{key} is said to be") for fault in found.faults)


def test_an_answer_cannot_be_called_by_the_name_of_another_model(small):
    """Sealed anew, too: its choices say whose it is."""
    portfolio = procure.read_portfolio(small)
    found = verify(sealed(replace(portfolio, name="japan")))
    assert found.faults == (f"the answer is called japan, and its choices are those of {portfolio.name}",)


def test_another_level_cannot_be_passed_off_as_the_best():
    """The answer of one programme is given out as that of another, with all its numbers: the one that was chosen costs less."""
    portfolio = procure.solve(option(["none", "wait"]), proof=True)
    assert portfolio.programmes == {"sea": "wait"}
    forged = replace(portfolio, programmes={"sea": "none"})
    found = verify(sealed(forged))
    assert any("is cheapest is not proved" in fault for fault in found.faults)


def test_facts_that_changed_are_named(small):
    portfolio = read_portfolio(small)
    other = procure.load_model("two-class").with_(**{"suppliers.seabed.capacity": 720})
    found = verify(portfolio, model=other)
    assert found.faults == (
        "the facts are others than those it was solved on: terms.csv",
        "so nothing else in it was looked at",
    )


def test_choices_that_were_changed_are_named_before_anything_is_solved_for_them(small):
    document = json.loads(small.read_text())
    document["settings"]["risk"]["weight"] = 0.7
    path = small.with_name("weighed.json")
    path.write_text(json.dumps(document))
    found = verify(read_portfolio(path))
    assert found.faults == ("settings is not as it was written", "so nothing else in it was looked at")


def test_an_answer_of_another_shape_says_so(small):
    """One row fewer than the program has: another release's mathematics, or rows of one's own that a file does not hold."""
    portfolio = read_portfolio(small)

    def shorter(proof):
        proof["release"] = "0.0.1"
        proof["levels"][0]["multipliers"] = packed(np.zeros(3))

    found = verify(sealed(edited(portfolio, shorter)))
    assert any("3 numbers, where" in fault and "solved by procure 0.0.1" in fault for fault in found.faults)


def test_without_a_proof_the_remedy_is_named(small, tmp_path):
    portfolio = procure.solve(procure.load_model("two-class"), proof=False)
    portfolio.to_json(tmp_path / "bare.json")
    answer = CliRunner().invoke(app, ["verify", str(tmp_path / "bare.json")])
    assert answer.exit_code == 2 and "solve the model again with --proof" in answer.output


@pytest.mark.parametrize("wrong", [3, {"levels": []}, {"release": "0", "facts": {}, "levels": [{}], "seals": {}}])
def test_what_is_no_proof_is_refused(small, tmp_path, wrong):
    document = json.loads(small.read_text()) | {"proof": wrong}
    (tmp_path / "wrong.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match="proof: it has another shape"):
        read_portfolio(tmp_path / "wrong.json")


def test_a_text_that_would_fill_the_memory_is_not_unpacked():
    bomb = packed(np.zeros(10_000_000))
    with pytest.raises(ValueError, match="where 10 are expected"):
        unpacked(bomb, 10)


def test_a_proof_is_written_and_read_digit_by_digit(small):
    portfolio = read_portfolio(small)
    portfolio.to_json(small.with_name("again.json"))
    assert small.with_name("again.json").read_text() == small.read_text()


def test_no_solver_is_asked(small):
    """Where HiGHS cannot even be imported the proof is the same."""
    code = (
        "import sys; sys.modules['highspy'] = None; from procure.cli.app import main;"
        " sys.argv = ['procure', 'verify', sys.argv[1]]; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, str(small)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "proved by arithmetic" in done.stdout


def test_the_screen_says_what_is_proved_and_what_is_not(small):
    portfolio = read_portfolio(small)
    assert "The plan keeps every limit and every balance; no plan under any programme costs less" in str(
        verify(portfolio)
    )
    other = replace(portfolio, summary={**portfolio.summary, "cvar": 1.0})
    assert "NOT proved" in str(verify(other)) and "summary is not as it was written" in str(verify(other))


def test_nothing_hangs_on_pandas_indices(small):
    """Frames whose rows are numbered otherwise say the same."""
    portfolio = read_portfolio(small)
    mix = portfolio.mix.copy()
    mix.index = pd.Index(range(100, 100 + len(mix)))
    assert verify(replace(portfolio, mix=mix)).holds


@pytest.mark.parametrize(("ambiguity", "radius"), [("total_variation", 0.1), ("wasserstein", 0.05)])
def test_an_answer_under_the_worst_odds_is_proved_too(ambiguity, radius):
    """The rows of a doubt about the odds are rows like any other."""
    model = procure.load_model("two-class").with_(**{"risk.ambiguity": ambiguity, "risk.radius": radius})
    _, found = proved_of(model)
    assert found.holds and found.gap <= 1e-12, found.faults


def test_a_difference_on_fresh_paths_without_an_error_is_not_that_of_the_trees():
    """On the mean the rule knows what the plans cost, to the last digit; the tree holds a few of the futures."""
    portfolio = procure.solve(drawn(**{"risk.weight": 0.0, "demand.uncertain": "yearly"}), foresight=False, proof=True)
    levels = portfolio.programme_levels
    assert portfolio.summary["fresh_paths"] > 0 and (levels["standard_error_musd"] == 0).all()
    on_the_trees = levels["objective_musd"] - levels["objective_musd"].min()
    assert levels["difference_musd"].tolist() != approx(on_the_trees.tolist(), abs=1e-6)
    assert verify(portfolio).faults == ()


def test_every_level_has_to_be_there():
    portfolio = procure.solve(option(["none", "wait"]), proof=True)

    def fewer(proof):
        proof["levels"] = proof["levels"][:-1]

    assert any("nothing is kept that proves" in fault for fault in verify(edited(portfolio, fewer)).faults)


def test_the_program_that_is_proved_is_the_one_that_is_solved():
    """Two routes to the same program: what `Compiled` solves, and what is made anew from the choices."""
    model = procure.load_model("two-class")
    program = procure.compile(model).programs({})[0]
    anew = compose(merge(make_market(model, {}, make_tree(model, {}))))
    assert (program.lp.matrix != anew.lp.matrix).nnz == 0 and np.array_equal(program.lp.cost, anew.lp.cost)
