"""Numbers with units, converted at the border and nowhere else.

Inside, mass is in t, time in yr (episodes in months), prices in USD/kg and money in kUSD; how a number was written is remembered.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from procure.languages import Said

#: The table of currencies, by whose rates all others are converted.
RATES = "exchange_rates"
# The currencies come from there; everything else a table may be written in is here.
UNITS = """
kg = [mass]; g = 0.001 kg; t = 1000 kg; kt = 1000 t; Mt = 1e6 t; lb = 0.45359237 kg; mol = [substance]
yr = [time] = year; month = yr / 12; week = 7 day; day = yr / 365; deg = [angle]
percent = 0.01; thousand = 1e3; million = 1e6; mn = 1e6; billion = 1e9; bn = 1e9; trillion = 1e12
USD = [currency]; kUSD = 1000 USD
"""

#: What is wrong with a unit, in the error that `Units.factor` raises.
NO_CONVERSION = Said("unit '{unit}' does not convert to {target}", "単位 '{unit}' は {target} に換算できない")
#: Names of units, multiplied, divided and raised to small powers: pint would work out any tower of powers, however long it takes.
_UNIT = re.compile(r"(?:1|[A-Za-z_%]|[/() -]|\*(?!\*)|(?:\*\*|\^)-?[1-9](?!\s*(?:[0-9]|\*\*|\^)))*")


class Units:
    """Factors between units; pint is asked only where two units differ as written."""

    def __init__(self, rates: Mapping[str, float]) -> None:
        self.rates = dict(rates)  # currency -> units per USD
        self._factors: dict[tuple[str, str], float] = {}

    @cached_property
    def _registry(self) -> Any:
        import pint

        registry = pint.UnitRegistry(None)
        for line in filter(None, (part.strip() for part in re.split(r"[;\n]", UNITS))):
            registry.define(line)
        for currency, rate in self.rates.items():
            registry.define(f"{currency} = {1 / rate!r} USD")
        return registry

    def factor(self, unit: str, target: str) -> float:
        """How many `target` one `unit` is; ValueError in words when it is none."""
        if unit == target:
            return 1.0
        pair = unit, target
        if pair not in self._factors:
            registry = self._registry
            try:
                if not _UNIT.fullmatch(unit):
                    raise ValueError("not made of names of units")
                single = registry.Quantity(1.0, self._plain(unit))
                self._factors[pair] = float(single.to(self._plain(target)).magnitude)
            except Exception as error:  # of pint alone: its parser raises whatever it meets, down to bare assertions
                raise ValueError(NO_CONVERSION.format(unit=unit, target=target)) from error
        return self._factors[pair]

    def currency(self, unit: str) -> str:
        """The currency of a unit that hangs on an exchange rate, or ''."""
        return next((word for word in re.findall(r"[A-Z]{3}", unit) if word in self.rates), "")

    @staticmethod
    def _plain(unit: str) -> str:
        unit = unit.replace("%", "percent")
        return "dimensionless" if unit in ("1", "-", "") else re.sub(r"\b1/", "1.0/", unit)


@lru_cache(maxsize=32)
def units_at(rates: tuple[tuple[str, float], ...]) -> Units:
    """The units at these exchange rates (currency, units per USD)."""
    return Units(dict(rates))


@dataclass(frozen=True)
class Written:
    """How a number was written: in `unit`, one of which is `factor` of the unit of the model, at the rate of `currency` if any."""

    unit: str
    factor: float = 1.0
    currency: str = ""

    def listed(self, number: float) -> float:
        """A number of the model as it would be written, to the digits that outlast being converted to and fro.

        >>> Written("thousand JPY/kg", 1e3 / 155.9).listed(1e3 * 6.6 / 155.9)
        6.6
        """
        return number if self.factor == 1 else float(f"{number / self.factor:.12g}")


#: A number and its unit: "6400 USD/kg", "65%", "0.05 1/yr".
_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?:\s*(?P<unit>[A-Za-z%/(].*)|\s+(?P<inverse>1(?:/.*)?))"
)


def quantity(text: str) -> tuple[float, str] | None:
    """Number and unit of a text that has both; None where it has not.

    >>> quantity("6400 USD/kg"), quantity("65%"), quantity("0.05 /yr"), quantity("cheap")
    ((6400.0, 'USD/kg'), (65.0, '%'), (0.05, '1/yr'), None)
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        return None
    unit = match["unit"] or match["inverse"]
    return float(match["number"]), f"1{unit}" if unit.startswith("/") else unit


def share_of_percent(value: Any) -> Any:
    """A share written as "65 %"; anything else as it is.

    >>> share_of_percent("65 %"), share_of_percent(0.65)
    (0.65, 0.65)
    """
    said = quantity(value) if isinstance(value, str) else None
    return said[0] / 100 if said is not None and said[1] == "%" else value


def as_float(number: float) -> float:
    """The number as one of floating point; beyond all of those it is infinite, which every bound refuses."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
