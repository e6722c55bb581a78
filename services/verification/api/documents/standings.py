"""The JSON of who is behind."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.verification.api import documents
from shared import fields
from shared.wire.events import Rating


class StandingsQuery(documents.Query):
    rating: Rating | None = None
    supplier: fields.OrgId | None = None
    missing: bool | None = None
    """Whether a return of the contract is overdue."""
    case: Literal["open", "none"] | None = None
    format: Literal["json", "csv"] | None = None


class MissingReturn(BaseModel):
    """A return that was due and is not in."""

    period: fields.Period
    supplier_id: str
    supplier_name: str | None
    due_on: date


class OpenCase(BaseModel):
    """The open shortfall case of a commitment."""

    case_id: UUID
    state: str
    period: fields.Period
    """The month whose rating opened it."""
    opened_at: datetime


class Standing(BaseModel):
    """Where a commitment stands now. Figures in its unit, at the end of the last month that was
    rated."""

    contract_id: str
    contract_title: str
    suppliers: list[documents.Organisation]
    ends_on: date
    commitment_id: str
    commitment_title: str
    headline: str
    words: str
    unit: str
    target: documents.Quantity
    period: fields.Period | None
    """The last month that was rated; null: none was, and there are no figures."""
    due_by: date | None
    """Its last day."""
    expected: documents.Quantity | None
    reported: documents.Quantity | None
    counted: documents.Quantity | None
    low: documents.Quantity | None
    queried: documents.Quantity | None
    gap: documents.Quantity | None
    """`expected` minus `low`, if that is positive, else 0."""
    gap_share: str | None
    """The gap in per cent of the whole target, rounded down to one decimal."""
    rating: Rating | None
    reason: str | None
    rating_before: Rating | None
    """Where the rating is Other: the last that was not."""
    why: list[str]
    case: OpenCase | None
    returns_missing: list[MissingReturn]
    """Of the contract, the oldest first."""
    links: dict[str, str]
