"""The README's Python examples run as they stand."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np

from coupling.calibration.problem import read_problem
from dem.particles import VX
from tests.pbm.population import kernel_law

README = Path(__file__).parent.parent / "README.md"


def run_example(first_line: str) -> dict[str, object]:
    examples = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (example,) = (text for text in examples if text.startswith(first_line))
    names: dict[str, object] = {}
    exec(compile(example, str(README), "exec"), names)
    return names


def test_python_example(capsys) -> None:
    """The impact of two-spheres: equal and opposite velocities, for the spheres are equal and momentum is kept."""
    names = run_example("from compute import get_backend")
    velocity = names["simulation"].engine.host_particles().row[:, VX : VX + 3]
    assert np.allclose(velocity[0], -velocity[1], rtol=0, atol=1e-12)
    assert np.isclose(abs(velocity[1, 0]), 0.2525625789821816, rtol=1e-6)
    assert "0.2525" in capsys.readouterr().out


def test_population_example(capsys, monkeypatch, tmp_path: Path) -> None:
    """A population alone: it grows, keeps its solids to round-off, and draws a picture."""
    monkeypatch.chdir(tmp_path)
    result = run_example("import pbm")["result"]
    assert np.all(np.diff(result.d50) > 0.0) and np.isclose(result.d50[0], 100e-6, rtol=0.02)
    assert max(result.imbalance) < 1e-12
    assert (tmp_path / "sizes.png").stat().st_size > 1000
    assert "e-0" in capsys.readouterr().out


def test_calibration_example(tmp_path: Path) -> None:
    """The experiments file is one, with the shipped case and its powder standing for the reader's."""
    text = README.read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(name: my-granulator\n.*?)```", text, re.DOTALL)
    shipped = README.parent / "cases" / "high-shear-granulator"
    shutil.copytree(shipped, tmp_path / "granulator")
    shutil.copy(shipped / "feed.csv", tmp_path / "dry.csv")
    card = tmp_path / re.findall(r"law: (\S+)", example)[0]
    card.parent.mkdir(parents=True)
    card.write_text(json.dumps({"kernel_law": kernel_law().to_dict()}), encoding="utf-8")
    (tmp_path / "my-granulator.yaml").write_text(example, encoding="utf-8")
    problem = read_problem(tmp_path / "my-granulator.yaml")
    assert [variable.name for variable in problem.variables] == ["efficiency", "breakage_scale"]
    spray = problem.model(problem.given(), 0).pbm
    assert spray is not None and np.isclose(spray.liquid.spray.rate, 5e-6)
