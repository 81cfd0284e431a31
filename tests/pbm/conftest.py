"""Population balances never divide by nothing: a RuntimeWarning in plain Python fails its test."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Turn RuntimeWarnings into errors in the tests of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("error::RuntimeWarning"))
