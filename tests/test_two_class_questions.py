"""Every question of `two-class`, derived by hand; the model, its numbers and its cost stand in tests/test_two_class.py.

What a tonne of each is worth beside its price, kUSD: of heavy that arrives 0.55 × 89.76 + 0.45 × 9,950 = 4,526.868, Lynas and
Caremag ask 155; of what the seabed delivers 2,495.925, it asks 260. Without a supplier, its heavy tonnes are lost at that; light
changes only where Lynas or China is gone, and then all of it is reckoned again:

  without Lynas  0.55 × 42.84 × 16,814.36956 + 0.45 × (42.84 × 12,847 + 58 × 1,696 + 1,380 × 2,271.36956), beside 751,044.04
  without China  all 8,700 t of Lynas are contracted: 49 × 8,491.2 + 58 × 1,696 + 1,380 × 6,627.16956; heavy is always short
  without its    while China stands nothing is called from Lynas. While it fails, 2,271.36956 t of light are, of 4,350, and while
  contracts      Lynas fails 1,740, the rest is lost at 1,380; of heavy 0.5 × 587.5 t, at 155 × 1.05 × 1.6 (tests/test_regret.py)
"""

import pytest
from pytest import approx

import procure
from test_two_class import CVAR, EXPECTED_COST, TURNING_WEIGHT

HEAVY, ASKED = 0.55 * 89.76 + 0.45 * 9950, 155.0
SEABED = 342 * 0.94
LIGHT = 239_120 + 281_197.61557272 + 218_647.1197225728 + 12_079.3071992256  # kUSD
TO_CHINA = 16_960 - 0.453 * SEABED  # t of light that China fills where it is all there is beside the seabed
MISSING = TO_CHINA - 12_847 - 1_696  # t of light beyond thrift, while China fails and Lynas is gone
FAILED = 42.84 * 12_847 + 58 * 1_696  # kUSD of light then, before those
LIGHT_WITHOUT = {
    "lynas": 0.55 * 42.84 * TO_CHINA + 0.45 * (FAILED + 1380 * MISSING),
    "contracts with lynas": 0.55 * 42.84 * TO_CHINA
    + 0.432 * (FAILED + 82.32 * MISSING)
    + 0.018 * (FAILED + 82.32 * 1_740 + 1380 * (MISSING - 1_740)),
    "china": 49 * 8_491.2 + 58 * 1_696 + 1380 * (TO_CHINA - 8_491.2 - 1_696),
}
HEAVY_HAD = 587.5 * 0.976 + 88.5 * 0.34 + 0.547 * SEABED


@pytest.fixture(scope="module")
def model():
    return procure.load_model("two-class")


def test_the_frontier_along_the_weight_is_a_line_to_where_the_plan_turns(model):
    found = procure.frontier(model, "risk.weight", [0.0, 0.5, 0.8]).table
    assert found["weighed_musd"].tolist() == approx(
        [(EXPECTED_COST + w * (CVAR - EXPECTED_COST)) / 1e3 for w in (0, 0.5, 0.8)]
    )
    assert found["slope_musd"].tolist() == approx([(CVAR - EXPECTED_COST) / 1e3] * 3)
    around = procure.frontier(model, "risk.weight", [TURNING_WEIGHT - 1e-4, TURNING_WEIGHT + 1e-4]).table
    # From there on a tonne of light more is contracted: it adds to the mean what the tail saves.
    assert around["expected_musd"].iloc[0] < around["expected_musd"].iloc[1]
    assert around["cvar_musd"].iloc[0] > around["cvar_musd"].iloc[1]


def test_what_each_hedge_is_worth(model):
    told = procure.hedges(model).table.set_index("hedge")["weighed_musd"]
    heavy_without_china = 155 * (587.5 * 0.976 + 88.5 * 0.34) + 251 * 564 + 9950 * (2510 - HEAVY_HAD - 251)
    assert told["seabed"] == approx((2495.925 - 260) * SEABED / 1e3)
    assert told["caremag"] == approx((HEAVY - ASKED) * 88.5 * 0.34 / 1e3)
    assert told["lynas"] == approx((LIGHT_WITHOUT["lynas"] - LIGHT + (HEAVY - ASKED) * 587.5 * 0.976) / 1e3)
    assert told["contracts with lynas"] == approx(
        (LIGHT_WITHOUT["contracts with lynas"] - LIGHT + 587.5 * (0.976 * 4371.868 - 0.2196 * 9333.1775)) / 1e3
    )
    assert told["china"] == approx((heavy_without_china + LIGHT_WITHOUT["china"] + 260 * SEABED - EXPECTED_COST) / 1e3)
    assert told["stock"] == 0


def test_which_shares_of_heavy_are_free(model):
    """One per cent is 69,481.84 kUSD. China's share is least where it is not called while it stands: the first 251 t lost each way
    cost 564 - 89.76, all others 9,950 - 89.76. It is largest where more is called than is used, at 89.76. Lynas has all it
    offers under contract; a tonne less, called instead while China fails, costs 0.976 × 4,371.868 - 0.2196 × 9,333.1775 and takes
    0.7564 t from its share.
    """
    table = procure.ranges(model).table.set_index(["scope", "supplier"]).loc["medium_heavy"]
    room = 0.01 * EXPECTED_COST
    called = 0.55 * (2510 - HEAVY_HAD) + 0.45 * 170
    thrift = 0.55 * 251
    less = thrift + (room - thrift * (564 - 89.76)) / (9950 - 89.76)
    assert table.loc["china", "share"] == approx(called / 2510)
    assert table.loc["china", "low"] == approx((called - less) / 2510, rel=1e-4)
    assert table.loc["china", "high"] == approx((called + room / 89.76) / 2510, rel=1e-4)
    gone = 0.7564 * room / (0.976 * 4371.868 - 0.2196 * 9333.1775)
    assert table.loc["lynas", "low"] == approx((573.4 - gone) / 2510, rel=1e-4)
    assert table.loc["lynas", "high"] == approx(573.4 / 2510, rel=1e-4)
    assert table["needed"].all()


def test_a_price_moves_the_cost_by_what_is_bought_at_it(model):
    path = "suppliers.seabed.price.all.2027"
    (row,) = procure.sensitivity(model, numbers=[path], workers=1).table.to_dict("records")
    assert (row["low"], row["high"]) == (160.0, 580.0)
    assert row["low_musd"] == approx((EXPECTED_COST - 100 * SEABED) / 1e3)
    assert row["high_musd"] == approx((EXPECTED_COST + 320 * SEABED) / 1e3)
    assert row["swing_musd"] == approx(420 * SEABED / 1e3) and row["choice"] == "stays"


def test_the_proof_proves_the_cost_to_the_double(model):
    found = procure.verify(procure.solve(model))
    assert found.holds and found.levels[["cost_musd", "proved_musd"]].iloc[0].tolist() == approx(
        [EXPECTED_COST / 1e3] * 2, rel=1e-12
    )
