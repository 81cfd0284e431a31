"""The suite in several processes: tests that share compiled kernels run in one of them."""

from __future__ import annotations

import pytest

from tests.conftest import process_group


def test_the_group_of_a_test_reaches_the_scheduler(request: pytest.FixtureRequest) -> None:
    """pytest-xdist groups by a suffix of the name of each test; without it, kernels are compiled once a process."""
    if not hasattr(request.config, "workerinput"):
        return
    group = process_group(request.node.path.relative_to(request.config.rootpath))
    assert request.node.nodeid.endswith(f"@{group}")
