"""The model `two-class`, derived by hand.

Units: t, kUSD (prices in USD/kg are kUSD/t). One year, D = 16,960 t light and 2,510 t medium/heavy. Four suppliers fail
independently, China with probability 0.45, Lynas 0.04, Caremag 0.66, the seabed 0.08: 2^4 = 16 states. What is left:

              share delivered if failed                            mean share
  China       0.58 light (42 % lost), 0.04 heavy (96 % lost)
  Lynas       1 - 7.2/12 = 0.4                                      0.96 + 0.04 x 0.4  = 0.976   L
  Caremag     1 - 12/12  = 0                                        0.34                         G
  seabed      1 - 9/12   = 0.25                                     0.92 + 0.08 x 0.25 = 0.94    S

China is not contracted but called: at most 22,150 and 4,250 t, at the licensed price times 1.02: 42.84 and 89.76. It costs
less than anybody else, and without a failure it covers whatever is missing.

Seabed. A tonne of what it delivers costs 260 and is 0.453 light and 0.547 heavy; of its output 0.95 is recovered. While China
stands a tonne saves 0.547 x 89.76, while China fails 0.547 x 9,950 (below): worth it up to a price of

  0.453 (42.84 + 0.45 x 0.04 x (82.32 - 42.84)) + 0.547 (0.55 x 89.76 + 0.45 x 9,950) = 2,495.925                     (1)

so it runs at its 360 t, of which 342 are recovered: 154.926 t light, 187.074 t heavy. Paid: 260 x 342 x 0.94 = 83,584.8.

Heavy. While China fails it delivers 0.04 x 4,250 = 170 t. Lynas (at most 587.5) and Caremag (88.5, firm) and the seabed
leave at least 1,476.9 t short, far into the second tier at 9,950; so a tonne contracted with Lynas at 155 loses 65.24 in 55 of
100 years and wins 9,795 in the others: Lynas is contracted in full. Short on average, given that China fails:

  2,510 - 170 - 587.5 x 0.976 - 88.5 x 0.34 - 187.074 x 0.94 = 1,560.66044 t, the first 251 t at 564, the rest at 9,950

  contracts    155 (587.5 x 0.976 + 88.5 x 0.34)                                   =    93,540.95
  China stands 0.55 x 89.76 x (2,510 - 573.4 - 30.09 - 175.84956)                  =    85,439.244602
  China fails  0.45 x (170 x 89.76 + 251 x 564 + 1,309.66044 x 9,950)              =  5,934,575.0601

Light. 5,000 t at Lynas are firm at 49. While China stands it sells the rest. While it fails it has 0.58 x 22,150 = 12,847 t:
enough with Lynas. With both failing (0.45 x 0.04 = 0.018) 2,113 - 154.926 S t are missing: the first tenth of demand,
1,696 t, is thrift at 58; the rest, 262.074 t (378.2685 t if the seabed fails too), is called from Lynas at
49 x 1.05 x 1.6 = 82.32, within 0.4 x 0.5 x (8,700 - 5,000) = 740 t, to stay out of the second tier at 1,380. A tonne
contracted beyond the 5,000 costs 49 - 42.84 = 6.16 more wherever it arrives and is not missing, and saves 0.4 x (82.32 - 49) =
13.328 in those 0.018:

  6.16 x (0.96 + 0.04 x 0.55 x 0.4) - 0.018 x 13.328 = 5.727904 > 0: nothing beyond 5,000                           (2)

  contract              49 x 5,000 x 0.976                                         =   239,120
  China stands          0.55 x 42.84 x (16,960 - 4,880 - 145.63044)                =   281,197.61557272
  fails, Lynas does not 0.432 x 42.84 x (16,960 - 5,000 - 145.63044)               =   218,647.1197225728
  both fail             0.018 x (42.84 x 12,847 + 58 x 1,696 + 82.32 x 271.36956)  =    12,079.3071992256

Expected cost: the sum of all, 6,948,184.097196437 kUSD. Expected shortage: 0.45 x 1,560.66044 = 702.297198 t heavy,
0.018 x 1,696 = 30.528 t light.

Tail. The worst 5 % are, from the worst on (China failed in all; cost of a year and its probability):

  Lynas, Caremag, seabed failed      18,975,304.16792      0.45 x 0.04 x 0.66 x 0.08 = 0.0009504
  Lynas, seabed                      18,108,446.66792                                  0.0004896
  Lynas, Caremag                     17,636,389.31168                                  0.0109296
  Lynas                              16,769,531.81168                                  0.0056304
  Caremag, seabed                    15,500,401.26754                                  0.0228096
  seabed                             14,633,543.76754      the rest of 0.05:           0.0091904

  CVaR 95 % = Σ / 0.05 = 16,042,479.0099301 kUSD

In this tail a tonne of light beyond the 5,000 costs (0.032 x 6.16 - 0.018 x 13.328) / 0.05 = -0.85568: it pays. With weight w it
pays once (1 - w) 5.727904 < 0.85568 w, so from w = 0.870026 on, and up to the tonne after which nothing is called while the
seabed delivers: 0.4 c = 2,000 + 262.074, c = 5,655.185. The CVaR falls by 0.85568 x 655.185 = 560.63 to 16,041,918.381229 kUSD.
"""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
from pytest import approx

from procure.facts import Facts, load_facts
from procure.market import make_market
from procure.model import Model, load_model
from procure.program.solve import solve_market
from procure.risk import cvar
from random_models import split

PROBABILITY = {"china": 0.45, "lynas": 0.04, "caremag": 0.66, "seabed": 0.08}
EXPECTED_COST = 6_948_184.097196437
CVAR, LEAST_CVAR = 16_042_479.009930111, 16_041_918.381229311
SHORTAGE = {"light": 30.528, "medium_heavy": 702.297198}
LIGHT_AT_KINK = 5_655.185
TURNING_WEIGHT = 5.727904 / (5.727904 + 0.855680)


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("two-class")


def solved(model, tree=None):
    return solve_market(make_market(model, tree=tree))


def objective(model, tree=None):
    return solved(model, tree).objective


def with_risk(model, weight, alpha=0.95):
    return model.with_(**{"risk.weight": weight, "risk.alpha": alpha})


def with_facts(model, **frames):
    """The model over its own tables, some of them exchanged."""
    return dataclasses.replace(model, facts=Facts.from_frames({**tables_of(model), **frames}))


def tables_of(model):
    return {name: frame for name, frame in model.facts.tables.items() if len(frame)}


def plan_of(answer):
    return {
        (component, *index): value
        for (component, index), value in zip(answer.templates.plan.columns, answer.outcome.plan, strict=True)
    }


def expected_shortage(answer, element):
    columns = [
        column
        for column, (component, index) in enumerate(answer.templates.period.columns)
        if component == "shortage" and index[0] == element
    ]
    return answer.market.probability @ answer.outcome.nodes[:, columns].sum(axis=1)


def cost_of_a_year(contract, failed):
    """One state in plain arithmetic; `contract` is Lynas' light volume, `failed` the suppliers that fail. [kUSD]"""
    lynas, caremag, seabed = (
        lost if supplier in failed else 1.0 for supplier, lost in (("lynas", 0.4), ("caremag", 0.0), ("seabed", 0.25))
    )
    heavy = 587.5 * lynas + 88.5 * caremag + 187.074 * seabed
    light = contract * lynas + 154.926 * seabed
    cost = 260 * 342 * seabed + 155 * (587.5 * lynas + 88.5 * caremag) + 49 * contract * lynas
    if "china" not in failed:
        return cost + 89.76 * (2510 - heavy) + 42.84 * (16_960 - light)
    cost += 89.76 * 170 + 564 * 251 + 9950 * (2510 - heavy - 170 - 251)
    missing = max(16_960 - light - 12_847, 0.0)
    thrift = min(missing, 1696.0)
    return cost + 42.84 * min(12_847, 16_960 - light) + 58 * thrift + 82.32 * (missing - thrift)


def futures():
    """The 16 states, each as the suppliers that fail, with its probability."""
    for fails in itertools.product((False, True), repeat=4):
        failed = [supplier for supplier, is_out in zip(PROBABILITY, fails, strict=True) if is_out]
        chances = [p if s in failed else 1 - p for s, p in PROBABILITY.items()]
        yield failed, float(np.prod(chances))


# --- by hand


def test_the_optimum_by_hand(model):
    answer = solved(model)
    plan = plan_of(answer)
    assert answer.market.tree.n_nodes == 16
    assert answer.objective == approx(EXPECTED_COST, rel=1e-9)
    assert plan["contract", "lynas", "light", 2027] == approx(5000, rel=1e-9)
    assert plan["contract", "lynas", "medium_heavy", 2027] == approx(587.5, rel=1e-9)
    assert plan["output", "seabed", 2027] == approx(360, rel=1e-9)
    for element, tonnes in SHORTAGE.items():
        assert expected_shortage(answer, element) == approx(tonnes, rel=1e-9)


def test_the_same_in_plain_arithmetic_over_the_states():
    costs, chances = zip(*((cost_of_a_year(5000, failed), p) for failed, p in futures()), strict=True)
    assert np.dot(costs, chances) == approx(EXPECTED_COST, rel=1e-12)
    assert cvar(costs, chances, alpha=0.95) == approx(CVAR, rel=1e-12)
    assert max(costs) == approx(18_975_304.16792, rel=1e-12)
    costs = [cost_of_a_year(LIGHT_AT_KINK, failed) for failed, _ in futures()]
    assert cvar(costs, chances, alpha=0.95) == approx(LEAST_CVAR, rel=1e-12)


def test_mean_and_tail_by_hand(model):
    assert objective(with_risk(model, 0.3)) == approx(0.7 * EXPECTED_COST + 0.3 * CVAR, rel=1e-9)
    assert objective(with_risk(model, 1.0)) == approx(LEAST_CVAR, rel=1e-9)


@pytest.mark.parametrize(("weight", "light"), [(TURNING_WEIGHT - 1e-4, 5000), (TURNING_WEIGHT + 1e-4, LIGHT_AT_KINK)])
def test_care_for_the_tail_buys_more_light_from_lynas_beyond_the_turning_weight(model, weight, light):
    plan = plan_of(solved(with_risk(model, weight)))
    assert plan["contract", "lynas", "light", 2027] == approx(light, rel=1e-9)


@pytest.mark.parametrize(("price", "output"), [(2495.9, 360), (2496.0, 0)])
def test_the_seabed_leaves_at_its_break_even_price(model, price, output):
    plan = plan_of(solved(model.with_(**{"suppliers.seabed.price": price})))
    assert plan["output", "seabed", 2027] == approx(output, abs=1e-6)


def test_the_tables_follow_from_the_bundled_ones(model):
    """What the notes say, to the rounding they say."""
    bundled = load_facts().tables
    classes = bundled["elements"].set_index("element")["class_default"]
    anchors = bundled["demand"].pivot(index="element", columns="year", values="value")
    demand = np.sqrt(anchors[2024] * anchors[2030])
    totals = demand.groupby(classes).sum()
    own = model.facts.value
    layers = bundled["prices"].pivot(index="element", columns="layer", values="value")
    means = layers.mul(demand, axis=0).groupby(classes).sum().div(totals, axis=0)
    offers = bundled["offers"].query("year <= 2027").sort_values("year").groupby(["supplier", "element"]).tail(1)
    offered = offers["value"].groupby([offers["supplier"], offers["element"].map(classes)]).sum()
    for scope in ("light", "medium_heavy"):
        assert own(f"demand.{scope}.2027") == approx(totals[scope], abs=5)
        for layer in ("licensed", "contract"):
            assert own(f"prices.{scope}.{layer}") == approx(means.loc[scope, layer], abs=0.5)
        spot_over_contract = means.loc[scope, "spot"] / means.loc[scope, "contract"]
        assert own(f"prices.{scope}.multiple.contract.china.failed") == approx(spot_over_contract, abs=0.005)
        assert own(f"suppliers.china.offers.{scope}") == approx(offered["china", scope], abs=5)
        assert own(f"suppliers.lynas.offers.{scope}") == approx(offered["lynas", scope], abs=0.01)
        first, rest = proportional_shortage(bundled["shortage"], demand[classes[demand.index] == scope])
        assert (own(f"shortage.{scope}.cost.1"), own(f"shortage.{scope}.cost.2")) == approx((first, rest), rel=0.004)
    assert own("suppliers.caremag.offers.medium_heavy") == approx(0.3 * offered["caremag", "medium_heavy"])


def proportional_shortage(tiers, demand):
    """Cost of the first tenth and mean cost of the rest when all elements run short by the same share. [USD/kg]"""
    weight = demand / demand.sum()
    costs = np.zeros(100)
    for element, share in weight.items():
        own = tiers[tiers["scope"] == element].pivot(index="tier", columns="attribute", values="value")
        place = np.searchsorted(own["width"].cumsum().to_numpy() - 1e-9, (np.arange(100) + 0.5) / 100)
        costs += share * own["cost"].to_numpy()[place]
    return costs[:10].mean(), costs[10:].mean()


# --- limits


def test_alpha_zero_is_the_mean_and_so_is_weight_zero(model):
    assert objective(with_risk(model, 1.0, alpha=0.0)) == approx(EXPECTED_COST, rel=1e-9)
    assert objective(with_risk(model, 0.0, alpha=0.99)) == approx(EXPECTED_COST, rel=1e-9)


CAPACITIES = (
    "suppliers.china.offers.light", "suppliers.china.offers.medium_heavy", "suppliers.lynas.offers.light",
    "suppliers.lynas.offers.medium_heavy", "suppliers.caremag.offers.medium_heavy", "suppliers.seabed.capacity",
)  # fmt: skip


@pytest.mark.parametrize("weight", [0.0, 0.5])
@pytest.mark.parametrize("path", CAPACITIES)
def test_more_capacity_never_costs_more(model, path, weight):
    model = with_risk(model, weight)
    costs = [objective(model.with_(**{path: factor * model.facts.value(path)})) for factor in (1.0, 1.3, 3.0)]
    assert np.diff(costs).max() <= 1e-9 * costs[0]


@pytest.mark.parametrize("weight", [0.0, 0.5])
@pytest.mark.parametrize("supplier", list(PROBABILITY))
def test_a_rarer_failure_never_costs_more(model, supplier, weight):
    model, path = with_risk(model, weight), f"suppliers.{supplier}.rate.normal.failed"
    costs = [objective(model.with_(**{path: factor * model.facts.value(path)})) for factor in (1.0, 0.5, 0.0)]
    assert np.diff(costs).max() <= 1e-9 * costs[0]


def test_a_supplier_with_nothing_to_sell_changes_nothing(model):
    tables = tables_of(model)

    def copied(name, column, **changes):
        lynas = tables[name][tables[name][column] == "lynas"].assign(**{column: "nobody"}, **changes)
        return pd.concat([tables[name], lynas], ignore_index=True)

    chains = {name: copied(name, "chain") for name in ("states", "transitions", "depths")}
    larger = with_facts(
        model, suppliers=copied("suppliers", "supplier"), offers=copied("offers", "supplier", value=0, low=0), **chains
    )
    answer = solved(with_risk(larger, 0.3))
    assert ("contract", "nobody", "light", 2027) in plan_of(answer)
    assert answer.objective == approx(objective(with_risk(model, 0.3)), rel=1e-9)


@pytest.mark.parametrize("factor", [0.01, 1.4, 100])
def test_money_times_k_scales_the_cost_by_k(model, factor):
    tables = tables_of(model)

    def scaled(frame, rows):
        frame = frame.copy()
        frame.loc[rows, ["value", "low", "high"]] *= factor
        return frame

    dearer = with_facts(
        with_risk(model, 0.3),
        prices=scaled(tables["prices"], slice(None)),
        terms=scaled(tables["terms"], tables["terms"]["attribute"] == "price"),
        shortage=scaled(tables["shortage"], tables["shortage"]["attribute"] == "cost"),
    )
    assert objective(dearer) == approx(factor * objective(with_risk(model, 0.3)), rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_changes_nothing(model, seed):
    model = with_risk(model, 0.3)
    shuffled = {name: frame.sample(frac=1, random_state=seed) for name, frame in tables_of(model).items()}
    assert objective(with_facts(model, **shuffled)) == approx(objective(model), rel=1e-12)


def test_the_order_of_elements_and_suppliers_in_the_choices_changes_nothing(model):
    model = with_risk(model, 0.3)
    turned = model.with_(**{"model.elements": ["medium_heavy", "light"]})
    suppliers = dict(reversed(model.settings.suppliers.items()))
    turned = dataclasses.replace(turned, settings=turned.settings.model_copy(update={"suppliers": suppliers}))
    assert objective(turned) == approx(objective(model), rel=1e-12)


@pytest.mark.parametrize("node", range(16))
def test_a_future_written_as_two_halves_changes_nothing(model, node):
    model = with_risk(model, 0.3)
    tree = make_market(model).tree
    halves = split(tree, node, 0.3)
    assert halves.n_nodes == 17
    assert objective(model, halves) == approx(objective(model, tree), rel=1e-9)


def test_a_basket_that_nobody_contracts_is_no_supplier(model):
    """It is not called either."""
    without = [
        model.with_(**{f"suppliers.seabed.{key}": value}) for key, value in (("contracts", "none"), ("enabled", False))
    ]
    assert objective(without[0]) == approx(objective(without[1]), rel=1e-12)


def test_one_future_is_the_deterministic_program(model):
    sure = model.with_(**{f"suppliers.{supplier}.rate.normal.failed": 0 for supplier in PROBABILITY})
    # Without failures nobody pays Lynas, or the seabed, more than China asks: only what is firm is bought.
    heavy = 155 * (54 + 88.5) + 89.76 * (2510 - 54 - 88.5)
    light = 49 * 5000 + 42.84 * (16_960 - 5000)
    for weight in (0.0, 0.7):
        answer = solved(with_risk(sure, weight))
        assert answer.market.tree.n_nodes == 1
        assert answer.objective == approx(heavy + light, rel=1e-9)
