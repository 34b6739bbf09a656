"""The mathematics, in Pyomo: what is decided now (`plan`), one period of the world (`period`), and the limits."""
