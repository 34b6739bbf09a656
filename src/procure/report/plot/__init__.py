"""Pictures of answers, for matplotlib: each takes an answer and returns the axes it is drawn on.

    ax = procure.plot.mix(portfolio, "Dy", language="ja")
    procure.plot.save(ax.figure, "mix.pdf")

Colours are told apart by colour-blind people, and by patterns in grey print; a supplier has the same one on every picture.
Needs the extra `plot`.
"""

from procure.report.plot.canvas import save
from procure.report.plot.cost import cost
from procure.report.plot.mix import mix
from procure.report.plot.programmes import programmes
from procure.report.plot.shortage import shortage
from procure.report.plot.stress import stress
from procure.report.plot.supply_map import supply_map
from procure.report.plot.switch import switch, switch_map
from procure.report.plot.tornado import tornado
from procure.report.plot.tree import tree

__all__ = [
    "cost",
    "mix",
    "programmes",
    "save",
    "shortage",
    "stress",
    "supply_map",
    "switch",
    "switch_map",
    "tornado",
    "tree",
]
