"""Taking a return back: with a reason, receipted in the same order as returns.

Promises: the current revision of a month can be withdrawn, once; withdrawing it again gives the
same receipt. The next return of that month is the next revision.
Refuses: a revision that another one has replaced (409); what is not the party's own (404).
"""

from __future__ import annotations

from uuid import UUID

from services.intake import store
from services.intake.acceptance import desk
from services.intake.domain import receipts
from shared import sql
from shared.delivery import outbox, topics
from shared.web import problems
from shared.wire import events, ids


async def withdraw(
    conn: sql.Connection, at: desk.Desk, party_id: str, return_id: UUID, reason: str
) -> tuple[receipts.Issued, bool]:
    """The receipt, and whether it is new. In the caller's transaction. Raises Problem."""
    stand = await store.desk.lock_desk(conn, at.now())
    row = await store.desk.return_to_withdraw(conn, return_id, party_id)
    if row is None:
        raise problems.Problem(404, "There is no such return")
    if row["withdrawal_no"] is not None:
        return store.desk.withdrawal(row), False
    if not row["is_current"]:
        fix = "Withdraw the newest revision of this month."
        fault = problems.Fault("I3", "A later revision has replaced this one", fix)
        raise problems.Problem(409, "This revision cannot be withdrawn", errors=[fault])
    moment = stand.at(at.now())
    issued = at.signer.issue(
        receipts.Receipt(
            kind="withdrawal",
            receipt_no=stand.receipt_no + 1,
            return_id=return_id,
            contract_id=row["contract_id"],
            party_id=party_id,
            period=row["period"],
            revision=row["revision"],
            sha256=row["sha256"],
            salt=row["salt"],
            received_at=moment,
            merge_by=moment + at.merge_within,
        )
    )
    event = _withdrawn(issued.receipt, row["authority_id"])
    await store.desk.keep_withdrawal(conn, issued, event.event_id, reason)
    await store.desk.leave_desk(conn, issued.receipt.receipt_no, moment)
    await outbox.post(conn, [outbox.Row.of(topics.RETURNS, event)])
    return issued, True


def _withdrawn(receipt: receipts.Receipt, authority_id: str) -> events.ReturnWithdrawn:
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
