"""`python -m procure` and the command `procure`: whoever interrupts it, from the first moment on, sees no trace."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to tidy up while it is imported
    from procure.cli import main as run

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
