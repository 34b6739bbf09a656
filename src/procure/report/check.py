"""What a model holds, before it is solved: its sets, its limits, the size of its program, and what it rests on."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from procure.facts import Place
from procure.limits import KINDS
from procure.market import Market, check_read, exposure, is_drawn_anew, numbers_read, tracked_markets
from procure.model import Model
from procure.model.limits import LimitChoices
from procure.program.program import compose
from procure.report.sources import numbers
from procure.risk import worst_law
from procure.scenarios.futures import holds_every_future
from procure.scenarios.sample import effective
from procure.scenarios.world import processes
from procure.units import Array
from procure.words import between, listed, printable, programme_name, span, worst_share

#: Coefficients further from one than this make a solver lose digits, mostly because a unit is wrong.
SMALLEST, LARGEST = 1e-7, 1e7


def summary(model: Model) -> str:
    """The model in words; raises `DataError` with every fault that only shows when its market is made.

    >>> from procure.model import load_model
    >>> print(summary(load_model("two-class")).partition("program")[0])
    two-class: Two classes, four suppliers, one year
      years         2027
      elements      light, medium_heavy
      suppliers     caremag, china, lynas, seabed
      processes     caremag, china, lynas, seabed
      limits        none
      futures       16 nodes, 16 leaves: every future there is
    <BLANKLINE>
    """
    tracked = tracked_markets(model)
    read = numbers_read(model, tracked)
    check_read(model, model.numbers_set, read)
    lines = [f"{model.name}: {printable(model.settings.model.title.get('en', 'no title'))}"]
    lines += [
        f"  {heading:12}  {text}".rstrip() for heading, text in _facts(model, [each.market for each in tracked], read)
    ]
    return "\n".join(lines)


def _facts(model: Model, markets: list[Market], read: Collection[Place]) -> Iterator[tuple[str, str]]:
    sets = markets[0].sets
    yield "years", span(model.years)
    yield "elements", ", ".join(sets.elements)
    yield "suppliers", ", ".join(sets.suppliers)
    for supplier, chosen in model.settings.suppliers.items():
        if supplier in sets.suppliers and chosen.programmes:
            yield "programmes", f"{supplier}: {', '.join(chosen.programmes)}"
    yield "processes", ", ".join(sorted(process.name for process in processes(model, markets[0].programmes)))
    for review in model.settings.reviews:
        yield "review", f"{review.year}, seeing {listed(review.sees)}"
    limits = [_words(limit, model) for limit in model.settings.limits]
    yield "limits", limits[0] if limits else "none"
    yield from (("", limit) for limit in limits[1:])
    nodes = between(len(market.probability) for market in markets)
    leaves = between(len(market.shape.leaves) for market in markets)
    whole = all(holds_every_future(model, market.programmes) for market in markets)
    yield "futures", f"{nodes} nodes, {leaves} leaves: {'every future there is' if whole else 'drawn from many'}"
    if any(is_drawn_anew(model, market.programmes) for market in markets):
        yield "", "others than those of the facts as they were read, which cannot stand for the law at the numbers set"
    if not whole:
        yield from (("", _effective(market)) for market in markets)
    program = compose(markets[0]).composed.lp
    n_rows, n_columns = program.matrix.shape
    times = f", for each of {len(markets)} programme levels" if len(markets) > 1 else ""
    yield "program", f"{n_rows:,} rows, {n_columns:,} columns, {program.matrix.nnz:,} entries{times}"
    bounds = np.concatenate([program.row_lower, program.row_upper, program.lower, program.upper])
    spans = {"matrix": program.matrix.data, "costs": program.cost, "bounds": bounds}
    sizes = {name: _sizes(values) for name, values in spans.items()}
    yield "coefficients", ", ".join(f"{name} {low:.2g} to {high:.2g}" for name, (low, high) in sizes.items())
    for name, (low, high) in sizes.items():
        if low < SMALLEST or high > LARGEST:
            yield "warning", f"{name} reach from {low:.2g} to {high:.2g}: a unit may be wrong, and digits will be lost"
    yield from _provenance(model, read)


def _effective(market: Market) -> str:
    """As many leaves of equal weight as would be as good a sample, of all futures and of the worst."""
    alpha = market.model.settings.risk.alpha
    law = market.probability[market.shape.leaves]
    worst = worst_law("cvar", exposure(market), law, alpha)
    name = f" for {programme_name(market.programmes)}" if market.programmes else ""
    return f"as good as {effective(law):.0f} equal ones{name}, {effective(worst):.0f} in the worst {worst_share(alpha)}"


def _words(limit: LimitChoices, model: Model) -> str:
    kind = KINDS[limit.kind]
    years = span(range(limit.first or model.years[0], (limit.last or model.years[-1]) + 1))
    return f"{limit.name} ({limit.tag}): {kind.says(limit, kind.measured_in.text(limit.bound))}, {years}"


def _sizes(values: Array) -> tuple[float, float]:
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    return (float(sizes.min()), float(sizes.max())) if sizes.size else (1.0, 1.0)


def _provenance(model: Model, read: Collection[Place]) -> Iterator[tuple[str, str]]:
    frame = numbers(model, read=read)
    counts = frame["status"].value_counts()
    yield "numbers", f"{len(frame):,}: " + listed([f"{count:,} {status}" for status, count in counts.items()])
    assumed = frame.loc[frame["status"] == "assumed", "table"].value_counts()
    if len(assumed):
        yield "assumed", listed([f"{count} in {table}" for table, count in assumed.items()], most=6)
        yield "", f"listed by: procure sources {model.name} --status assumed"
