"""Seals: a short digest of every part of a kept answer, by which a part that was changed since is told.

A seal shows a slip of a hand, not a forger: whoever changes a part can seal it anew. What is proved is proved by arithmetic.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

#: Where the seals stand among what an answer keeps to be proved by.
SEALS = "seals"
_DIGITS = 16


def seals(document: Mapping[str, Any]) -> dict[str, str]:
    """The seal of every part of an answer as JSON knows it, by the name of the part.

    >>> sorted(seals({"name": "mine", "frames": {"mix": {}, "plan": {}}}))
    ['frames.mix', 'frames.plan', 'name']
    """
    return {name: _seal(part) for name, part in _parts(document)}


def broken(document: Mapping[str, Any], sealed: Mapping[str, str]) -> list[str]:
    """The names of the parts of an answer that are not as they were sealed, and of seals without a part."""
    now = seals(document)
    return [name for name in {**now, **sealed} if now.get(name) != sealed.get(name)]


def _parts(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, part in document.items():
        if key == "frames":
            yield from ((f"{key}.{name}", frame) for name, frame in part.items())
        else:
            yield key, {name: own for name, own in part.items() if name != SEALS} if key == "proof" else part


def _seal(part: Any) -> str:
    text = json.dumps(part, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
