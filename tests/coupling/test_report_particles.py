"""What the report says of particles: which class has which colour, and what the laws of a pair read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from coupling.report.picture import class_colours
from coupling.report.settings import given_properties
from tests.coupling.case_text import read_small


def test_classes_of_one_diameter_are_told_apart_by_name(tmp_path: Path) -> None:
    """The key of the picture shows diameters, and names beside them where two classes would read alike."""
    case = read_small(tmp_path).dem
    assert case is not None
    snapshot = {"class": np.array([0, 1, 1]), "radius": np.array([0.5e-3, 1e-3, 1e-3])}
    colours, key = class_colours(case, snapshot)
    assert [label for _, label in key] == ["1", "2"]
    assert (colours[1] == colours[2]).all() and (colours[0] != colours[1]).any()
    snapshot["radius"] = np.full(3, 1e-3)
    assert [label for _, label in class_colours(case, snapshot)[1]] == ["fine\n2", "coarse\n2"]


def test_what_laws_of_a_pair_read_is_listed(tmp_path: Path) -> None:
    """Properties that are given, with their units; those that are not stay out."""
    own = "{between: [glass, glass], restitution: 0.5, friction: 0.3"
    more = f"{own}, law: eepa, plasticity_ratio: 0.6, pull_off_force: 10 uN"
    case = read_small(tmp_path, own, more, ["dem.materials.steel.surface_energy=50 mJ/m^2"]).dem
    assert case is not None
    assert given_properties(case.pairs[0]) == ["plasticity ratio 0.600", "pull off force 1.00·10⁻⁵ N"]
    assert given_properties(case.pairs[1]) == []
    assert given_properties(case.materials["steel"]) == ["surface energy 0.0500 J/m²"]
