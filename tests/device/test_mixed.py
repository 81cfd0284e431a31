"""Mixed precision, law by law: nothing of a law in 64 bits, its error against double, and the processor's instructions.

A 32-bit float rounds by at most 2^-24 = 6e-8 of its value; EPSILON is twice that, the distance of two neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from numpy.typing import NDArray

from compute import single_math
from compute.single import in_single
from compute.tuples import Strip
from dem.block import (
    BLOCK,
    DEPTH,
    FIRST_RADIUS,
    FIRST_TORQUE,
    FORCE,
    HEAT,
    PARAMETERS,
    SECOND_RADIUS,
    SECOND_TORQUE,
    SEPARATION,
    make_block,
)
from dem.elementary import cube_root, exponential, logarithm, sine
from dem.interaction import Interaction
from dem.liquid.bridge import rupture_gap
from dem.pair_law import make_wall_law
from tests.device.pairs_example import PAIRWISE, PROPERTIES, STEP, Laws, composed, random_block
from tests.device.strict import Strict, strict_root
from tests.device.test_assembly import compiled_block, instruction_counts
from tests.device.test_laws import history_signs, swapped

EPSILON = float(np.finfo(np.float32).eps)
HERTZ: Laws = ("hertz-mindlin-liggghts", "none", "epsd2", "none", "none")


def narrowed(buffer: NDArray[np.float64]) -> NDArray[np.float32]:
    """The same pairs as the loops of mixed precision gather them: (r1 + r2)^2 - d^2 made in 64 bits."""
    found = buffer.astype(np.float32)
    reach = buffer[FIRST_RADIUS] + buffer[SECOND_RADIUS]
    found[DEPTH] = reach**2 - (buffer[SEPARATION : SEPARATION + 3] ** 2).sum(axis=0)
    return found


def run_block(interaction: Interaction, buffer: NDArray[Any]) -> None:
    with np.errstate(all="ignore"):
        make_block(interaction)(buffer.ravel(), BLOCK, STEP)


def flat(values: Any) -> Iterator[Any]:
    """The numbers in tuples of tuples."""
    for value in values:
        if isinstance(value, tuple):
            yield from flat(value)
        else:
            yield value


@pytest.mark.parametrize("laws", PAIRWISE, ids=", ".join)
def test_no_law_leaves_32_bits(laws: Laws) -> None:
    """At a wall, in touch and across a gap that is held, each operation is one of 32-bit floats alone: see `Strict`."""
    interaction = composed(laws, mixed=True)
    law, buffer = make_wall_law(interaction), narrowed(random_block(interaction))
    first = PARAMETERS + interaction.parameter_count
    three = tuple(Strict(value) for value in (0.6, -0.8, 0.0))
    depths = (2e-5, -1e-6) if interaction.wet or interaction.adhesion.separation else (2e-5,)
    for depth, pair in zip(depths, buffer.T):
        values = [Strict(value) for value in pair]
        with patch.object(single_math, "sqrt", strict_root):
            found = law(
                Strict(depth), three, three, three, three, values[FIRST_RADIUS], Strict(1e-5), Strict(STEP),
                Strip(values, PARAMETERS, 1), Strip(values, first, 1),
            )  # fmt: skip
        assert {isinstance(value, np.float32) for value in (*flat(found), *values[first:])} == {True}


@pytest.mark.parametrize("laws", PAIRWISE, ids=", ".join)
def test_what_surrounds_a_law_stays_in_32_bits(laws: Laws) -> None:
    """The gap at which adhesion ends, and the constants and the rupture of a bridge; finite and near those in 64 bits.

    They come from roots, logarithms and exponentials, which double the relative error of their argument up to 64 times.
    """
    interaction = composed(laws)
    radius, volume, tension, angle = 2e-3, 3e-11, PROPERTIES.surface_tension, PROPERTIES.contact_angle
    cases: list[tuple[Any, tuple[Any, ...]]] = [
        (interaction.liquid.constants, (radius, volume, tension, angle)), (rupture_gap, (volume, angle)),
    ]  # fmt: skip
    if interaction.adhesion.separation:
        split = interaction.contact.parameter_count
        parameters = random_block(interaction)[PARAMETERS + split :][: interaction.adhesion.parameter_count, 0]
        cases.append((interaction.adhesion.separation, (radius, tuple(parameters))))
    for function, arguments in cases:
        strict = [tuple(map(Strict, each)) if isinstance(each, tuple) else Strict(each) for each in arguments]
        with patch.object(single_math, "sqrt", strict_root):
            found = in_single(function)(*strict)
        expected = np.ravel(function(*arguments))
        np.testing.assert_allclose(np.ravel(found), expected, rtol=64.0 * EPSILON, err_msg=function.__name__)


@pytest.mark.parametrize(
    ("function", "arguments", "relative", "absolute"),
    [
        (exponential, np.linspace(-30.0, 30.0, 61), 64.0 * EPSILON, 0.0),
        (logarithm, np.geomspace(1e-11, 1e11, 61), 0.0, 128.0 * EPSILON),
        (cube_root, np.geomspace(1e-30, 1e9, 61), 8.0 * EPSILON, 0.0),
        (sine, np.linspace(-1.0, 1.0, 61), 4.0 * EPSILON, 0.0),
    ],
)
def test_elementary_functions(function: Any, arguments: Any, relative: float, absolute: float) -> None:
    """exp(v) = y^64 multiplies the rounding of y by 64, ln(v) = 128 artanh that of the 64th root by 128."""
    found = np.array([in_single(function)(np.float32(value)) for value in arguments])
    expected = [function(float(np.float32(value))) for value in arguments]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=relative, atol=absolute)


@pytest.mark.parametrize("laws", PAIRWISE, ids=", ".join)
def test_error_against_double(laws: Laws) -> None:
    """Overlaps are right to three roundings of themselves, a thousand times better than 1e-6 of the diameter.

    Forces and torques: 1e-4 of the largest part they are made of, here of the largest force in the block, is what
    the logarithms of a bridge and the end of a JKR contact may take; most laws stay below 1e-5.
    """
    expected = random_block(composed(laws))
    found = narrowed(expected)
    run_block(composed(laws), expected)
    run_block(composed(laws, mixed=True), found)
    diameter = 2.0 * expected[[FIRST_RADIUS, SECOND_RADIUS]].min(axis=0)
    error = np.abs(found[DEPTH] - expected[DEPTH])
    assert (error <= 3.0 * EPSILON * expected[DEPTH]).all() and (error <= 1e-6 * diameter).all()
    for first in (FORCE, FIRST_TORQUE, SECOND_TORQUE):
        one, other = found[first : first + 3], expected[first : first + 3]
        size = np.linalg.norm(other, axis=0)
        assert (np.linalg.norm(one - other, axis=0) <= 1e-4 * size + 1e-6 * size.max()).all(), first
    np.testing.assert_allclose(found[HEAT], expected[HEAT], rtol=1e-4, atol=1e-6 * np.abs(expected[HEAT]).max())


@pytest.mark.parametrize("laws", PAIRWISE, ids=", ".join)
def test_swapping_the_particles_reverses_the_force(laws: Laws) -> None:
    """Newton's third law to the bit, as in double precision: so momentum is kept to the rounding of 64 bits."""
    interaction, buffer = composed(laws, mixed=True), random_block(composed(laws))
    one, other = narrowed(buffer), narrowed(swapped(buffer, laws))
    for each in (one, other):
        run_block(interaction, each)
    np.testing.assert_array_equal(other[FORCE : FORCE + 3], -one[FORCE : FORCE + 3])
    np.testing.assert_array_equal(other[FIRST_TORQUE : FIRST_TORQUE + 3], one[SECOND_TORQUE : SECOND_TORQUE + 3])
    np.testing.assert_array_equal(other[HEAT], one[HEAT])
    history = PARAMETERS + interaction.parameter_count
    np.testing.assert_array_equal(other[history:], history_signs(laws) * one[history:])


def test_instructions(capsys: pytest.CaptureFixture[str]) -> None:
    """Square roots and divisions are packed, single ones, and nothing is computed or converted in 64 bits."""
    compiled = compiled_block(HERTZ, mixed=True)
    text = compiled.inspect_asm(compiled.signatures[0])
    count = instruction_counts(text, ("sqrtps", "divps", "sqrtss", "divss", "sqrtpd", "divpd", "sqrtsd", "divsd"))
    wide = instruction_counts(text, ("mulpd", "mulsd", "addpd", "addsd", "subpd", "subsd", "cvtss2sd", "cvtps2pd"))
    with capsys.disabled():
        print("\n" + ", ".join(HERTZ) + ": " + ", ".join(f"{number} {name}" for name, number in count.items()))
    assert 4 * count["sqrtps"] >= 3 * max(1, count["sqrtss"])
    assert 4 * count["divps"] >= 3 * max(1, count["divss"])
    assert not any(count[name] for name in ("sqrtpd", "divpd", "sqrtsd", "divsd")) and not any(wide.values())


def test_compiled_equals_python() -> None:
    """Plain Python rounds after each operation as the processor does: no tolerance."""
    interaction = composed(HERTZ, mixed=True)
    expected = narrowed(random_block(interaction))
    found = expected.copy()
    run_block(interaction, expected)
    compiled_block(HERTZ, mixed=True)(found.ravel(), BLOCK, STEP)
    assert np.isfinite(expected).all() and (expected[FORCE] != 0.0).all()
    np.testing.assert_array_equal(found, expected)
