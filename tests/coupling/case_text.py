"""A small correct case as text, and helpers that change one line of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coupling.case import Case
from coupling.case_file import read_case

SMALL = """\
name: small
dem:
  domain: {low: [0, 0, 0], high: [40 mm, 40 mm, 40 mm]}
  materials:
    glass: {density: 2500, youngs_modulus: 20 MPa, poisson_ratio: 0.25}
    steel: {density: 7800, youngs_modulus: 1 GPa, poisson_ratio: 0.3}
  pairs:
    - {between: [glass, glass], restitution: 0.5, friction: 0.3}
    - {between: [glass, steel], restitution: 0.5, friction: 0.3}
  classes:
    - name: fine
      diameter: 1 mm
      material: glass
    - {name: coarse, diameter: 2 mm, material: glass}
  walls:
    - name: floor
      shape: plane
      material: steel
      point: [0, 0, 0]
      normal: [0, 0, 1]
    - name: paddle
      shape: mesh
      material: steel
      generate:
        {kind: impeller, blades: 3, radius: 10 mm, hub_radius: 3 mm, hub_height: 5 mm, blade_height: 5 mm,
         blade_thickness: 4 mm}
      point: [20 mm, 20 mm, 0.2 mm]
      motion: {point: [20 mm, 20 mm, 0], speed: 600 rpm}
  particles:
    - kind: packing
      region:
        shape: box
        low: [5 mm, 5 mm, 10 mm]
        high: [35 mm, 35 mm, 35 mm]
      number: 100
      shares: {of: {fine: 0.5, coarse: 0.5}}
    - kind: given
      items:
        - {class: fine, position: [2 mm, 2 mm, 2 mm]}
        - {radius: 1 mm, material: glass, position: [6 mm, 2 mm, 2 mm]}
  time:
    settle: 10 ms
    spin_up: {of: paddle, blades: 3, count: 4}
  statistics:
    block: {of: paddle, blades: 3}
    blocks: 24
"""


def write_small(folder: Path, old: str = "", new: str = "") -> Path:
    """Write the small case with `old` replaced by `new`; `old` must occur."""
    assert old in SMALL
    path = folder / "case.yaml"
    path.write_text(SMALL.replace(old, new, 1) if old else SMALL, encoding="utf-8")
    return path


def read_small(folder: Path, old: str = "", new: str = "", assignments: Sequence[str] = ()) -> Case:
    """Read the small case, changed as `write_small` and the assignments say."""
    return read_case(write_small(folder, old, new), assignments)


def line_of(path: Path, text: str) -> int:
    """Return the number, from 1, of the first line that holds the text."""
    return next(at for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line)
