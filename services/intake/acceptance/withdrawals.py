"""Withdraws a return, with a reason. The receipt is numbered in the same order as those of returns.

Promises: the current revision of a month can be withdrawn once; withdrawing it again gets the same
receipt. The next return of that month is the next revision.
Refuses: a revision that a later one has superseded; a return that is not the party's own, or
not of the authority that its token is for.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.intake import store
from services.intake.acceptance.desk import Desk
from services.intake.acceptance.refusals import Refusal
from services.intake.domain import receipts, return_status
from shared import sql
from shared.delivery import outbox, topics
from shared.web.scope import Scope
from shared.wire import events, ids


class Withdrawn(NamedTuple):
    """A return is withdrawn, now or already before."""

    issued: receipts.Issued
    is_new: bool


async def withdraw(
    conn: sql.Connection, desk: Desk, of: Scope, return_id: UUID, reason: str
) -> Withdrawn | Refusal:
    """Withdraws a return of the party and authority, in the caller's transaction."""
    desk_row = await store.desk.lock(conn, desk.now())
    found = await store.withdrawals.find_return(conn, of, return_id)
    if found is None:
        return Refusal("return_unknown")
    if found.withdrawal is not None:
        return Withdrawn(found.withdrawal, is_new=False)
    if not return_status.may_move(found.status, "withdrawn"):
        return Refusal("return_superseded")
    at = desk_row.time(desk.now())
    issued = desk.signer.issue(_receipt(found, desk_row.receipt_no + 1, at, at + desk.merge_within))
    event = _event(issued.receipt, found.authority_id)
    await store.withdrawals.add_withdrawal(conn, issued, event.event_id, reason)
    await store.desk.set_receipt_no(conn, issued.receipt.receipt_no, at)
    await outbox.post(conn, [outbox.Row.of(topics.RETURNS, event)])
    return Withdrawn(issued, is_new=True)


def _receipt(
    found: store.rows.StoredReturn, receipt_no: int, at: datetime, merge_by: datetime
) -> receipts.Receipt:
    return receipts.Receipt(
        kind="withdrawal",
        receipt_no=receipt_no,
        return_id=found.return_id,
        contract_id=found.contract_id,
        party_id=found.party_id,
        period=found.period,
        revision=found.revision,
        sha256=found.sha256,
        salt=found.salt,
        received_at=at,
        merge_by=merge_by,
    )


def _event(receipt: receipts.Receipt, authority_id: str) -> events.ReturnWithdrawn:
    return events.ReturnWithdrawn(
        event_id=ids.new(),
        authority_id=authority_id,
        occurred_at=receipt.received_at,
        caused_by=receipt.return_id,
        contract_id=receipt.contract_id,
        return_id=receipt.return_id,
        receipt_no=receipt.receipt_no,
        party_id=receipt.party_id,
        period=receipt.period,
        revision=receipt.revision,
    )
