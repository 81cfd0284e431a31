"""Section: fields of solids fraction, speed and stress, by coarse graining."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.report.charts import COLOURS, chart, png, svg
from coupling.report.contents import Section
from coupling.report.record import RunRecord
from dem.fields import FIELDS_NAME, read_fields

Array = NDArray[np.float64]


def fields_section(run: RunRecord) -> Section:
    """Mean fields of the second half of the records of every window that has them."""
    section = Section("fields", "Fields in the bed")
    paths = [run.folder / "dem" / window.name / FIELDS_NAME for window in run.windows]
    present = [path for path in paths if path.is_file()]
    if not present:
        section.lack("The case asks for no fields; dem.observables.fields says how.")
        return section
    section.say(
        "Coarse graining (Goldhirsch 2010): pressure is a third of the trace of the stress of contacts and of velocity"
        " fluctuations, shear stress the largest in any plane."
    )
    for path in present:
        _add(section, path)
    return section


def _add(section: Section, path: Path) -> None:
    read = read_fields(path)
    count = len(read["time"])
    if count == 0:
        section.lack(f"{path.parent.name}: no record yet.")
        return
    mean = scalars(read, slice(count // 2, count))
    axes = [axis for axis in range(3) if len(read["xyz"[axis]]) > 1]
    span = f"{read['time'][count // 2]:.4g} s to {read['time'][-1]:.4g} s"
    if len(axes) >= 2:
        picture = _maps(read, mean, axes)
    elif axes:
        picture = _profiles(read, mean, axes[0])
    else:
        section.lack(f"{path.parent.name}: fields at one point only; see {FIELDS_NAME}.")
        return
    section.show(picture, "Fields in the bed", f"{path.parent.name}: mean of the records from {span}.")


def scalars(read: dict[str, NDArray[Any]], records: slice) -> dict[str, Array]:
    """Return solids fraction, speed [m/s], pressure and largest shear stress [Pa], mean of records, at all points.

    Where there are no solids, speed and stresses are not defined and nan.
    """
    mean = {name: read[name][records].astype(float).mean(axis=0) for name in UNWEIGHTED}
    weight = read["density"][records].astype(float)
    momentum = (weight[..., None] * read["velocity"][records]).mean(axis=0)
    density = weight.mean(axis=0)
    empty = mean["solids_fraction"] < EMPTY * max(float(mean["solids_fraction"].max()), 1e-30)
    stress = mean["contact_stress"] + mean["kinetic_stress"]
    principal = np.linalg.eigvalsh(0.5 * (stress + np.swapaxes(stress, -1, -2)))
    speed = np.linalg.norm(momentum, axis=-1) / np.where(density > 0.0, density, 1.0)
    values = {
        "speed [m/s]": speed,
        "pressure [Pa]": -np.trace(stress, axis1=-2, axis2=-1) / 3.0,
        "shear stress [Pa]": 0.5 * (principal[..., 2] - principal[..., 0]),
    }
    defined = {name: np.where(empty, np.nan, value) for name, value in values.items()}
    return {"solids fraction": mean["solids_fraction"], **defined}


UNWEIGHTED = ("solids_fraction", "contact_stress", "kinetic_stress")
EMPTY = 0.02
"""Share of the largest solids fraction below which there is no medium."""


def _across(values: Array, kept: list[int]) -> Array:
    """Mean over the directions that are not shown; nan where none of them is defined."""
    others = tuple(axis for axis in range(3) if axis not in kept)
    defined = np.isfinite(values)
    total = np.where(defined, values, 0.0).sum(axis=others)
    number = defined.sum(axis=others)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _maps(read: dict[str, NDArray[Any]], mean: dict[str, Array], axes: list[int]) -> str:
    """Maps over two directions, the vertical one upwards where it is one of them."""
    first, second = sorted(axes, key=lambda axis: len(read["xyz"[axis]]))[-2:]
    first, second = min(first, second), max(first, second)
    x, y = 1e3 * read["xyz"[first]], 1e3 * read["xyz"[second]]
    with chart(3.4, len(mean)) as (figure, panels):
        for axis, (name, values) in zip(panels, mean.items()):
            shown = axis.pcolormesh(x, y, _across(values, [first, second]).T, cmap="viridis", shading="nearest")
            figure.colorbar(shown, ax=axis, orientation="horizontal")
            axis.set_title(name)
            axis.set_xlabel(f"{'xyz'[first]} [mm]")
            axis.set_aspect("equal")
            axis.grid(False)
        panels[0].set_ylabel(f"{'xyz'[second]} [mm]")
        return png(figure)


def _profiles(read: dict[str, NDArray[Any]], mean: dict[str, Array], along: int) -> str:
    with chart(2.8, len(mean), sharey=True) as (figure, panels):
        for axis, colour, (name, values) in zip(panels, COLOURS, mean.items()):
            axis.plot(_across(values, [along]), 1e3 * read["xyz"[along]], color=colour)
            axis.set_title(name)
        panels[0].set_ylabel(f"{'xyz'[along]} [mm]")
        return svg(figure)
