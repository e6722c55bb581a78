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
    desk_row = await store.desk.lock(conn, at.now())
    found = await store.withdrawals.find_return(conn, return_id, party_id)
    if found is None:
        raise problems.Problem(404, "There is no such return")
    if found.withdrawal is not None:
        return found.withdrawal, False
    if found.is_replaced:
        fix = "Withdraw the newest revision of this month."
        fault = problems.Fault("I3", "A later revision has replaced this one", fix)
        raise problems.Problem(409, "This revision cannot be withdrawn", errors=[fault])
    moment = desk_row.time(at.now())
    issued = at.signer.issue(
        receipts.Receipt(
            kind="withdrawal",
            receipt_no=desk_row.receipt_no + 1,
            return_id=return_id,
            contract_id=found.contract_id,
            party_id=party_id,
            period=found.period,
            revision=found.revision,
            sha256=found.sha256,
            salt=found.salt,
            received_at=moment,
            merge_by=moment + at.merge_within,
        )
    )
    event = _withdrawn(issued.receipt, found.authority_id)
    await store.withdrawals.add_withdrawal(conn, issued, event.event_id, reason)
    await store.desk.set_receipt_no(conn, issued.receipt.receipt_no, moment)
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
