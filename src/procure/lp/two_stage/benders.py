"""Two-stage programs taken apart: a master over the plan, subproblems per block and version, cuts between them.

The L-shaped method of Van Slyke & Wets (1969), with the recourse in blocks, versions of a block in clusters, and the tail as
the mean under its worst law. Any dual of a subproblem supports its cost from below, so every cut holds everywhere:

  Q_d(x) >= intercept_d - (dual_d·T_d) x                                                                `Block.lower_bound`

Sets   g clusters of (block, version)        Vars   x,  θ_g free,  τ free

  min   cost·x + (1 - w) Σ_g θ_g + w τ
  s.t.  rows of x,  bounds of x,  rows of T x without recourse
        θ_g >= Σ_{d ∈ g} π_d (intercept_d - dual_d·T_d x)                        mean, per cluster
        τ   >= Σ_k q_k Σ_b (intercept - dual·T x)_{b,k}     q the worst law found       tail
        0   >= intercept_d - dual_d·T_d x                duals of the least violation           feasibility

The bound is the master's, the objective that of the best plan measured. Trial plans lie between the best plan and the
master's (in-out stabilisation, Ben-Ameur & Neto 2007), so that one far-off master plan costs little.
"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from procure.lp.highs import Solver
from procure.lp.program import LinearProgram, Solution, Status
from procure.lp.two_stage.extensive import extensive_form, solve_extensive, status_without_costs
from procure.lp.two_stage.problem import TwoStageProblem, weighed_cost
from procure.lp.two_stage.recourse import MIP_OPTIONS, Answers, Recourse, recourse_values
from procure.lp.two_stage.result import TwoStageResult
from procure.lp.two_stage.scenario_path import NoProposal, propose
from procure.risk import CVaR, Expectation, MeanCVaR
from procure.units import Array, Index

MOST_CLUSTERS = 200
MOST_ITERATIONS = 400
MOST_STALLS = 8
SHARP = {"solver": "simplex", "primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}
RUNAWAY = 1e10
LARGE = 500
"""Rows of all subproblems together beyond which an interior point looks for the start."""
MOST_IDLE = 25
"""Cuts are dropped after so many masters in a row in which they did not bind."""


class GaveUp(enum.Enum):
    """Why a problem is left to the extensive form."""

    RECOURSE = "a scenario's recourse has no bound, or no answer"
    MASTER = "its first stage came to no optimum"
    STALLED = "it made no more progress"


def solve(
    problem: TwoStageProblem,
    alpha: float,
    cvar_weight: float,
    tolerance: float,
    *,
    time_limit: float = np.inf,
) -> TwoStageResult | GaveUp:
    """The optimum by decomposition, or why this problem is none for it."""
    method = _Decomposition(problem, alpha, cvar_weight, tolerance, time_limit)
    with method.recourse:
        return method.run()


@dataclass
class _Trial:
    """A plan and what its recourse answers."""

    x: Array
    answers: list[Answers]
    values: Array
    objective: float


class _Decomposition:
    def __init__(
        self, problem: TwoStageProblem, alpha: float, cvar_weight: float, tolerance: float, time_limit: float
    ) -> None:
        self.started = time.perf_counter()
        self.whole, self.tolerance, self.time_limit = problem, tolerance, time_limit
        self.problem, self.place = problem.merged()
        self.alpha = alpha
        self.tail = cvar_weight if alpha > 0 else 0.0
        self.recourse = Recourse(self.problem)
        self.trials = 0
        self.best: _Trial | None = None
        self.bound = -np.inf
        # The last optimal dual of each version stays a support everywhere.
        self.memory = [np.full((block.n_versions, block.n_rows), np.nan) for block in self.recourse.blocks]
        sizes = [block.n_versions for block in self.recourse.blocks]
        n_clusters = max(1, MOST_CLUSTERS // max(1, len(sizes)))
        self.cluster: list[Index] = [np.arange(D) * min(D, n_clusters) // D for D in sizes]
        self.first = np.concatenate([[0], np.cumsum([cluster[-1] + 1 for cluster in self.cluster])]).astype(int)
        self.master = _Master(self.problem, self.recourse, int(self.first[-1]), self.tail)

    def run(self) -> TwoStageResult | GaveUp:
        """Cut until the gap closes."""
        mean = solve_extensive(self.problem.averaged(), Expectation(), min(self.tolerance, 1e-6))
        if mean.status is Status.INFEASIBLE:  # the mean of feasible recourse would be feasible
            return self._result(Status.INFEASIBLE)
        start = mean.x if mean.status is Status.OPTIMAL else np.clip(0.0, self.problem.lower, self.problem.upper)
        if self._is_large():
            start = self._propose(start)
        trial = self._try(start)
        if trial is None:
            return GaveUp.RECOURSE
        self._cut(trial)
        relaxed = self.problem.is_mixed_integer
        step, stalls, before = 1.0, 0, (-np.inf, np.inf)
        while self.trials < MOST_ITERATIONS:
            solution = self.master.solve(whole_numbers=not relaxed and self.problem.is_mixed_integer)
            if solution.status is Status.INFEASIBLE:
                return self._result(Status.INFEASIBLE) if self._is_infeasible() else GaveUp.MASTER
            if solution.status is not Status.OPTIMAL:
                return GaveUp.MASTER
            if self.master.is_bounded:
                self.bound = max(self.bound, self.master.unit * min(solution.bound, solution.objective))
            if self._is_closed() and not relaxed:
                return self._result(Status.OPTIMAL)
            if time.perf_counter() - self.started > self.time_limit:
                return self._result(Status.LIMIT_REACHED)
            plan = self.master.plan(solution)
            inside = self.best.x if self.best is not None and not self.problem.is_mixed_integer else plan
            trial = self._try(inside + step * (plan - inside))
            if trial is None:
                return GaveUp.RECOURSE
            news = self._cut(trial, solution)
            gain = self.master.is_bounded and trial.objective < np.inf
            if relaxed and gain and trial.objective - self.bound <= self.tolerance * max(1.0, abs(trial.objective)) / 2:
                relaxed = False
                continue
            now = (self.bound, self.best.objective if self.best is not None else np.inf)
            rises = now[0] > before[0] + 1e-12 * abs(now[0])
            stalls = 0 if rises or now[1] < before[1] or (news and not self.master.is_bounded) else stalls + 1
            before = now
            # Halfway while the bound rises; where it stands, the master may have found the plan already.
            step = 0.5 if rises and self.best is not None else 1.0
            if relaxed and not news and not rises:
                relaxed, stalls = False, 0
            if stalls > MOST_STALLS:
                break
        return self._give_up()

    def _give_up(self) -> TwoStageResult | GaveUp:
        """Leave a problem of moderate size to the extensive form; of a larger one say how far it came."""
        entries = (self.problem.recourse_matrix.nnz + self.problem.technology_of(0).nnz) * self.problem.n_scenarios
        if self.best is None or not np.isfinite(self.bound) or entries < 500_000:
            return GaveUp.STALLED
        return self._result(Status.LIMIT_REACHED)

    def _is_large(self) -> bool:
        subproblems = sum(block.n_versions * block.n_rows for block in self.recourse.blocks)
        return subproblems > LARGE

    def _propose(self, start: Array) -> Array:
        """Start from an interior point, and cut with its duals: all scenarios in one row, at their weights."""
        accuracy = max(3.0 * self.tolerance, 1e-9)  # what is proved is a tenth of what the method says
        deadline = self.started + 0.8 * self.time_limit
        proposal = propose(self.problem, self.recourse, self.alpha, self.tail, accuracy, deadline=deadline, start=start)
        if isinstance(proposal, NoProposal) or np.abs(proposal.x).max(initial=0.0) > RUNAWAY:
            return start
        weight = proposal.weight
        slope, intercept = np.zeros(len(start)), float(weight @ self.recourse.constant)
        for block, duals in zip(self.recourse.blocks, proposal.duals, strict=True):
            heavy = np.flatnonzero(weight > 1e-12 * self.problem.probability)
            versions = block.member[heavy]
            supports, valid = block.lower_bound(duals[heavy] / weight[heavy, None], versions)
            intercept += float(weight[heavy] @ supports)
            spread = np.zeros((block.n_versions, block.n_rows))
            np.add.at(spread, versions, weight[heavy, None] * valid)
            slope += block.slope(spread, np.arange(block.n_versions), np.ones(block.n_versions))
        self.master.add_together(slope, intercept)
        return proposal.x

    def _try(self, x: Array) -> _Trial | None:
        """Measure a plan; nothing where recourse is bottomless or HiGHS has no answer."""
        self.trials += 1
        x = np.clip(x, self.problem.lower, self.problem.upper)
        answers = self.recourse.answers(x)
        values = self.recourse.total(x, [answer.value for answer in answers])
        if (values == -np.inf).any() or np.isnan(values).any():
            return None
        for kept, answer in zip(self.memory, answers, strict=True):
            known = np.isfinite(answer.value)
            kept[known] = answer.dual[known]
        whole = (x[self.problem.integer] == np.round(x[self.problem.integer])).all()
        objective = weighed_cost(self.problem, x, values, MeanCVaR(self.alpha, self.tail))
        trial = _Trial(x, answers, values, objective)
        if whole and (self.best is None or objective < self.best.objective) and objective < np.inf:
            self.best = trial
        return trial

    def _cut(self, trial: _Trial, solution: Solution | None = None) -> bool:
        """Add the cuts of a trial; say whether any of them cuts the master's plan off."""
        rows: list[tuple[int, Array, float]] = []
        n = int(self.first[-1])
        law = None
        if self.tail and np.isfinite(trial.values).all():
            law = CVaR(self.alpha).worst_law(trial.values, self.problem.probability)
        slope, intercept = np.zeros(len(trial.x)), float(law @ self.recourse.constant) if law is not None else 0.0
        for b, block in enumerate(self.recourse.blocks):
            broken = np.flatnonzero(trial.answers[b].violation > 0)
            if len(broken):
                dual = trial.answers[b].dual[broken]
                limits, dual = block.lower_bound(dual, broken, costs=False)
                for i in np.flatnonzero(np.isfinite(limits)):
                    only = slice(i, i + 1)
                    rows.append((-1, block.slope(dual[only], broken[only], np.ones(1)), limits[i]))
            everything = np.arange(block.n_versions)
            supports, duals = block.lower_bound(np.nan_to_num(self.memory[b]), everything)
            supports = np.where(np.isnan(self.memory[b]).any(axis=1), -np.inf, supports)
            for g in range(self.first[b + 1] - self.first[b]):
                inside = np.flatnonzero(self.cluster[b] == g)
                weight = block.weight[inside]
                height = float(weight @ supports[inside])
                if np.isfinite(height):
                    rows.append((self.first[b] + g, block.slope(duals[inside], inside, weight), height))
            if law is not None:
                feared = block.spread(law)
                used = np.flatnonzero(feared)
                slope += block.slope(duals[used], used, feared[used])
                intercept += float(feared[used] @ supports[used])
        if law is not None and np.isfinite(intercept):
            rows.append((n, slope, intercept))
        return self.master.add(rows, solution)

    def _is_closed(self) -> bool:
        if self.best is None:
            return False
        return self.best.objective - self.bound <= self.tolerance * max(1.0, abs(self.best.objective))

    def _is_infeasible(self) -> bool:
        """Cuts say so up to rounding; where it is cheap, the program without costs has the last word."""
        entries = self.problem.recourse_matrix.nnz * self.problem.n_scenarios
        if entries > 200_000:
            return self.best is None
        program, _ = extensive_form(self.problem, Expectation())
        return status_without_costs(program) is Status.INFEASIBLE

    def _result(self, status: Status) -> TwoStageResult:
        K = self.whole.n_scenarios
        x, values = np.full(len(self.whole.cost), np.nan), np.full(K, np.nan)
        objective, bound = np.inf, self.bound
        if status is Status.INFEASIBLE:
            bound = np.inf
        elif self.best is not None:
            x, objective = self.best.x, self.best.objective
            bound = min(bound, objective)
            values = self.best.values[self.place]
            if (self.place < 0).any():
                values = np.where(self.place < 0, recourse_values(self.whole, x), values)
        return TwoStageResult(
            status=status,
            objective=float(objective),
            bound=float(bound),
            x=x,
            recourse_values=values,
            method="decomposed",
            iterations=self.trials,
            seconds=time.perf_counter() - self.started,
            seconds_in_solver=self.recourse.seconds + self.master.seconds,
            n_subproblems=sum(block.n_versions for block in self.recourse.blocks),
            n_merged=K * len(self.recourse.blocks) - sum(block.n_versions for block in self.recourse.blocks),
        )


class _Master:
    """The master program: columns x, θ per cluster, τ; a column without a cut yet costs nothing and is held at zero."""

    def __init__(self, problem: TwoStageProblem, recourse: Recourse, n_clusters: int, tail: float) -> None:
        self.problem = problem
        self.n1, self.n = len(problem.cost), len(problem.cost) + n_clusters + 1
        # Money in units of the dearest column, so that HiGHS's tolerances mean something.
        self.unit = max(1.0, np.abs(problem.cost).max(initial=0.0))
        self.cost = np.r_[problem.cost / self.unit, np.full(n_clusters, 1.0 - tail), tail]
        self.constant = (1.0 - tail) * float(problem.probability @ recourse.constant) / self.unit
        self.counts = np.zeros(n_clusters + 1, dtype=int)
        self.needed = np.flatnonzero(self.cost[self.n1 :])
        fixed = sparse.vstack([problem.matrix, recourse.of_plan.matrix], format="csr")
        self.matrix = sparse.hstack([fixed, sparse.csr_matrix((fixed.shape[0], n_clusters + 1))], format="csr")
        self.row_lower = np.r_[problem.row_lower, recourse.of_plan.lower]
        self.row_upper = np.r_[problem.row_upper, recourse.of_plan.upper]
        self._box = 1.0
        self.cut_rows = np.zeros((0, self.n))
        self.cut_heights = np.zeros(0)
        self.idle = np.zeros(0, dtype=int)
        self._solver: Solver | None = None
        self._mixed: bool = False
        self.together = self._is_cut = False
        self.seconds = 0.0
        self.radius = 0.0

    @property
    def is_bounded(self) -> bool:
        """Whether the last optimum was a bound: every θ had a cut, and no box held the plan."""
        return self._is_cut and self.radius == 0.0

    def solve(self, *, whole_numbers: bool) -> Solution:
        """The master's optimum; where it has none yet, the optimum in a box that grows."""
        self._is_cut = self.together or bool((self.counts[self.needed] > 0).all())
        self.radius = 0.0
        solution = self._run(whole_numbers)
        if solution.status in (Status.UNBOUNDED, Status.FAILED, Status.INFEASIBLE) and (
            solution.status is not Status.INFEASIBLE or whole_numbers
        ):
            self._box = max(self._box * 4.0, 10.0)
            self.radius = self._box
            boxed = self._run(whole_numbers)
            if solution.status is not Status.INFEASIBLE or boxed.status is Status.OPTIMAL:
                solution = boxed
        return solution

    def _run(self, whole_numbers: bool) -> Solution:
        if self._solver is None or self._mixed != whole_numbers:
            if self._solver is not None:
                self.seconds += self._solver.seconds
            self._solver, self._mixed = self._build(whole_numbers), whole_numbers
        held = (self.counts == 0) & (not self.together)
        theta = np.arange(self.n1, self.n)
        self._solver.change_bounds(theta, np.where(held, 0.0, -np.inf), np.where(held, 0.0, np.inf))
        lower, upper = self.problem.lower, self.problem.upper
        if self.radius:
            middle = np.clip(0.0, lower, upper)
            lower, upper = np.maximum(lower, middle - self.radius), np.minimum(upper, middle + self.radius)
        self._solver.change_bounds(np.arange(self.n1), lower, upper)
        solution = self._solver.solve_unchecked()
        if solution.status is Status.OPTIMAL and not np.isfinite(solution.x).all():
            self._solver.forget()
            solution = self._solver.solve_unchecked()
            if not np.isfinite(solution.x).all():
                solution = replace(solution, status=Status.FAILED)
        if solution.status is Status.OPTIMAL and not whole_numbers and len(self.cut_heights):
            binding = np.abs(solution.row_dual[self.matrix.shape[0] :]) > 1e-12
            self.idle = np.where(binding, 0, self.idle + 1)
        return solution

    def _build(self, whole_numbers: bool) -> Solver:
        integer = np.r_[self.problem.integer, np.zeros(self.n - self.n1, dtype=bool)] if whole_numbers else None
        program = LinearProgram(
            self.cost, sparse.csc_matrix(sparse.vstack([self.matrix, sparse.csr_matrix(self.cut_rows)])),
            np.r_[self.row_lower, self.cut_heights], np.r_[self.row_upper, np.full(len(self.cut_heights), np.inf)],
            np.r_[self.problem.lower, np.full(self.n - self.n1, -np.inf)],
            np.r_[self.problem.upper, np.full(self.n - self.n1, np.inf)], integer, self.constant,
        )  # fmt: skip
        options = MIP_OPTIONS if whole_numbers else SHARP
        return Solver(program, options)

    def plan(self, solution: Solution) -> Array:
        """The first-stage part of a solution, whole numbers whole."""
        x = solution.x[: self.n1]
        return np.where(self.problem.integer, np.round(x), x) if self._mixed else x

    def add(self, cuts: list[tuple[int, Array, float]], solution: Solution | None) -> bool:
        """Add the cuts ``θ_g - slope·x >= height`` that say something new (g = -1: without θ)."""
        new_rows, new_heights = [], []
        for g, slope, height in ((g, slope / self.unit, height / self.unit) for g, slope, height in cuts):
            row = np.r_[-slope, np.zeros(self.n - self.n1)]
            if g >= 0:
                row[self.n1 + g] = 1.0
            size = max(1.0, np.abs(slope).max(initial=0.0))
            if solution is not None and (g < 0 or self.counts[g]):
                terms = row * solution.x
                missing = height - terms.sum()
                if missing <= 1e-10 * max(1.0, abs(height), np.abs(terms).max(initial=0.0)):
                    continue
            if g >= 0:
                self.counts[g] += 1
            else:
                row, height = row / size, height / size
            new_rows.append(row)
            new_heights.append(height)
        if not new_rows:
            return False
        added, heights = np.array(new_rows), np.array(new_heights)
        self.cut_rows, self.cut_heights = np.vstack([self.cut_rows, added]), np.r_[self.cut_heights, heights]
        self.idle = np.r_[self.idle, np.zeros(len(heights), dtype=int)]
        if self._solver is not None:
            self._solver.add_rows(sparse.csr_matrix(added), heights, np.full(len(heights), np.inf))
            self._forget_idle()
        return True

    def add_together(self, slope: Array, height: float) -> None:
        """Add a cut on all of the recourse's cost: mean and tail together."""
        if np.isfinite(height) and np.isfinite(slope).all():
            row = np.r_[-slope / self.unit, self.cost[self.n1 :]]
            self.cut_rows = np.vstack([self.cut_rows, row])
            self.cut_heights = np.r_[self.cut_heights, height / self.unit - self.constant]
            self.idle = np.r_[self.idle, 0]
            self.together = True

    def _forget_idle(self) -> None:
        idle = np.flatnonzero(self.idle > MOST_IDLE)
        if self._solver is None or self._mixed or len(idle) < 100:
            return
        self._solver.delete_rows(self.matrix.shape[0] + idle)
        keep = self.idle <= MOST_IDLE
        self.cut_rows, self.cut_heights, self.idle = self.cut_rows[keep], self.cut_heights[keep], self.idle[keep]
