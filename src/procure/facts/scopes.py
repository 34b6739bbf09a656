"""What a row may speak of, where it speaks of several elements: a list of controlled ones, a class, all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Columns of elements.csv that are lists of controlled elements begin so; their date follows.
CONTROLLED = "controlled_"


def scopes_of(element: Mapping[str, Any], classes: str) -> tuple[str, ...]:
    """What may speak of an element, the most specific first: itself, the control lists it is on, the latest first, its class, all.

    Parameters
    ----------
    element : a row of elements.csv
    classes : the split into classes that a model chooses: "default", "textbook" or "jogmec"

    >>> from procure.facts import load_facts
    >>> from procure.facts.records import Records
    >>> rows = Records(load_facts()).rows("elements")
    >>> [scopes_of(row, "default") for row in rows if row["element"] in ("Y", "Eu")]
    [('Eu', 'controlled_2025_10', 'medium_heavy', 'all'), ('Y', 'controlled_2026_01', 'controlled_2025_04', 'medium_heavy', 'all')]
    """
    lists = sorted((column for column in element if column.startswith(CONTROLLED) and element[column]), reverse=True)
    return str(element["element"]), *lists, str(element[f"class_{classes}"]), "all"
