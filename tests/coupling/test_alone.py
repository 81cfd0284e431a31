"""A case with a population balance alone: run, kept, reported, and refused where only particles could tell."""

from __future__ import annotations

import re
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from compute.base import Body, Count
from compute.errors import CaseError
from compute.python import PythonBackend
from coupling.case import Case
from coupling.case_file import read_case
from coupling.chain import balance_alone
from coupling.driver import run
from coupling.interrupt import StopRequest
from coupling.progress import Progress
from coupling.report.laws import law_rows
from coupling.run_folder import DISTRIBUTION
from coupling.session import Session
from coupling.shipped import cases_folder
from pbm.granulation import Granulation
from pbm.model import LAYERED
from pbm.result import GranulationResult
from tests.pbm.test_stated_laws import stated_case


def alone(**changes: Any) -> Case:
    """Twelve classes for two seconds, in plain Python."""
    balance = stated_case(grid={"classes": 12}, end="2 s", **changes)
    return Case(name="alone", backend="python", pbm=balance)


def test_a_stated_case_runs_without_particles(tmp_path: Path) -> None:
    """`dempbm run` writes the distribution and a report that names it; the run is read, not run, the second time."""
    facts = run(alone(), tmp_path, Progress(None))
    result = GranulationResult.load(tmp_path / DISTRIBUTION)
    assert max(result.worst_imbalance) <= 1e-12 and result.booked[-1, 0] > 0.0
    assert "population balance" in facts["stage_seconds"]
    page = (tmp_path / "report.html").read_text()
    assert "The batch" in page and "Balances" in page and "Encounters" not in page and 'id="through"' not in page
    written = (tmp_path / DISTRIBUTION).stat().st_mtime_ns
    run(alone(), tmp_path, Progress(None))
    assert (tmp_path / DISTRIBUTION).stat().st_mtime_ns == written


class Device(PythonBackend):
    """Passes for a device, on which bodies run as plain Python, and counts them."""

    name = "cuda"
    launched = 0

    def foreach(self, body: Body, size: int | Count, *arguments: Any) -> None:
        """Run the body for every i in order."""
        self.launched += 1
        super().foreach(body, size, *arguments)


def test_a_balance_runs_where_the_case_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`backend: cuda` is the device for the balance too: the distribution is that of plain Python to 1e-12 of each
    content, since only sums that tell of errors are added up in another order.
    """
    monkeypatch.setattr("pbm.granulation.OUTPUT_TIMES", 4)
    monkeypatch.setattr("coupling.chain.write_report_of", lambda session: None)
    device, balance = Device(), stated_case(grid={"classes": 8}, end="0.3 s", tolerance=1e-2)
    case = Case(name="alone", backend="cuda", pbm=balance)
    found = balance_alone(Session(case, tmp_path, device, Progress(None), StopRequest()))
    assert device.launched > 0
    expected = Granulation(balance, compiled=False).simulate()
    scale = np.maximum(expected.states.sum(axis=(1, 3))[:, None, :, None], 1e-300)
    np.testing.assert_allclose(found.states / scale, expected.states / scale, rtol=0.0, atol=1e-12)
    assert len(found.steps) == len(expected.steps)


def test_equipment_that_starts_empty_is_reported(tmp_path: Path) -> None:
    """Before there is powder there are no sizes: the report shows the first output that has some.

    Of one stirred bowl with 1/s out and 1 g/s in: a mean stay of 1 s, and after 2 s 1 - exp(-2) g are held and the rest
    of 2 g has left, to 1e-3 of the integration; the linear transport that follows the powder gives the same.
    """
    feed = stated_case().feed.model_copy(update={"charge": 0.0}).model_dump(exclude={"grains", "second_share"})
    liquid = {"spray": {"rate": "1 mg/s", "start": "1 s", "end": "2 s", "cover": "1 mg"}}
    compartments = {
        "names": ["bowl"], "outlets": [{"from": "bowl", "rate": "1 1/s"}],
        "feeds": [{"name": "powder", "to": "bowl", "rate": "1 g/s"}],
    }  # fmt: skip
    run(alone(feed=feed, liquid=liquid, compartments=compartments), tmp_path, Progress(None))
    page = (tmp_path / "report.html").read_text()
    result = GranulationResult.load(tmp_path / DISTRIBUTION)
    assert result.first == 1 and f"after {result.time[1]:.3g} s" in page
    assert "all stages done" in page and "nan" not in page
    held = (1.0 - exp(-2.0)) * 1e-3
    assert 'id="through"' in page
    assert value(page, "residence-bowl") == pytest.approx(1.0, rel=1e-12)
    assert value(page, "held-powder") == pytest.approx(held, rel=1e-12)
    assert value(page, "left-powder") == pytest.approx(2e-3 - held, rel=1e-12)
    assert value(page, "hold-up-bowl") == pytest.approx(held, rel=1e-3)


def value(page: str, name: str) -> float:
    """The number that a report carries under a name."""
    match = re.search(rf'<data[^>]*data-name="{name}"[^>]*value="([^"]*)"|value="([^"]*)"[^>]*data-name="{name}"', page)
    assert match is not None
    return float(match.group(1) or match.group(2))


def test_measured_laws_need_particles() -> None:
    """The default kernel without a section dem, refused when the case is read and by the library: what to state."""
    with pytest.raises(ValidationError, match="no kernel law from a particle simulation"):
        alone(aggregation={})
    with pytest.raises(CaseError, match=r"pbm.aggregation.kernel.*one of: constant"):
        Granulation(stated_case(aggregation={}), compiled=False)


DROPS = {"spray": {"rate": "0.33 g/s", "end": "65 s"}, "drops": {"median": "120 um", "spread": 0.3}}
LAYERS = {"rate": "2 um/s", "powder_below": "60 um"}


def test_layers_drops_and_a_second_solid_run_and_are_reported(tmp_path: Path) -> None:
    """The case as a user states it, through the chain: the report names the drops, the result holds the shares."""
    run(alone(liquid=DROPS, layering=LAYERS, second_solid={"name": "api"}), tmp_path, Progress(None))
    result = GranulationResult.load(tmp_path / DISTRIBUTION)
    assert result.second_share == pytest.approx(0.5, rel=1e-12) and result.booked[-1, LAYERED] > 0.0
    page = (tmp_path / "report.html").read_text()
    assert "standard deviation of ln d 0.3" in page and "rad/s" not in page
    for stated in (
        "shear rate 20 1/s",
        "stokes-deformable",
        "fragments uniform",
        "powder below 60.0 µm",
        "(1: as stated)",
    ):
        assert stated in page, stated


def test_the_report_names_the_laws_of_every_case() -> None:
    """Kernel, sticking, breakage and compartments of shipped cases, with their coefficients in units of the laws."""
    found = {}
    for name in ("continuous-granulator", "high-shear-granulator"):
        balance = read_case(cases_folder() / name / "case.yaml").pbm
        assert balance is not None
        found[name] = dict(law_rows(balance))
    stated, fitted = found.values()
    assert stated["kernel"] == "shear: shear rate 60 1/s" and stated["sticking"] == "both-wet"
    assert stated["compartments"] == "16: mixer-1, ..., mixer-16"
    assert "reference diameter 1 m" in str(stated["breakage"])
    assert fitted["kernel"] == "dem, as fitted to the particle simulation" and "compartments" not in fitted
    assert law_rows(stated_case(breakage={"on": False}))[2] == ("breakage", "none")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"aggregation": stated_case().aggregation.model_dump()}, "reduced model knows the measured laws only"),
        ({"layering": LAYERS}, "reduced model knows the measured laws only"),
        ({"liquid": DROPS}, "reduced model knows the measured laws only"),
        ({"second_solid": {"name": "api"}}, "reduced model knows one solid"),
    ],
)
def test_the_reduced_model_repeats_measured_laws_only(changes: dict[str, Any], message: str) -> None:
    """Beside particles, other laws are refused when the case is read: the exported model would not have them."""
    case = read_case(cases_folder() / "high-shear-granulator" / "case.yaml")
    assert case.pbm is not None
    with pytest.raises(ValidationError, match=message):
        Case.model_validate(case.model_dump() | {"pbm": case.pbm.model_dump() | changes})
