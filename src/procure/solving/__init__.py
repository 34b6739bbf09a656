"""A model solved, once or again and again.

Called `solving` because `procure.solve` is the function: a package of that name would take its place as soon as it was imported.
"""
