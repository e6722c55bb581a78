"""The JSON of what waits for a second person."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from services.verification.api import documents


class ProposalsQuery(documents.Query):
    """Of all contracts, or of one."""


class InForce(BaseModel):
    """The version that a proposal would follow."""

    version: int
    title: str
    unit: str
    target: documents.Quantity
    profile: dict[str, Any]
    area: dict[str, Any] | None
    from_: date | None = Field(serialization_alias="from")


class Proposal(BaseModel):
    """A version that waits for a second person (rule P3)."""

    contract_id: str
    contract_title: str
    suppliers: list[documents.Organisation]
    commitment_id: str
    title: str
    proposed: documents.Version
    active: InForce | None
    """What is in force now; null: nothing is."""
    is_own: bool
    """Whether you proposed it: another person decides."""
