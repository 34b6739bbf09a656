"""The command line: `procure solve | evaluate | sweep | switch | check | models | sources | show | plot`, one file each.

Exit status: 0 answered; 1 infeasible, with the limits in conflict; 2 bad input, with every fault in one list; 3 the solver
failed or met a limit, with what is known. Answers go to stdout, everything else to stderr. An error of the user never
shows a stack trace; an error of procure does.

Nothing heavy is imported at the top: `procure --help` must come at once.
"""

from procure.cli.app import app, main

__all__ = ["app", "main"]
