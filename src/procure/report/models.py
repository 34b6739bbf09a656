"""The bundled models, a line each: what they are about, without reading their tables."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from procure.languages import Said, named
from procure.model import bundled_models
from procure.report.listing import Listing

if TYPE_CHECKING:
    from pandas import DataFrame

HEADINGS = (
    Said("model", "モデル"), Said("years", "対象年"), Said("suppliers", "供給元"), Said("limits", "制約"), Said("title", "名称"),
)  # fmt: skip


def rows() -> list[tuple[str, ...]]:
    """Name, years, suppliers, limits and title of every bundled model."""
    return [_row(name, tomllib.loads(path.read_text(encoding="utf-8"))) for name, path in bundled_models().items()]


def _row(name: str, document: dict[str, Any]) -> tuple[str, ...]:
    model = document["model"]
    first, last = model["years"]
    years = f"{first}" if first == last else f"{first}-{last}"
    limits = [str(limit["name"]) for limit in document.get("limits", ())]
    return name, years, ", ".join(document.get("suppliers", ())), ", ".join(limits), named(model.get("title", {}), name)


def listing() -> Listing:
    """The same for people."""
    return Listing(HEADINGS, rows())


def frame() -> DataFrame:
    """The same for a file."""
    import pandas as pd

    return pd.DataFrame(rows(), columns=[str(heading) for heading in HEADINGS])
