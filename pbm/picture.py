"""Pictures of size distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pbm.population import PopulationResult

MOST_CURVES = 6


def draw_distributions(result: PopulationResult, file: str | None) -> Any:
    """Volume distribution q3 = dQ3/dln d over d, at up to six of the times; written to `file` where one is given."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 4.0), layout="constrained")
    axes = figure.subplots()
    edges = result.grid.edge_diameters(result.material.porosity)
    for row in np.unique(np.linspace(0, len(result.times) - 1, MOST_CURVES).round().astype(int)):
        volumes = result.numbers[row] * result.grid.pivots
        density = volumes / volumes.sum() / np.diff(np.log(edges))
        axes.stairs(density, 1e6 * edges, label=f"{result.times[row]:.4g} s")
    axes.set(xscale="log", xlabel="diameter [um]", ylabel="volume per ln d", ylim=(0.0, None))
    axes.legend(frameon=False)
    if file is not None:
        figure.savefig(file, dpi=150)
    return figure
