"""Limits that policies set, asked for by name: every one with its source, in a file, in Python and on the command line."""

import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure import DataError
from procure.cli import app
from procure.limits import KINDS
from procure.model import make_model
from procure.model.presets import presets

FACTS = procure.load_facts()
PRESETS = presets(FACTS)


def model(*limits, years=(2027, 2036)):
    return make_model({"model": {"name": "mine", "years": list(years)}, "limits": list(limits)}, FACTS)


#: What a name stands for: kind, bound, from.
KNOWN = {
    "eu-crma-65": ("single_source", 0.65, 2030),
    "eu-crma-10": ("domestic_share", 0.10, 2030),
    "eu-crma-40": ("domestic_share", 0.40, 2030),
    "eu-crma-25": ("domestic_share", 0.25, 2030),
    "japan-50": ("single_source", 0.50, 2027),
    "jogmec-60": ("stock_held", 60.0, 2027),
    "jogmec-180": ("stock_held", 180.0, 2027),
    "dfars-2027": ("share", 0.0, 2027),
    "n-1": ("outage", 0.0, None),
}


def test_the_policies_that_are_limits():
    assert PRESETS.keys() == KNOWN.keys()


@pytest.mark.parametrize("name", KNOWN)
def test_a_name_stands_for_kind_bound_and_source(name):
    """What is not domestic anywhere needs a country; what began before the model holds from its first year on."""
    more = {"country": "Japan"} if KNOWN[name][0] == "domestic_share" else {}
    (limit,) = model({"preset": name} | more).settings.limits
    assert (limit.kind, limit.bound, limit.first) == KNOWN[name]
    assert limit.name == name.replace("-", "_") and limit.tag == "policy"
    row = PRESETS[name]
    assert row["address"] in limit.note and row["source"] and row["status"] in ("sourced", "unverified")
    assert KINDS[limit.kind].says(limit, "so much")


def test_a_name_alone_and_a_table_that_changes_something():
    alone, changed, own = model(
        "jogmec-60",
        {"preset": "jogmec-180", "min": "90 days", "scope": ["Dy", "Tb"]},
        {"name": "own", "single_source": 0.5},
    ).settings.limits
    assert (alone.bound, alone.scope) == (60.0, "all")
    assert (changed.bound, changed.scopes) == (approx(90.0), ("Dy", "Tb"))
    assert own.kind == "single_source"


def test_in_a_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('limits = ["jogmec-60"]\n[model]\nname = "mine"\nyears = [2027, 2030]\n', encoding="utf-8")
    assert [limit.name for limit in procure.load_model(path).settings.limits] == ["jogmec_60"]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (["jogmec-61"], "did you mean 'jogmec-60'"),
        (["eu-crma-10"], "names a supplier or a country"),
        (["jogmec-60", "jogmec-60"], "rename one of them"),
        ([{"preset": 5}], "no policy has this name"),
        ([{"preset": "jogmec-60", "scope": "Dx"}], "'Dx' is not a class or an element"),
    ],
)
def test_what_names_no_limit_is_a_fault(limits, said):
    with pytest.raises(DataError) as caught:
        model(*limits)
    assert said in str(caught.value)


def test_one_that_begins_after_the_model_ends_is_a_fault():
    with pytest.raises(DataError, match="holds from 2030 on, after the last year of the model"):
        model("eu-crma-65", years=(2027, 2029))


def test_beside_the_limits_of_a_model():
    japan = procure.load_model("japan").limited("jogmec-60", "n-1")
    assert [limit.name for limit in japan.settings.limits] == ["china_heavy_share", "jogmec_60", "n_1"]
    assert japan.with_(**{"limits.jogmec_60.min": "90 days"}).settings.limits[1].bound == approx(90)
    with pytest.raises(DataError, match="two limits are called 'jogmec_60'"):
        japan.limited("jogmec-60")


def test_a_policy_of_ones_own_that_is_no_limit_is_a_fault():
    frame = FACTS.tables["policies"].copy()
    frame.loc[frame["limit"] == "jogmec-60", "kind"] = "stock_hold"
    with pytest.raises(DataError, match="did you mean 'stock_held'"):
        make_model({"model": {"name": "mine", "years": [2027, 2027]}, "limits": ["jogmec-60"]},
                   procure.Facts.from_frames({"policies": frame}, extend=True))  # fmt: skip


def test_on_the_command_line():
    small = ("--set", "world.tree.nodes=40", "--no-verdict", "--no-foresight")
    runner, solve = CliRunner(), ["solve", "japan", *small]
    answered = runner.invoke(app, [*solve, "--limit", "jogmec-60", "--set", "limits.jogmec_60.min=10"])
    assert answered.exit_code == 0, answered.output
    mistaken = runner.invoke(app, [*solve, "--limit", "jogmec-61"])
    assert mistaken.exit_code == 2 and "did you mean 'jogmec-60'" in mistaken.output
    impossible = runner.invoke(app, [*solve, "--limit", "n-1", "--set", 'suppliers.seabed.programmes=["none"]'])
    assert impossible.exit_code == 1 and "limits.n_1.max = " in impossible.output


def test_a_limit_of_ones_own_stands_in_braces():
    run = CliRunner().invoke
    told = run(
        app,
        [
            "solve",
            "two-class",
            "--limit",
            '{ outage = "50 %", lost = ["china", "lynas"], months = 12, scope = "medium_heavy" }',
        ],
    )
    assert told.exit_code == 1 and "limits.outage.max = 0.89" in told.stderr
    told = run(app, ["solve", "two-class", "--limit", '{ outage = "50 %" lost = 1 }'])
    assert told.exit_code == 2 and "a limit in braces is a table" in told.stderr
    told = run(app, ["solve", "two-class", "--limit", "{ outage = 65, lost = ['china'], months = 12 }"])
    assert told.exit_code == 2 and 'write 0.65 or "65 %"' in told.stderr
    both = procure.load_model("japan").limited({"outage": 0.95, "lost": ["china"], "months": 12}, "n-1")
    assert [limit.name for limit in both.settings.limits] == ["china_heavy_share", "outage", "n_1"]


@pytest.mark.parametrize(
    ("limit", "status", "said"),
    [
        ('{ share = 0.0001, supplier = "lynas", scope = "medium_heavy" }', 1, "limits.share.max = 0.0215"),
        ('{ domestic_share = "90 %", supplier = "seabed", scope = "medium_heavy" }', 1, "the cheapest repair"),
        ('{ share = 65, supplier = "china" }', 2, 'write 0.65 or "65 %"'),
        ('{ share = "65 days", supplier = "china" }', 2, 'for example "65 %"'),
        ("{ share = 0.5 }", 2, "names a supplier or a country"),
        ('{ share = 0.5, supplier = "china", scope = "heavy" }', 2, "did you mean 'medium_heavy'"),
        ('{ shre = 0.1, supplier = "china" }', 2, "did you mean 'share'"),
        ('{ stock_days = "2 t" }', 2, 'for example "60 days"'),
        ('{ budget = "5 %" }', 2, 'for example "10 bn JPY"'),
        ('{ purchases = "10 %" }', 2, 'for example "10 bn JPY"'),
        ("{ expected_shortage = -0.1 }", 2, "between 0 and 1"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_with_the_remedy(limit, status, said):
    told = CliRunner().invoke(app, ["solve", "two-class", "--limit", limit])
    assert told.exit_code == status and said in told.stderr


def test_two_limits_that_contradict_each_other_are_named():
    told = CliRunner().invoke(
        app,
        ["solve", "two-class", "--limit", '{ share = 0.1, supplier = "lynas", scope = "medium_heavy", when = "always" }',
         "--limit", '{ expected_shortage = 0.3, scope = "medium_heavy" }'],
    )  # fmt: skip
    assert told.exit_code == 1
    assert "share (policy)" in told.stderr and "expected_shortage (policy)" in told.stderr


def test_a_limit_of_other_years_is_said_to_ask_for_nothing():
    told = CliRunner().invoke(app, ["solve", "two-class", "--limit", "{ expected_shortage = 0.1, from = 2040 }"])
    assert told.exit_code == 0
    assert "limits.expected_shortage holds from 2040 on, in no year of the model" in told.stderr


def test_a_world_without_policies_has_those_of_the_bundled_tables():
    """`two-class` has tables of its own and no policies among them: a slip in a name is told from the names there are."""
    world = procure.load_model("two-class")
    assert not len(world.facts.tables["policies"])
    limited = world.limited("japan-50")
    assert limited.settings.limits[-1].bound == 0.5
    assert str(limited.title).endswith(", with limits.japan_50.max = 50 %")
    with pytest.raises(DataError, match="did you mean 'jogmec-60'"):
        world.limited("jogmec-61")


def test_an_added_limit_stands_in_the_title_as_it_was_changed_last():
    """The limits of the file are its own: they are not told there."""
    japan = procure.load_model("japan").limited("jogmec-60")
    assert str(japan.title) == "Japan's rare-earth portfolio, 2027-2036, with limits.jogmec_60.min = 60 days"
    changed = japan.with_(**{"limits.jogmec_60.min": "90 days"})
    assert str(changed.title).endswith("with limits.jogmec_60.min = 90 days")
    assert changed.title.ja.endswith("（変更: limits.jogmec_60.min = 90 days）")


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ({"spending": "10 JPY/kg"}, 'does not convert to million USD; a bound is in million USD, or what converts to it. Remedy: '
         'write for example "10 bn JPY"'),
        ({"spending": "10 USD/kg"}, "a bound is in million USD"),
        ({"shortage_cvar": 0.1, "alpha": 95}, "value is 95; it is < 1. Remedy: write 0.95 for 95 %"),
        ({"share": 0.1}, "Remedy: write supplier = or country ="),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_remedy(limit, said):
    with pytest.raises(DataError) as error:
        procure.load_model("japan").limited(limit)
    assert said in str(error.value)
