"""The random ids of people: the only way from a reference to an id (rule I7).

Promises: the same reference, or the same shared identifier, always gets the same id. The caller
holds the lock of the desk, so that two processes never give two ids to one person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final
from uuid import UUID

from services.intake.domain import people
from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def load_or_add_people(
    conn: sql.Connection, references: Collection[people.Reference]
) -> dict[people.Reference, UUID]:
    """The random id of each person. People who are new get one now."""
    if not references:
        return {}
    found = _ids(await sql.rows(QUERIES.load_people(conn, **_columns(references))))
    new = [reference for reference in references if reference not in found]
    if new:
        found |= _ids(await sql.rows(QUERIES.add_people(conn, **_columns(new))))
    return found


def _columns(references: Iterable[people.Reference]) -> dict[str, list[str]]:
    authority_ids, employer_ids, refs = sql.columns(sorted(references), 3)
    return {"authority_ids": authority_ids, "employer_ids": employer_ids, "refs": refs}


def _ids(found: Iterable[sql.Record]) -> dict[people.Reference, UUID]:
    return {
        people.Reference(authority_id, employer_id, ref): person_id
        for authority_id, employer_id, ref, person_id in found
    }


async def load_or_add_shared_people(
    conn: sql.Connection, hashes: Collection[bytes]
) -> dict[bytes, UUID]:
    """The random id of each shared identifier, by its keyed hash. New ones get one now."""
    if not hashes:
        return {}
    found = _shared_ids(await sql.rows(QUERIES.load_shared_people(conn, hashes=sorted(hashes))))
    new = sorted(one for one in hashes if one not in found)
    if new:
        found |= _shared_ids(await sql.rows(QUERIES.add_shared_people(conn, hashes=new)))
    return found


def _shared_ids(found: Iterable[sql.Record]) -> dict[bytes, UUID]:
    return {row["keyed_hash"]: row["shared_person_id"] for row in found}
