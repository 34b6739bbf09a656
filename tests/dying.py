"""A model of which some cases end the process that solves them, as an abort inside a solver would."""

import os
import signal
import time
from pathlib import Path

import pyomo.environ as pyo

from procure import load_model
from procure.model import make_model

PRICE = "prices.light.licensed"
#: Prices at which the process is killed, at which it aborts, and at which it takes its time; USD/kg.
KILLS, ABORTS, SLOW = 61.0, 62.0, 63.0


def toll(asked):
    """Nothing, unless the case is one of those."""
    price = asked.price("light")
    if price == KILLS:
        os.kill(os.getpid(), signal.SIGKILL)
    if price == ABORTS:
        os.abort()
    if price == SLOW:
        time.sleep(0.5)
    return 0.0


def plan(block, sets):
    fee = block.given("toll", unit="USD/kg")
    block.gate = pyo.Objective(expr=sum(fee * block.contract[s, e, 2027] for s, e in sets.offers))


def tender(block, sets):
    """As `plan`, but the first two processes that compile it are killed; each leaves its number in the folder of `TRIES`."""
    tried = Path(os.environ["TRIES"])
    if os.environ["HOME_IS"] != str(os.getpid()) and len(list(tried.iterdir())) < 2:
        (tried / str(os.getpid())).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    plan(block, sets)


def model(plan=plan):
    """The two-class model with a limit that can be too tight, and a toll that is dangerous to ask for."""
    usual = load_model("two-class")
    limit = {"name": "served", "kind": "expected_shortage", "scope": "medium_heavy", "max": 1.0}
    settings = usual.settings.model_dump(by_alias=True, exclude_unset=True) | {"limits": [limit]}
    return make_model(settings, usual.facts).extended(plan=plan, numbers={"toll": toll})
