"""The shipped granulator's reduced model against a batch whose kernel is measured again in the DEM on the way.

The speed lies inside the design and is none of it. The reference never sees the fitted law: a window for each growth of
d50 by 1.25, its kernel frozen between two windows only.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from compute import get_backend
from coupling.case_file import read_case
from coupling.chain import carry_out, feed_windows
from coupling.interrupt import StopRequest
from coupling.measure import Sections, fit, sections_of
from coupling.progress import Progress
from coupling.reduced.build import Settings, build_reduced_model
from coupling.reduced.description import Description, Rule
from coupling.reduced.model import ReducedModel
from coupling.reduced.reading import Reading
from coupling.remeasure import run_remeasured_batch
from coupling.run_folder import MODEL
from coupling.session import Session
from coupling.shipped import find_case

SPEED = 92.0  # rad/s, between 79.0 and 105.2 of the design
GROWTH = 1.25
CLOSE, CERTAIN = 0.10, 0.20  # of d50: largest difference, largest stated error of two standard deviations


def readings(description: Description, spray: float, times: tuple[float, ...]) -> list[Reading]:
    """The reduced model at rising times [s]."""
    model, found = ReducedModel(description), []
    model.start()
    for time in times:
        while model.time < time:
            model.advance(1.0, SPEED, spray)
        found.append(model.read())
    return found


@pytest.mark.validate
def test_reduced_model_follows_the_remeasured_batch(tmp_path: Path) -> None:
    """d50 within 10 % at mid-batch and at the end; two standard errors are at most 20 % and cover the difference."""
    case = read_case(find_case("high-shear-granulator"))
    session = Session(case, tmp_path, get_backend("cpu", 2), Progress(None), StopRequest())
    sections = sections_of(case)
    carry_out(session)
    description = Description.load(tmp_path / MODEL)
    reference = run_remeasured_batch(session, sections, SPEED, GROWTH)

    times = (0.5 * sections.pbm.end, sections.pbm.end)
    spray = sections.pbm.liquid.spray.rate
    ours = readings(description, spray, times)
    nearest = readings(nearest_speed_model(session, sections), spray, times)
    for time, one, other in zip(times, ours, nearest):
        measured = float(np.interp(time, reference.time, reference.d50))
        difference, stated = one.d50 / measured - 1.0, 2.0 * one.d50_error / one.d50
        print(
            f"t {time:g} s: re-measured d50 {measured:.4g} m, reduced {difference:+.1%} (2 sigma {stated:.1%}), "
            f"kernel of the nearest speed {other.d50 / measured - 1.0:+.1%}"
        )
        assert abs(difference) < CLOSE
        assert stated < CERTAIN
        assert abs(difference) < stated


def nearest_speed_model(session: Session, sections: Sections) -> Description:
    """The reduced model of one window alone: the design's speed nearest to the one that is asked for."""
    window = min(feed_windows(session, sections), key=lambda window: abs(window.impeller_speed - SPEED))
    asked = session.case.reduced
    settings = Settings(classes=(asked.classes,), rule=Rule(longest=asked.step_max))
    return build_reduced_model(sections.pbm, fit(sections, [window]), "nearest", settings)
