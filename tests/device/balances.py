"""Population balances that the device is tested with: an ensemble that goes through every branch of its loops."""

from __future__ import annotations

from typing import Any

import numpy as np

import pbm
from compute.base import Backend, Launch
from pbm.ensemble import EnsembleResult
from pbm.granulation import FixedRule, Granulation
from pbm.grid import Floats
from pbm.launches_device import DeviceModel
from tests.pbm.test_lumped_solid import every_mechanism

GRID = pbm.geometric_grid(1e-2, 1e2, 8)
TIMES = np.array([0.0, 0.5, 1.0])


def member(kernel: str, growth: pbm.Growth | None = None, scheme: str = "cell-average") -> pbm.Population:
    """Aggregation with power-law breakage, and growth where one is given."""
    rate = pbm.breakage_rate("power", rate=0.2, reference_volume=1.0, exponent=1.0)
    laws = (pbm.kernel(kernel, rate_coefficient=1.0), rate, pbm.fragments("uniform"))
    return pbm.Population(GRID, *laws, growth=growth, scheme=scheme, tolerance=1e-4, compiled=False)


def ensemble() -> pbm.Ensemble:
    """Three populations, two of them with growth, and a member without aggregation."""
    members = [member("constant"), member("sum", pbm.Growth(0.1, limiter="minmod")), member("product", pbm.Growth(0.1))]
    factors = np.array([1.0, 2.0, 0.0]), np.array([1.0, 0.5, 2.0])
    return pbm.Ensemble(members, *factors)


def start() -> Floats:
    """n = exp(-v), and the same without its largest classes."""
    numbers = pbm.project_density(lambda volume: np.exp(-volume), GRID)
    return np.array([numbers, np.where(GRID.pivots > 1.0, 0.0, numbers), numbers])


def assert_same(found: EnsembleResult, expected: EnsembleResult, tolerance: float) -> None:
    """The same steps; numbers and ledger to a share of the largest of their kind at a time."""
    np.testing.assert_array_equal(found.runs.steps, expected.runs.steps)
    scale = np.abs(expected.runs.states).max(axis=(0, 1))
    np.testing.assert_allclose(found.runs.states / scale, expected.runs.states / scale, rtol=0.0, atol=tolerance)
    assert np.all(expected.steps > 2) and expected.runs.states[:, -1, GRID.classes :].max() > 0.0


SPEED, SPRAY, SPAN = 100.0, 2e-3, 2.0
HURRIED = FixedRule(longest=1.0, share=40.0)
"""Steps so long that losses are limited."""


def granulation(backend: Backend | None = None, **changes: Any) -> Granulation:
    """Two compartments, two solids, drops, layers, breakage, drying out of pores, feed and outlet."""
    return every_mechanism(grid={"classes": 8}, backend=backend, **changes)


def device_launches(backend: Backend) -> list[Launch]:
    """All that trials, with transport taken implicitly, and the fixed rule of this granulation launch on a backend."""
    model = granulation()
    laws = model.case.aggregation.kernel["name"], model.case.aggregation.sticking, model.case.breakage.rate["name"]
    device = DeviceModel(backend, laws, model.parameters, model.tables._replace(coupled=1))
    trial = device.trial()
    device.tables = device.tables._replace(coupled=0)
    return [*trial, *device.fixed_step()]


def wet_state(model: Granulation) -> Floats:
    """What the charge becomes in a quarter of a second, both compartments unlike."""
    state = model.step_fixed_rule(model.initial_state(), 0.25, SPEED, SPRAY).state
    state[1] *= 0.5
    return state
