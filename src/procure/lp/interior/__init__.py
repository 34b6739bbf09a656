"""The central path of a linear program, and the blocks that are eliminated on the way."""
