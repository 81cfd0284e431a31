"""Section: solids, liquid and number balances of the population balance at their worst step."""

from __future__ import annotations

from coupling.report.contents import Quantity, Section
from coupling.report.record import RunRecord

TOLERANCE = 1e-9
"""Relative error beyond which a balance is more than rounding."""
BALANCES = (
    ("solids", "solid volume, against the charge"),
    ("liquid", "liquid, against feed and spray"),
    ("gas", "gas in pores, against what liquid and shrinking drove out"),
    ("number", "granules, against booked mergers, breakages and nuclei"),
)


def balances_section(run: RunRecord) -> Section:
    """Largest relative error of each balance at any accepted step, and what was booked in all."""
    section = Section("balances", "Balances")
    batch = run.batch
    if batch is None:
        section.lack("There is no result of the population balance yet.")
        return section
    errors = batch.steps[:, 2:]
    worst = errors.argmax(axis=0)
    rows = []
    for at, (name, meaning) in enumerate(BALANCES):
        value, time = float(errors[worst[at], at]), float(batch.steps[worst[at], 0])
        rows.append((name, meaning, Quantity(value, name=f"balance-{name}"), Quantity(time, "s")))
        if value > TOLERANCE:
            section.warnings.append(f"The balance of {name} is off by {Quantity(value)} at {Quantity(time, 's')}.")
    caption = f"Relative error at the worst of {len(batch.steps)} accepted steps."
    section.tabulate(caption, ("balance", "of what", "relative error", "at time"), rows)
    merged, broken, nuclei, used, sprayed = (float(value) for value in batch.booked[-1, :5])
    section.tabulate(
        "Booked over the batch.",
        (
            "mergers",
            "breakages",
            "nuclei made",
            "powder grains in nuclei",
            "liquid sprayed",
            "put back into the top class",
        ),
        [
            (
                *(Quantity(value) for value in (merged, broken, nuclei, used)),
                Quantity(sprayed, "m³"),
                Quantity(float(batch.top_class_loss[-1]), "m³"),
            )
        ],
    )
    if any(batch.published_losses.values()):
        liquid, gas, solids = (Quantity(value, "m³") for value in batch.published_losses.values())
        caption = (
            "Lost by published forms; the errors above count it as booked, without it they would be off by so much."
        )
        header = ("liquid of the spray", "gas that was not there", "solids kept back by the outflow")
        section.tabulate(caption, header, [(liquid, gas, solids)])
    shortest = float(batch.steps[:, 1].min())
    section.say(
        "Steps in time: shortest ",
        Quantity(shortest, "s"),
        ", longest ",
        Quantity(float(batch.steps[:, 1].max()), "s"),
        ".",
    )
    return section
