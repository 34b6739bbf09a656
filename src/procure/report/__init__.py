"""Portfolios for people: one screen of text."""
