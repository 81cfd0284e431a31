"""What an engine is made from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dem.clumps.shape import Shape
from dem.domain import Domain
from dem.interaction import Interaction
from dem.pairs import PairSettings
from dem.walls import Walls


class EngineSettings(NamedTuple):
    """What an engine is made from.

    interaction: composed law; domain: the box; pairs: parameter table; walls: walls of the case; gravity [m/s2] (3,);
    step_size [s]; skin [m]; radii: those there can be [m], shape (n,); statistics: whether encounters are counted;
    film_share: volume of the film that a particle enters with over its own [-], by class, shape (classes,) or one;
    shapes, class_mass [kg]: of each class where some particles are bodies of several spheres, else none.
    """

    interaction: Interaction
    domain: Domain
    pairs: PairSettings
    walls: Walls
    gravity: NDArray[np.float64]
    step_size: float
    skin: float
    radii: NDArray[np.float64]
    statistics: bool
    film_share: Any = 0.0
    shapes: tuple[Shape, ...] = ()
    class_mass: Any = ()
