"""The JSON of one case. In lists it is shorter (`alerts`)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.verification.api import documents
from services.verification.api.documents import alerts


class Said(BaseModel):
    """An alert about a case."""

    alert_id: UUID
    kind: str
    raised_at: datetime
    headline: str
    words: str
    rating: str | None
    gap: documents.Quantity | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None


class CaseWhole(alerts.Case):
    """A case with what it is about, as that stands now."""

    contract_title: str
    suppliers: list[documents.Organisation]
    """Whom it concerns: the party whose return is missing, or all suppliers of the contract."""
    commitment_title: str | None
    unit: str | None
    rating: str | None
    """Where the commitment stands now; null of a missing return."""
    gap: documents.Quantity | None
    gap_share: str | None
    """The gap in per cent of the whole target, one decimal."""
    next_step: alerts.NextStep | None
    """null: there is nothing to do."""
    said: list[Said]
    """The alerts about it, the newest first, and at most 50. In a list of cases only the newest."""
