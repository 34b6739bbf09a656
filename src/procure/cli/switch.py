"""`procure switch`: where along a number the choice of programmes changes."""

from __future__ import annotations

from typing import Annotated

import typer

from procure.cli.model import Changes, ModelName, load, value_of
from procure.cli.output import progress, show
from procure.errors import Fault


def switch(
    model: ModelName,
    path: Annotated[str, typer.Argument(metavar="PATH", help="A number or choice, as for --set: risk.weight.")],
    low: Annotated[str, typer.Option(metavar="L", help="Where the range begins, as a value for --set.")],
    high: Annotated[str, typer.Option(metavar="H", help="Where it ends.")],
    changes: Changes = None,
    digits: Annotated[int, typer.Option(metavar="N", help="To how many digits a switch is found.")] = 3,
    points: Annotated[int, typer.Option(metavar="N", help="Values that are looked at in any case.")] = 9,
    standard_error: Annotated[
        float | None,
        typer.Option(
            metavar="MUSD",
            help="Of the difference of two levels, million USD; else that of 10,000 fresh paths at the switch.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
) -> None:
    """Find the values of a number at which the choice of programmes changes, and how far around them it is a tie."""
    faults: list[Fault] = []
    ends = [value_of(f"--{name}", text, faults) for name, text in (("low", low), ("high", high))]
    chosen = load(model, changes, faults, quiet=quiet)
    from procure.explore.switch import switch as find_switches

    with progress(quiet) as told:
        found = find_switches(
            chosen, path, *ends, digits=digits, points=points, standard_error_musd=standard_error,
            as_written=True, progress=told,
        )  # fmt: skip
    if not quiet:
        show(found)
