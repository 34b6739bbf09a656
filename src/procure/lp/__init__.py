"""Linear programs as arrays: compiled from Pyomo, composed over a tree, solved by HiGHS."""
