"""What a supplier's contract for an element is worth by its volume: the most to pay for it, and when a floor under its price loses.

A corridor is a firm contract, q t/yr in the mean of the plan's years in the proportions of what is on offer; beside it the
supplier sells nothing of the element, neither on call nor under an option, and nothing of it is given up. The plan, under the same
programme level and in the same futures, is the best with it.
With V(q) its weighed cost, P(q) the payments for the contract among it and T(q) the tonnes that arrive, discounted and weighed as V
weighs futures,

  on average  w(q) = (V(0) - V(q) + P(q)) / T(q)                                         the most to pay for all of it    USD/kg
  at the end  (V(a) - V(b) + P(b) - P(a)) / (T(b) - T(a))                                for what b has more than a       USD/kg

whatever is paid now: V less P hangs on the price by the tail only. The premium is w less what the supplier that fills most of the
demand today (or another that is named) asks while nothing disturbs it.

A contract with a floor F pays the larger of F and what the contract of the tables pays at the market. With all listed prices of the
element m times what they are, it gains the buyer

  G(m) = V(0; m) - V(q; m) + P(q; m) - T(q; m) max(F, P(q; m) / T(q; m))                 million USD

and loses where G < 0: at markets cheaper than where G(m) = 0, if there is such a one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from pandas import DataFrame

from procure.errors import IS, LEAVE_OUT, NAME_ANOTHER, DataError, Fault, Infeasible, nearest
from procure.explore.kept import Kept
from procure.facts import Place
from procure.formulation.held import SCALE, held
from procure.languages import Said
from procure.market import Market
from procure.model import ModelOrName, as_model
from procure.portfolio.evaluate import FROM_0
from procure.portfolio.fresh import MEASURES
from procure.portfolio.measure import Measured
from procure.portfolio.parts import node_weights
from procure.portfolio.today import today
from procure.portfolio.verdict import PATHS, beside
from procure.program.restraints import TableNumbers
from procure.solving.compiled import Compiled
from procure.solving.trees import is_drawn
from procure.units import KUSD_PER_MUSD, Mask
from procure.words import Progress, listed

_A_PART = Said("it is a part of what is on offer, above 0", "提示量に対する割合で、0 より大きい")
_ONE_AT_LEAST = Said("one at least is looked at", "少なくとも一つ調べる")
_A_PRICE = Said("it is a price from 0 up, USD/kg", "価格は 0 以上、USD/kg")
_TONNES = Said("it is above 0, t/yr", "0 より大きい、t/年")
_NO_SUPPLIER = Said("no supplier '{supplier}'", "供給元 '{supplier}' がない")
_OF_A_SUPPLIER = Said("a corridor is of a supplier of the model", "調べる相手はモデルの供給元")
_NO_ELEMENT = Said("no element '{element}'", "元素 '{element}' がない")
_OF_AN_ELEMENT = Said("a corridor is for an element of the model", "調べる対象はモデルの元素")
_BASKET = Said("{supplier} sells a basket", "供給元 {supplier} は元素を一定の比率で販売する")
_BY_ITSELF = Said("a corridor is for an element that is sold by itself", "調べる対象は単独で販売される元素")
_HEDGES = Said(
    "ask `procure hedges` for its worth, or `procure switch` along its price",
    "価値は `procure hedges`、価格に沿った変化は `procure switch` で調べる",
)
_NOT_OFFERED = Said("{supplier} offers no {element} under contract", "供給元 {supplier} に {element} の契約枠がない")
_A_CONTRACT = Said("a corridor is a contract", "調べる対象は契約")
_OFFERS = Said("it offers {others}", "契約枠があるのは {others}")
_SET_FREE = Said("set suppliers.{supplier}.contracts = 'free'", "suppliers.{supplier}.contracts = 'free' とする")
_NO_RIVAL = Said("{against} is no other supplier of {element}", "{against} は {element} の他の供給元ではない")
_OVER_ANOTHER = Said("a premium is over another's price", "上乗せは他の供給元の価格に対するもの")
_NO_OFFER = Said("{supplier} has no {element} on offer", "供給元 {supplier} に {element} の供給枠がない")
_PART_OF_OFFER = Said("a corridor is a part of what is on offer", "調べる量は供給枠の一部")
_RAISE = Said("raise suppliers.{supplier}.offers.{element}", "suppliers.{supplier}.offers.{element} を増やす")
_VOLUME = Said("{volume:,.4g} t/yr", "{volume:,.4g} t/年")
_TIMES = Said(", prices × {market:.3g}", "、価格 × {market:.3g}")
_NEVER_ARRIVES = Said(
    "of {element} that {supplier} has under contract nothing arrives in any future",
    "{supplier} と契約した {element} はどの将来でも届かない",
)
_THAT_ARRIVES = Said("a corridor is what a tonne that arrives is worth", "調べるのは届く 1 t の価値")

#: Volumes that are looked at beside none, and the largest, as a part of what is on offer.
VOLUMES, LARGEST = 6, 1.5
#: Markets at which a floor is looked at, as parts of the prices that are.
MARKETS = (0.25, 0.5, 1.0, 2.0)
#: To which part of today's price the market at which a floor loses is known.
FINE = 0.01
OF_VOLUME = ("volume_t", "weighed_musd", "worth_musd", "average_usd_kg", "marginal_usd_kg", "paid_usd_kg")
OF_MARKET = ("market", "rival_usd_kg", "worth_usd_kg", "paid_usd_kg", "gain_musd")


@dataclass(frozen=True, eq=False)
class Corridor(Kept):
    """What a contract with a supplier for an element is worth. Prices in USD/kg, money in million USD of present value, weighed.

    Attributes
    ----------
    name, supplier, element, programme : str
        Of the model, and the level of its best plan, which stays.
    offer_t : float
        On offer now, t/yr in the mean of the years.
    rival, rival_usd_kg : str, float
        The supplier against which the premium is told, and what it asks while nothing disturbs it.
    curve : DataFrame
        A row for each volume, t/yr: the weighed cost; `worth_musd`, what is saved beside no such contract before it is paid; the
        most to pay for all of it and for what it has more than the row before; and what is paid now, on average.
    largest_t : float
        Beyond which no plan can take so much; NaN where all that was asked for is possible.
    volume_t, floor_usd_kg : float
        Of the floor contract.
    worth_error_usd_kg, fresh_usd_kg : float
        The most to pay for that volume on fresh paths that no tree has seen, and its standard error: NaN where nothing was played,
        0 where every future is counted.
    floor : DataFrame
        For each `market`, a multiple of the listed prices of the element: what the rival asks, the most to pay for the volume, what
        the contract with the floor pays, and what it gains.
    loses_below_usd_kg : float
        The rival's price below which the floor contract loses; NaN where it loses nowhere between the cheapest of these markets
        and the dearest, or everywhere.
    n_paths : int
        Fresh paths; 0 where every future is counted or nothing was played.
    is_drawn : bool
        Whether the tree is a drawing of more futures than it holds.
    refusal : str
        Why nothing was played; blank where it was.
    """

    format: ClassVar[str] = "procure.corridor"

    name: str
    supplier: str
    element: str
    programme: str
    offer_t: float
    rival: str
    rival_usd_kg: float
    curve: DataFrame = field(repr=False)
    largest_t: float
    volume_t: float
    floor_usd_kg: float
    fresh_usd_kg: float
    worth_error_usd_kg: float
    floor: DataFrame = field(repr=False)
    loses_below_usd_kg: float
    n_paths: int
    is_drawn: bool
    refusal: str


def corridor(
    model: ModelOrName,
    supplier: str,
    element: str,
    *,
    largest: float = LARGEST,
    volumes: int = VOLUMES,
    against: str | None = None,
    floor: float | None = None,
    volume: float | None = None,
    paths: int = PATHS,
    progress: Progress | None = None,
) -> Corridor:
    """The most that is worth paying for a firm contract by its volume, its premium, and when a floor under its price loses.

    Parameters
    ----------
    model : Model, str or Path
    supplier, element : str
        Whose contract, for what; a supplier of a basket sells no single element.
    largest : float
        The largest volume looked at, as a part of what is on offer now.
    volumes : int
        How many are looked at beside none, evenly apart.
    against : str, optional
        The supplier against whose price the premium is told; without it the one that fills most of the demand today.
    floor : float, optional
        USD/kg; without it what the contract pays now.
    volume : float, optional
        Of the floor contract, t/yr in the mean of the years; without it all that is on offer.
    paths : int
        Fresh paths on which the plans with and without that volume are played, where the tree is drawn; 0 plays none.
    progress : callable, optional
        Called with (done, total, what).

    Returns
    -------
    Corridor

    Raises
    ------
    DataError
        For an unknown supplier or element, one that it does not sell under contract or of which nothing ever arrives, and numbers
        out of range.
    Infeasible, SolverError
        As `procure.solve`.

    >>> from procure import load_model
    >>> found = corridor(load_model("two-class"), "lynas", "medium_heavy", volumes=1)
    >>> print(found.curve[["volume_t", "average_usd_kg", "marginal_usd_kg"]].round().to_string(index=False))
     volume_t  average_usd_kg  marginal_usd_kg
          0.0             NaN              NaN
        588.0          4527.0           4527.0
        881.0          4527.0           4527.0
    """
    model = as_model(model)
    faults = [
        Fault(name, IS.format(value=f"{number:g}"), rule, LEAVE_OUT)
        for name, number, is_right, rule in (
            ("largest", largest, 0 < largest < math.inf, _A_PART),
            ("volumes", volumes, volumes >= 1, _ONE_AT_LEAST),
            ("floor", floor or 0.0, 0 <= (floor or 0.0) < math.inf, _A_PRICE),
            (
                "volume",
                1.0 if volume is None else volume,
                volume is None or 0 < volume < math.inf,
                _TONNES,
            ),
            ("paths", paths, paths >= 0, FROM_0),
        )
        if not is_right
    ]
    base = Compiled(model, is_solved_once=True)
    market = base.programs({})[0].market
    try:
        rival = _checked(market, supplier, element, against)
    except DataError as error:
        raise DataError([*faults, *error.faults]) from None
    if faults:
        raise DataError(faults)
    search = _Search(base, market, supplier, element, rival, largest, volume, progress)
    scale = search.scale
    scales = sorted({0.0, scale, *(largest * k / volumes for k in range(1, volumes + 1))})
    search.total = len(scales) + 2 * len(MARKETS)
    found, last = search.curve(scales)
    if search.at(scale) is None:
        raise Infeasible(
            [
                Said(
                    "{element} from {supplier}: no plan has {tonnes:.4g} t/yr under contract",
                    "{supplier} の {element}: {tonnes:.4g} t/年を契約する計画はない",
                ).format(element=element, supplier=supplier, tonnes=scale * search.offer_t)
            ]
        )
    fresh, spread, refusal = search.fresh(scale, paths)
    asked = search.paid(scale) if floor is None else floor
    markets, loses = search.floor(scale, asked)
    return Corridor(
        name=model.name, supplier=supplier, element=element, programme=search.level, offer_t=search.offer_t, rival=rival,
        rival_usd_kg=search.rival_price(scale), curve=found, largest_t=last * search.offer_t,
        volume_t=scale * search.offer_t, floor_usd_kg=asked, fresh_usd_kg=fresh, worth_error_usd_kg=spread, floor=markets,
        loses_below_usd_kg=loses, n_paths=paths if is_drawn(model) and not refusal else 0, is_drawn=is_drawn(model),
        refusal=refusal,
    )  # fmt: skip


def _checked(market: Market, supplier: str, element: str, against: str | None) -> str:
    """The rival; refused is what cannot be asked."""
    sets, faults = market.sets, []
    if supplier not in sets.suppliers:
        seen, rule = _NO_SUPPLIER.format(supplier=supplier), _OF_A_SUPPLIER
        faults.append(Fault("supplier", seen, rule, nearest(supplier, sets.suppliers)))
    if element not in sets.elements:
        seen, rule = _NO_ELEMENT.format(element=element), _OF_AN_ELEMENT
        faults.append(Fault("element", seen, rule, nearest(element, sets.elements)))
    if not faults and supplier in sets.baskets:
        seen, rule = _BASKET.format(supplier=supplier), _BY_ITSELF
        faults.append(Fault("supplier", seen, rule, _HEDGES))
    elif not faults and (supplier, element) not in sets.offers:
        own = [e for s, e in sets.offers if s == supplier]
        seen, rule = _NOT_OFFERED.format(supplier=supplier, element=element), _A_CONTRACT
        remedy = _OFFERS.format(others=listed(own)) if own else _SET_FREE.format(supplier=supplier)
        faults.append(Fault("element", seen, rule, remedy))
    if against is not None and (against == supplier or (against, element) not in sets.sold):
        others = [s for s, e in sets.sold if e == element and s != supplier]
        seen, rule = _NO_RIVAL.format(against=against, element=element), _OVER_ANOTHER
        faults.append(Fault("against", seen, rule, nearest(against, others)))
    if faults:
        raise DataError(faults)
    if against is not None:
        return against
    supply = {
        s: tonnes for (s, e), tonnes in today(market).items() if e == element and (s, e) in sets.sold and s != supplier
    }
    return max(supply, key=lambda s: supply[s], default="")


class _Search:
    """Solves with the contract held at volumes and markets; each once."""

    def __init__(
        self,
        base: Compiled,
        market: Market,
        supplier: str,
        element: str,
        rival: str,
        largest: float,
        volume: float | None,
        progress: Progress | None,
    ) -> None:
        self.supplier, self.element, self.rival = supplier, element, rival
        self._progress, self.total = progress, 1
        self.level = base.solve(progress=progress).level
        model, moments = base.model, market.sets.moments
        offered = {int(y): float(market.plan["offered"][supplier, element, y]) for y in moments}
        self.offer_t = float(np.mean(list(offered.values())))
        if not self.offer_t > 0:
            seen, rule = _NO_OFFER.format(supplier=supplier, element=element), _PART_OF_OFFER
            raise DataError(Fault("element", seen, rule, _RAISE.format(supplier=supplier, element=element)))
        #: Of the floor contract, as a part of what is on offer.
        self.scale = 1.0 if volume is None else volume / self.offer_t
        plan, period = held(supplier, element, offered)
        extended = model.extended(plan=plan, period=period, numbers={SCALE: 1.0})
        self._compiled = Compiled(extended.with_(**_loosened(base, supplier, element, max(largest, self.scale))))
        self._listed = _numbers(base, "prices", element=element)
        self._solved: dict[tuple[float, float], Measured | None] = {}

    def at(self, scale: float, market: float = 1.0) -> Measured | None:
        """The best plan with the contract at a part of what is on offer, at a market; None where there is none."""
        if (scale, market) not in self._solved:
            if self._progress is not None:
                what = _VOLUME.format(volume=scale * self.offer_t) + (
                    "" if market == 1.0 else _TIMES.format(market=market)
                )
                self._progress(len(self._solved), max(self.total, len(self._solved) + 1), what)
            changes = {f"extension.{SCALE}": scale, **{path: market * price for path, price in self._listed.items()}}
            try:
                answer = self._compiled.solve(changes, only=[self.level], explains=False)
                self._solved[scale, market] = answer.measured
            except Infeasible:
                self._solved[scale, market] = None
        return self._solved[scale, market]

    def _flows(self, measured: Measured) -> tuple[float, float]:
        """What is paid for the contract, kUSD, and what arrives of it, t: discounted, and weighed as the cost is."""
        weight = node_weights(measured)[1] * measured.discount
        paid = measured.paid_for(self.supplier, self.element)
        return float(weight @ paid), float(weight @ measured.delivered(self.supplier, self.element))

    def _known(self, scale: float, market: float = 1.0) -> tuple[float, float, float] | None:
        """Weighed cost and payments, kUSD, and tonnes at a volume."""
        measured = self.at(scale, market)
        return None if measured is None else (measured.objective, *self._flows(measured))

    def curve(self, scales: Sequence[float]) -> tuple[DataFrame, float]:
        """The curve, and the largest of the volumes that a plan has; NaN where that is all of them."""
        rows: list[tuple[float, ...]] = []
        first = before = None
        for scale in scales:
            known = self._known(scale)
            if known is None:
                continue
            cost, paid, tonnes = known
            if scale > 0 and not tonnes > 0:
                seen = _NEVER_ARRIVES.format(element=self.element, supplier=self.supplier)
                raise DataError(Fault("element", seen, _THAT_ARRIVES, NAME_ANOTHER))
            worth = average = marginal = price = math.nan
            if first is None or before is None:
                first, worth = known, 0.0
            else:
                worth, price = first[0] - cost + paid, paid / tonnes
                average = worth / tonnes
                marginal = (before[0] - cost + paid - before[1]) / (tonnes - before[2])
            rows.append((scale * self.offer_t, cost / KUSD_PER_MUSD, worth / KUSD_PER_MUSD, average, marginal, price))
            before = known
        frame = DataFrame(rows, columns=list(OF_VOLUME))
        last = [scale for scale in scales if self.at(scale) is not None][-1] if rows else math.nan
        return frame, math.nan if len(rows) == len(scales) else last

    def paid(self, scale: float) -> float:
        """USD/kg that the contract of the tables pays."""
        measured = self.at(scale)
        assert measured is not None, "asked before"
        paid, tonnes = self._flows(measured)
        return paid / tonnes

    def fresh(self, scale: float, paths: int) -> tuple[float, float, str]:
        """The most to pay for a volume on fresh paths, USD/kg, and its standard error; why not, where nothing was played."""
        without, measured = self.at(0.0), self.at(scale)
        if without is None or measured is None or not paths:
            return math.nan, math.nan, ""
        found = beside(without, measured, paths)
        if isinstance(found, str):
            return math.nan, math.nan, found
        paid, tonnes = self._flows(measured)
        difference, error = (float(x[MEASURES.index("weighed")]) for x in found)
        return (difference + paid) / tonnes, error / tonnes, ""

    def rival_price(self, scale: float, market: float = 1.0) -> float:
        """USD/kg that the rival asks while nothing disturbs it, in the mean of the periods, discounted; NaN where none is known."""
        measured = self.at(scale, market)
        assert measured is not None, "asked before"
        own = (self.rival, self.element)
        data, numbers = measured.market.period, measured.market
        if own in data["price_call"]:
            price = data["price_call"][own]
        elif own in data["payment"] and self.rival not in numbers.sets.baskets:
            arrives = data["delivered"][own]
            price = np.divide(data["payment"][own], arrives, out=np.full(len(arrives), np.nan), where=arrives > 0)
        else:
            return math.nan
        weight = measured.probability * measured.discount
        weight = np.where(_undisturbed(numbers, self.rival) & ~np.isnan(price), weight, 0.0)
        return float(weight @ np.nan_to_num(price) / weight.sum()) if weight.sum() > 0 else math.nan

    def floor(self, scale: float, floor: float) -> tuple[DataFrame, float]:
        """What a floor contract gains at markets, and the rival's price below which it loses."""
        rows = []
        for market in MARKETS:
            told = self._floor(scale, floor, market)
            if told is not None:
                rows.append((market, self.rival_price(scale, market), *told))
        frame = DataFrame(rows, columns=list(OF_MARKET))
        gains = frame["gain_musd"].tolist()
        change = next((k for k in range(len(gains) - 1) if gains[k] < 0 <= gains[k + 1]), None)
        if change is None:
            return frame, math.nan
        from scipy.optimize import brentq

        def gain(market: float) -> float:
            told = self._floor(scale, floor, market)
            return -math.inf if told is None else told[2]

        low, high = (float(frame["market"].tolist()[change + k]) for k in (0, 1))
        market = float(brentq(gain, low, high, xtol=FINE, rtol=1e-6))
        return frame, self.rival_price(scale, market)

    def _floor(self, scale: float, floor: float, market: float) -> tuple[float, float, float] | None:
        """The most to pay and what is paid under a floor, USD/kg, and what that gains, million USD."""
        without, known = self._known(0.0, market), self._known(scale, market)
        if without is None or known is None:
            return None
        cost, paid, tonnes = known
        worth, price = (without[0] - cost + paid) / tonnes, max(floor, paid / tonnes)
        return worth, price, (worth - price) * tonnes / KUSD_PER_MUSD


def _numbers(base: Compiled, table: str, **cells: str) -> dict[str, float]:
    """The numbers of a table that a model reads and whose rows have these cells, by path, in the unit of the model."""
    facts = base.model.facts
    frame = facts.tables[table]
    return {
        path: facts.value(path)
        for path, (name, position) in facts.paths().items()
        if name == table
        and Place(table, position, "value") in base.read
        and all(frame[column].iloc[position] == cell for column, cell in cells.items())
    }


def _loosened(base: Compiled, supplier: str, element: str, largest: float) -> dict[str, float]:
    """What else holds the contract where it is: what is committed goes, and what is on offer reaches as far as is looked."""
    own = {"supplier": supplier, "element": element}
    changes = dict.fromkeys(_numbers(base, "commitments", **own), 0.0)
    if not _numbers(base, "shipments", **own):  # a ban takes from what was shipped: more on offer would be less of it
        more = _numbers(base, "offers", **own) | _numbers(
            base, "terms", supplier=supplier, scope=element, attribute="contract_limit"
        )
        changes |= {path: largest * value for path, value in more.items()}
    return changes


def _undisturbed(market: Market, supplier: str) -> Mask:
    """Nodes at which a supplier stands in its first state; all, where it cannot fail."""
    asked = TableNumbers(market).asked
    return asked.undisturbed(supplier)
