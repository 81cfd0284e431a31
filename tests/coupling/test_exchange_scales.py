"""Dimensionless groups and time scales, each against a case worked by hand."""

from __future__ import annotations

import math

import pytest

from coupling import scales


def test_frozen_kernel_ratio_warns_above_a_tenth() -> None:
    """d50 doubles in 10 s: t_growth = 10/ln 2 = 14.43 s; a flow that needs 2 s to follow has a ratio of 0.139."""
    growth = scales.growth_time((5.0, 15.0), (100e-6, 200e-6))
    assert growth == pytest.approx(10.0 / math.log(2.0), rel=1e-14)
    assert scales.frozen_kernel_ratio(2.0, growth) == (pytest.approx(0.13863, rel=1e-4), True)
    assert scales.frozen_kernel_ratio(1.0, growth)[1] is False
    assert scales.growth_time((0.0, 1.0), (1e-4, 1e-4)) == math.inf
    assert scales.frozen_kernel_ratio(2.0, math.inf) == (0.0, False)


def test_inertial_number_grows_with_the_parcel() -> None:
    """I = gamma d sqrt(rho/p): 50/s, 1 mm, 1500 kg/m3 under 735 Pa is 0.0714, and s times that for parcels s larger."""
    grain = scales.inertial_number(50.0, 1e-3, 735.0, 1500.0)
    assert grain == pytest.approx(0.071429, rel=1e-4)
    assert scales.inertial_number(50.0, 15e-3, 735.0, 1500.0) == pytest.approx(15.0 * grain, rel=1e-14)


def test_stokes_numbers_meet_at_the_critical_speed() -> None:
    """Equal grains of 148 um, mu 0.05, e 0.4, h/h_a 10, rho 1500: published U_crit 8.2 m/s makes St_v = St_v*."""
    diameter, mass = 148e-6, 1500.0 * math.pi / 6.0 * 148e-6**3
    viscous = scales.viscous_stokes_number(0.5 * mass, 8.2, diameter, 0.05)
    assert viscous == pytest.approx(scales.critical_stokes_number(0.4, 50e-6, 5e-6), rel=0.01)
    assert scales.critical_stokes_number(0.4, 4e-6, 5e-6) == 0.0
    assert scales.deformation_stokes_number(1500.0, 3.0, 67500.0) == pytest.approx(0.1)


def test_spray_flux_and_froude() -> None:
    """1 ml/s of 150 um drops on 0.1 m2/s: Psi_a = 3e-6/(2 0.1 150e-6) = 0.1; 3 m/s at R = 60 mm: Fr = 15.3."""
    assert scales.spray_flux_number(1e-6, 0.1, 150e-6) == pytest.approx(0.1)
    assert scales.froude_number(3.0, 0.06) == pytest.approx(15.29, rel=1e-3)
