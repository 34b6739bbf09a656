"""A number that is set counts: what a model does not read cannot be set, and what it reads moves something."""

import numpy as np
import pytest

import procure
from procure import DataError, load_model
from procure.market import make_market, make_tree, numbers_read
from procure.report.check import summary
from procure.scenarios.world import processes, programme_choices
from random_models import random_model

ONE_YEAR = {
    "model.years": (2030, 2030),
    "model.elements": ("Nd", "Dy", "Y"),
    "model.highlight": (),
    "world.tree.branch": (),
    "suppliers.seabed.programmes": ("pilot", "ten"),
    "limits.china_heavy_share.from": 2030,
}


def numbers(model, trees):
    """Everything that is worked out of the facts: the numbers of every level's market, its bounds, its law."""
    found = []
    for choice in programme_choices(model):
        market = make_market(model, choice, trees[str(choice)])
        law = processes(model, choice)
        found.append((market.plan, market.period, {key: bound.most for key, bound in market.bounds.items()}))
        found.append(([p.name for p in law], [p.transition for p in law]))
    return found


def are_equal(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(are_equal(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(are_equal, one, other))
    return np.array_equal(one, other)


MODELS = [
    load_model("two-class"),
    load_model("japan").with_(**ONE_YEAR),
    random_model(7, model__years=(2027, 2029)),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_what_nothing_reads_moves_nothing(model):
    """All numbers that the model is not said to read, moved at once: every number of the program stays."""
    trees = {str(choice): make_tree(model, choice) for choice in programme_choices(model)}
    before, read = numbers(model, trees), numbers_read(model)
    unread = {path: model.facts.value(path) for path in model.facts.paths() if model.facts.locate(path) not in read}

    def stays(moved):
        return are_equal(numbers(model.with_(**moved), trees), before)

    for move in (lambda value: value * 1.01, lambda value: value * 0.99, lambda value: value + 1.0):
        moved = {path: move(value) for path, value in unread.items() if can_be_set(model, path, move(value))}
        assert moved
        assert stays(moved), [path for path, value in moved.items() if not stays({path: value})]


def can_be_set(model, path, value):
    """Whether a number stays in the bounds of the schema, and a chance one of several that sum to one; rates move all prices."""
    try:
        model.facts.with_value(path, value)
    except DataError:
        return False
    return not path.startswith("exchange.")


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("suppliers.china.transit", 9.0, "a row of a later year"),
        ("suppliers.seabed.programmes.ten.reveals.2026", 0.0, "a row of a later year"),
        ("suppliers.china.duration.ban", 24.0, "a row of a later year"),  # its rates say how long it lasts
        ("suppliers.china.rate.normal.ban.optimistic", 0.1, "world.variant is 'base'"),
        ("suppliers.mp_materials.offers.Nd.2026", 10.0, "'mp_materials' is switched off"),
    ],
)
def test_a_number_that_nothing_reads_cannot_be_set(path, value, why):
    model = load_model("japan").with_(**{"suppliers.seabed.programmes": ("none", "ten"), "world.tree.nodes": 200})
    changed = model.with_(**{path: value})
    for refuse in (lambda: procure.solve(changed), lambda: summary(changed), lambda: procure.compile(changed)):
        with pytest.raises(DataError, match="nothing in this model reads the number") as caught:
            refuse()
        assert path in str(caught.value) and why in str(caught.value)


def test_a_compiled_model_refuses_it_too_and_a_sweep_before_it_begins():
    compiled = procure.compile(load_model("two-class"))
    unread = next(p for p in compiled.model.facts.paths() if compiled.model.facts.locate(p) not in compiled.read)
    for change in ({unread: 0.5}, {unread: 0.5, "risk.weight": 0.5}):
        with pytest.raises(DataError, match="nothing in this model reads"):
            compiled.solve(change)
    with pytest.raises(DataError, match="nothing in this model reads"):
        procure.sweep(compiled.model, {unread: [0.5], "risk.weight": [0.0, 0.5]})


@pytest.mark.parametrize("more", [{}, {"model.discount_rate": 0.05}], ids=["in place", "made anew"])
def test_a_number_that_another_one_leaves_out_counts_alone_and_in_a_sweep(more):
    """Nothing is called from a supplier of which nothing may be: the premium of calls moves nothing then, and may be set."""
    model, share, premium = (
        load_model("two-class"),
        *(f"suppliers.lynas.{name}.all.2027" for name in ("call_share", "call_premium")),
    )
    cases = [{share: 0.0, premium: level, **more} for level in (1.1, 1.9)]
    costs = [procure.solve(model.with_(**case), foresight=False).summary["objective"] for case in cases]
    rows = procure.sweep(model, cases)
    assert rows["status"].tolist() == ["optimal", "optimal"]
    assert rows["objective_musd"].tolist() == pytest.approx(costs) and costs[0] == pytest.approx(costs[1])


def test_a_number_that_another_one_lets_count_counts_in_a_case():
    """Where nothing is called to begin with, a case that lets something be called says at which premium."""
    share, premium = (f"suppliers.lynas.{name}.all.2027" for name in ("call_share", "call_premium"))
    none_called = load_model("two-class").with_(**{share: 0.0})
    case = {share: 0.5, premium: 1.9}
    alone = procure.solve(none_called.with_(**case), foresight=False).summary["objective"]
    assert procure.compile(none_called).solve(case).objective == pytest.approx(alone)


def test_what_counted_when_it_was_set_may_be_left_out_by_a_later_choice():
    model = load_model("two-class").with_(**{"suppliers.caremag.offers.medium_heavy.2027": 100.0})
    assert procure.solve(model.with_(**{"suppliers.caremag.enabled": False})).status == "optimal"


def test_numbers_of_an_override_must_count(tmp_path):
    text = (
        '[model]\nname = "mine"\nyears = [2027, 2027]\nelements = ["Dy"]\n'
        '[[overrides]]\nset = "suppliers.china.transit"\nvalue = 9\nreason = "a strike"\n'
    )
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"suppliers\.china\.transit: nothing in this model reads the number"):
        procure.solve(load_model(path))
