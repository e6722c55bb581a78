"""The JSON of contracts by their worst commitment."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, StringConstraints

from services.verification.api import documents
from shared import fields
from shared.web import lists
from shared.wire.events import Rating

SEARCH_CHARACTERS_MAX: Final = 200
"""Of what is searched for: more than any id has, and enough of a title to find it."""

Search = Annotated[
    str, StringConstraints(max_length=SEARCH_CHARACTERS_MAX, strip_whitespace=True, min_length=1)
]


class OverviewsQuery(lists.PageQuery):
    rating: Rating | None = Field(
        default=None, description="Only of contracts whose worst commitment is rated so."
    )
    missing: bool | None = None
    case: Literal["open", "none"] | None = None
    supplier: Search | None = Field(
        default=None, description="Only of this supplier: an org-id, or part of a name."
    )
    owner: Literal["me", "none"] | None = None
    search: Search | None = None
    ends_by: fields.Day | None = None
    format: Literal["json", "csv"] | None = None


class Worst(BaseModel):
    """The commitment of a contract that is furthest behind, by rating and then by the gap."""

    commitment_id: str
    commitment_title: str
    unit: str
    rating: Rating | None
    reason: str | None
    gap: documents.Quantity
    """Of what was expected at the end of the last month that was rated, what does not count."""
    gap_share: str
    """The gap in per cent of the whole target, rounded down to one decimal."""


class Overview(BaseModel):
    """A contract as it stands now."""

    contract_id: str
    contract_title: str
    suppliers: list[documents.Organisation]
    ends_on: date
    commitments: int
    """How many were ever active."""
    commitments_behind: int
    """How many of them are behind."""
    worst: Worst | None
    """null: nothing is promised yet."""
    returns_missing: int
    """How many returns are overdue."""
    missing_since: fields.Period | None
    """The first month of these."""
    cases_open: int
    """How many cases are open."""
    links: dict[str, str]
