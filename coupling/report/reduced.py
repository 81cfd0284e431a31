"""Section: the reduced model: classes, errors, where it holds, what it costs, and its card."""

from __future__ import annotations

from typing import Any

from coupling.reduced.description import Description
from coupling.reduced.flags import MEANINGS, Flag
from coupling.report.contents import Cell, Quantity, Section, percent
from coupling.report.record import RunRecord

LARGEST_ERROR = 0.2
"""Relative 2-sigma error of d50 beyond which the reduced model is said to be uncertain."""


def reduced_section(run: RunRecord) -> Section:
    """What the model is made of and how far to trust it."""
    section = Section("reduced", "Reduced model")
    description = run.description
    if description is None:
        section.lack("The reduced model has not been built yet.")
        return section
    section.tabulate("The model.", ("", ""), _facts(description), wide=False)
    _add_errors(section, description, run)
    law = description.law
    rows: list[tuple[Cell, ...]] = [
        ("impeller speed", Quantity(law.speed_low, "rad/s", digits=4), Quantity(law.speed_high, "rad/s", digits=4)),
        ("spray rate", Quantity(0.0, "kg/s"), Quantity(description.spray_limit, "kg/s")),
        ("d50", Quantity(law.d50_feed, "m"), Quantity(law.d50_grown, "m")),
        ("d/d32", Quantity(law.size_ratio_low), Quantity(law.size_ratio_high)),
    ]
    section.tabulate(
        "Where it holds; outside it goes on and says so by its flag.", ("", "from", "to"), rows, wide=False
    )
    _add_flags(section, run)
    _add_card(section, run)
    return section


def _facts(description: Description) -> list[tuple[Cell, Cell]]:
    rule = description.rule
    return [
        ("classes", Quantity(description.classes)),
        ("states", f"{len(description.laws)}: the best law, {len(description.laws) - 1} moved by a standard deviation"),
        ("charge", Quantity(description.charge, "kg")),
        ("longest substep", Quantity(rule.longest, "s")),
        ("substeps", f"at most {rule.most} in {Quantity(rule.interval, 's')}"),
        ("efficiency, kernel scale, breakage scale", " · ".join(
            f"{value:g}" for value in (description.efficiency, description.kernel_scale, description.breakage_scale)
        )),
    ]  # fmt: skip


def _add_errors(section: Section, description: Description, run: RunRecord) -> None:
    errors, measured = description.errors, bool(description.record.get("frozen_kernel_measured", False))
    rows: list[tuple[Cell, ...]] = []
    for at, name in enumerate(("d10", "d50", "d90")):
        frozen: Cell = percent(errors.frozen_kernel[at]) if measured else "not measured"
        total: Cell = "–"
        if run.trajectory is not None:
            values, spread = run.trajectory.series(name)
            total = percent(float((spread / values).max()))
        rows.append((name, percent(errors.discretisation[at]), frozen, total))
    header = ("", "few classes, long steps", "frozen kernel", "all, largest of the batch")
    section.tabulate("Relative standard errors; all: also those of the fitted law.", header, rows, wide=False)
    moisture = f"Moisture: {errors.moisture:.2g}, as it dries." if errors.moisture > 0.0 else "Moisture is a balance."
    text = f"Porosity: {errors.porosity:.2g} absolute from few classes. {moisture} Of the law's variance,"
    section.say(f"{text} {percent(errors.unresolved)} lies outside the moved states, which are scaled up by it.")
    if not measured:
        section.lack("No run measured its kernel again on the way: the error of holding it fixed is not known.")
    if run.trajectory is not None:
        values, spread = run.trajectory.series("d50")
        worst = float((2.0 * spread / values).max())
        if worst > LARGEST_ERROR:
            text = (
                f"The reduced model's 2-sigma error of d50 reaches {worst:.0%}; {LARGEST_ERROR:.0%} is a usable model."
            )
            section.warnings.append(text)


def _add_flags(section: Section, run: RunRecord) -> None:
    if run.trajectory is None:
        section.lack("Without the batch, the model's flags over it are not known.")
        return
    flags = run.trajectory.flags()
    if not flags:
        section.say("Over the batch no flag was raised.")
        return
    rows = [(str(bit), Flag(bit).name or "", MEANINGS[Flag(bit)], f"{share:.0%}") for bit, share in flags.items()]
    section.tabulate("Flags over the batch.", ("bit", "name", "meaning", "of the times"), rows)
    section.warnings.append(f"The reduced model raises flags: {', '.join(row[1] for row in rows)}.")


def _add_card(section: Section, run: RunRecord) -> None:
    card = run.card
    if card is None:
        section.lack("No FMU has been exported yet.")
        return
    units = ", ".join(f"{path.relative_to(run.folder)} ({path.stat().st_size / 1024:.0f} KiB)" for path in run.units)
    section.say(f"Export: {units}; {card['interface']}, binary: {card['binary']}, {card['made_by']}.")
    rows = [
        (group[:-1], entry["name"], entry["unit"], _range(entry), entry["description"])
        for group in ("inputs", "parameters", "outputs")
        for entry in card[group]
    ]
    section.tabulate("Variables of the card.", ("", "name", "unit", "start, accepted", "meaning"), rows)
    cost = card["cost"]
    section.say(
        f"Cost: at most {cost['evaluations_per_interval_at_most']} evaluations of the rates in {cost['interval_s']:g} s"
        f" of process, allocation in a step: {cost['allocation_in_a_step']}."
    )
    if "step_seconds" not in cost:
        section.lack("The wall time of a step of the FMU was not measured in this run.")


def _range(entry: dict[str, Any]) -> str:
    start = entry.get("start")
    said = f"{start:.4g}" if isinstance(start, float | int) else ("feed" if start is not None else "")
    low_high = entry.get("accepted")
    limits = f" in [{low_high[0]:.4g}, {low_high[1]:.4g}]" if low_high else ""
    count = f" × {entry['count']}" if entry["count"] > 1 else ""
    return f"{said}{limits}{count}".strip()
