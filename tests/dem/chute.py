"""A small chute that two feeders fill and an outlet empties, and the laws of the mixer, which are compiled anyway."""

from __future__ import annotations

from pathlib import Path

from coupling.case_file import read_case
from dem.case import DemCase

CHUTE = """\
name: chute
seed: 5
threads: 1
dem:
  domain: {low: [-9 mm, -9 mm, -20 mm], high: [9 mm, 9 mm, 30 mm]}
  materials:
    grain: {density: 1500, youngs_modulus: 5 MPa, poisson_ratio: 0.25}
    drug: {density: 1200, youngs_modulus: 5 MPa, poisson_ratio: 0.25}
    steel: {density: 7800, youngs_modulus: 1 GPa, poisson_ratio: 0.3}
  pairs:
    - {between: [grain, grain], restitution: 0.5, friction: 0.5, rolling_friction: 0.02}
    - {between: [grain, drug], restitution: 0.5, friction: 0.5, rolling_friction: 0.02}
    - {between: [drug, drug], restitution: 0.5, friction: 0.5, rolling_friction: 0.02}
    - {between: [grain, steel], restitution: 0.5, friction: 0.3, rolling_friction: 0.02}
    - {between: [drug, steel], restitution: 0.5, friction: 0.3, rolling_friction: 0.02}
  contact: {law: hertz-mindlin, tangential: liggghts, rolling: constant-torque}
  classes:
    - {name: fine, diameter: 1.5 mm, material: grain}
    - {name: coarse, diameter: 2 mm, material: grain}
    - {name: drug, diameter: 1.5 mm, material: drug}
  parcels: {scale_factor: 10}
  walls:
    - {name: tube, material: steel, shape: cylinder, radius: 8 mm}
    - {name: slope, material: steel, shape: plane, point: [0, 0, -12 mm], normal: [1, 0, 1.2]}
  particles:
    - kind: packing
      region: {shape: cylinder, point: [0, 0, 3 mm], radius: 7.5 mm, length: 8 mm}
      number: 20
      shares: {of: {fine: 0.6, coarse: 0.4}}
      velocity: [0, 0, -0.3 m/s]
    - kind: insertion
      name: excipient
      region: {shape: cylinder, point: [0, 0, 14 mm], radius: 7 mm, length: 6 mm}
      shares: {of: {fine: 0.5, coarse: 0.5}, by: mass}
      mass_rate: 10 kg/h
      velocity: [0, 0, -0.8 m/s]
    - kind: insertion
      name: active
      region: {shape: box, low: [-4 mm, -4 mm, 21 mm], high: [4 mm, 4 mm, 28 mm]}
      shares: {of: {drug: 1.0}}
      number_rate: 400 1/s
      pulse: {period: 10 ms, duty: 40 %}
      start: 2 ms
      velocity: [0, 0, -0.8 m/s]
  outlets:
    - {name: chute, region: {shape: plane, point: [2 mm, 0, 0], normal: [-1, 0, 0.5]}}
  time: {step: 5e-6 s, spin_up: 6 ms, output_interval: 4.5 ms, checkpoint_interval: 6.5 ms}
  statistics:
    block: 6 ms
    blocks: 8
    speed_range: [1 mm/s, 10 m/s]
    partition: {kind: box, z: [-20 mm, 5 mm, 30 mm]}
  observables:
    interval: 4.5 ms
    outlet_blends: [{name: leaving, outlet: chute, of: [coarse], sample_mass: 20 mg, start: 5 ms}]
    mixing: [{name: blend, of: [drug], sample_mass: 20 mg}]
    densities: [{name: middle, region: {shape: cylinder, point: [0, 0, 3 mm], radius: 8 mm, length: 8 mm}}]
    fields: {cells: [6, 1, 12], range: 5 mm}
  neighbour: {skin: 0.2}
"""


def read_chute(folder: Path, *assignments: str) -> DemCase:
    """The particles' part of the case, changed."""
    path = folder / "case.yaml"
    path.write_text(CHUTE)
    case = read_case(path, assignments).dem
    assert case is not None
    return case
