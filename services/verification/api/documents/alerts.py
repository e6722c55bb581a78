"""The JSON of alerts and cases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.verification.api import documents
from services.verification.domain import cases
from shared import fields
from shared.wire import events


class AlertsQuery(documents.Query):
    kind: events.AlertKind | None = None
    acknowledged: bool | None = None


class CasesQuery(documents.Query):
    state: cases.CaseState | None = None


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
    """A day that lies ahead: where the day has passed, the next working day."""
    is_late: bool
    """Whether the day has passed by which it was to be done."""


class Acknowledged(BaseModel):
    """Who has seen an alert and answers for it."""

    alert_id: UUID
    acknowledged_by: str
    acknowledged_at: datetime


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
    suppliers: list[documents.Organisation]
    """Whom it concerns: the supplier, or all of the contract."""
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
    is_over: bool
    """What it is about has ended since: the case, the missing return, the other claim."""
    next_step: NextStep | None
    """null: there is nothing to do."""
    lines: list[documents.LineShown]
    """The lines meant, as they are now: of a duplicate the line itself; else those of the
    commitment in this month, and of earlier months those that do not count in full. These come
    first, and at most 10 are shown."""
    has_all_lines: bool
    """False: `links.lines` has the others."""
    returns: list[UUID]
    rule_set: str
    links: dict[str, str]
    acknowledged_by: str | None
    acknowledged_at: datetime | None
