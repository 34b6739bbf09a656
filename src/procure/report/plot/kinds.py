"""The pictures of a portfolio by the name of their kind, as the command line asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from procure.languages import Language
from procure.model import Model
from procure.portfolio.portfolio import Portfolio
from procure.report.plot.canvas import pyplot
from procure.report.plot.cost import cost
from procure.report.plot.mix import ALL, mix
from procure.report.plot.programmes import programmes
from procure.report.plot.shortage import shortage
from procure.report.plot.supply_map import supply_map
from procure.report.plot.tree import tree

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """How a kind is drawn, and whether it may be of one name: an element, a class, a process."""

    axes: Callable[[Portfolio, str | None, Model | None, Language], Axes]
    is_of: bool = False


KINDS: Mapping[str, Picture] = {
    "mix": Picture(lambda answer, of, _, language: mix(answer, of or ALL, language=language), is_of=True),
    "shortage": Picture(
        lambda answer, of, _, language: shortage(answer, [of] if of else None, language=language)[0], is_of=True
    ),
    "cost": Picture(lambda answer, _of, _, language: cost(answer, language=language)),
    "programmes": Picture(lambda answer, _of, _, language: programmes(answer, language=language)),
    "tree": Picture(lambda answer, of, _, language: tree(answer, of, language=language), is_of=True),
    "map": Picture(lambda answer, _of, model, language: supply_map(answer, model=model, language=language)),
}


def draw(
    kind: str, answer: Portfolio, *, of: str | None = None, model: Model | None = None, language: Language = "en"
) -> Figure:
    """The figure of a kind, in no window."""
    pyplot().switch_backend("agg")
    figure = KINDS[kind].axes(answer, of, model, language).get_figure(root=True)
    assert figure is not None
    return figure
