"""Rows of drafts, and what they say: as `rows`, for the table `draft`."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from services.intake.domain import drafts


class DraftRow(NamedTuple):
    """A row of `draft`."""

    authority_id: str
    party_id: str
    contract_id: str
    period: str
    key: UUID
    body: bytes
    answers: str
    """A JSON object by commitment."""
    version: int
    saved_by: str
    saved_at: datetime
    gone_on: date


def draft_row(draft: drafts.Draft, body: bytes) -> DraftRow:
    """`body`: of its content, which was made before to see how large it is."""
    return DraftRow(
        **draft.place._asdict(),
        key=draft.key,
        body=body,
        answers=msgspec.json.encode(draft.content.answers).decode(),
        version=draft.version,
        saved_by=draft.saved_by,
        saved_at=draft.saved_at,
        gone_on=draft.gone_on,
    )


def read_draft(row: DraftRow) -> drafts.Draft:
    content = drafts.Content(
        msgspec.json.decode(row.body),
        msgspec.json.decode(row.answers, type=dict[str, drafts.Answer]),
    )
    return drafts.Draft(
        place=drafts.Place(row.authority_id, row.party_id, row.contract_id, row.period),
        key=row.key,
        content=content,
        version=row.version,
        saved_by=row.saved_by,
        saved_at=row.saved_at,
        gone_on=row.gone_on,
    )


class SavedRow(NamedTuple):
    """A draft as it is listed."""

    contract_id: str
    period: str
    saved_by: str
    saved_at: datetime
    gone_on: date
