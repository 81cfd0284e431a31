"""A small experiments file: a granulation with every mechanism, three experiments, two parameters."""

from __future__ import annotations

from pathlib import Path

FEED = Path(__file__).resolve().parents[2] / "cases" / "high-shear-granulator" / "feed.csv"

LAW = """\
speed: 20 rad/s
law:
  encounters: [-1.0, 1.0, 0.0, 0.0]
  pair_speed: [-1.0, 1.0, 0.5, 0.0]
  pair_speed_shape: 1.0
  blade_hits: [-1.0, 1.0, 0.0, 0.0]
  blade_share_scale: 2.0
  blade_share_shape: 1.5
  reference_speed: 20.0
  tip_radius: 0.0055
  size_ratio_low: 0.1
  size_ratio_high: 10.0
  d50_feed: 78.0e-6
  d50_grown: 1.0e-3
  speed_low: 10.0
  speed_high: 100.0
"""

TEXT = f"""\
name: small
seed: 3
starts: 2
candidates: 8
pbm:
  feed: {{distribution: {FEED}, charge: 100 g}}
  grid: {{classes: 16, smallest_diameter: 4 um, largest_diameter: 5 mm}}
  liquid:
    viscosity: 10 mPa s
    spray: {{rate: 8 g/s, end: 2 s}}
    drop_diameter: 400 um
  breakage: {{deformation_number: 0.02}}
  nucleus_saturation: 0.3
  end: 10 s
{LAW}parameters:
  - {{key: pbm.kernel_scale, low: 0.2, high: 5, powers: {{load: {{reference: 0.08, low: -2, high: 2}}}}}}
  - {{key: pbm.breakage_scale, low: 0.1, high: 10}}
experiments:
  - name: low
    conditions: {{load: 0.04}}
    measured:
      d10: {{value: 100 um, error: 5 um}}
      d50: {{value: 400 um, error: 20 um}}
      d90: {{value: 1 mm, error: 50 um}}
      moisture: {{value: 0.16, error: 0.002}}
  - name: high
    conditions: {{load: 0.12}}
    set: {{pbm.end: 20 s, pbm.liquid.spray.rate: 12 g/s}}
    measured:
      d10: {{value: 100 um, error: 5 um}}
      d50: {{value: 400 um, error: 20 um}}
      d90: {{value: 1 mm, error: 50 um}}
      size_distribution: {{table: {FEED}, error: 0.02, points: 8}}
  - name: middle
    use: predict
    conditions: {{load: 0.08}}
    set: {{pbm.end: 15 s}}
    measured: {{d50: {{value: 500 um, error: 20 um}}}}
"""


def write_experiments(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the file with parts of its text replaced; a part that is not there is a mistake of the test."""
    text = TEXT
    for old, new in changes:
        assert text.count(old), old
        text = text.replace(old, new, 1)
    path = folder / "experiments.yaml"
    path.write_text(text, encoding="utf-8")
    return path
