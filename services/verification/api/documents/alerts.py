"""The JSON of alerts and cases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.verification.api import documents
from shared import fields


class AlertsQuery(documents.Query):
    kind: fields.Code | None = None


class CasesQuery(documents.Query):
    state: fields.Code | None = None


class Case(BaseModel):
    """A case as it is now."""

    case_id: UUID
    contract_id: str
    kind: Literal["shortfall", "no_data"]
    commitment_id: str | None
    party_id: str | None
    period: fields.Period
    state: str
    is_open: bool
    reason: str
    """Why it last moved, as a code."""
    opened_at: datetime
    moved_at: datetime


class NextStep(BaseModel):
    """What to do about an alert, and by when."""

    code: str
    words: str
    by: date | None


class Alert(BaseModel):
    """An alert: figures as raised, words as of now (rule L1)."""

    alert_id: UUID
    raised_at: datetime
    kind: str
    subject: str
    contract_id: str
    contract_title: str
    supplier_id: str | None
    supplier_name: str | None
    commitment_id: str | None
    commitment_title: str | None
    period: str | None
    unit: str | None
    target: documents.Quantity | None
    expected: documents.Quantity | None
    reported: documents.Quantity | None
    counted: documents.Quantity | None
    gap: documents.Quantity | None
    gap_share: str | None
    """The gap in per cent of the whole target, one decimal."""
    rating: str | None
    due_on: date | None
    why: list[str]
    headline: str
    words: str
    next_step: NextStep | None
    returns: list[UUID]
    rule_set: str
    links: dict[str, str]
