"""What a shell offers while a word is typed: `procure --install-completion` sets it up."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def models(incomplete: str) -> list[str]:
    """Bundled models, and the model files and folders that begin so."""
    from procure.model import bundled_models

    folder = Path(incomplete).parent if not incomplete.endswith("/") else Path(incomplete)
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    files = [f"{path}/" if path.is_dir() else str(path) for path in found if path.is_dir() or path.suffix == ".toml"]
    return _beginning(incomplete, [*bundled_models(), *(file for file in files if not Path(file).name.startswith("."))])


def tables(incomplete: str) -> list[str]:
    """The tables of the facts."""
    from procure.facts.schema import schema

    return _beginning(incomplete, schema())


def statuses(incomplete: str) -> list[str]:
    """How far a number may be trusted."""
    from procure.facts.schema import statuses as all_of_them

    return _beginning(incomplete, all_of_them())


def elements(incomplete: str) -> list[str]:
    """The bundled elements, and whatever else a row may speak of."""
    from procure.facts import load_facts
    from procure.report.sources import SCOPE, names_of

    return _beginning(incomplete, names_of(load_facts(), SCOPE))


def suppliers(incomplete: str) -> list[str]:
    """The bundled suppliers."""
    from procure.facts import load_facts
    from procure.report.sources import SUPPLIER, names_of

    return _beginning(incomplete, names_of(load_facts(), SUPPLIER))


def policies(incomplete: str) -> list[str]:
    """The limits that a policy sets."""
    from procure.facts import load_facts
    from procure.model.presets import presets

    return _beginning(incomplete, presets(load_facts()))


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
