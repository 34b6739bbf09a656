"""Why a change could not be followed where its numbers stand, so that what it moves was made anew."""

from __future__ import annotations

import enum


class Reason(enum.Enum):
    """Why what a change moves is made anew; an answer says it of each programme level, a sweep of each case."""

    # of what changes
    CHOICE = "a choice changes that is no number of the program"
    SUM = "a number changes on which others hang: chances that sum to one, an exchange rate"
    VALUE = "a value says its unit, or is none that the number may have"
    INVENTORY = "the number decides what there is in the market"
    # of the market
    SETS = "offers, steps, tiers or programme levels come or go"
    FAULT = "a number is at fault"
    NEW_OFFER = "an offer of nothing becomes one of something"
    FUTURES_PART = "futures that were one for the model are not any more"
    OTHER_FUTURES = "futures become possible or impossible"
    DRAWN_TREE = "the law moves so far that other futures stand for it: they are drawn anew"
    EXTENSION = "an extension may ask how likely futures are"
    # of the program
    CELLS = "a program of this size is solved cell by cell"
    ORDERS_FIRST = "orders are placed before demand is seen"
    LIMIT = "a limit looks at more than means over futures"
    DOUBT = "the odds are in doubt, and the rows of the doubt hang on them"
    TAIL = "the tail of the cost gains its weight, or loses it"
    UNWATCHED = "the leaves under watch are less likely than the tail"
    WHOLE_NUMBER = "a whole number of the plan, or a link to it, would move"
