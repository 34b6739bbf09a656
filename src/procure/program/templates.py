"""What a model brings to its program whatever its numbers: plan and period, compiled, and how it weighs mean and tail."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from procure.formulation.sets import Sets
from procure.lp.compile import Template, compile_block
from procure.lp.figures import Risk
from procure.model import Model


@dataclass(frozen=True)
class Templates:
    """The compiled plan and period of one shape of model."""

    plan: Template
    period: Template


def templates(sets: Sets) -> Templates:
    """Compile plan and period once for each shape of model; the numbers come later."""
    with _alone:
        return _compiled(sets)


def forget() -> None:
    """Compile anew from now on: what it takes can be measured."""
    _compiled.cache_clear()


_alone = Lock()  # Pyomo works for one thread at a time


@lru_cache(maxsize=16)
def _compiled(sets: Sets) -> Templates:
    from procure.formulation.period import build_period
    from procure.formulation.plan import build_plan
    from procure.formulation.quantity import blank

    return Templates(
        plan=compile_block(build_plan(blank(), sets)),
        period=compile_block(build_period(blank(), sets)),
    )


def risk_of(model: Model) -> Risk:
    """The model's weighing of mean and tail, and its doubt about the odds."""
    chosen = model.settings.risk
    return Risk(chosen.alpha, chosen.weight, *((chosen.ambiguity, chosen.radius) if chosen.in_doubt else ()))
