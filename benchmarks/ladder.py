"""The ladder: a ten-year, eight-element buyer's problem as a two-stage program, with as many paths as asked for.

Synthetic: round numbers of a plausible size, not facts. Paths are drawn from Markov chains of six suppliers.

  now      contract[s,e,y], stock_target[e,y]; supplier baskets and a yearly budget hold the elements together
  path     per element and year: call[s], spot in two steps, shortage in three tiers, draw, refill, stock, surplus
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from procure.lp.two_stage import TwoStageProblem

SUPPLIERS = ("china", "lynas", "caremag", "iluka", "vietnam", "seabed")
# Chance of (stay normal, ...) from year to year; state 0 is normal, 1 is disturbed, 2 is closed.
CHAINS = {
    "china": [[0.80, 0.15, 0.05], [0.35, 0.45, 0.20], [0.20, 0.40, 0.40]],
    "lynas": [[0.92, 0.06, 0.02], [0.70, 0.25, 0.05], [0.50, 0.30, 0.20]],
    "caremag": [[0.88, 0.09, 0.03], [0.55, 0.35, 0.10], [0.30, 0.30, 0.40]],
    "iluka": [[0.90, 0.08, 0.02], [0.60, 0.30, 0.10], [0.40, 0.30, 0.30]],
    "vietnam": [[0.75, 0.20, 0.05], [0.40, 0.45, 0.15], [0.25, 0.35, 0.40]],
    "seabed": [[0.70, 0.20, 0.10], [0.40, 0.40, 0.20], [0.20, 0.30, 0.50]],
}
DELIVERED = {"china": (1.0, 0.55, 0.05), "other": (1.0, 0.75, 0.20)}
SPOT_MULTIPLE = (1.0, 1.8, 3.5)  # by China's state


def paths(n_paths: int, n_years: int, seed: int) -> np.ndarray:
    """States, shape (n_paths, n_suppliers, n_years); China starts disturbed."""
    random = np.random.default_rng(seed)
    state = np.empty((n_paths, len(SUPPLIERS), n_years), dtype=int)
    for s, name in enumerate(SUPPLIERS):
        cumulative = np.cumsum(CHAINS[name], axis=1)
        now = np.full(n_paths, int(name == "china"))
        for year in range(n_years):
            now = np.minimum((random.random(n_paths)[:, None] > cumulative[now]).sum(axis=1), 2)
            state[:, s, year] = now
    return state


def ladder(n_paths: int, n_elements: int = 8, n_years: int = 10, seed: int = 1) -> TwoStageProblem:
    """The problem; money in kUSD, mass in t, contracts in t/yr."""
    state = paths(n_paths, n_years, seed)
    random = np.random.default_rng(2026)  # the market is the same for every seed of the paths
    S, E, Y = len(SUPPLIERS), n_elements, n_years
    demand = np.round(np.geomspace(4000, 60, E))[:, None] * 1.04 ** np.arange(Y)
    price = np.round(np.geomspace(60, 900, E)) * random.uniform(0.9, 1.1, E)
    markup = np.array([1.0, 1.25, 1.35, 1.3, 1.2, 1.8])[:, None] * random.uniform(0.9, 1.15, (S, E))
    share = np.array([0.9, 0.45, 0.25, 0.3, 0.3, 0.35])[:, None] * random.uniform(0.5, 1.3, (S, E))
    sells = random.random((S, E)) < 0.75
    sells[0] = True
    ramp = np.minimum(1.0, np.maximum(0.0, np.subtract.outer(np.arange(Y), [0, 0, 1, 2, 2, 4]).T + 1) / 2)
    offer = np.where(sells[:, :, None], share[:, :, None] * demand * ramp[:, None, :], 0.0)
    discount = 1.03 ** -np.arange(Y)

    # First stage: contract[s,e,y] then stock_target[e,y].
    def contract(s: int, e: int, y: int) -> int:
        return (s * E + e) * Y + y

    n_contracts = S * E * Y
    n1 = n_contracts + E * Y
    unit = markup * price
    # A tonne under contract costs most of its price now.
    open_contract = 0.8 * unit[:, :, None] * discount
    cost = np.r_[open_contract.ravel(), (0.03 * price[:, None] * discount).ravel()]
    upper = np.r_[offer.ravel(), (0.5 * demand).ravel()]
    row, column, value, row_upper = [], [], [], []
    for s in range(S):  # a supplier's whole output, over all elements
        for y in range(Y):
            for e in range(E):
                row.append(len(row_upper))
                column.append(contract(s, e, y))
                value.append(price[e] / price.mean())
            row_upper.append(0.7 * (offer[s, :, y] * price / price.mean()).sum())
    for y in range(Y):  # a budget for open contracts
        for s in range(S):
            for e in range(E):
                row.append(len(row_upper))
                column.append(contract(s, e, y))
                value.append(unit[s, e])
        row_upper.append(1.05 * (demand[:, y] * price).sum())
    matrix = sparse.csr_matrix((value, (row, column)), shape=(len(row_upper), n1))

    # Recourse of one element: columns per year call[s], spot 2, shortage 3, draw, refill, stock, surplus.
    per_year = S + 9
    n2 = E * Y * per_year
    delivered = np.array([DELIVERED.get(name, DELIVERED["other"]) for name in SUPPLIERS])
    share_delivered = np.take_along_axis(delivered[None, :, :], state, axis=2)  # (K, S, Y)
    multiple = np.array(SPOT_MULTIPLE)[state[:, 0, :]]  # (K, Y)
    K = n_paths
    recourse_cost = np.empty((K, E, Y, per_year))
    recourse_upper = np.empty((K, E, Y, per_year))
    recourse_row_lower = np.empty((K, E, Y, 3))
    recourse_row_upper = np.empty((K, E, Y, 3))
    for e in range(E):
        level = price[e] * discount
        outside = 0.5 * (1 + multiple)  # prices outside China follow in part
        recourse_cost[:, e, :, :S] = 1.10 * unit[:, e] * outside[:, :, None] * discount[:, None]
        recourse_cost[:, e, :, S] = 1.4 * level * multiple
        recourse_cost[:, e, :, S + 1] = 2.2 * level * multiple
        recourse_cost[:, e, :, S + 2 : S + 5] = np.outer(level, [6.0, 15.0, 40.0])
        recourse_cost[:, e, :, S + 5] = 0.01 * level
        recourse_cost[:, e, :, S + 6] = 1.1 * level * multiple
        recourse_cost[:, e, :, S + 7] = 0.03 * level
        recourse_cost[:, e, -1, S + 7] = -0.6 * level[-1]  # stock left at the end is worth something
        recourse_cost[:, e, :, S + 8] = -0.3 * level
        need = demand[e]
        recourse_upper[:, e, :, :S] = (0.25 * offer[:, e].T) * share_delivered.transpose(0, 2, 1)
        recourse_upper[:, e, :, S] = 0.05 * need
        recourse_upper[:, e, :, S + 1] = 0.05 * need
        recourse_upper[:, e, :, S + 2] = 0.05 * need
        recourse_upper[:, e, :, S + 3] = 0.10 * need
        recourse_upper[:, e, :, S + 4] = np.inf
        recourse_upper[:, e, :, S + 5] = np.where((state > 0).any(axis=1), need, 0.0)  # drawn in a disruption only
        recourse_upper[:, e, :, S + 6] = 0.2 * need
        recourse_upper[:, e, :, S + 7 :] = np.inf
        start = np.r_[0.1 * need[0], np.zeros(Y - 1)]
        recourse_row_lower[:, e, :, 0] = recourse_row_upper[:, e, :, 0] = need
        recourse_row_lower[:, e, :, 1] = recourse_row_upper[:, e, :, 1] = start
        recourse_row_lower[:, e, :, 2] = 0.0
        recourse_row_upper[:, e, :, 2] = np.inf
    # Rows per year: balance, stock, stock under its target.
    m2 = E * Y * 3
    W = sparse.lil_matrix((m2, n2))
    entries: list[tuple[int, int, int, int]] = []  # delivered shares in the balance: row, column, supplier, year
    fixed = sparse.lil_matrix((m2, n1))
    for e in range(E):
        for y in range(Y):
            r, c = 3 * (e * Y + y), (e * Y + y) * per_year
            W[r, c : c + S + 6] = 1.0  # calls, spot, shortage, draw
            W[r, c + S + 6] = W[r, c + S + 8] = -1.0  # refill, surplus
            W[r + 1, c + S + 5], W[r + 1, c + S + 6], W[r + 1, c + S + 7] = 1.0, -1.0, 1.0
            if y:
                W[r + 1, c - per_year + S + 7] = -1.0
            W[r + 2, c + S + 7] = -1.0
            fixed[r + 2, n_contracts + e * Y + y] = 1.0
            entries += [(r, contract(s, e, y), s, y) for s in range(S) if offer[s, e, y] > 0]
    rows, columns, suppliers, years = np.array(entries).T
    pattern = sparse.csr_matrix((np.arange(1, len(entries) + 1), (rows, columns)), shape=(m2, n1))
    order = pattern.data - 1
    coefficient = share_delivered[:, suppliers[order], years[order]]  # (K, entries), in the order of the pattern
    technology = []
    fixed = fixed.tocsr()
    for k in range(K):
        own = sparse.csr_matrix((coefficient[k], pattern.indices, pattern.indptr), shape=(m2, n1))
        technology.append(own + fixed)
    return TwoStageProblem(
        cost, matrix, np.full(len(row_upper), -np.inf), np.array(row_upper), np.zeros(n1), upper,
        recourse_cost.reshape(K, n2) + 0.0, W.tocsr(), technology,
        recourse_row_lower.reshape(K, m2), recourse_row_upper.reshape(K, m2),
        np.zeros(n2), recourse_upper.reshape(K, n2), np.full(K, 1 / K),
    )  # fmt: skip
