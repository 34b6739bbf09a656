"""Which numbers count in a model: those of the facts that nothing reads cannot be set, nor those of an extension."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from procure.errors import DataError, Fault
from procure.facts import Place
from procure.languages import Said
from procure.market.futures import make_tree
from procure.market.market import Market, Ordered, TrackedMarket
from procure.model import Model
from procure.scenarios.world import numbers_of_law, programme_choices, suppliers_of

#: Tables that count before a model is made: the rates by which the others were converted, and the futures of one's own.
ALWAYS_READ = ("exchange_rates", "scenarios")

_NO_NUMBER, _HAS_NUMBER, _ADD_NUMBER = (
    Said("'{name}' is declared at {index} and has no number", "宣言された '{name}' の {index} に数値がない"),
    Said("every datum of an extension has a number", "拡張のデータにはすべて数値がある"),
    Said("add it to numbers = {{'{name}': ...}}", "numbers = {{'{name}': ...}} に加える"),
)
_UNDECLARED, _GIVEN_COUNTS, _DECLARE = (
    Said("a number '{name}' is given that nothing declares", "宣言のない数値 '{name}' が与えられている"),
    Said("what is given must count", "与える数値は効くものであること"),
    Said(
        "declare it in a function of the extension: block.given('{name}', ..., unit='t')",
        "拡張の関数で宣言する: block.given('{name}', ..., unit='t')",
    ),
)


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
    """Refuse numbers that were set and that nothing reads, all in one list.

    A number counts that only another one leaves out: a premium of what is called, where a case lets nothing be called. So what
    the model does not `read` is looked for once more with all numbers as they stand in the tables.
    """
    unread = unread_of(model, paths, read)
    if unread:
        unread = unread_of(model, unread, _read_as_in_tables(model))
    faults = []
    for path, place in unread.items():
        remedy = Said(
            "`procure sources {model}` lists the numbers that count; {why}",
            "効く数値の一覧は `procure sources {model}`。{why}",
        ).format(model=model.name, why=_why_unread(model, path, place))
        seen = Said("nothing in this model reads the number", "このモデルはこの数値を読まない")
        faults.append(Fault(path, seen, Said("what is set must count", "設定する数値は効くものであること"), remedy))
    if faults:
        raise DataError(faults)


def unread_of(model: Model, paths: Iterable[str], read: Collection[Place]) -> dict[str, Place]:
    """Where those of some numbers stand that are not read."""
    places = {path: model.facts.locate(path) for path in paths}
    return {path: place for path, place in places.items() if place not in read and place.table not in ALWAYS_READ}


def _read_as_in_tables(model: Model) -> set[Place]:
    """The numbers that a model reads where none is set; none where the tables make no such model."""
    try:
        return numbers_read(replace(model, facts=model.facts.as_read))
    except DataError:
        return set()


def check_given(market: Market, plan: Ordered, period: Ordered) -> None:
    """Refuse data that are declared and have no number, and numbers that nothing declares, all in one list."""
    missing = [
        (name, index)
        for block, given in ((plan, market.plan), (period, market.period))
        for name, index in block.data
        if index not in given.get(name, {})
    ]
    faults = [
        Fault(
            "model.extended",
            _NO_NUMBER.format(name=name, index=list(index)),
            _HAS_NUMBER,
            _ADD_NUMBER.format(name=name),
        )
        for name, index in missing
    ]
    declared = {name for name, _ in (*plan.data, *period.data)}
    faults += [
        Fault("model.extended", _UNDECLARED.format(name=name), _GIVEN_COUNTS, _DECLARE.format(name=name))
        for name in sorted(market.model.extension.numbers.keys() - declared)
    ]
    if faults:
        raise DataError(faults)


def _why_unread(model: Model, path: str, place: Place) -> str:
    """A guess at why a number does not count."""
    row = model.facts.tables[place.table].iloc[place.position]
    owner = str(row.get("supplier", row.get("chain", "")))
    if owner in set(model.facts.tables["suppliers"]["supplier"]) - set(suppliers_of(model)):
        return Said("'{owner}' is switched off", "'{owner}' は無効").format(owner=owner)
    if place.column in ("optimistic", "pessimistic"):
        return Said("world.variant is '{variant}'", "world.variant は '{variant}'").format(
            variant=model.settings.world.variant
        )
    return Said(
        "a row of a later year or of a closer scope may prevail, or a choice may leave it out",
        "より後の年か、より狭い対象の行が優先されるか、選択で外れている可能性がある",
    )
