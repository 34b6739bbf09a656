"""The page of an answer, served to the browser of this machine: what it is asked is solved, by one process of its own."""
