"""The answer of one solve: what it costs at once, the whole portfolio when it is asked for."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from procure.languages import Said
from procure.lp.cores import cores
from procure.lp.highs import refutation
from procure.lp.program import Status
from procure.market import Market, make_market, make_tree, merge
from procure.model import Model
from procure.portfolio.information import Information, Known, known, levels_frame
from procure.portfolio.make import make_portfolio
from procure.portfolio.measure import Measured
from procure.portfolio.portfolio import Portfolio
from procure.portfolio.proof import LevelProof, is_small, kept
from procure.portfolio.verdict import PATHS, Verdict, verdicts
from procure.program.infeasibility import Rejection, reject
from procure.program.optimum import Optimum, optimum, solved
from procure.program.program import compose
from procure.program.ties import broken
from procure.reason import Reason
from procure.scenarios.decided import Programmes
from procure.solving.abreast import abreast
from procure.units import KUSD_PER_MUSD
from procure.words import Progress, programme_name


@dataclass(frozen=True)
class Answer:
    """The result of one solve; the whole `portfolio` is worked out when it is asked for, from the solution found.

    Attributes
    ----------
    objective : float
        Weighed cost of the best programme level, million USD of present value.
    programmes : mapping
        That level, by supplier.
    levels : mapping
        Objective of every level by its name, million USD; `inf` where no portfolio keeps the limits. A level that was proved
        dearer before its own cost was found is not among them.
    made_anew : mapping
        By the names of the levels whose program could not be followed to the changed numbers in place: why. The answer is
        the same either way, but for the time it takes.
    seconds, seconds_in_solver : float
        Wall time of this solve, and the part of it inside HiGHS.
    resolved_cold : int
        Answers of HiGHS that did not hold when they were checked, and were solved again.
    """

    objective: float
    programmes: Programmes
    levels: Mapping[str, float]
    made_anew: Mapping[str, Reason]
    seconds: float
    seconds_in_solver: float
    resolved_cold: int
    _ended: Mapping[str, Optimum]
    _time_limit: float

    @cached_property
    def portfolio(self) -> Portfolio:
        """The whole answer, as `procure.solve` gives it without a verdict."""
        return self.make_portfolio()

    @cached_property
    def measured(self) -> Measured:
        """What the plan of the answer does and costs by plain arithmetic, t and kUSD; refused where the solver says otherwise.

        Of plans that cost the same it is the one that `portfolio` tells, by a stated rule (`program.ties`).
        """
        return _measured(self._decided)

    @cached_property
    def as_it_ended(self) -> Measured:
        """As `measured`, of plans that cost the same whichever the solver came upon: in a fraction of the time."""
        return _measured(self._ended[self.level])

    def measured_at(self, level: str) -> Measured:
        """As `measured`, of the plan of a programme level that has one, by its name in `levels`; those not chosen as they ended."""
        return self.measured if level == self.level else _measured(self._ended[level])

    @cached_property
    def _decided(self) -> Optimum:
        """How the chosen level ended, with the plan that a stated rule prefers among those that cost the same."""
        chosen = self._ended[self.level]
        return Optimum(broken(chosen.program, chosen.solution), chosen.seconds, chosen.program)

    @property
    def level(self) -> str:
        """The name of the best programme level."""
        return programme_name(self.programmes)

    @property
    def markets(self) -> dict[str, Market]:
        """The market of every programme level that was solved or left, by its name."""
        return {name: end.program.market for name, end in self._ended.items()}

    @property
    def bounds(self) -> dict[str, float]:
        """What no portfolio of each level costs less than, as its duals prove; million USD, `inf` where there is none."""
        ends = {name: end.solution for name, end in self._ended.items()}
        return {
            name: math.inf if solution.status is Status.INFEASIBLE else solution.bound / KUSD_PER_MUSD
            for name, solution in ends.items()
        }

    @property
    def bound(self) -> float:
        """What no portfolio under any programme level costs less than, as proved by each level's duals; million USD."""
        return min(self.bounds.values())

    @property
    def proofs(self) -> tuple[str, ...]:
        """What the word on each level rests on: see `procure.lp.program.Certificate.proof`."""
        certificates = (end.solution.certificate for end in self._ended.values())
        return tuple("duals" if certificate is None else certificate.proof for certificate in certificates)

    @cached_property
    def value_of_information(self) -> Information:
        """What more or less knowledge of the future would make of these costs, at every programme level and of all."""
        return Information.of(levels_frame(self._known()))

    def _known(self, progress: Progress | None = None) -> list[Known]:
        """Every level under more or less knowledge; each has the time limit to itself."""
        tasks = [lambda end=end: known(end, time.perf_counter() + self._time_limit) for end in self._ended.values()]
        levels: list[Known] = []
        told = abreast(tasks, cores())
        for end in self._ended.values():
            if progress is not None:
                name = programme_name(end.program.market.programmes)
                progress(
                    len(levels), len(tasks), Said("{level}, the future known", "{level}、将来既知").format(level=name)
                )
            levels.append(next(told))
        return levels

    def make_portfolio(
        self,
        foresight: bool = True,
        value_of_information: bool = False,
        *,
        paths: int = 0,
        proof: bool | None = None,
        progress: Progress | None = None,
    ) -> Portfolio:
        """The whole answer; without `foresight` what knowing the future would be worth is left out.

        With `value_of_information` that is told of every programme level, and what planning for the means would cost. With
        `paths` the levels are compared on so many fresh ones. With `proof` it keeps what proves it; by default where that is
        small.
        """
        started = time.perf_counter()
        ended = [self._decided if name == self.level else end for name, end in self._ended.items()]
        optimal = [solved(end) for end in ended if end.solution.status is Status.OPTIMAL]
        out = [end.program for end in ended if end.solution.status is Status.INFEASIBLE]
        best = min(optimal, key=lambda level: level.objective)
        rejected = reject(out, started + self._time_limit)
        costs = _repaired(best.market.model, [level for level in rejected if level.changes], self._time_limit)
        return make_portfolio(
            best, optimal, [replace(level, objective=costs.get(id(level), math.nan)) for level in rejected],
            seconds=self.seconds + time.perf_counter() - started, foresight=foresight,
            deadline=time.perf_counter() + self._time_limit, known=self._known(progress) if value_of_information else (),
            paths=paths, progress=progress, proof=_proof(ended, proof, best.market.model),
        )  # fmt: skip

    def verdicts(self, paths: int) -> dict[str, Verdict]:
        """What is known of every level that has a portfolio beside the answer, on so many fresh paths."""
        names = [name for name, cost in self.levels.items() if cost < math.inf]
        return dict(zip(names, verdicts([self.measured_at(name) for name in names], self.measured, paths), strict=True))

    def verdict(self, level: str, against: str, *, paths: int = PATHS) -> Verdict:
        """What is known of one programme level beside another, both by their names in `levels`, on so many fresh paths."""
        (found,) = verdicts([self.measured_at(level)], self.measured_at(against), paths)
        return found


def _measured(end: Optimum) -> Measured:
    measured = Measured(solved(end))
    measured.check()
    return measured


def _proof(ended: Sequence[Optimum], is_asked: bool | None, model: Model) -> dict[str, Any] | None:
    """What proves an answer, where it is kept."""
    if is_asked is False:
        return None
    levels = [
        LevelProof(end.program, end.solution.x, end.solution.row_dual)
        if end.solution.status is Status.OPTIMAL
        else LevelProof(end.program, None, refutation(end.program.lp, end.solution))
        for end in ended
        if end.solution.status is not Status.BOUND_REACHED
    ]
    return kept(levels, model.facts) if is_asked or is_small(levels) else None


def _repaired(model: Model, rejected: Sequence[Rejection], time_limit: float) -> dict[int, float]:
    """What each rejected level would cost with its cheapest repair, kUSD; those not solved in time are left out."""
    programs = [
        compose(merge(make_market(changed, level.programmes, make_tree(changed, level.programmes))))
        for level in rejected
        for changed in [model.changed(level.changes)]
    ]
    with ThreadPoolExecutor(max_workers=max(1, min(cores(), len(programs)))) as pool:
        ends = pool.map(lambda program: optimum(program, None, time.perf_counter() + time_limit).solution, programs)
        return {
            id(level): end.objective for level, end in zip(rejected, ends, strict=True) if end.status is Status.OPTIMAL
        }
