"""What a stress test answers: who stops, on which day, what is unserved, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from pandas import DataFrame

from procure.explore.kept import Kept
from procure.units import DAYS_PER_YEAR

#: Days of the steps by which it is told.
STEPS = {"month": DAYS_PER_YEAR / 12, "week": 7.0}


@dataclass(frozen=True, eq=False)
class Stress(Kept):
    """Plans along one path of events. Mass in t of oxide, money in million USD, not discounted, days from the first of the event.

    Attributes
    ----------
    name, event, step : str
        Of the model and the event; month or week.
    year : int
        In whose beginning the event begins.
    days : float
        How long it is followed.
    without_stock : bool
        Whether nobody had any at the start.
    released : mapping
        Share of the stock of each holder that is there, of the element of which most is.
    idle : tuple of str
        Suppliers and scopes of the event that nothing is bought of.
    is_elsewhere : bool
        Whether the found plan was found with other facts than those it is followed with.
    plans : tuple of str
        What is held side by side: today's plan, and the found one.
    exchange : mapping
        Units of a currency per USD.
    currency : str
        Of the model, shown beside USD.
    stops : DataFrame
        A row for each plan, element and tier of users: `short_day`, the first on which some of its use goes unserved; `stop_day`,
        the first on which so much does that its last tier of shortage begins, in which lines stop; NaN where that does not come;
        with `use_t`, `unserved_t` and `lost_musd` of the whole path.
    endurance : DataFrame
        Months that all use of an element is served, by plan; NaN where that is to the end.
    periods : DataFrame
        By plan, period, element and tier of users: what it uses, what arrives for it, what is unserved, what that costs.
    supply : DataFrame
        What arrives of each supplier and the spot market by plan, period and element, beside what is ordinary; `called_t` of it was
        called because of the event, for `paid_musd`, at `price_usd_kg`, the dearest of the element at the time.
    stock : DataFrame
        By plan, period, element and holder: what is drawn and filled, and what there is at the end.
    totals : DataFrame
        By plan and period: unserved shares of the classes and of all; what is sold on, what is lost, and paid for what was called.
    """

    format: ClassVar[str] = "procure.stress"

    name: str
    event: str
    step: str
    year: int
    days: float
    without_stock: bool
    released: Mapping[str, float]
    idle: tuple[str, ...]
    is_elsewhere: bool
    plans: tuple[str, ...]
    exchange: Mapping[str, float]
    currency: str
    stops: DataFrame = field(repr=False)
    endurance: DataFrame = field(repr=False)
    periods: DataFrame = field(repr=False)
    supply: DataFrame = field(repr=False)
    stock: DataFrame = field(repr=False)
    totals: DataFrame = field(repr=False)
