"""The batch whose kernel is measured again in the DEM each time d50 has grown by a factor.

It costs a window for each growth step, and is what a frozen or interpolated kernel is judged by: between two windows
the kernel is frozen, so that its error is that of one growth step.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coupling.measure import Sections, curve_of, feed_state, fit, grown_state, measure, population_balance
from coupling.reduced.law import kernel_law
from coupling.session import Session

Array = NDArray[np.float64]

STREAM = 1000
"""Number of the first window's random stream, beyond those of the design."""
OUTPUTS = 181
"""Output times of the whole batch."""


@dataclass(frozen=True)
class RemeasuredBatch:
    """Course of the batch.

    Attributes:
        time: [s], d10, d50, d90: [m], moisture: [kg/kg dry], porosity: [-], each of shape (n,).
        window_time: when each window's kernel took over [s], shape (windows,).
    """

    time: Array
    d10: Array
    d50: Array
    d90: Array
    moisture: Array
    porosity: Array
    window_time: Array

    def save(self, path: Path) -> None:
        """Write one dataset for each field."""
        import h5py

        with h5py.File(path, "w") as file:
            for field in fields(self):
                file.create_dataset(field.name, data=getattr(self, field.name))

    @classmethod
    def load(cls, path: Path) -> RemeasuredBatch:
        """Read what `save` wrote."""
        import h5py

        with h5py.File(path, "r") as file:
            return cls(**{field.name: file[field.name][()] for field in fields(cls)})


def run_remeasured_batch(session: Session, sections: Sections, speed: float, growth: float) -> RemeasuredBatch:
    """Run the batch at a speed [rad/s], measuring the kernel anew whenever d50 has grown by `growth`.

    The kernel in use is always one window's; window and population balance take turns.
    """
    times = np.linspace(0.0, sections.pbm.end, OUTPUTS)
    state, at, start = feed_state(sections), 0, None
    rows: list[tuple[float, ...]] = []
    taken: list[float] = []
    while at < len(times) - 1:
        number = len(taken)
        window = measure(session, sections, f"remeasured-{number + 1}", speed, state, STREAM + number)
        model = population_balance(sections, kernel_law(fit(sections, [window])), [window], session.device)
        result = model.simulate(speed, times[at:], initial=start)
        grown = np.flatnonzero(result.d50 >= growth * result.d50[0])
        last = int(grown[0]) if len(grown) else len(result.time) - 1
        taken.append(float(times[at]))
        first = 0 if at == 0 else 1
        series = (result.time, result.d10, result.d50, result.d90, result.moisture, result.porosity)
        rows += [tuple(float(values[k]) for values in series) for k in range(first, last + 1)]
        start, at = result.states[last], at + last
        state = grown_state(sections, curve_of(model, start))
    time, d10, d50, d90, moisture, porosity = np.array(rows).T
    return RemeasuredBatch(time, d10, d50, d90, moisture, porosity, np.array(taken))
