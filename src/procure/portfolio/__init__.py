"""The answer: what to buy from whom, measured from the decisions, priced, and kept without losing a digit."""
