"""`procure models`: what is bundled."""

from __future__ import annotations

import tomllib

from procure.cli.language import language
from procure.languages import in_language, named


def models() -> None:
    """List the bundled models."""
    from procure.model import bundled_models

    titles = {
        name: in_language(named(tomllib.loads(path.read_text(encoding="utf-8"))["model"]["title"], name), language())
        for name, path in bundled_models().items()
    }
    width = max(map(len, titles))
    for name, title in titles.items():
        print(f"{name:{width}}  {title}")
