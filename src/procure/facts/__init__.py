"""The facts: tables of numbers with range, source and status, read and checked once."""

from procure.facts.facts import Facts, Place, load_facts

__all__ = ["Facts", "Place", "load_facts"]
