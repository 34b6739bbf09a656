"""Answers to questions in files: all that they hold, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

from pandas import DataFrame

from procure.portfolio.frames import encode_number
from procure.portfolio.store import write
from procure.words import Shown


class Kept(Shown):
    """Base of answers that are dataclasses of texts, numbers and frames; `format` names their kind in a file."""

    format: ClassVar[str]

    def to_json(self, path: str | Path) -> None:
        """Write everything to `path`, at once or not at all; a file of that name is replaced.

        Raises `DataError` where the folder is missing or cannot be written to.
        """
        known = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]  # of those that derive
        write(path, {"format": self.format, "version": 1, **{name: _plain(value) for name, value in known.items()}})


def _plain(value: Any) -> Any:
    """A value as JSON knows it: frames by column, NaN as null, infinities as text."""
    if isinstance(value, DataFrame):
        return {str(name): [_plain(cell) for cell in column.tolist()] for name, column in value.items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(inner) for inner in value]
    return encode_number(value) if isinstance(value, float) else value
