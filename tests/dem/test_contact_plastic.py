"""Plastic laws: branches, plastic overlap, pull-off and restitution against closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from dem.case import DemCase
from dem.case_limits import reference_time
from dem.contact import CONTACT_LAWS
from dem.contact.law import Elasticity, PairProperties
from dem.touch import Touch
from tests.dem.engines import VX, make_engine, plane, rows, spheres

MATERIAL = Elasticity(5e7, 0.3, 2000.0)
RADIUS, MASS, STEP = 1e-3, 1e-5, 1e-7
PLASTIC = PairProperties(
    1.0, 0.5, normal_stiffness=1e4, plasticity_ratio=0.7, adhesive_stiffness_ratio=0.4, pull_off_force=2e-3
)  # fmt: skip
DEEP, SHALLOW = 2e-5, 1e-5
FIRST = 4.0 / 3.0 * MATERIAL.youngs_modulus / (2.0 * (1.0 - 0.3**2)) * math.sqrt(RADIUS)
"""k1 of two such materials [N/m^1.5]."""
SECOND = FIRST / (1.0 - PLASTIC.plasticity_ratio)


def led_along(name: str, overlaps: NDArray[np.float64], pair: PairProperties) -> tuple[Any, Any, float]:
    """Normal force [N] and plastic memory along a path of overlaps at rest, and the heat told on the way [J]."""
    law = CONTACT_LAWS[name]
    parameters = law.parameters_of(MATERIAL, MATERIAL, pair)
    history: Any = (0.0,) * law.history_size
    forces, memory, heat = [], [], 0.0
    for overlap in overlaps:
        touch = Touch(float(overlap), 0.0, 0.0, 1.0, *[0.0] * 6, RADIUS, MASS, STEP, 1.0 / (2.0 * RADIUS))
        normal, *_, loss, history = law.force(touch, parameters, history)
        forces.append(normal)
        memory.append(history[3])
        heat += loss * STEP
    return np.array(forces), np.array(memory), heat


def line(start: float, end: float, points: int = 2000) -> NDArray[np.float64]:
    return np.linspace(start, end, points)


def test_eepa_branches() -> None:
    """Thakur et al. (2014), doi 10.1007/s10035-014-0506-4, eq. 5 with n = 3/2: each branch to round-off.

    Loading -f0 + k1 d^n; unloading -f0 + k2 (d^n - p^n) with p^n = lambda d_max^n; adhesive branch -f0 - k_a d^n;
    reloading from there along k2 up to first loading.
    """
    pull, plastic = PLASTIC.pull_off_force, PLASTIC.plasticity_ratio * DEEP**1.5
    adhesive = PLASTIC.adhesive_stiffness_ratio * FIRST
    turn = (plastic / (1.0 + adhesive / SECOND)) ** (2.0 / 3.0)
    low = 0.8 * turn
    path = [line(0.0, DEEP)[1:], line(DEEP, turn), line(turn, low), line(low, DEEP)]
    forces, memory, _ = led_along("eepa", np.concatenate(path), PLASTIC)
    loading, unloading, drawn, again = np.split(forces, np.cumsum([len(part) for part in path])[:-1])
    np.testing.assert_allclose(loading, FIRST * path[0] ** 1.5 - pull, rtol=1e-12)
    scale = FIRST * DEEP**1.5
    np.testing.assert_allclose(unloading, SECOND * (path[1] ** 1.5 - plastic) - pull, rtol=0.0, atol=1e-12 * scale)
    np.testing.assert_allclose(drawn, -adhesive * path[2] ** 1.5 - pull, rtol=0.0, atol=1e-12 * scale)
    left = (1.0 + adhesive / SECOND) * low**1.5
    expected = np.minimum(SECOND * (path[3] ** 1.5 - left), FIRST * path[3] ** 1.5) - pull
    np.testing.assert_allclose(again, expected, rtol=0.0, atol=1e-12 * scale)
    assert memory[len(path[0])] == pytest.approx(plastic, rel=1e-12)


@pytest.mark.parametrize("depth", [SHALLOW, DEEP])
def test_eepa_pull_off_grows_with_the_load(depth: float) -> None:
    """f0 + k_a lambda d_max^n/(1 + k_a/k2), where the unloading line meets the adhesive branch; 1e-3 for the samples.

    The force is gone, but for f0, at the plastic overlap lambda^(2/3) d_max.
    """
    path = np.concatenate([line(0.0, depth)[1:], line(depth, 0.0)[:-1]])
    forces, _, _ = led_along("eepa", path, PLASTIC)
    adhesive = PLASTIC.adhesive_stiffness_ratio * FIRST
    pulled = adhesive * PLASTIC.plasticity_ratio * depth**1.5 / (1.0 + adhesive / SECOND)
    assert -forces.min() == pytest.approx(PLASTIC.pull_off_force + pulled, rel=1e-3)
    unloading, overlap = forces[len(forces) // 2 + 1 :], path[len(forces) // 2 + 1 :]
    zero = overlap[np.argmin(np.abs(unloading + PLASTIC.pull_off_force)[overlap > 0.5 * depth])]
    assert zero == pytest.approx(PLASTIC.plasticity_ratio ** (2.0 / 3.0) * depth, rel=1e-3)


@pytest.mark.parametrize(("name", "start"), [("eepa", 0.0), ("walton-braun", 0.0)])
def test_plastic_heat_is_the_work_around_the_loop(name: str, start: float) -> None:
    """What loading puts in and unloading does not give back is told as heat; 2000 samples a line leave 1e-3."""
    path = np.concatenate([line(start, DEEP), line(DEEP, start), line(start, SHALLOW), line(SHALLOW, start)])
    forces, _, heat = led_along(name, path, PLASTIC._replace(restitution=0.5 if name == "walton-braun" else 1.0))
    constant = -PLASTIC.pull_off_force * (path > 0.0) if name == "eepa" else 0.0
    work = float(np.trapezoid(forces - constant, path))
    assert heat > 0.0
    assert heat == pytest.approx(work, rel=2e-3)


def test_eepa_without_plasticity_and_adhesion_is_hertz() -> None:
    """k1 = k2, k_a = f0 = 0: 4/3 E* sqrt(R*) d^(3/2) both ways, to round-off."""
    path = np.concatenate([line(0.0, DEEP), line(DEEP, 0.0)])
    forces, _, heat = led_along("eepa", path, PairProperties(1.0, 0.5))
    np.testing.assert_allclose(forces, FIRST * path**1.5, rtol=1e-12)
    assert heat == 0.0


def test_eepa_friction_counts_what_adhesion_holds() -> None:
    """Thakur et al., eq. 13: the limit is mu (F + f0 + k_a d^n), k_a d^n more than without adhesion."""
    law = CONTACT_LAWS["eepa"]
    history: Any = (1.0, 0.0, 0.0, 0.0)
    touch = Touch(DEEP, 0.0, 0.0, 1.0, *[0.0] * 6, RADIUS, MASS, STEP, 1.0 / (2.0 * RADIUS))
    _, fx, *_ = law.force(touch, law.parameters_of(MATERIAL, MATERIAL, PLASTIC), history)
    limit = 0.5 * FIRST * DEEP**1.5 * (1.0 + PLASTIC.adhesive_stiffness_ratio)
    assert -fx == pytest.approx(limit, rel=1e-12)


def test_walton_braun_branches() -> None:
    """k1 d, then k2 (d - p) with p = (1 - e^2) d_max, zero below p, and back up the same line: to round-off."""
    pair = PairProperties(0.6, 0.0, normal_stiffness=1e4)
    second, plastic = 1e4 / 0.36, 0.64 * DEEP
    path = [line(0.0, DEEP), line(DEEP, 0.0), line(0.0, 1.5 * DEEP)]
    forces, memory, _ = led_along("walton-braun", np.concatenate(path), pair)
    loading, unloading, again = np.split(forces, np.cumsum([len(part) for part in path])[:-1])
    scale = 1e4 * DEEP
    np.testing.assert_allclose(loading, 1e4 * path[0], rtol=0.0, atol=1e-12 * scale)
    np.testing.assert_allclose(unloading, second * np.maximum(path[1] - plastic, 0.0), rtol=0.0, atol=1e-12 * scale)
    expected = np.minimum(second * np.maximum(path[2] - plastic, 0.0), 1e4 * path[2])
    np.testing.assert_allclose(again, expected, rtol=0.0, atol=1e-12 * scale)
    assert memory[len(path[0])] == pytest.approx(plastic, rel=1e-12)


@pytest.mark.parametrize("speed", [0.01, 1.0])
def test_walton_braun_restitution(speed: float) -> None:
    """Walton, Braun (1986), doi 10.1122/1.549893: e = sqrt(k1/k2) at every speed; 400 steps on the plane leave 1e-3."""
    restitutions = np.array([0.2, 0.5, 0.8, 1.0])
    count, radius, density, stiffness = len(restitutions), 1e-3, 2000.0, 1e4
    contact = math.pi * math.sqrt(density * 4.0 / 3.0 * math.pi * radius**3 / stiffness)
    step = contact / 2000.0
    engine = make_engine(
        spheres([[0.01 * at + 0.01, 0.05, radius] for at in range(count)], (0.0, 0.0, -speed), radius, density=density,
                kind=np.arange(count)),
        step=step, skin=0.1 * radius, law="walton-braun", low=(0.0, 0.0, -0.01), materials=[MATERIAL] * (count + 1),
        pairs={(at, count): PairProperties(float(e), 0.0, normal_stiffness=stiffness)
               for at, e in enumerate(restitutions)},
        walls=[plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), f"m{count}")],
    )  # fmt: skip
    engine.run(2400)
    np.testing.assert_allclose(rows(engine)[:, VX + 2] / speed, restitutions, rtol=1e-3)


def case(contact: dict[str, Any], **pair: Any) -> dict[str, Any]:
    return {
        "domain": {"low": [0, 0, 0], "high": [1, 1, 1]},
        "materials": {"clay": {"density": 2000, "youngs_modulus": 5e7}},
        "pairs": [{"between": ["clay", "clay"], "restitution": 0.5, "friction": 0.3, **pair}],
        "contact": contact,
        "classes": [{"name": "lump", "diameter": 2e-3, "material": "clay"}],
        "particles": [{"kind": "given", "items": [{"class": "lump", "position": [0.5, 0.5, 0.5]}]}],
        "time": {"end": 1.0},
    }


def test_what_a_plastic_law_lacks_is_named() -> None:
    with pytest.raises(ValidationError, match="eepa lacks plasticity_ratio of clay and clay"):
        DemCase.model_validate(case({"law": "eepa"}))
    with pytest.raises(ValidationError, match="walton-braun law needs a stiffness"):
        DemCase.model_validate(case({"law": "walton-braun"}))
    assert DemCase.model_validate(case({"law": "eepa"}, plasticity_ratio=0.5)).pairs[0].plasticity_ratio == 0.5


def test_step_of_a_plastic_spring_follows_from_unloading() -> None:
    """sqrt(m*/k2) with k2 = k1/e^2: half of that of the linear law of the same stiffness at e = 0.5."""
    times = [
        reference_time(DemCase.model_validate(case({"law": law, "normal_stiffness": 1e4}))).value
        for law in ("walton-braun", "linear")
    ]
    assert times[0] == pytest.approx(0.5 * times[1], rel=1e-12)


def test_step_of_eepa_follows_from_unloading() -> None:
    """k2 = k1/(1 - lambda) shortens what goes with 1/sqrt(k) by sqrt(1 - lambda): half of Hertz's at lambda = 0.75."""
    eepa = DemCase.model_validate(case({"law": "eepa"}, plasticity_ratio=0.75))
    hertz = DemCase.model_validate(case({"law": "hertz-mindlin"}))
    assert reference_time(eepa).value == pytest.approx(0.5 * reference_time(hertz).value, rel=1e-12)
