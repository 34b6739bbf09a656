"""The market a model buys in: every number of plan and period, and from which numbers of the facts it was worked out."""

from procure.market.averaged import averaged
from procure.market.doubt import Paths, doubt_about
from procure.market.exposure import exposure
from procure.market.futures import is_drawn_anew, make_tree, weighed_tree
from procure.market.limits import bound_of
from procure.market.market import Market, Moved, TrackedMarket, make_market
from procure.market.merge import idle_offers, merge, merge_as, stay_one
from procure.market.numbers import Data, Datum
from procure.market.programme import read_law
from procure.market.reads import ALWAYS_READ, check_given, check_read, numbers_read, tracked_markets, unread_of
from procure.market.shape import Shape

__all__ = [
    "ALWAYS_READ", "Data", "Datum", "Market", "Moved", "Paths", "Shape", "TrackedMarket",
    "averaged", "bound_of", "check_given", "check_read", "doubt_about", "exposure", "idle_offers", "is_drawn_anew",
    "make_market", "make_tree",
    "merge", "merge_as", "numbers_read", "read_law", "stay_one", "tracked_markets", "unread_of", "weighed_tree",
]  # fmt: skip
