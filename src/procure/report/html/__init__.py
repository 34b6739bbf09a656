"""An answer as one page of HTML, in every language, that opens offline and prints."""

from procure.report.html.page import report

__all__ = ["report"]
