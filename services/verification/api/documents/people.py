"""The JSON of the council's people of a contract."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from services.verification.domain.telling import Part


class Held(BaseModel):
    """That somebody holds or held a part of a contract."""

    part: Part
    officer_id: str
    name: str | None
    """null: it is not known here yet, or forgotten."""
    from_: datetime = Field(serialization_alias="from")
    until: datetime | None
    """null: the part is held now."""
    set_by: str
    ended_by: str | None


class People(BaseModel):
    """The council's people of a contract."""

    contract_id: str
    on: date | None
    held: list[Held]
