"""A blender from its case: graph, feeders with their ripples, and what its samples show."""

from __future__ import annotations

from math import ceil, pi, sin

import numpy as np

from compute.errors import CaseError
from pbm.blending import Blending, BlendingCourse, Feeder
from pbm.case_blending import BlendingCase, Component, FeederSettings
from pbm.distribution import read_distribution
from pbm.grid import Floats
from pbm.inputs import Steps
from pbm.sampling import Uniformity, mean_grain_mass, sphere_mass

STEPS_A_PERIOD = 24
"""Constant pieces of a ripple; a piece of a sine over a 24th of its period is off by 0.3 % of the amplitude in mean."""
OUTPUTS = 600
"""Output times of a run, at least; a sample should take several of them."""
OUTPUTS_A_SAMPLE = 4
MOST_OUTPUTS = 20_000


def make_blending(case: BlendingCase) -> Blending:
    """The blender of a case."""
    charge = {each.name: dict(each.charge) for each in case.components if each.charge}
    return Blending(case.graph(), [make_feeder(each, case.end) for each in case.feeders], charge=charge)


def make_feeder(given: FeederSettings, end: float) -> Feeder:
    """A feeder of a case; a ripple becomes steps at its means, up to the end [s] of the run."""
    times, rates = zip(*((step.time, step.rate) for step in given.steps))
    plain = Steps(times, rates)
    if given.ripple is None:
        return Feeder(given.component, given.to, plain)
    length = given.ripple.period / STEPS_A_PERIOD
    grid = length * np.arange(ceil(end / length))
    marks = sorted({float(f"{time:.12e}") for time in (*grid, *times)})
    middle = [sin(2.0 * pi * (mark + 0.5 * length) / given.ripple.period) for mark in marks]
    flows = [
        (plain.at(mark) if mark >= times[0] else 0.0) * (1.0 + given.ripple.amplitude * wave)
        for mark, wave in zip(marks, middle)
    ]
    return Feeder(given.component, given.to, Steps(tuple(marks), tuple(flows)))


def run_blending(case: BlendingCase) -> BlendingCourse:
    """Course from nil to the end, at times closer than samples are."""
    flow = sum(each.steps[-1].rate for each in case.feeders)
    samples = flow * case.end / case.samples.mass
    count = int(min(max(OUTPUTS, OUTPUTS_A_SAMPLE * samples), MOST_OUTPUTS))
    return make_blending(case).run(np.linspace(0.0, case.end, count + 1))


def grain_mass(component: Component) -> float:
    """Mean mass of a grain, weighted by mass [kg]."""
    if component.distribution is not None:
        return mean_grain_mass(read_distribution(component.distribution), component.density)
    assert component.diameter is not None
    return sphere_mass(component.diameter, component.density)


def uniformity_at(case: BlendingCase, course: BlendingCourse, mass: float) -> tuple[Uniformity, Floats]:
    """Uniformity in samples of `mass` [kg], and their shares; CaseError where fewer than two samples left.

    The grains of the rest are those of the other components, by their mass in what left.
    """
    name, others = case.samples.component, [each for each in case.components if each.name != case.samples.component]
    left = {each.name: float(course.left[-1, course.components.index(each.name)])
            for each in others if each.name in course.components}  # fmt: skip
    total = sum(left.values())
    if not total > 0.0:
        raise CaseError("nothing but one component left", key="blending.samples", value=name, expected="a later end")
    rest = sum(left.get(each.name, 0.0) / total * grain_mass(each) for each in others)
    own = next(grain_mass(each) for each in case.components if each.name == name)
    shares = course.samples(name, mass, case.samples.after)
    return course.uniformity(name, mass, (own, rest), case.samples.after), shares
