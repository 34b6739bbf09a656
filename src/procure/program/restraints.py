"""The numbers of the tables that hold a plan back, offers, capacities, stock ..., and for each kind all that is known of it.

They are asked two things. What is one per cent more of it worth (`portfolio.shadow`)? And, where there is no plan, how far would
it have to give way (`program.conditions`)? Either answer follows from how far the data D of the program move with a number ν,

  ν dD/dν     by moving the number a little and making the market's numbers anew (`TableNumbers.moved`),

so no rule of the market is written here again. Of what is at least to be had (`is_floor`) a little less is tried, of all else a
little more: the side on which a number that is the larger of two would give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from procure.facts import Place
from procure.facts.records import Records, Row
from procure.formulation.sets import Sets
from procure.languages import Said
from procure.market import Datum, Market, TrackedMarket
from procure.reason import Reason
from procure.scenarios.strategy import strategy_of
from procure.units import Array

#: The share by which a number is moved to see how far data move with it: for a price at the margin, and for steps of some per cent,
#: where rounding must leave ten digits.
NUDGE, STEP = 2.0**-20, 2.0**-10
#: Data whose names begin so are prices: no quantity of anybody.
PRICES = ("price_", "payment")

Owner = tuple[str, ...]  # (supplier, element), (supplier,), (supplier, programme) or (element,)
Amounts = tuple[Any, Any]  # by year of the plan: what is used, and how much there is


class Use(Protocol):
    """What an answer says of how much is used of what there is."""

    market: Market
    sets: Sets

    @property
    def plan(self) -> Mapping[str, Mapping[tuple[Any, ...], float]]:
        """What is decided now, by the names of the formulation."""

    @property
    def node(self) -> Mapping[str, Mapping[tuple[Any, ...], Array]]:
        """What is done at every node."""

    def contracted(self, supplier: str, element: str) -> Array:
        """Contract in each year, t/yr."""

    def reserved(self, supplier: str, element: str) -> Array:
        """Kept under option in each year, t/yr."""

    def done(self, component: str, *index: Any) -> Array:
        """One decision at every node; 0 where there is none."""

    def yearly(self, amount: Array) -> Array:
        """Expected sum over each year of an amount per node."""


@dataclass(frozen=True)
class Restraint:
    """One kind of number that holds back.

    Parameters
    ----------
    name : str
        What the answer calls it.
    tag : {"physical", "contractual"}
        Who could change it: nobody, or the parties.
    table, attribute : str
        Where it stands; no attribute where the table has one kind of number only.
    owner : tuple of str
        The columns that say whose it is; none where it stands for several elements.
    priced : str
        "1 % more {priced} saves ...", with places for the owner.
    amounts : callable
        What is used and how much there is, in `unit`.
    told : str
        How a single number is told where it may have to give way, with places for the columns of its row and for {value}, in the
        unit in which it is `written`. Empty where it never gives way: then its row says it.
    is_floor : bool
        At least, not at most.
    """

    name: str
    tag: Literal["physical", "contractual"]
    table: str
    attribute: str | None
    owner: tuple[str, ...]
    priced: str
    unit: str
    amounts: Callable[[Use, TableNumbers, Owner], Amounts]
    told: str = ""
    written: str = "t/yr"
    is_floor: bool = False

    def price_words(self, owner: Owner) -> str:
        """What of whom is priced: "Nd on offer from lynas"."""
        return self.priced.format(**dict(zip(self.owner or ("element",), owner, strict=True)))


class TableNumbers:
    """The numbers of the tables behind a market, and how far the data of its program move with each."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._tracked = TrackedMarket(market.model, market.programmes, market.tree)
        self.records = Records(market.model.facts)
        self.asked = self._tracked.asked

    def on_offer(self, supplier: str, element: str) -> list[float]:
        """t/yr on offer by year of the plan, to be contracted or only called."""
        return [self._tracked.offers.on_offer(supplier, element, y) for y in self._market.sets.years]

    def of(self, restraint: Restraint) -> dict[int, Row]:
        """The numbers of a kind that belong to the market, by the position of their row."""
        sets = self._market.sets
        return {
            position: row
            for position, row in enumerate(self.records.rows(restraint.table))
            if row.get("attribute") == restraint.attribute
            and row.get("supplier") in (None, *sets.suppliers)
            and row.get("element") in (None, *sets.elements)
            and row.get("programme") in (None, *self._levels(row.get("supplier")))
        }

    def _levels(self, supplier: str | None) -> tuple[str, ...]:
        """The programme levels of a supplier that are in force at any time."""
        chosen = self._market.programmes.get(supplier or "")
        return () if supplier is None or chosen is None else strategy_of(self.records, supplier, chosen).levels

    def by_owner(self, restraint: Restraint) -> Iterator[tuple[Owner, dict[Datum, Any]]]:
        """(owner, ν dD/dν of every datum D that moves) of every number ν of a kind, shape () or (n_nodes,).

        The numbers of a kind are moved together, and told apart by whose data move; one by one where several may share what moves:
        a price (a cap on the rebate of all that is committed), or a supplier's, where each owner is one of its elements (a
        capacity that these share). Where one number stands for several elements, each of them has its own part in it.
        """
        numbers: dict[Owner, dict[int, Row]] = {}
        for position, row in self.of(restraint).items():
            if row["value"]:
                of_row = [tuple(row[column] for column in restraint.owner)]
                for owner in of_row if restraint.owner else [(e,) for e in self._market.sets.elements]:
                    numbers.setdefault(owner, {})[position] = row
        together = self.moved(restraint, {position: row for rows in numbers.values() for position, row in rows.items()})
        depth = 2 if "element" in restraint.owner else 1
        whose = {owner[:depth]: owner for owner in numbers}
        if any(name.startswith(PRICES) or index[:depth] not in whose for name, index in together):
            yield from ((owner, self.moved(restraint, rows)) for owner, rows in numbers.items())
            return
        parts: dict[Owner, dict[Datum, Any]] = {owner: {} for owner in numbers}
        for (name, index), change in together.items():
            parts[whose[index[:depth]]][name, index] = change
        yield from parts.items()

    def moved(self, restraint: Restraint, rows: Mapping[int, Row], step: float = NUDGE) -> dict[Datum, Any]:
        """ν dD/dν of the data that move when the values ν of these rows do; of a zero, dD/dν, or nothing if the sets would move."""
        step = -step if restraint.is_floor else step
        places = {
            Place(restraint.table, position, "value"): row["value"] + step * (abs(row["value"]) or 1.0)
            for position, row in rows.items()
        }
        moved = self._tracked.tried(places)
        if isinstance(moved, Reason):
            assert not all(row["value"] for row in rows.values()), "a small step moves numbers only"
            return {}
        plan, period = self._tracked.market.plan, self._tracked.market.period
        changes: dict[Datum, Any] = {
            (name, index): (value - plan[name][index]) / step
            for (name, index), value in moved.plan.items()
            if value != plan[name][index]
        }
        for (name, index), value in moved.period.items():
            before = period[name][index]
            # What has no limit stays without; and a limit that opens, as something is on offer where nothing was, has no rate.
            limited = np.isfinite(value) & np.isfinite(before)
            change = np.subtract(value, before, out=np.zeros(len(value)), where=limited) / step
            if change.any():
                changes[name, index] = change
        return changes

    def years(self, restraint: Restraint, row: Row) -> list[int]:
        """The years of the plan in which a row is the one that holds; none where its table knows no years."""
        if "year" not in row:
            return []
        keys = {c: row[c] for c in ("supplier", "element", "programme", "attribute") if row.get(c) is not None}
        valid = [
            self.records.valid(restraint.table, y, (row.get("scope", "all"),), **keys) for y in self._market.sets.years
        ]
        return [y for y, other in zip(self._market.sets.years, valid, strict=True) if other is row]


# --- what is used and how much there is of it, by year of the plan


def _by_year(use: Use, amounts: Mapping[tuple[Any, ...], float], owner: Owner) -> list[float]:
    return [float(x) for x in use.market.by_year(use.market.of_moments(amounts, *owner))]


def _offer(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    taken = use.contracted(*owner) + use.reserved(*owner) + use.yearly(use.done("call", *owner))
    return taken, numbers.on_offer(*owner)


def _ahead(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    """Contracts for what can be had ahead only to a limit, and that limit."""
    years, (s,) = use.sets.years, owner
    limit = {
        e: np.array([numbers.asked.term(s, "contract_limit", y, e, np.inf) for y in years])
        for i, e in use.sets.offers
        if i == s
    }
    limited = [e for e in limit if np.isfinite(limit[e]).all()]
    taken = np.sum([use.contracted(s, e) + use.reserved(s, e) for e in limited], axis=0)
    return taken, np.sum([limit[e] for e in limited], axis=0)


def _commitment(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    return use.contracted(*owner), _by_year(use, use.market.plan["committed"], owner)


def _capacity(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    """Throughput, and all the capacity there is: the supplier's own, what was built, what the programme adds."""
    s, data, plan = owner[0], use.market.plan, use.plan
    lead = dict(use.sets.expandable).get(s, 0)
    size = []
    for y in use.sets.moments:
        bought = plan.get("expansion", {})
        built = sum(bought.get((s, v), 0.0) for v in use.sets.way_to(y) if int(v) <= int(y) - lead)
        funded = sum(data["level"][i, g, y] * plan["programme"][i, g, y] for i, g in use.sets.programmes if i == s)
        size.append(data["capacity"][s, y] + built + funded)
    return _throughput(use, s), use.market.by_year(np.array(size)).tolist()


def _throughput(use: Use, supplier: str) -> Array:
    if supplier in use.sets.baskets:
        return np.array(_by_year(use, use.plan["output"], (supplier,)))
    reserved = np.sum([use.reserved(*offer) for offer in use.sets.of_supplier(supplier)], axis=0)
    return np.asarray(_ordered(use, supplier) + reserved)


def _ordered(use: Use, supplier: str) -> Array:
    return np.asarray(np.sum([use.contracted(*offer) for offer in use.sets.of_supplier(supplier)], axis=0))


def _growth(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    growth = _by_year(use, use.market.plan["growth"], owner)
    return np.diff(_throughput(use, *owner), prepend=0.0), growth


def _expansion(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    buildable = _by_year(use, use.market.plan["buildable"], owner)
    return _by_year(use, use.plan["expansion"], owner), buildable


def _order(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    least, buys = (_by_year(use, x, owner) for x in (use.market.plan["least"], use.plan["use"]))
    return _ordered(use, *owner), np.multiply(least, buys)


def _stock_today(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    return [use.plan["stock_today"][owner]], [use.market.plan["existing"][owner]]


def _stock_room(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    ceiling = _by_year(use, use.market.plan["ceiling"], owner)
    return _by_year(use, use.plan["stock_target"], owner), ceiling


def _refill(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    limit = use.yearly(use.market.period["limit_refill"][owner])
    return use.yearly(use.node["refill"][owner]), limit


def _draw(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    limit = use.yearly(use.market.period["limit_draw"][owner])
    return use.yearly(use.node["draw"][owner]), limit


def _left_over(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    limit = use.yearly(use.market.period["limit_surplus"][owner])
    return use.yearly(use.done("surplus", *owner) + use.done("stock_sold", *owner)), limit


def _spot(use: Use, numbers: TableNumbers, owner: Owner) -> Amounts:
    bought, limit = (
        np.sum([use.yearly(x) for step, x in amounts.items() if step[:1] == owner], axis=0)
        for amounts in (use.node["spot"], use.market.period["limit_spot"])
    )
    return bought, limit


RESTRAINTS = (
    Restraint(
        "offer", "contractual", "offers", None, ("supplier", "element"),
        priced=Said("{element} on offer from {supplier}", "{supplier}の{element}供給枠"), unit="t/yr", amounts=_offer,
        told=Said("{supplier} offers {value} of {element}", "{supplier}の{element}供給枠は{value}"),
    ),
    Restraint(
        "contract_limit", "contractual", "terms", "contract_limit", ("supplier",),
        priced=Said("to be contracted ahead from {supplier}", "{supplier}の事前契約枠"), unit="t/yr", amounts=_ahead,
        told=Said("of {scope} {supplier} lets contract at most {value}", "{supplier}が{scope}の事前契約に応じるのは{value}まで"),
    ),
    Restraint(
        "commitment", "contractual", "commitments", None, ("supplier", "element"),
        priced=Said("{element} committed to {supplier}", "{supplier}からの{element}既契約引取量"), unit="t/yr", amounts=_commitment,
        told=Said(
            "the buyer must take {value} of {element} from {supplier}",
            "買い手は{supplier}から{element}を{value}引き取る義務がある",
        ), is_floor=True,
    ),
    Restraint(
        "capacity", "physical", "terms", "capacity", ("supplier",),
        priced=Said("capacity of {supplier}", "{supplier}の生産能力"), unit="t/yr", amounts=_capacity,
        told=Said("{supplier} can produce at most {value}", "{supplier}の生産能力は{value}"),
    ),
    Restraint(
        "programme_capacity", "physical", "programmes", "capacity", ("supplier", "programme"),
        priced=Said("capacity of {supplier} {programme}", "{supplier}（{programme}）の生産能力"), unit="t/yr", amounts=_capacity,
        told=Said("{supplier} {programme} adds at most {value}", "{supplier}（{programme}）の増強は{value}まで"),
    ),
    Restraint(
        "growth", "physical", "terms", "growth", ("supplier",),
        priced=Said("growth a year of {supplier}", "{supplier}の年間増産枠"), unit="t/yr", amounts=_growth,
        told=Said("{supplier} can grow by at most {value}", "{supplier}の増産は{value}まで"),
    ),
    Restraint(
        "expansion", "physical", "terms", "expansion_limit", ("supplier",),
        priced=Said("capacity to be built at {supplier}", "{supplier}の増設枠"), unit="t/yr", amounts=_expansion,
        told=Said("{supplier} can add at most {value}", "{supplier}の増設は{value}まで"),
    ),
    Restraint(
        "minimum_order", "contractual", "terms", "minimum_order", ("supplier",),
        priced=Said("of the minimum order at {supplier}", "{supplier}の最低発注量"), unit="t/yr", amounts=_order,
        told=Said("{supplier} takes orders of at least {value}", "{supplier}の最低発注量は{value}"), is_floor=True,
    ),
    Restraint(
        "stock_today", "physical", "stock", "existing", (),
        priced=Said("{element} in stock today", "現在の{element}備蓄"), unit="t", amounts=_stock_today
    ),
    Restraint(
        "stock_room", "physical", "stock", "max_days", (),
        priced=Said("room for {element} stock", "{element}の備蓄枠"), unit="t", amounts=_stock_room,
        told=Said("room for at most {value} of use of {scope} in stock", "{scope}の備蓄枠は使用量{value}分まで"), written="days",
    ),
    Restraint(
        "refill", "contractual", "stock", "refill_share", (),
        priced=Said("{element} allowed into stock", "{element}の備蓄積増枠"), unit="t/yr", amounts=_refill,
    ),
    Restraint(
        "draw", "physical", "stock", "draw_share", (),
        priced=Said("{element} out of stock", "{element}の備蓄放出枠"), unit="t/yr", amounts=_draw,
    ),
    Restraint(
        "surplus", "physical", "stock", "surplus_share", (),
        priced=Said("{element} that may be left over", "{element}の余剰枠"), unit="t/yr", amounts=_left_over,
        told=Said("of {scope} at most {value} of the year's use may be left over", "{scope}の余剰は年間使用量の{value}まで"),
        written="%",
    ),
    Restraint(
        "spot", "physical", "spot", "limit", (),
        priced=Said("{element} on the spot market", "スポット市場の{element}の量"), unit="t/yr", amounts=_spot
    ),
)  # fmt: skip
