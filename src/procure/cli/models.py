"""`procure models`: what is bundled."""

from __future__ import annotations

import tomllib


def models() -> None:
    """List the bundled models."""
    from procure.model import bundled_models

    titles = {
        name: tomllib.loads(path.read_text(encoding="utf-8"))["model"]["title"]["en"]
        for name, path in bundled_models().items()
    }
    width = max(map(len, titles))
    for name, title in titles.items():
        print(f"{name:{width}}  {title}")
