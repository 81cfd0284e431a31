"""The time step of weighted particles: films and flows against closed forms at steps as long as what they follow."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from pbm.granulation import Granulation
from pbm.stochastic import StochasticGranulation
from pbm.weighted import Particles
from pbm.weighted_flow import Flows
from tests.pbm.test_stated_laws import stated_case

SOAKING, SPRAY, DRY, PATCH = 0.2, 0.066e-6, 0.05, 20e-6


def test_films_are_followed_to_second_order() -> None:
    """Dry granules too large for nuclei under a spray s: E' = s - a E with a = 1/t_abs + j/(rho_l h), while pores stay
    as good as empty, so that s j/(rho_l h) (t - (1 - exp(-a t))/a)/a has dried. The error of a step of 0.75/a is about
    (a step)^2/14, and a quarter of it at half the step; pores fill by 0.05 %. A spray that ends within a step gives
    what it is, to round-off.
    """
    case = stated_case(
        feed={"grains": [{"solids": [5e-12], "number": 1.0}], "charge": "100 g", "moisture": 0.0, "porosity": 0.45},
        grid={"classes": 8, "smallest_diameter": "10 um", "largest_diameter": "1 mm"},
        aggregation={"kernel": {"name": "constant", "rate_coefficient": 1e-40}, "sticking": "always"},
        breakage={"on": False},
        consolidation={"rate": 0.0},
        liquid={
            "spray": {"rate": 1e3 * SPRAY, "end": "0.43 s"},
            "drop_diameter": "80 um",
            "penetration_time": SOAKING,
            "film_thickness": PATCH,
            "evaporation": DRY,
        },
        end="1 s",
    )
    drying = DRY / 1e3 / PATCH
    pace = 1.0 / SOAKING + drying
    model, times = Granulation(case, compiled=False), np.array([0.0, 0.4, 0.8])
    long, short = (StochasticGranulation(model, 4, step).simulate(times) for step in (0.1, 0.05))
    dried = SPRAY * drying / pace * (0.4 - (1.0 - exp(-0.4 * pace)) / pace)
    errors = [abs(run.evaporated[1] / dried - 1.0) for run in (long, short)]
    assert errors[0] <= 0.05 and errors[1] <= 0.3 * errors[0]
    assert long.sprayed[1:] == pytest.approx([0.4 * SPRAY, 0.43 * SPRAY], rel=1e-12)


def test_particles_flow_by_exponentials() -> None:
    """Two compartments in a row, a left at 2/s and b at 1/s: exp(-2 t) of the particles are in a after t and
    2 (exp(-t) - exp(-2 t)) in b, whatever the step. Of 40 000, three standard errors of b are 0.0075 of all.
    """
    random = np.random.Generator(np.random.Philox(key=3))
    flows = Flows(np.array([[0.0, 2.0], [0.0, 0.0]]), np.array([0.0, 1.0]), random)
    beds, count = [Particles(*np.ones((6, 40000))), Particles.none()], 40000
    for _ in range(2):
        flows.move(beds, 0.5)
    held = np.array([bed.count for bed in beds]) / count
    np.testing.assert_allclose(held, [exp(-2.0), 2.0 * (exp(-1.0) - exp(-2.0))], rtol=0.0, atol=0.0075)
