"""The central path of a linear program, and the blocks that are eliminated on the way.

  unknowns         variables between bounds, with their multipliers; numbers without bounds
  block            what the search asks of its parts, and of those that are eliminated before the rest
  central_path     the search: predict, correct, recentre, step
  plan, tail       the parts that stand in the dense system: what is decided once, the tail of some losses
  cholesky         very many small matrices of one pattern, factored together; sparse_columns over their rows
  tree_program     a program over a tree, element by element;  sliced_tree   the tree, period by period
  tree_cells       its blocks: the cells of some elements;  tree_path     the path that is made of them

`docs/cells.md` tells it from the beginning.
"""
