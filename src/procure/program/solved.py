"""A solved program in the terms of its market. Nothing here solves: it is read as well from what was kept in a file."""

from __future__ import annotations

from dataclasses import dataclass

from procure.lp.compose import Composition, Outcome
from procure.lp.program import Solution
from procure.market import Market
from procure.program.program import Program
from procure.program.templates import Templates, risk_of


@dataclass(frozen=True)
class Solved:
    """One programme choice, solved: its program and its outcome."""

    program: Program
    outcome: Outcome
    seconds_in_solver: float

    @property
    def market(self) -> Market:
        """The numbers it was solved at."""
        return self.program.market

    @property
    def templates(self) -> Templates:
        """The compiled plan and period."""
        return self.program.templates

    @property
    def composition(self) -> Composition:
        """Where everything stands in the program."""
        return self.program.composition

    @property
    def objective(self) -> float:
        """Present value of the weighed cost, kUSD."""
        return self.outcome.solution.objective


def read(program: Program, solution: Solution, seconds: float = 0.0) -> Solved:
    """A solution of a program, which took so many seconds inside the solver, in the terms of its market."""
    outcome = program.composition.read(
        solution, program.composed, program.market.probability, risk_of(program.market.model)
    )
    return Solved(program, outcome, seconds)
