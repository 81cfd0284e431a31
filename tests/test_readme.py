"""The README's Python example runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

README = Path(__file__).parent.parent / "README.md"


def test_python_example(capsys) -> None:
    """The impact of two-spheres: equal and opposite velocities, for the spheres are equal and momentum is kept."""
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(example, str(README), "exec"), names)
    velocity = names["simulation"].engine.host_particles().row[:, 3:6]
    assert np.allclose(velocity[0], -velocity[1], rtol=0, atol=1e-12)
    assert np.isclose(abs(velocity[1, 0]), 0.2525625789821816, rtol=1e-6)
    assert "0.2525" in capsys.readouterr().out
