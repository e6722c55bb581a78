"""The returns of a contract by month: what came in, when, what was withdrawn, and what is missing.

Promises: says what entries tell, and names what they do not tell (`not_told`): nothing is guessed.
A supplier sees its own returns, others those of their authority's contracts.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from services.ledger import store
from services.ledger.api import documents, entries
from services.ledger.api.dependencies import Injected, Reader
from services.ledger.domain.entries import returns
from shared import sql
from shared.web import auth, lists, routes, scope

router = APIRouter(route_class=routes.Route)

NOT_TOLD: Final = (
    (
        "The log does not tell which returns were due. It has a due day only where a supplier was "
        "reminded, from three working days before that day on: a return that came earlier is "
        "neither late nor in time here."
    ),
    "No waiver is recorded, since waivers are not built.",
)


@router.get("/api/v1/contracts/{contract_id}/returns")
async def list_returns(
    dependencies: Injected,
    who: Reader,
    contract_id: Annotated[str, Path(max_length=200)],
    query: Annotated[documents.ReturnsQuery, Query()],
) -> documents.Returns:
    """A contract's returns: the months in order, and in each the suppliers of which an entry
    tells."""
    narrowed = store.reading.Filter(contract=contract_id, party=query.supplier)
    async with dependencies.pool.acquire() as conn:
        found = await tell(conn, who, narrowed, query)
        if not found.items:
            await entries.refuse_unknown(conn, who, contract_id, query.supplier)
    return found


async def tell(
    conn: sql.Connection,
    who: auth.Caller,
    narrowed: store.reading.Filter,
    query: lists.PageQuery,
) -> documents.Returns:
    """What the log tells of returns that the caller may see."""
    after = "" if query.cursor is None else lists.decode_cursor(query.cursor, str)[0]
    told = await store.reading.list_returns(conn, scope.of(who), narrowed, after, query.limit + 1)
    months, next_cursor = lists.cut(
        returns.by_month(told.entries), query.limit, lambda month: [month.period]
    )
    if told.is_cut and next_cursor is None:
        next_cursor = lists.encode_cursor(months[-1].period)
    return documents.Returns(
        items=list(map(_month, months)), next=next_cursor, not_told=list(NOT_TOLD)
    )


def _month(month: returns.Month) -> documents.ReturnsOfMonth:
    states = [slot.state for slot in month.slots]
    late = [each.is_late for slot in month.slots for each in slot.received]
    return documents.ReturnsOfMonth(
        period=month.period,
        received=states.count("received"),
        withdrawn=states.count("withdrawn"),
        missing=states.count("missing"),
        late=late.count(True),
        due=None,
        waived=None,
        suppliers=list(map(_slot, month.slots)),
    )


def _slot(slot: returns.Slot) -> documents.ReturnsOfSupplier:
    return documents.ReturnsOfSupplier(
        party_id=slot.party_id,
        state=slot.state,
        received=[
            documents.ReturnReceived(
                entry=each.entry,
                received_at=each.received_at,
                return_id=each.facts.get("return_id"),
                revision=each.facts.get("revision"),
                receipt_no=each.facts.get("receipt_no"),
                is_nil=each.facts.get("nil"),
                is_current=each.is_current,
                due_on=each.due_on,
                is_late=each.is_late,
                late_lines=each.late_lines,
            )
            for each in slot.received
        ],
        withdrawals=[
            documents.ReturnWithdrawn(
                entry=each.entry,
                withdrawn_at=each.at,
                revision=each.facts.get("revision"),
                receipt_no=each.facts.get("receipt_no"),
            )
            for each in slot.withdrawals
        ],
        reminders=[
            documents.Reminder(
                entry=each.entry,
                kind=each.facts.get("kind"),
                due_on=each.facts.get("due_on"),
                occurred_at=each.at,
            )
            for each in slot.reminders
        ],
    )
