"""A small stirred bowl with everything in it that a resumed run must bring back."""

from __future__ import annotations

from pathlib import Path

from coupling.case_file import read_case
from dem.case import DemCase

MIXER = """\
name: mixer
seed: 3
threads: 1
dem:
  domain: {low: [-9 mm, -9 mm, -0.5 mm], high: [9 mm, 9 mm, 40 mm]}
  materials:
    grain: {density: 1500, youngs_modulus: 5 MPa, poisson_ratio: 0.25}
    steel: {density: 7800, youngs_modulus: 1 GPa, poisson_ratio: 0.3}
  pairs:
    - {between: [grain, grain], restitution: 0.5, friction: 0.5, rolling_friction: 0.02}
    - {between: [grain, steel], restitution: 0.5, friction: 0.3, rolling_friction: 0.02}
  contact: {law: hertz-mindlin, tangential: liggghts, rolling: constant-torque}
  classes:
    - {name: fine, diameter: 1.5 mm, material: grain}
    - {name: coarse, diameter: 2 mm, material: grain}
  walls:
    - {name: floor, material: steel, shape: plane, point: [0, 0, 0], normal: [0, 0, 1],
       motion: {kind: load, force: 30 mN, mass: 5 g, damping: 20 1/s, start: 36 ms}}
    - {name: lid, material: steel, shape: plane, point: [0, 0, 39 mm], normal: [0, 0, -1]}
    - {name: bowl, material: steel, shape: cylinder, radius: 8 mm}
    - name: impeller
      material: steel
      shape: mesh
      generate:
        {kind: impeller, blades: 3, radius: 6 mm, hub_radius: 2.5 mm, hub_height: 5 mm, blade_height: 4 mm,
         blade_thickness: 2 mm}
      point: [0, 0, 0.2 mm]
      motion: {speed: 1200 rpm, ramp: 5 ms}
  particles:
    - kind: packing
      region: {shape: cylinder, point: [0, 0, 6 mm], radius: 7.5 mm, length: 14 mm}
      number: 60
      shares: {of: {fine: 0.6, coarse: 0.4}}
      velocity: [0, 0, -0.5 m/s]
    - kind: insertion
      region: {shape: cylinder, point: [0, 0, 24 mm], radius: 6 mm, length: 10 mm}
      shares: {of: {fine: 0.5, coarse: 0.5}}
      number_rate: 800 1/s
      start: 2 ms
      end: 40 ms
      velocity: [0, 0, -1 m/s]
  time:
    step: 5e-6 s
    settle: 4 ms
    spin_up: 6 ms
    output_interval: 4.5 ms
    checkpoint_interval: 3.25 ms
  statistics:
    block: 6 ms
    blocks: 6
    lag: 1.5 ms
    speed_range: [1 mm/s, 10 m/s]
    partition: {kind: cylinder, radial: [0, 4 mm, 8 mm], angular: 2}
  neighbour: {skin: 0.2}
"""
LAST_STEP = 9200


def write_mixer(folder: Path) -> Path:
    """Write the case file into a folder."""
    path = folder / "case.yaml"
    path.write_text(MIXER)
    return path


def read_mixer(folder: Path, *assignments: str) -> DemCase:
    """The particles' part of the case, changed."""
    case = read_case(write_mixer(folder), assignments).dem
    assert case is not None
    return case
