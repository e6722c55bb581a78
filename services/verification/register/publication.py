"""What all changes that people make to a contract have in common: who acts, and what is announced.

Promises: a change is an input of the contract's journal like any other. It is posted for the ledger
and gives the contract a new version, which is posted for intake. The contract's row is locked until
the transaction ends, so a change falls between two returns, and messages keep their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.verification import store
from services.verification.domain import obligations, state
from services.verification.domain.state import Facts, State
from shared import sql
from shared.delivery import outbox, topics
from shared.wire import events, ids


@dataclass(frozen=True, slots=True)
class Acting:
    """Who changes something, for which authority, and when."""

    actor_id: str
    authority_id: str
    at: datetime


def head(acting: Acting) -> dict[str, Any]:
    """The first fields of an event that a person causes."""
    return {
        "event_id": ids.new(int(acting.at.timestamp() * 1000)),
        "authority_id": acting.authority_id,
        "occurred_at": acting.at,
    }


async def post(
    conn: sql.Connection,
    after: State,
    event: events.ContractRegistered | events.CommitmentChanged,
    commitments: Sequence[sql.Record],
    moved: Sequence[events.CaseMoved] = (),
) -> None:
    """Adds the event to the journal and notes where the contract stands; posts the event and the
    cases that it `moved` for the ledger, and the contract as it is now for intake. `commitments`:
    the rows of all versions."""
    entry = store.rows.journal_row(after, event, events.write(event), Facts())
    await store.batches.add_entries(conn, [entry])
    await store.batches.set_standings(conn, [store.rows.standing_row(after)])
    outcomes = [outbox.Row.of(topics.OUTCOMES, each) for each in (event, *moved)]
    said = Said(
        ids.derived("ContractPublished", after.contract_id, after.version),
        event.occurred_at,
        event.event_id,
    )
    more = await store.register.get_published(conn, after.contract_id)
    published = outbox.Row.of(topics.CONTRACTS, _published(after, said, more, commitments))
    await outbox.post(conn, [*outcomes, published])


async def again(pool: sql.Pool, contract_id: str | None, at: datetime) -> int:
    """Posts every contract, or one, as it is now, with a new id each: whoever holds it otherwise
    takes it over. Notes anew where it stands. Returns how many."""
    async with pool.acquire() as conn:
        wanted = await store.register.list_contract_ids(conn, contract_id)
    for each in wanted:  # a transaction for each: none is locked for long
        async with pool.acquire() as conn, conn.transaction():
            row = await store.register.lock_contract(conn, each)
            assert row is not None, "contracts are never deleted"
            commitments = await store.register.list_commitments(conn, each)
            now, said = state.from_bytes(row["state"]), Said(ids.new(), at, None)
            await store.batches.set_standings(conn, [store.rows.standing_row(now)])
            more = await store.register.get_published(conn, each)
            event = _published(now, said, more, commitments)
            await outbox.post(conn, [outbox.Row.of(topics.CONTRACTS, event)])
    return len(wanted)


class Said(NamedTuple):
    """The head of an event: its id, when it is said, and because of what."""

    event_id: UUID
    at: datetime
    caused_by: UUID | None


def _published(
    after: State,
    said: Said,
    more: store.register.Published,
    commitments: Sequence[sql.Record],
) -> events.ContractPublished:
    return events.ContractPublished(
        event_id=said.event_id,
        authority_id=after.authority_id,
        occurred_at=said.at,
        caused_by=said.caused_by,
        contract_id=after.contract_id,
        version=after.version,
        supplier_ids=after.suppliers,
        starts_on=after.starts_on,
        ends_on=after.ends_on,
        commitments=tuple(_published_commitments(commitments).values()),
        obligations=obligations.published(after, more.late),
        names=store.rows.contract_names(
            more.words, {row["commitment_id"]: row["title"] for row in commitments}
        ),
    )


def _published_commitments(rows: Sequence[sql.Record]) -> dict[str, events.PublishedCommitment]:
    """What intake must know of each commitment: its newest active version, else its draft."""
    found: dict[str, events.PublishedCommitment] = {}
    for row in rows:
        commitment_id, version = row["commitment_id"], store.rows.read_commitment_version(row)
        before = found.get(commitment_id)
        is_weaker = before is not None and before.state == "active" and row["state"] != "active"
        if version is None or row["state"] == "replaced" or is_weaker:
            continue
        found[commitment_id] = events.PublishedCommitment(
            commitment_id=commitment_id,
            measure=version.measure,
            kind=version.kind,
            unit=version.unit,
            state=version.state,
        )
    return found
