"""What holds for every law whatever its form: dimensions, symmetry, rest, and that no energy comes from nothing."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from compute import get_backend
from compute.tuples import Strip
from dem.block import (
    BLOCK,
    FIRST_MASS,
    FIRST_RADIUS,
    FIRST_SPIN,
    FIRST_TORQUE,
    FORCE,
    HEAT,
    PARAMETERS,
    SECOND_MASS,
    SECOND_RADIUS,
    SECOND_SPIN,
    SECOND_TORQUE,
    SEPARATION,
    VELOCITY,
    make_block,
)
from dem.engine import Engine
from dem.interaction import Interaction
from dem.neighbours import TOUCHING
from dem.particles import INERTIA, MASS, VX, WX
from dem.skin import largest_separation
from dem.touch import Touch, pair_touch
from tests.device.pairs_example import PAIRWISE, STEP, TABLES, Laws, composed, parameters_of, random_block
from tests.device.systems import box_case, make_engine

Exponents = tuple[float, float, float]
"""Powers of kg, m and s."""

PURE, LENGTH, SPEED, RATE, TIME, MASS_UNIT = (0, 0, 0), (0, 1, 0), (0, 1, -1), (0, 0, -1), (0, 0, 1), (1, 0, 0)
PER_LENGTH, ROOT, RAISED_LENGTH = (0, -1, 0), (0, 0.5, 0), (0, 1.5, 0)
FORCE_UNIT, TORQUE, POWER, PRESSURE, STIFFNESS = (1, 1, -2), (1, 2, -2), (1, 2, -3), (1, -1, -2), (1, 0, -2)

TOUCH: list[Exponents] = [LENGTH, *[PURE] * 3, *[SPEED] * 3, *[RATE] * 3, LENGTH, MASS_UNIT, TIME, PER_LENGTH]
WRENCH: list[Exponents] = [FORCE_UNIT] * 4 + [TORQUE] * 3 + [POWER]
HERTZ: tuple[Exponents, ...] = (PRESSURE, PRESSURE, PURE, PURE)
ENERGY_DENSITY = PRESSURE
WET = (
    (STIFFNESS, PURE, (1, -1, -1), LENGTH, PURE),
    ((0, 3, 0), LENGTH, FORCE_UNIT, PURE, PURE, PURE, PER_LENGTH),
)
Part = tuple[tuple[Exponents, ...], tuple[Exponents, ...]]
UNITS: tuple[dict[str, Part], ...] = (
    {
        "hertz-mindlin-liggghts": (HERTZ, (LENGTH,) * 3),
        "hertz-mindlin-lammps": (HERTZ, (LENGTH,) * 3),
        "hertz-mindlin-lammps-rescaled-clipped-thornton": (HERTZ, (LENGTH,) * 4),
        "linear": ((STIFFNESS, PURE, PURE, PURE), (LENGTH,) * 3),
        "walton-braun": ((STIFFNESS, PURE, PURE, PURE), ((LENGTH,) * 3 + (LENGTH,))),
        "eepa": (
            (PRESSURE, PRESSURE, *[PURE] * 5, FORCE_UNIT, PURE, PURE),
            (LENGTH, LENGTH, LENGTH, RAISED_LENGTH),
        ),
        "ghost": ((), ()),
    },
    {"none": ((), ()), "sjkr": ((ENERGY_DENSITY,), ()), "dmt": ((STIFFNESS,), ()), "jkr": ((ROOT, PRESSURE), ())},
    {"none": ((), ()), "constant-torque": ((PURE,), ()), "epsd2": ((PURE,), (TORQUE,) * 3)},
    {"none": ((), ()), "marshall": ((PURE,), (PURE,))},
    {"none": ((), ()), "bagheri": WET, "willett": WET},
)
"""Units of the parameters and of the history of each contact, adhesion, rolling, twisting and liquid law; a new law
needs its line."""
EVEN = {
    "hertz-mindlin-lammps-rescaled-clipped-thornton": (3,), "walton-braun": (3,), "eepa": (3,), "marshall": (0,),
    "jkr": (0,), "bagheri": range(7), "willett": range(7),
}  # fmt: skip
"""History values that are the same for both particles, where the others are reversed."""

FACTORS = (1.0 / 3.7, 1.0, 52.3)


def test_every_law_has_its_units() -> None:
    assert [set(units) for units in UNITS] == [set(table) for table in TABLES]


def units_of(laws: Laws) -> list[Part]:
    """Units of the parameters and of the history of each law; beside liquid JKR remembers whether the solids hold."""
    parts = [table[name] for table, name in zip(UNITS, laws, strict=True)]
    if laws[1] == "jkr" and laws[4] != "none":
        parts[1] = (parts[1][0], (PURE,))
    return parts


def scaled(values: Any, units: Any, system: tuple[float, ...]) -> tuple[float, ...]:
    """The same values in another system, whose units of mass, length and time are smaller by these factors."""
    kilogram, metre, second = system
    return tuple(value * kilogram**a * metre**b * second**c for value, (a, b, c) in zip(values, units, strict=True))


def touches(interaction: Interaction) -> list[tuple[Touch, tuple[float, ...]]]:
    """Some touching pairs with the history of their contact."""
    examples = []
    for b in random_block(interaction).T[:16]:
        arguments: Any = (
            0.0, tuple(b[SEPARATION : SEPARATION + 3]), tuple(b[VELOCITY : VELOCITY + 3]),
            tuple(b[FIRST_SPIN : FIRST_SPIN + 3]), tuple(b[SECOND_SPIN : SECOND_SPIN + 3]),
            (b[FIRST_RADIUS], b[FIRST_MASS]), (b[SECOND_RADIUS], b[SECOND_MASS]), STEP, 0.5,
        )  # fmt: skip
        touch = pair_touch(*arguments)
        examples.append((touch, tuple(b[PARAMETERS + interaction.parameter_count :])))
    return examples


def evaluate(interaction: Interaction, touch: Any, parameters: Any, history: Any) -> tuple[float, ...]:
    """Wrench and new history as one row."""
    memory = list(history)
    wrench = interaction.law(Touch(*touch), Strip(parameters, 0, 1), Strip(memory, 0, 1))
    return (*wrench, *memory[: interaction.solid_history])


@pytest.mark.parametrize("laws", PAIRWISE, ids=", ".join)
def test_dimensions(laws: Laws) -> None:
    """A physical law says the same in all 27 systems of units made by three factors each for kg, m and s.

    The factors are no powers of two, so that results differ by some roundings; a wrong power of a factor is a matter of
    3.7 at least.
    """
    interaction = composed(laws)
    parameters = parameters_of(interaction)
    units = units_of(laws)
    parameter_units = [unit for part, _ in units for unit in part]
    history_units = [unit for _, part in units for unit in part]
    for touch, history in touches(interaction):
        expected = evaluate(interaction, touch, parameters, history)
        for system in itertools.product(FACTORS, repeat=3):
            found = evaluate(
                interaction,
                scaled(touch, TOUCH, system),
                scaled(parameters, parameter_units, system),
                scaled(history, history_units, system),
            )
            again = scaled(expected, [*WRENCH, *history_units[: interaction.solid_history]], system)
            np.testing.assert_allclose(found, again, rtol=1e-9, err_msg=str(system))


def history_signs(laws: Laws) -> NDArray[np.float64]:
    """1 for history values that both particles see alike, -1 for those that they see reversed, shape (history, 1)."""
    signs = [
        1.0 if at in EVEN.get(name, ()) else -1.0
        for name, (_, remembered) in zip(laws, units_of(laws), strict=True)
        for at in range(len(remembered))
    ]
    return np.array(signs).reshape(-1, 1)


def swapped(buffer: NDArray[np.float64], laws: Laws) -> NDArray[np.float64]:
    """The same pairs as the other particle sees them: directions, velocities and springs are reversed."""
    other = buffer.copy()
    history = PARAMETERS + composed(laws).parameter_count
    for rows in (slice(SEPARATION, SEPARATION + 3), slice(VELOCITY, VELOCITY + 3)):
        other[rows] = -buffer[rows]
    other[history:] = history_signs(laws) * buffer[history:]
    for here, there in ((FIRST_SPIN, SECOND_SPIN), (FIRST_RADIUS, SECOND_RADIUS), (FIRST_MASS, SECOND_MASS)):
        width = 3 if here == FIRST_SPIN else 1
        other[here : here + width], other[there : there + width] = (
            buffer[there : there + width], buffer[here : here + width],
        )  # fmt: skip
    return other


@pytest.mark.parametrize("laws", PAIRWISE, ids=", ".join)
def test_swapping_the_particles_reverses_the_force(laws: Laws) -> None:
    """Newton's third law, to the bit: each operation of a law is odd or even in the normal, and so is its rounding."""
    interaction = composed(laws)
    block, buffer = make_block(interaction), random_block(interaction)
    other = swapped(buffer, laws)
    for each in (buffer, other):
        block(each.ravel(), BLOCK, STEP)
    np.testing.assert_array_equal(other[FORCE : FORCE + 3], -buffer[FORCE : FORCE + 3])
    np.testing.assert_array_equal(other[FIRST_TORQUE : FIRST_TORQUE + 3], buffer[SECOND_TORQUE : SECOND_TORQUE + 3])
    np.testing.assert_array_equal(other[SECOND_TORQUE : SECOND_TORQUE + 3], buffer[FIRST_TORQUE : FIRST_TORQUE + 3])
    np.testing.assert_array_equal(other[HEAT], buffer[HEAT])
    history = PARAMETERS + interaction.parameter_count
    np.testing.assert_array_equal(other[history:], history_signs(laws) * buffer[history:])


@pytest.mark.parametrize("laws", PAIRWISE, ids=", ".join)
def test_no_force_at_rest_apart(laws: Laws) -> None:
    """Two spheres that just touch, or are as far apart as their law acts, feel nothing at rest and with slack springs.

    Exact zeros, and no 0/0.
    """
    interaction = composed(laws)
    parameters, radius = parameters_of(interaction), 1e-3
    gap = largest_separation(interaction, [parameters], radius)
    touch = Touch(-gap, 0.6, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, radius, 1e-5, STEP, 250.0)
    history = (0.0,) * interaction.history_size
    assert not any(evaluate(interaction, touch, parameters, history))


STILL = [(laws, "at rest") for laws in PAIRWISE] + [(laws, "slack") for laws in PAIRWISE if "lammps" not in laws[0]]


@pytest.mark.parametrize(("laws", "case"), STILL)
def test_contact_loses_energy(laws: Laws, case: str) -> None:
    """The heat of a contact is never negative where no spring changes its stiffness and the step is short.

    That is: slack springs under any motion, and springs of any stretch, beyond their limit too, at rest. The limit of
    `lammps` stretches a slack spring at once where the damper alone is beyond it, which stores energy.
    """
    interaction = composed(laws)
    buffer = random_block(interaction)
    first = PARAMETERS + interaction.parameter_count
    still = slice(first, first + interaction.solid_history) if case == "slack" else slice(VELOCITY, SECOND_SPIN + 3)
    buffer[still] = 0.0
    make_block(interaction)(buffer.ravel(), BLOCK, 1e-6 * STEP)
    assert (buffer[HEAT] >= 0.0).all()


PAIRS_ALONG, CENTRAL = 8, 0
GAP, STIFF, SMALL_STEP = 5e-5, 5e3, 4e-7
COLLISION_STEPS = 1000
"""The gap is closed after 250 steps; the contact lasts 470."""


def collision_case(restitution: float, friction: float) -> Any:
    """Pairs of spheres far from each other, each about to collide at its own angle and spin, the first head-on."""
    random = np.random.Generator(np.random.Philox(key=(3, 0)))
    items = []
    for k in range(PAIRS_ALONG):
        centre = np.array([10e-3 * (k + 0.5), 10e-3, 10e-3])
        half = np.array([1.5e-3 + GAP, 0.0, 0.0])
        for side in (-1.0, 1.0):
            aside = random.uniform(-0.5, 0.5, 2) if k != CENTRAL else np.zeros(2)
            velocity, spin = np.array([-0.5 * side, *aside]), random.uniform(-300.0, 300.0, 3)
            items.append(
                {"class": "small", "position": [*(centre + side * half)], "velocity": [*velocity], "spin": [*spin]}
            )
    pair = {"between": ["glass", "glass"], "restitution": restitution, "friction": friction}
    return box_case(
        domain={"low": [0, 0, 0], "high": [10e-3 * PAIRS_ALONG, 20e-3, 20e-3]},
        pairs=[pair],
        contact={"law": "linear", "normal_stiffness": STIFF},
        particles=[{"kind": "given", "items": items}],
        statistics=None,
        time={"end": 1.0, "step": SMALL_STEP},
    )


def row_by_id(engine: Engine) -> NDArray[np.float64]:
    particles = engine.host_particles()
    return particles.row[np.argsort(particles.id)].copy()


def energies(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kinetic energy of each pair [J]: of the flight and of the spin."""
    flight, spin = (row[:, VX : VX + 3] ** 2).sum(axis=1), (row[:, WX : WX + 3] ** 2).sum(axis=1)
    return (0.5 * (row[:, MASS] * flight + row[:, INERTIA] * spin)).reshape(-1, 2).sum(axis=1)


@pytest.mark.parametrize(("restitution", "friction"), [(1.0, 0.0), (1.0, 0.4), (0.6, 0.0), (0.6, 0.4)])
def test_linear_collision_makes_no_energy(restitution: float, friction: float) -> None:
    """Oblique collisions of two spinning spheres: after them there is no more energy than before.

    Leapfrog keeps that of a linear spring but for the last step, which overshoots the end of the contact by a part of
    it. With the contact time pi sqrt(m*/k_n) that is an error of (step sqrt(k_n/m*))^2 = 4.5e-5 of the energy. The
    speeds along the normal, read from the collision that is head-on, have the ratio of the restitution but for the same
    step: within step sqrt(k_n/m*) = 6.7e-3 of it.
    """
    engine = make_engine(collision_case(restitution, friction), get_backend("python"))
    before = row_by_id(engine)
    engine.run(COLLISION_STEPS)
    after = row_by_id(engine)
    assert not (engine.pairs.flags & TOUCHING).any(), "a collision is not over"
    assert (before[:, VX] != after[:, VX]).all(), "a pair has not met"
    error = SMALL_STEP * math.sqrt(STIFF / (0.5 * before[0, MASS]))
    assert (energies(after) <= energies(before) * (1.0 + error**2)).all()
    if friction == 0.0:
        approach, parting = (np.diff(row[:, VX].reshape(-1, 2))[CENTRAL, 0] for row in (before, after))
        assert abs(-parting / approach - restitution) <= error * restitution
        np.testing.assert_array_equal(after[:, WX : WX + 3], before[:, WX : WX + 3])
