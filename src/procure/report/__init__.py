"""Answers as people read them: text, and later pages and figures."""
