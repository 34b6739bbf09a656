"""No single source above a share: by hand, against a share of each, in one line, and over lists of elements."""

import pytest
from pytest import approx

import procure
from procure import DataError, Infeasible
from procure.report.check import summary
from random_models import random_model
from test_share import world


def cost(*limits, **more):
    """kUSD."""
    return 1e3 * procure.solve(world(*limits, **more)).summary["objective"]


ONE_LINE = {"single_source": 0.45}


def test_by_hand():
    """near brings at most 45 t where it is open, and 50 where it is slow; far, which never fails, at most 45 on average.

    0.6 * 45 + 0.4 * 50 + 45 = 92 t are served: 47 * 40 + 45 * 60 + 8 * 1,000 = 12,580. A percentage point of near is 0.6 t that
    cost 40 and not 1,000, of far a tonne that costs 60: 576 and 940.
    """
    assert cost(ONE_LINE) == approx(12_580)
    limits = procure.solve(world(ONE_LINE)).limits
    rows = limits[limits["limit"] == "single_source"].set_index("scope")
    assert rows["value"].to_dict() == approx({"near": 0.45, "far": 0.45})
    assert (1e3 * rows["shadow_price_musd"]).to_dict() == approx({"near": 576.0, "far": 940.0})
    assert cost(ONE_LINE) - cost({"single_source": 0.46}) == approx(576 + 940)
    assert rows.loc["near", "words"].startswith(
        "one more percentage point of near's share while undisturbed in 2027 saves"
    )


def test_one_line_is_kind_and_bound():
    written_out = {"name": "single_source", "kind": "single_source", "max": 0.45}
    assert world(ONE_LINE).settings == world(written_out).settings
    assert world({"name": "half", "single_source": "45 %"}).settings.limits[0].max == 0.45
    with pytest.raises(DataError, match="the bound is written once"):
        world(ONE_LINE | {"max": 0.5})
    with pytest.raises(DataError, match="a limit is of one kind"):
        world(ONE_LINE | {"footprint": 1.0})


@pytest.mark.parametrize("most", [0.5, 1.0])
def test_half_from_each_of_two_is_enough(most):
    """At a half, x = y = 50: 5,000. At all of it nothing is asked: 4,400."""
    assert cost({"single_source": most}) == approx({0.5: 5000, 1.0: 4400}[most])


def test_what_nobody_can_keep_is_said_with_its_repair():
    """50 t of near are firm."""
    with pytest.raises(Infeasible) as caught:
        procure.solve(world(ONE_LINE, committed=50.0))
    text = str(caught.value)
    assert "at most 45 % of all elements from any one supplier while undisturbed" in text
    assert "limits.single_source.max = 0.5   (50 %, now 45 %)" in text


def test_a_bound_that_moves_is_re_solved():
    compiled = procure.compile(world(ONE_LINE))
    for most in (0.45, 0.5, 1.0, 0.45):
        answer = compiled.solve({"limits.single_source.max": most})
        assert 1e3 * answer.objective == approx(cost({"single_source": most}))
        assert not answer.made_anew  # means are moved in place


def found(seed, limits):
    try:
        return procure.solve(random_model(seed, limits, world__tree__nodes=40), foresight=False).summary["objective"]
    except Infeasible:
        return None


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("when", ["undisturbed", "always"])
def test_it_is_a_share_of_each(seed, when):
    suppliers = random_model(seed).facts.tables["suppliers"]
    for by, owners in (("supplier", suppliers["supplier"]), ("country", suppliers["country"].unique())):
        each = [{"name": f"of_{o}", "kind": "share", by: o, "max": 0.6, "when": when} for o in owners]
        one = found(seed, [{"single_source": 0.6, "by": by, "when": when}])
        assert one == approx(found(seed, each), rel=1e-6)


@pytest.mark.parametrize(
    ("countries", "whose"), [(("", ""), "near and far|far and near|far, near"), (("Near", ""), "far")]
)
def test_who_is_of_no_country_is_in_none_with_others(countries, whose):
    """Two suppliers without a country are no country of two; each for itself they are counted as ever."""
    with pytest.raises(DataError, match=f"no country of ({whose})"):
        procure.solve(world(ONE_LINE | {"by": "country"}, countries=countries))
    assert cost(ONE_LINE, countries=countries) == approx(12_580)


def test_a_scope_may_be_a_list():
    """Dy and Tb together are neither of them, nor a class."""
    japan = procure.load_model("japan")
    cap = "limits.china_heavy_share"
    model = japan.with_(**{f"{cap}.scope": ["Dy", "Tb"], "world.tree.nodes": 60})
    (limit,) = model.settings.limits
    assert limit.scopes == ("Dy", "Tb")
    assert "at most 65 % of Dy, Tb from china while undisturbed" in summary(model)
    one = model.with_(**{f"{cap}.scope": ["Dy"]}).settings.limits[0].scopes
    assert one == japan.with_(**{f"{cap}.scope": "Dy"}).settings.limits[0].scopes
    for scope, said in (
        ([], "'all', or a list"),
        (["Dy", "Dy"], "keep one"),
        (["Dy", "Tx"], "'Tx' is not a class"),
        (1, "it is an element"),
    ):
        with pytest.raises(DataError) as caught:
            japan.with_(**{f"{cap}.scope": scope})
        assert said in str(caught.value)
