"""Shaded pictures of spheres and triangles by a depth buffer, in parallel projection; needs no display and no GL.

Lengths are in metres; an image has the row 0 on top and four channels, the last one zero where nothing was hit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OVERSAMPLING = 2
"""Pixels are taken so many times finer in both directions and averaged."""
LIGHT = np.array([-0.35, 0.55, 0.76])
"""Towards the light, in the camera's frame: right, up, towards the viewer."""
AMBIENT, DIFFUSE, GLOSS = 0.46, 0.60, 0.16
SHININESS = 24.0
CREVICE = 1.1
"""How much darker a point gets per share of its surroundings that stands above it."""
SAMPLES = 12
"""Directions in which surroundings are looked at."""
LEAST_FACING = 0.2
"""Cosine to the viewer below which a tangent plane is taken as no steeper."""
NEAR, FAR = 0.15, 2.5
"""Height over the point, in radii, from which surroundings darken it, and beyond which they are another object."""


SLACK = 1e-6
"""Pixels by which triangles are larger, so that no crack opens between neighbours."""
EDGE_SHADE, EDGE_COSINE, EDGE_DROP = 0.3, 0.9, 6.0
"""How dark a drawn edge is, and the bend and the drop, in pixels, that make one."""


class Camera(NamedTuple):
    """Where right, up and the viewer are: rows of a rotation, shape (3, 3)."""

    rows: Array


class Triangles(NamedTuple):
    """Corners [m], shape (n, 3, 3), counter-clockwise as seen from outside, and colours, shape (n, 3)."""

    corners: Array
    colour: Array


class Spheres(NamedTuple):
    """Centres [m], shape (n, 3), radii [m], shape (n,), and colours, shape (n, 3)."""

    centre: Array
    radius: Array
    colour: Array


def look(azimuth: float, elevation: float) -> Camera:
    """A camera that looks at the origin from this azimuth and elevation [rad]; up is z."""
    towards = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    return Camera(np.array([right, np.cross(towards, right), towards]))


@dataclass
class Canvas:
    """A picture under way.

    Args:
        camera: its direction; extent: left, right, bottom, top in the camera's frame [m]; width: of the image, pixels.
    """

    camera: Camera
    extent: tuple[float, float, float, float]
    width: int

    def __post_init__(self) -> None:
        left, right, bottom, top = self.extent
        columns = self.width * OVERSAMPLING
        self._pixel = (right - left) / columns
        rows = max(round((top - bottom) / self._pixel / OVERSAMPLING), 1) * OVERSAMPLING
        self._x = left + (np.arange(columns) + 0.5) * self._pixel
        self._y = top - (np.arange(rows) + 0.5) * self._pixel
        self._depth = np.full((rows, columns), -np.inf)
        self._normal = np.zeros((rows, columns, 3))
        self._colour = np.zeros((rows, columns, 3))

    def add_spheres(self, spheres: Spheres) -> None:
        """Draw spheres."""
        for (x, y, z), radius, colour in zip(spheres.centre @ self.camera.rows.T, spheres.radius, spheres.colour):
            rows, columns = self._window(x - radius, x + radius, y - radius, y + radius)
            right, up = np.meshgrid(self._x[columns] - x, self._y[rows] - y)
            square = radius**2 - right**2 - up**2
            towards = np.sqrt(np.maximum(square, 0.0))
            normal = np.stack([right, up, towards], axis=-1) / radius
            self._put((rows, columns), square > 0.0, z + towards, normal, colour)

    def add_triangles(self, triangles: Triangles) -> None:
        """Draw those triangles whose outer side faces the viewer."""
        corners = triangles.corners @ self.camera.rows.T
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        for corner, normal, colour in zip(corners, normals, triangles.colour):
            if normal[2] > 1e-6:
                self._add_triangle(corner, normal, colour)

    def _add_triangle(self, corner: Array, normal: Array, colour: Array) -> None:
        low, high = corner.min(axis=0), corner.max(axis=0)
        rows, columns = self._window(low[0], high[0], low[1], high[1])
        x, y = np.meshgrid(self._x[columns], self._y[rows])
        inside = np.ones(x.shape, dtype=bool)
        for here, there in zip(corner, np.roll(corner, -1, axis=0)):
            edge = (there[0] - here[0]) * (y - here[1]) - (there[1] - here[1]) * (x - here[0])
            slack = SLACK * self._pixel * (abs(there[0] - here[0]) + abs(there[1] - here[1]))
            inside &= edge >= -slack
        offset = normal[0] * (x - corner[0, 0]) + normal[1] * (y - corner[0, 1])
        self._put((rows, columns), inside, corner[0, 2] - offset / normal[2], normal, colour)

    def _window(self, left: float, right: float, bottom: float, top: float) -> tuple[slice, slice]:
        columns = np.searchsorted(self._x, [left, right])
        rows = len(self._y) - np.searchsorted(self._y[::-1], [top, bottom])
        return slice(int(rows[0]), int(rows[1])), slice(int(columns[0]), int(columns[1]))

    def _put(
        self, place: tuple[slice, slice], inside: NDArray[np.bool_], depth: Array, normal: Array, colour: Array
    ) -> None:
        seen = inside & (depth > self._depth[place])
        self._depth[place][seen] = depth[seen]
        self._normal[place][seen] = normal if normal.ndim == 1 else normal[seen]
        self._colour[place][seen] = colour

    def image(self, length: float, edges: bool = False) -> Array:
        """The picture, shape (rows, columns, 4); crevices as narrow as `length` [m] are darkened, edges drawn."""
        hit = np.isfinite(self._depth)
        layers = np.zeros((*hit.shape, 4))
        if hit.any():
            layers[hit, :3] = self._shaded(hit, self._openness(hit, length))
            if edges:
                layers[self._edges(hit), :3] *= EDGE_SHADE
        layers[..., 3] = hit
        rows, columns = layers.shape[0] // OVERSAMPLING, layers.shape[1] // OVERSAMPLING
        mean = layers.reshape(rows, OVERSAMPLING, columns, OVERSAMPLING, 4).mean(axis=(1, 3))
        covered = np.maximum(mean[..., 3:], 1e-9)
        return np.concatenate([np.clip(mean[..., :3] / covered, 0.0, 1.0), mean[..., 3:]], axis=-1)

    def _shaded(self, hit: NDArray[np.bool_], openness: Array) -> Array:
        """Colours of the points that were hit, shape (points, 3)."""
        light = LIGHT / np.linalg.norm(LIGHT)
        half = (light + [0.0, 0.0, 1.0]) / np.linalg.norm(light + [0.0, 0.0, 1.0])
        normal = self._normal[hit]
        shade = (AMBIENT + DIFFUSE * np.maximum(normal @ light, 0.0)) * openness[hit]
        gloss = GLOSS * np.maximum(normal @ half, 0.0) ** SHININESS
        return np.clip(self._colour[hit] * shade[:, None] + gloss[:, None], 0.0, 1.0)

    def _edges(self, hit: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where a surface bends or another one lies behind it, on the nearer side."""
        depth = np.where(hit, self._depth, self._depth[hit].min() - 1.0)
        towards = np.maximum(self._normal[..., 2], LEAST_FACING)
        edges = np.zeros(hit.shape, dtype=bool)
        for axis, sign in ((0, 1), (0, -1), (1, 1), (1, -1)):
            slope = self._normal[..., 1] / towards if axis == 0 else -self._normal[..., 0] / towards
            drop = depth - np.roll(depth, sign, axis=axis) - sign * self._pixel * slope
            cosine = (self._normal * np.roll(self._normal, sign, axis=axis)).sum(axis=-1)
            edges |= (drop > EDGE_DROP * self._pixel) | ((cosine < EDGE_COSINE) & (sign > 0))
        return edges & hit

    def _openness(self, hit: NDArray[np.bool_], length: float) -> Array:
        """One where a point stands out, less where its surroundings rise above its tangent plane."""
        depth = np.where(hit, self._depth, self._depth[hit].min() - FAR * length)
        towards = np.maximum(self._normal[..., 2], LEAST_FACING)
        slope_x, slope_y = -self._normal[..., 0] / towards, -self._normal[..., 1] / towards
        covered = np.zeros(depth.shape)
        for sample in range(SAMPLES):
            angle, reach = 2.4 * sample, length / self._pixel * np.sqrt((sample + 0.5) / SAMPLES)
            shift = round(reach * np.sin(angle)), round(reach * np.cos(angle))
            plane = depth + self._pixel * (shift[0] * slope_y - shift[1] * slope_x)
            height = (np.roll(depth, shift, axis=(0, 1)) - plane) / length
            covered += np.where(height < FAR, np.clip(height - NEAR, 0.0, 1.0), 0.0)
        return np.maximum(1.0 - CREVICE * covered / SAMPLES, 0.25)
