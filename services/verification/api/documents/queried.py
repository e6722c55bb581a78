"""The JSON of lines that wait for the council."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from services.verification.api import documents
from shared import fields
from shared.web import lists
from shared.wire.events import Rating


class QueriedQuery(documents.Query):
    pass


class RatingChange(BaseModel):
    """What the rating of a month would become."""

    period: fields.Period
    rating: Rating
    rating_if_confirmed: Rating
    """If all that waits of the line counted, and nothing else changed."""


class QueriedLine(documents.LineShown):
    """A line that waits, and what deciding it would change."""

    contract_title: str
    commitment_title: str
    party_name: str
    """The name of the supplier; the org-id where none is known."""
    unit: str | None
    """In which the commitment counts; null: there is no such commitment."""
    received_at: datetime | None
    """When its return was received."""
    changes: list[RatingChange] | None
    """The ratings that confirming it would change; null: it cannot be reckoned."""


class QueriedLines(lists.Page[QueriedLine]):
    """A page of them."""

    lines: int
    """How many wait, over all pages."""
    contracts: int
    """Of how many contracts."""
