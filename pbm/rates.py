"""The right-hand side as a function of a flat state, and its Jacobian: what implicit methods of other libraries take.

The Jacobian is M (x) 1 of the transport, exactly, beside one dense block per compartment, by forward differences of all
compartments at once: nothing but transport couples them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pbm.grid import Floats
from pbm.model import (
    BOOKED,
    FED_NUMBER,
    FED_SECOND,
    LEFT_NUMBER,
    LEFT_SECOND,
    NUMBER,
    Parameters,
    Tables,
    Workspace,
    make_workspace,
)
from pbm.places import ABSENT
from pbm.program import Program

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

INCREMENT = 1e-7
"""Relative increment of a difference."""
SMALL = 1e-6
"""Share of a compartment's solids below which a content is incremented as if it were this share."""

MOST_CONTENT = 10.0
"""Liquid or gas over solids of a class, by volume, beyond which it is noise of an integrator in an empty class."""


class Rates:
    """Rates of change at constant inputs.

    speed [rad/s], spray [kg/s]; feed: what comes in per second, shape (compartments, quantities, classes)
    """

    def __init__(
        self, program: Program, parameters: Parameters, tables: Tables, speed: float, spray: float, feed: Floats
    ) -> None:
        self.shape = tables.feed.shape
        self.program, self.parameters, self.feed = program, parameters, feed
        self.speed, self.spray = float(speed), float(spray)
        self.tables, nil = tables, np.zeros(self.shape[0])
        self._local = tables._replace(
            exchange=np.zeros_like(tables.exchange), outlet=nil, outflow=nil, feed=np.zeros(self.shape)
        )
        self._matrix = tables.exchange.T - np.diag(tables.outflow)
        self._work: Workspace = make_workspace(self.shape[0], self.shape[2])

    @property
    def size(self) -> int:
        """Length of a flat state."""
        return int(np.prod(self.shape))

    def weights(self) -> Floats:
        """Solid volume that a unit of each content counts as [m3], shape of the state."""
        weights = np.ones(self.shape)
        weights[:, NUMBER] = self.tables.solid_volume
        return weights

    def change(self, state: Floats) -> tuple[Floats, Floats]:
        """Change of the state [1/s, m3/s], in its shape, and rates of the ledger (BOOKED,)."""
        change, booked = self._change_inside(state)
        change += np.einsum("ba,aqk->bqk", self._matrix, state) + self.feed
        booked[FED_NUMBER : FED_NUMBER + 4] = self._sums(self.feed)
        booked[LEFT_NUMBER : LEFT_NUMBER + 4] = self._sums(self.tables.outlet[:, None, None] * state)
        second = self.tables.component[1]
        booked[FED_SECOND] = float((self.feed[:, NUMBER] @ second).sum())
        booked[LEFT_SECOND] = float(self.tables.outlet @ (state[:, NUMBER] @ second))
        content = self.tables.places.content
        if content != ABSENT:
            booked[FED_SECOND] += float(self.feed[:, content].sum())
            booked[LEFT_SECOND] += float(self.tables.outlet @ state[:, content].sum(axis=1))
        return change, booked

    def jacobian(self, state: Floats) -> csc_matrix:
        """Sparse Jacobian of the flat change in the flat state."""
        from scipy.sparse import block_diag, csc_matrix, eye, kron

        transport = kron(csc_matrix(self._matrix), eye(self.shape[1] * self.shape[2]))
        return csc_matrix(block_diag(list(self._blocks(state))) + transport)

    def _change_inside(self, state: Floats) -> tuple[Floats, Floats]:
        change, booked = np.zeros(self.shape), np.zeros(BOOKED)
        inputs = (self.speed, self.spray, self.parameters, self._local, self._work)
        self.program.right_hand_side(self._possible(state), *inputs, change, booked)
        return change, booked

    def _possible(self, state: Floats) -> Floats:
        """The state next to one under trial that granules can have: nothing below nil, no pores without a grain."""
        possible = np.maximum(state, 0.0, order="C")
        solids = possible[:, NUMBER] * self.tables.solid_volume
        possible[:, NUMBER + 1 :] = np.minimum(possible[:, NUMBER + 1 :], MOST_CONTENT * solids[:, None])
        return possible

    def _blocks(self, state: Floats) -> Floats:
        """Blocks (compartments, quantities x classes, again) of what happens inside compartments."""
        places, inner = self.shape[0], self.shape[1] * self.shape[2]
        solids = (state[:, NUMBER] @ self.tables.solid_volume)[:, None]
        weights = self.weights().reshape(places, inner)
        flat = state.reshape(places, inner)
        step = INCREMENT * np.maximum(np.abs(flat), np.maximum(SMALL * solids, np.finfo(float).tiny) / weights)
        base = self._change_inside(state)[0].reshape(places, inner)
        blocks = np.zeros((places, inner, inner))
        for column in range(inner):
            moved = flat.copy()
            moved[:, column] += step[:, column]
            taken = (moved[:, column] - flat[:, column])[:, None]
            changed = self._change_inside(moved.reshape(self.shape))[0].reshape(places, inner)
            blocks[:, :, column] = (changed - base) / taken
        return blocks

    def _sums(self, flow: Floats) -> list[Any]:
        number = flow[:, NUMBER].sum(axis=0)
        return [number.sum(), number @ self.tables.solid_volume, flow[:, 1:3].sum(), flow[:, 3].sum()]
