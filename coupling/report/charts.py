"""Charts as data URIs, the same bytes for the same numbers."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

COLOURS = ("#1f5a8c", "#d1702a", "#2f8f5b", "#a63d57", "#6b5aa8", "#8a7a2f", "#3fa0b0", "#555555")
"""By window, and by size class."""
INK, FAINT = "#22303c", "#c9d2d9"
STYLE: Any = {
    "svg.hashsalt": "dempbm",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": "#7d8a94",
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#e3e8ec",
    "grid.linewidth": 0.6,
    "xtick.color": "#4b5862",
    "ytick.color": "#4b5862",
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "lines.linewidth": 1.6,
    "errorbar.capsize": 0.0,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
WIDTH = 10.0
"""Width of a chart in inches; the page scales it to its column."""


@contextmanager
def chart(height: float, columns: int = 1, rows: int = 1, **options: Any) -> Iterator[tuple[Any, Any]]:
    """A figure of `WIDTH` by `height` inches with its axes, drawn without a display and without global state."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        FigureCanvasSVG(figure)
        yield figure, figure.subplots(rows, columns, **options)


def size_axis(axis: Any) -> None:
    """Make the horizontal axis logarithmic, with ticks at 1, 2 and 5 of each decade in plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_xscale("log")
    axis.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=40))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())


def svg(figure: Any) -> str:
    """The figure as a data URI of SVG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _uri("image/svg+xml", buffer.getvalue())


def png(figure: Any, resolution: int = 170) -> str:
    """The figure as a data URI of PNG, for pictures of many particles. resolution: dots per inch."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=resolution, metadata={"Software": None})
    return _uri("image/png", buffer.getvalue())


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
