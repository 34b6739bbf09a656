"""A market made a linear program and solved, and why there may be no solution."""
