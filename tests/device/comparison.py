"""How two engines of the same system are compared, and how one goes on from the state of the other.

The pair sums of the full list run in another order than those of the half list. Two orders of the same sum differ by a
few units of 2^-53 of its largest term; each collision passes an error of the partner on and multiplies it by some mean
free path over diameter, here below 10. In the at most five collisions a sphere has in these runs 1e-16 so becomes
1e-11. The tolerance is 1e-9 of the largest value of its kind: a contact missed or a term left out makes a difference
above 1e-4. Counts must be equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import dem.loops_gather
from dem.case import DemCase
from dem.engine import Engine
from dem.liquid.balance import require_liquid
from dem.particles import INERTIA, MASS, RADIUS, VX, WX, X
from dem.tally import BIRTHS, CONTACT_STEPS, ENCOUNTERS, LOSS
from tests.device.systems import newcomers

TOLERANCE = 1e-9
SINGLE = 1e-6
COUNTS = [ENCOUNTERS, BIRTHS, CONTACT_STEPS]
GROUPS = (slice(X, X + 3), slice(VX, VX + 3), slice(WX, WX + 3))


def rows_by_id(engine: Engine) -> NDArray[np.float64]:
    particles = engine.host_particles()
    return particles.row[np.argsort(particles.id)].copy()


def assert_same_motion(found: Engine, expected: Engine) -> None:
    first, second = rows_by_id(found), rows_by_id(expected)
    for columns in GROUPS:
        scale = np.abs(second[:, columns]).max()
        np.testing.assert_allclose(first[:, columns], second[:, columns], rtol=0.0, atol=TOLERANCE * scale)
    np.testing.assert_array_equal(first[:, RADIUS], second[:, RADIUS])
    assert_same_liquid(found, expected)


def assert_conserved(engine: Engine, before: NDArray[np.float64]) -> None:
    """Without walls and gravity: the momentum of the rows `before` to round-off, and no more energy than theirs.

    Momenta add up some hundred kicks of 1e-16 each. What moves and what was lost is what was there, less what springs
    hold: attraction by films and surfaces puts at most 1 % on top in these systems, whose particles are fast.
    """
    after = rows_by_id(engine)
    momenta = [row[:, MASS, None] * row[:, VX : VX + 3] for row in (before, after)]
    np.testing.assert_allclose(
        momenta[1].sum(axis=0), momenta[0].sum(axis=0), rtol=0.0, atol=1e-13 * np.abs(momenta[0]).sum()
    )
    lost = total(engine, "pair_counts")[..., LOSS].sum() / engine.tally.quanta[0]
    assert 0.0 <= lost < kinetic_energy(before)
    assert (lost > 0.0) == (engine.interaction.contact.parameter_count > 0), "only a contact without a force loses none"
    assert kinetic_energy(after) + lost <= 1.01 * kinetic_energy(before)


def kinetic_energy(row: NDArray[np.float64]) -> float:
    """Of the motion and spin of all rows [J]."""
    flight, spin = (row[:, VX : VX + 3] ** 2).sum(axis=1), (row[:, WX : WX + 3] ** 2).sum(axis=1)
    return float(0.5 * (row[:, MASS] * flight + row[:, INERTIA] * spin).sum())


def assert_same_liquid(found: Engine, expected: Engine) -> None:
    """Films by id, and what the bridges hold; all of it is what the particles entered with."""
    if not expected.interaction.wet:
        return
    first, second = (engine.host_particles() for engine in (found, expected))
    films = [host.film[np.argsort(host.id)] for host in (first, second)]
    np.testing.assert_allclose(films[0], films[1], rtol=TOLERANCE, atol=TOLERANCE * films[1].max())
    volumes = [require_liquid(engine) for engine in (found, expected)]
    assert volumes[0].joined == volumes[1].joined
    assert volumes[0].bridges == pytest.approx(volumes[1].bridges, rel=TOLERANCE)


def total(engine: Engine, name: str) -> NDArray[np.int64]:
    """A tally of an engine, added up over its chunks."""
    return engine.backend.numpy(getattr(engine.tally, name)).sum(axis=0)


def assert_same_tallies(found: Engine, expected: Engine) -> None:
    """Counts and histograms are equal; sums of quanta may round the other way where a value lies between two.

    In mixed precision the block of the half list has rounded the speeds of a first touch to 32 bits.
    """
    tolerance = SINGLE if expected.interaction.mixed else TOLERANCE
    for name in ("pair_counts", "wall_counts"):
        first, second = (total(engine, name) for engine in (found, expected))
        np.testing.assert_array_equal(first[:, COUNTS], second[:, COUNTS])
        np.testing.assert_allclose(first, second, rtol=tolerance, atol=1.0 + tolerance * second[:, LOSS].max())
    for name in ("pair_speeds", "wall_speeds"):
        first, second = (total(engine, name) for engine in (found, expected))
        np.testing.assert_array_equal(first, second)


def copy_of_state(engine: Engine) -> dict[str, NDArray[Any]]:
    return {name: array.copy() for name, array in engine.state().items()}


def states_by_look(run: Callable[[], Engine], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, NDArray[Any]]]:
    """States after the same run, looked at after every 1, 4, 16 and 64 steps."""
    states = []
    for look in (2, 4, 16, 64):
        monkeypatch.setattr(dem.loops_gather, "LOOK_STEPS", look)
        states.append(copy_of_state(run()))
    return states


def assert_same_state(found: dict[str, NDArray[Any]], expected: dict[str, NDArray[Any]]) -> None:
    """Equal to the bit."""
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


def come_and_go(engine: Engine, case: DemCase, steps: int = 6) -> None:
    """Run, let particles enter, more than there is room for, run, take every third out, run."""
    engine.run(steps)
    capacity = engine.capacity
    engine.add(newcomers(case, engine))
    assert engine.capacity > capacity
    engine.run(2 * steps)
    rebuilds = engine.rebuilds
    engine.remove(engine.host_bodies().id % 3 == 0)
    engine.run(4 * steps)
    assert engine.rebuilds > rebuilds
    assert engine.step_number == 4 * steps


def take_over(engine: Engine, before: Engine) -> Engine:
    """Put an engine into the state of another one, and return it."""
    engine.restore(copy_of_state(before))
    for name in ("pair_counts", "pair_speeds", "wall_counts", "wall_speeds"):
        found = getattr(engine.tally, name)
        found[:] = 0
        found[0] = engine.backend.array(total(before, name))
    return engine
