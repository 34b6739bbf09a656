"""Which numbers count in a model: those of the facts that nothing reads cannot be set, nor those of an extension."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from procure.errors import DataError, Fault
from procure.facts import Place
from procure.market.futures import make_tree
from procure.market.market import Market, Ordered, TrackedMarket
from procure.model import Model
from procure.scenarios.world import numbers_of_law, programme_choices, suppliers_of

#: Tables that count before a model is made: the rates by which the others were converted, and the futures of one's own.
ALWAYS_READ = ("exchange_rates", "scenarios")


def tracked_markets(model: Model) -> list[TrackedMarket]:
    """The markets of a model under each of its programme levels, which know what they have read."""
    return [TrackedMarket(model, choice, make_tree(model, choice)) for choice in programme_choices(model)]


def numbers_read(model: Model, markets: Iterable[TrackedMarket] | None = None) -> set[Place]:
    """Every number of the facts that a model reads, under any of its programme levels: of those `markets`, where they are made."""
    found: set[Place] = set()
    for each in tracked_markets(model) if markets is None else markets:
        found |= each.read | numbers_of_law(model, each.market.programmes)
    return found


def check_read(model: Model, paths: Iterable[str], read: Collection[Place]) -> None:
    """Refuse numbers that were set and that nothing reads, all in one list."""
    faults = []
    for path in paths:
        place = model.facts.locate(path)
        if place not in read and place.table not in ALWAYS_READ:
            remedy = f"`procure sources {model.name}` lists the numbers that count; {_why_unread(model, path, place)}"
            faults.append(Fault(path, "nothing in this model reads the number", "what is set must count", remedy))
    if faults:
        raise DataError(faults)


def check_given(market: Market, plan: Ordered, period: Ordered) -> None:
    """Refuse data that are declared and have no number, and numbers that nothing declares, all in one list."""
    missing = [
        (name, index)
        for block, given in ((plan, market.plan), (period, market.period))
        for name, index in block.data
        if index not in given.get(name, {})
    ]
    rule, where = "every datum of an extension has a number", "model.extended"
    faults = [
        Fault(
            where,
            f"'{name}' is declared at {list(index)} and has no number",
            rule,
            f"add it to numbers = {{'{name}': ...}}",
        )
        for name, index in missing
    ]
    declared = {name for name, _ in (*plan.data, *period.data)}
    faults += [
        Fault(where, f"a number '{name}' is given that nothing declares", "what is given must count",
              f"declare it in a function of the extension: block.given('{name}', ..., unit='t')")
        for name in sorted(market.model.extension.numbers.keys() - declared)
    ]  # fmt: skip
    if faults:
        raise DataError(faults)


def _why_unread(model: Model, path: str, place: Place) -> str:
    """A guess at why a number does not count."""
    row = model.facts.tables[place.table].iloc[place.position]
    owner = str(row.get("supplier", row.get("chain", "")))
    if owner in set(model.facts.tables["suppliers"]["supplier"]) - set(suppliers_of(model)):
        return f"'{owner}' is switched off"
    if place.column in ("optimistic", "pessimistic"):
        return f"world.variant is '{model.settings.world.variant}'"
    return "a row of a later year or of a closer scope may prevail, or a choice may leave it out"
