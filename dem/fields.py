"""Fields of a bed over time, in one HDF5 file that is whole between two records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import SimulationError
from dem.case import Domain
from dem.case_observables import FieldSettings
from dem.clumps.engine import ClumpEngine
from dem.coarse_graining import Array, Bodies, Fields, Lattice, fields_of
from dem.contact_forces import contacts_of
from dem.coordination import contact_numbers
from dem.particles import MASS, RADIUS, VX, X

if TYPE_CHECKING:
    from dem.engine import Engine

FIELDS_NAME = "fields.h5"
UNITS = {
    "solids_fraction": "1", "density": "kg/m3", "velocity": "m/s", "contact_stress": "Pa", "kinetic_stress": "Pa",
    "coordination": "1",
}  # fmt: skip


def make_lattice(settings: FieldSettings, domain: Domain) -> Lattice:
    """Return the points of the fields; a direction repeats where the region spans a periodic domain."""
    region = settings.region or domain
    low, high, periodic = map(np.array, domain.spanned(region.low, region.high))
    return Lattice(low, high, np.array(settings.cells), periodic)


def measured_fields(lattice: Lattice, reach: float, engine: Engine) -> Fields:
    """Return the fields of an engine as it is now; reach: range of the smoothing function [m].

    Sums are taken in the order of ids, so that they do not depend on slots.
    """
    host = engine.host_bodies()
    order = np.argsort(host.id)
    row = host.row[order]
    volume = 4.0 / 3.0 * np.pi * row[:, RADIUS] ** 3
    number = contact_numbers(engine).astype(float)
    bodies = Bodies(row[:, X : X + 3], row[:, VX : VX + 3], row[:, MASS], volume, number)
    return fields_of(lattice, reach, bodies, *stress_paths(engine))


def stress_paths(engine: Engine) -> tuple[Array, Array, Array]:
    """Return the straight ways along which contacts carry momentum: start, branch [m] and force [N], shape (n, 3).

    Of spheres each contact is one way, from centre to centre or to the wall. A contact of two bodies is two: from the
    centre of mass of each to the point of contact, with the force on it, so that stress stays where the bodies are. The
    point divides the line between the two spheres as their radii do.
    """
    contacts, host = contacts_of(engine), engine.host_particles()
    position, radius = host.row[:, X : X + 3], host.row[:, RADIUS]
    ids = host.id[contacts.slot], np.where(contacts.other >= 0, host.id[contacts.other], -1)
    order = np.lexsort((*contacts.branch.T, ids[1], ids[0]))
    slot, other = contacts.slot[order], contacts.other[order]
    force, branch = contacts.force[order], contacts.branch[order]
    if not isinstance(engine, ClumpEngine):
        return position[slot], branch, force
    arm, pair = engine.arms(), other >= 0
    partner, share = other[pair], np.ones(len(slot))
    share[pair] = radius[slot[pair]] / (radius[slot[pair]] + radius[partner])
    met = share[:, None] * branch
    back = met[pair] - branch[pair]
    start = np.concatenate([(position - arm)[slot], (position - arm)[partner]])
    return start, np.concatenate([arm[slot] + met, arm[partner] + back]), np.concatenate([force, -force[pair]])


class FieldFile:
    """Grows by one record at a time. path: made at the first record."""

    def __init__(self, path: Path, lattice: Lattice) -> None:
        self.path, self._lattice = path, lattice

    def append(self, time: float, fields: Fields) -> None:
        """Add a record of a time [s].

        Raises:
            SimulationError: the file could not be written.
        """
        import h5py

        try:
            with h5py.File(self.path, "a") as file:
                if "time" not in file:
                    self._create(file, fields)
                count = len(file["time"])
                for name, values in fields._asdict().items():
                    file[name].resize(count + 1, axis=0)
                    file[name][count] = values
                file["time"].resize(count + 1, axis=0)
                file["time"][count] = time
        except OSError as error:
            raise SimulationError(f"{self.path}: could not be written: {error}") from error

    def _create(self, file: Any, fields: Fields) -> None:
        for axis, name in enumerate("xyz"):
            file[name] = self._lattice.centres(axis)
        for name, values in fields._asdict().items():
            shape = values.shape
            file.create_dataset(name, (0, *shape), "f4", maxshape=(None, *shape), chunks=(1, *shape))
            file[name].attrs["unit"] = UNITS[name]
        file.create_dataset("time", (0,), "f8", maxshape=(None,), chunks=(256,))

    def truncate(self, time: float) -> None:
        """Drop the records of a time [s] and later."""
        import h5py

        if not self.path.exists():
            return
        with h5py.File(self.path, "r+") as file:
            kept = int(np.searchsorted(file["time"][()], time))
            for name in (*Fields._fields, "time"):
                file[name].resize(kept, axis=0)


def read_fields(path: Path) -> dict[str, NDArray[Any]]:
    """Return times [s], coordinates of the points [m] and every field, shape (records, nx, ny, nz, ...)."""
    import h5py

    with h5py.File(path, "r") as file:
        count = len(file["time"])
        return {name: item[:count] if name in Fields._fields else item[()] for name, item in file.items()}
