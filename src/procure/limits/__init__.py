"""The limits a strategist asks for, one file per kind; `kind` says on one page what each answers.

A kind is found here by being in this folder: nothing else lists them.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping

from procure.limits.asked import Futures, MarketNumbers
from procure.limits.kind import FuturesLimit, LimitKind, PlanLimit
from procure.limits.limit import Bound, Counts, Future, Limit, Unit

__all__ = [
    "KINDS", "Bound", "Counts", "Future", "Futures", "FuturesLimit", "Limit", "LimitKind", "MarketNumbers", "PlanLimit", "Unit",
    "futures_kind_of", "kind_of",
]  # fmt: skip


def _discovered() -> dict[str, LimitKind]:
    """Every kind of this folder by its name."""
    kinds: dict[str, LimitKind] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        members = vars(importlib.import_module(module.name)).values()
        for kind in members:
            own = inspect.isclass(kind) and issubclass(kind, LimitKind) and kind.__module__ == module.name
            if own and not inspect.isabstract(kind):
                kinds[kind.name] = kind()
    return kinds


#: Every kind of limit by the name that a model file gives it.
KINDS: Mapping[str, LimitKind] = _discovered()


def kind_of(limit: Limit) -> LimitKind:
    """What is known of a limit's kind."""
    return KINDS[limit.kind]


def futures_kind_of(limit: Limit) -> FuturesLimit:
    """What is known of the kind of a limit on all futures (`Sets.limits_on_futures`)."""
    kind = KINDS[limit.kind]
    assert isinstance(kind, FuturesLimit), f"{limit.name} is a limit on the plan"
    return kind
