"""What may be asked of the process that solves, and how a question ends: only data goes there and comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from procure.languages import Language, Said

#: What may be asked.
What = Literal["answer", "file", "report", "limits", "picture", "why"]
#: How a question may end.
Ended = Literal["answered", "refused", "cancelled", "died", "busy"]


@dataclass(frozen=True)
class Setting:
    """Numbers that were moved, by their paths, and limits that were added, by name or as a model file writes them."""

    values: Mapping[str, float] = field(default_factory=dict)
    limits: Sequence[str | Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Wanted:
    """What is asked at a setting: "answer" for the page, "file" for a model file of it, "report" for a page to hand on, "limits"
    for what its limits say, "picture" for one of its answer, by its `name`, "why" for why it differs from the answer `beside` it,
    which the page calls by a number.
    """

    what: What
    at: Setting = field(default_factory=Setting)
    language: Language = "en"
    name: str = ""
    beside: Setting | None = None
    number: int = 0


@dataclass(frozen=True)
class Reply:
    """How a question ended: what was asked for, or why there is none, in sentences."""

    ended: Ended
    content: Any = None
    sentences: Sequence[Said] = ()
