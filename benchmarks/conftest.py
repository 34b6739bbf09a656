"""Puts the folder's modules within reach, and says whether this is a run to be timed or only to be tried."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def timed(request: pytest.FixtureRequest) -> bool:
    """False under ``--benchmark-disable``: then everything runs once, and peers take the small book."""
    return not request.config.getoption("benchmark_disable")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """None beside the one who measures; where everything runs untimed, as many as elsewhere."""
    return None if config.getoption("benchmark_disable") else 0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked slow runs only when asked for by ``-m``."""
    if config.option.markexpr:
        return
    slow = [item for item in items if item.get_closest_marker("slow") and Path(__file__).parent in item.path.parents]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]
