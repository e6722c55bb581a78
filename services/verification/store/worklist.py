"""What waits for the council, of one authority; each function is one query, and says how many there
are of which the first are listed.

Promises: officers only, so a scope here has no party.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from services.verification.domain import worklist
from services.verification.store import rows
from shared import calendar, sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def list_waiting(
    pool: sql.Pool, of: Scope, limit: int, words: worklist.Words
) -> worklist.Found:
    """Returns with lines that wait for the council."""
    found = await sql.rows(QUERIES.list_waiting(pool, authority_id=of.authority_id, limit=limit))
    things = [
        worklist.Lines(
            contract_id=row["contract_id"],
            period=row["period"],
            party_id=row["party_id"],
            lines=sum(json.loads(row["queried"]).values()),
            held=row["held"],
        )
        for row in found
    ]
    return _found(found, things, words)


async def list_unseen(
    pool: sql.Pool, of: Scope, limit: int, words: worklist.Words
) -> worklist.Found:
    """Alerts that nobody has acknowledged, by contract."""
    found = await sql.rows(QUERIES.list_unseen(pool, authority_id=of.authority_id, limit=limit))
    things = [
        worklist.Alerts(
            contract_id=row["contract_id"],
            alerts=row["alerts"],
            kinds=json.loads(row["kinds"]),
            review_by=row["review_by"],
        )
        for row in found
    ]
    return _found(found, things, words)


async def list_cases(
    pool: sql.Pool, of: Scope, limit: int, words: worklist.Words
) -> worklist.Found:
    """Open shortfall cases whose next step is the council's."""
    found = await sql.rows(
        QUERIES.list_cases(
            pool, authority_id=of.authority_id, states=sorted(worklist.TO_MANAGE), limit=limit
        )
    )
    things = [
        worklist.Case(
            contract_id=row["contract_id"],
            case_id=row["case_id"],
            title=row["title"] or row["commitment_id"],
            period=row["period"],
            state=row["state"],
            opened_on=calendar.london_day(row["opened_at"]),
        )
        for row in found
    ]
    return _found(found, things, words)


async def list_proposals(
    pool: sql.Pool, of: Scope, limit: int, words: worklist.Words
) -> worklist.Proposed:
    """Drafts one by one, and promises in prose by contract."""
    found = await sql.rows(QUERIES.list_proposals(pool, authority_id=of.authority_id, limit=limit))
    drafts = [row for row in found if row["state"] == "draft"]
    in_prose = [row for row in found if row["state"] != "draft"]
    proposals = []
    for row in drafts:
        version = rows.read_commitment_version(row)
        assert version is not None, "a draft has terms"
        proposals.append(
            worklist.Proposal(
                contract_id=row["contract_id"],
                title=row["title"],
                version=row["version"],
                proposed_by=row["proposed_by"],
                from_on=version.from_ or row["starts_on"],
            )
        )
    prose = [
        worklist.Prose(
            contract_id=row["contract_id"],
            promises=row["promises"],
            starts_on=row["starts_on"],
        )
        for row in in_prose
    ]
    return worklist.Proposed(_found(drafts, proposals, words), _found(in_prose, prose, words))


async def list_owed(
    pool: sql.Pool, of: Scope, today: date, limit: int, words: worklist.Words
) -> worklist.Owed:
    """Returns that have not come."""
    found = await sql.rows(
        QUERIES.list_owed(pool, authority_id=of.authority_id, today=today, limit=limit)
    )
    overdue = [row for row in found if row["contract_id"] is not None]
    things = [
        worklist.Return(
            contract_id=row["contract_id"],
            period=row["period"],
            party_id=row["party_id"],
            due_on=row["due_on"],
            has_case=row["case_id"] is not None,
        )
        for row in overdue
    ]
    return worklist.Owed(
        _found(overdue, things, words), found[0]["in_time"], found[0]["next_due_on"]
    )


def _found(
    found: Sequence[sql.Record], things: Sequence[worklist.Thing], words: worklist.Words
) -> worklist.Found:
    for row in found:
        said = json.loads(row["words"])
        words.titles[row["contract_id"]] = said["title"]
        words.suppliers[row["contract_id"]] = said["suppliers"]
    return worklist.Found(things, found[0]["total"] if found else 0)
