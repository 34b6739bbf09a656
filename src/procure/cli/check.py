"""`procure check`: a model without its answer."""

from __future__ import annotations

from procure.cli.language import in_japanese
from procure.cli.model import Changes, Limits, ModelName, load
from procure.cli.output import Quiet, show


@in_japanese("モデルとデータを解かずに調べ、内容を示す。")
def check(
    model: ModelName,
    changes: Changes = None,
    limits: Limits = None,
    quiet: Quiet = False,
) -> None:
    """Check a model and its facts without solving, and say what they hold."""
    chosen = load(model, changes, quiet=quiet, limits=limits)
    from procure.report.check import page

    found = page(chosen)
    if not quiet:
        show(found)
