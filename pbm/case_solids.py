"""The solids of a case: one grid of volumes for each component, and powder as grains of stated volumes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo

from compute.case_model import CaseModel, existing_file, invalid
from compute.quantities import NotNegative, Number, Positive, Volume


class Solid(CaseModel):
    """A solid component and its classes: grains and granules hold `first_volume` times `ratio`^k of it [m3], k from 0.

    Attributes:
        name: for messages and results.
        classes: number of them.
        may_be_absent: whether grains and granules may hold none of it, which is one class more.
    """

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
    first_volume: Annotated[Volume, Positive]
    ratio: Annotated[Number, Field(gt=1, le=10)]
    classes: int = Field(ge=3, le=64)
    may_be_absent: bool = False


class SecondSolid(CaseModel):
    """A second solid that is lumped: each class of the one grid of all solids holds a mean share of it.

    Attributes:
        name: for messages and results.
        scatter: whether the scatter of shares among the granules of a class is followed.
    """

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
    scatter: bool = False


class Grains(CaseModel):
    """Grains of one kind.

    Attributes:
        solids: volume of each solid component in one of them [m3].
        number: how many, in any unit: the mass of the powder is given beside.
    """

    solids: tuple[Annotated[Volume, NotNegative], ...] = Field(min_length=1, max_length=2)
    number: Annotated[Number, NotNegative]


def check_powder(distribution: Path | None, grains: tuple[Grains, ...], needed: bool) -> None:
    """Refuse powder that is described twice, or not at all where that is needed; PydanticCustomError names the key."""
    if distribution is not None and grains:
        raise invalid("the powder is described twice", key="grains", expected="distribution, or grains")
    if needed and distribution is None and not grains:
        raise invalid("the powder is not described", key="distribution", expected="a table, or grains in place of it")
    if len({len(each.solids) for each in grains}) > 1:
        raise invalid("grains with different numbers of solids", key="grains", expected="one volume for each solid")
    if grains and sum(each.number * sum(each.solids) for each in grains) <= 0.0:
        raise invalid("grains without solids", key="grains", expected="numbers and volumes above nil")


def table_of(file: Path | None, info: ValidationInfo) -> Path | None:
    """The table of a powder, found beside the case file."""
    return None if file is None else existing_file(file, info)
