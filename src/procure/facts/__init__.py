"""The facts: tables of numbers with range, source and status, read and checked once."""

from procure.facts.facts import Facts, load_facts
from procure.facts.paths import Place

__all__ = ["Facts", "Place", "load_facts"]
