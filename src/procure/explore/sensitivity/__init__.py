"""Which numbers decide: what each may move within its range, and what knowing it better would be worth."""

from procure.explore.sensitivity.question import Sensitivity, sensitivity

__all__ = ["Sensitivity", "sensitivity"]
