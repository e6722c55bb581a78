"""Changes drafts: each change is one transaction, under the lock of its draft.

Promises: nothing that somebody else saved meanwhile is lost. A change says what it replaces; if
that is not what the form was filled with, nothing is stored and the draft is handed back as it is
now. The first change makes the draft, with an Idempotency-Key of its own, which stays.

Refuses: more drafts, lines or bytes than the limits below.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from services.intake import store
from services.intake.domain import drafts, submission
from services.intake.drafts import months
from services.intake.drafts.refusals import Refusal
from shared import sql

DRAFTS_MAX: Final = 500
"""Of one party and authority: what is due of 40 contracts in a year."""
BYTES_MAX: Final = submission.BODY_BYTES_MAX
"""What is larger could not be sent (rule I12)."""
LINES_MAX: Final = submission.LINES_MAX

Edit: TypeAlias = Callable[[drafts.Draft], drafts.Content | None]
"""Makes the new content of a draft; None if what it would replace was changed meanwhile. Pure."""


class Saver(NamedTuple):
    """Who saves, and when."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody saved meanwhile what a change would have replaced."""

    draft: drafts.Draft
    """As it is now."""


async def change(
    pool: sql.Pool, month: months.Month, edit: Edit, saver: Saver
) -> drafts.Draft | Conflict | Refusal:
    """The draft of the month as it is after the change."""
    while True:
        async with pool.acquire() as conn, conn.transaction():
            row = await store.drafts.lock_draft(conn, month.place)
            before = _new(month, saver) if row is None else await months.read(row)
            size = 0 if row is None else len(row.body)
            made = await months.run(size, lambda: _make(before, edit, month, saver))  # noqa: B023  it is awaited here
            if not isinstance(made, _Made):
                return made
            if row is not None:
                await store.drafts.set_draft(conn, made.row)
                return made.draft
            if await store.drafts.count_drafts(conn, month.place) >= DRAFTS_MAX:
                return Refusal("drafts_full", DRAFTS_MAX)
            if await store.drafts.add_draft(conn, made.row):
                return made.draft
        # somebody else has just made it: now there is one to lock


class _Made(NamedTuple):
    draft: drafts.Draft
    row: store.draft_rows.DraftRow


def _make(
    before: drafts.Draft, edit: Edit, month: months.Month, saver: Saver
) -> _Made | Conflict | Refusal:
    content = edit(before)
    if content is None:
        return Conflict(before)
    if len(content.lines) > LINES_MAX:
        return Refusal("draft_lines_full", LINES_MAX)
    draft = drafts.save(before, drafts.settle(content, month.promises), saver.name, saver.at)
    body = draft.content.body
    if len(body) > BYTES_MAX:
        return Refusal("draft_too_large", BYTES_MAX)
    return _Made(draft, store.draft_rows.draft_row(draft, body))


def _new(month: months.Month, saver: Saver) -> drafts.Draft:
    content = drafts.begin(month.place.contract_id, month.place.period, month.revision + 1)
    return drafts.Draft(
        place=month.place,
        key=uuid.uuid4(),
        content=content,
        version=0,
        saved_by=saver.name,
        saved_at=saver.at,
        gone_on=drafts.gone_on(month.due_on),
    )


async def start(
    pool: sql.Pool, month: months.Month, document: Mapping[str, Any], saver: Saver
) -> drafts.Draft | Refusal:
    """A draft that begins with the content of a return, such as the one that it is to replace.
    Refuses if there is a draft already: what was typed there would be lost."""
    content = drafts.fill(document, month.promises)
    made = await change(pool, month, lambda it: None if it.version else content, saver)
    return Refusal("draft_exists") if isinstance(made, Conflict) else made


async def drop(pool: sql.Pool, place: drafts.Place, version: int | None = None) -> bool:
    """Deletes a draft: any, or only this version of it. Whether there was one."""
    return await store.drafts.drop_draft(pool, place, version)
