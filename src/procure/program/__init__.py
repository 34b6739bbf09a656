"""A market made a linear program and solved, and why there may be no solution.

Made: `templates`, `program` with its short cuts `together` and `watched`. Solved: `engine`, `optimum`, `solve`. Held back, and so
priced or asked to give way: `restraints`. Why it cannot be: `conditions`, `positions`, `elastic`, `conflict`, `infeasibility`.
"""
