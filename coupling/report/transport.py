"""Section: exchange between compartments and residence times."""

from __future__ import annotations

from coupling.report.contents import Cell, Quantity, Section
from coupling.report.record import RunRecord, WindowRecord

MOST_COMPARTMENTS = 12


def transport_section(run: RunRecord) -> Section:
    """Hold-up, residence time and rates of exchange of every compartment, by window."""
    section = Section("transport", "Exchange between compartments")
    parted = [
        window for window in run.windows if window.statistics is not None and window.statistics.encounters.shape[1] > 1
    ]
    if not parted:
        section.lack("No window is divided into compartments: there is no exchange to report.")
        return section
    section.say(
        "From transition matrices at the lags τ and 2τ: k = ln P(τ)/τ, accepted where P(2τ) = P(τ)² within errors,"
        " so that chatter at a border does not count as exchange; where it is not accepted, rates are those of 2τ."
        " T = 1/Σk is the mean residence time of a visit."
    )
    regions = run.case.pbm.compartments if run.case.pbm is not None else None
    used = regions is not None and regions.exchange == "dem"
    for window in parted:
        _add(section, window, used)
    return section


def _add(section: Section, window: WindowRecord, used: bool) -> None:
    assert window.statistics is not None
    count = window.statistics.encounters.shape[1]
    if count > MOST_COMPARTMENTS:
        section.lack(f"{window.name}: {count} compartments, too many for a table; see its statistics.h5.")
        return
    found, held = window.statistics.exchange_rates(), window.statistics.hold_up()
    number = window.statistics.particle_time.sum(axis=(0, 2)) / window.statistics.duration
    header = ["compartment", "particles", "solid volume", "residence time T"] + [
        f"k to {to} [1/s]" for to in range(count)
    ]
    rows: list[list[Cell]] = []
    for place in range(count):
        row: list[Cell] = [
            str(place),
            Quantity(float(number[place])),
            Quantity(held.solid_volume.value[place], "m³", held.solid_volume.standard_error[place]),
            Quantity(found.residence_time[place], "s", found.residence_time_error[place]),
        ]
        row += [
            "–" if to == place else Quantity(found.rate[place, to], "", found.standard_error[place, to])
            for to in range(count)
        ]
        rows.append(row)
    verdict = "accepted" if found.accepted else "not accepted: the rates depend on the lag"
    caption = f"{window.name}: lag {Quantity(found.lag, 's')}, {found.method}; P(2τ) = P(τ)² {verdict}."
    section.tabulate(caption, header, rows)
    if used and not found.accepted:
        section.warnings.append(
            f"Exchange in the window {window.name} depends on the lag: motion is not yet diffusive."
        )
