"""What a thread of a device sees of a model: the arrays of its compartment, class or pair, under the names of the CPU.

So a loop of the CPU over all classes is, on a device, the same routine over the one class of a thread.
"""

from __future__ import annotations

from compute.physics import physics
from pbm.grid import Floats
from pbm.model import Drops, Tables, Workspace
from pbm.stages import Scratch


@physics
def view_of(counts: Floats, place: int, i: int, segment: int, work: Workspace) -> Workspace:
    """The scratch of a compartment, a class and a segment of pairs, with these counts, (compartments, COUNTS)."""
    return Workspace(
        work.classes, work.conditions, work.granules[place], work.row[place, i], work.carried[place], work.own[place],
        work.met[place, segment], work.lumped[place], work.lumped_births, work.lumped_growth, work.births, work.growth,
        work.gained[place], work.surplus, work.drain, work.outgrown, work.taken[place], counts,
        work.solids, work.present, work.layers, work.sizes[place], work.nuclei[place],
    )  # fmt: skip


@physics
def view(place: int, i: int, segment: int, counter: int, work: Workspace) -> Workspace:
    """The same with the counts of a cell, or of all together behind them."""
    return view_of(work.counts[counter], place, i, segment, work)


@physics
def view_class(place: int, k: int, work: Workspace) -> Workspace:
    """The scratch of all compartments with one class in it, and its own counts."""
    one = slice(k, k + 1)
    return Workspace(
        work.classes[:, :, one], work.conditions, work.granules[place][:, one], work.row[place, k, one],
        work.carried[place, one], work.own[place, one], work.met[place, 0], work.lumped[place, one],
        work.lumped_births[:, one], work.lumped_growth[:, one], work.births[:, one], work.growth[:, one],
        work.gained[place, one], work.surplus[:, one], work.drain[:, one], work.outgrown[:, one],
        work.taken[place, one], work.counts[k], work.solids, work.present[:, one], work.layers[:, :, one],
        work.sizes[place], work.nuclei[place],
    )  # fmt: skip


@physics
def view_compartment(place: int, k: int, counter: int, work: Workspace) -> Workspace:
    """The scratch of one class in one compartment, whose counts are those of a counter."""
    one, here = slice(k, k + 1), slice(place, place + 1)
    own = view_class(place, k, work)
    return Workspace(
        work.classes[:, here, one], own.conditions, own.granules, own.row, own.carried, own.own, own.met, own.lumped,
        own.lumped_births, own.lumped_growth, own.births, own.growth, own.gained, own.surplus, own.drain, own.outgrown,
        own.taken, work.counts[counter, here], own.solids, own.present, own.layers, own.sizes, own.nuclei,
    )  # fmt: skip


@physics
def tables_of_class(k: int, tables: Tables) -> Tables:
    """Tables with one class in what its granules alone need."""
    one, drops = slice(k, k + 1), tables.drops
    return Tables(
        tables.solid_volume[one], tables.places, tables.component[:, one], tables.up[:, one], tables.down[:, one],
        tables.stride, tables.outgrowing[:, one], tables.merging, tables.size_class[one], tables.log_edge_diameter,
        tables.fragment_start, tables.fragment_class, tables.fragment_share, tables.gained[one], tables.negligible,
        tables.faint, tables.breakable[one], Drops(drops.share, drops.solids, drops.first[one]), tables.powder[one],
        tables.exchange, tables.outlet, tables.outflow, tables.coupled, tables.feed[:, :, one], tables.spray_share,
        tables.spray_cover, tables.speed_share, tables.deposition, tables.kernel, tables.selection,
    )  # fmt: skip


@physics
def stages_of(place: int, k: int, scratch: Scratch) -> Scratch:
    """The stages of one class in one compartment, of none for the events behind all classes.

    Events have compartment and class as further axes.
    """
    classes = scratch.trial.shape[2]
    here, one = slice(place, place + 1), slice(min(k, classes), min(k + 1, classes))
    return Scratch(
        scratch.rate[:, here, :, one], scratch.booked[:, :, place, k], scratch.level[:, here, :, one],
        scratch.ledger[:, :, place, k], scratch.trial[here, :, one], scratch.moves, scratch.weights[:, :, k],
        scratch.leaving[:, k], scratch.soaking[here, one], scratch.films[here, one],
    )  # fmt: skip


@physics
def stages_of_class(k: int, scratch: Scratch) -> Scratch:
    """The stages of one class in all compartments."""
    one = slice(k, k + 1)
    return Scratch(
        scratch.rate[:, :, :, one], scratch.booked[:, :, 0, k], scratch.level[:, :, :, one],
        scratch.ledger[:, :, 0, k], scratch.trial[:, :, one], scratch.moves, scratch.weights[:, :, k],
        scratch.leaving[:, k], scratch.soaking[:, one], scratch.films[:, one],
    )  # fmt: skip
