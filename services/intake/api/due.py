"""What is due, for programs: which returns are asked for, by when, and what became of each (O1).

Promises: a supplier sees its own, the other roles those of their authority. A return is listed from
the first month that a contract asks for to the running one, further on if asked for with `to`.
Pages ask for what is outstanding: due and not received, the most urgent first.
Refuses: a contract or party that the caller may not see (`404`); a contract that was published
without its obligations (`409`).
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Query

from services.intake import store
from services.intake.acceptance.refusals import Refusal
from services.intake.api import documents, narrowing, refusals
from services.intake.api.dependencies import Dependencies, Injected, Reader
from services.intake.domain import due
from shared import calendar, sql
from shared.web import auth, lists, routes, scope
from shared.wire import events

router = APIRouter(prefix="/api/v1", route_class=routes.Route)

CONTRACTS_AT_ONCE: Final = 20
"""Read and worked out together: some milliseconds each. A page is nearly always of fewer."""
OUTSTANDING_CONTRACTS_MAX: Final = 500
"""Looked at for what is outstanding, in two queries: as many as a page is made for."""
MONTHS_AT_ONCE: Final = 24
"""Returns of one contract on a page: two years of one supplier."""
_ALL: Final = due.Slot("~", "")
"""After every slot."""


class _Key(NamedTuple):
    """Where a return is in the list."""

    contract_id: str
    slot: due.Slot


_BEGINNING: Final = _Key("", due.Slot("", ""))


@router.get("/due")
async def list_due(
    who: Reader, dependencies: Injected, query: Annotated[documents.DueQuery, Query()]
) -> lists.Page[documents.Due]:
    """Returns that are asked for, by contract, month and supplier, with their due day and what
    became of them."""
    lists.assert_in_order("from", query.first, "to", query.last)
    pool = dependencies.delivery.pool
    seen = await narrowing.narrow(pool, scope.of(who), query.contract, query.party)
    today = calendar.london_day(dependencies.clock.now())
    last = query.last or calendar.period_of(today)
    states = due.STATES if query.state is None else (query.state,)
    asked = due.Asked(seen.party_id, query.first or "", last, states)
    after = _BEGINNING
    if query.cursor is not None:
        contract_id, *slot = lists.decode_cursor(query.cursor, str, str, str)
        after = _Key(contract_id, due.Slot(*slot))
    found = await _walk(pool, seen, query, _Wanted(asked, today, after))
    shown, next_cursor = lists.cut(found, query.limit, lambda each: [each.contract_id, *each.slot])
    return lists.Page(items=[_shown(each) for each in shown], next=next_cursor)


class Outstanding(NamedTuple):
    """Returns that are due and not received."""

    counts: Mapping[due.DueState, int]
    """How many there are, by state."""
    first: Sequence[documents.Due]
    """The most urgent of them: by due day, contract and supplier."""
    unknown: int
    """Contracts that were published without their obligations: nothing is known of them."""
    is_whole: bool
    """Whether all contracts were looked at."""


async def find_outstanding(
    who: auth.Caller,
    dependencies: Dependencies,
    contract_id: str | None,
    states: Collection[due.DueState],
    limit: int,
) -> Outstanding:
    """What is outstanding in these states, of all contracts that the caller may see or of one; the
    first `limit` of them in full. In two queries."""
    pool, seen = dependencies.delivery.pool, scope.of(who)
    today = calendar.london_day(dependencies.clock.now())
    listed = await store.due.list_contracts(
        pool, seen, contract_id, "", OUTSTANDING_CONTRACTS_MAX + 1
    )
    contracts = listed[:OUTSTANDING_CONTRACTS_MAX]
    asked = due.Asked(seen.party_id, "", calendar.period_of(today), states)
    matching = await _matching(pool, contracts, _Wanted(asked, today, _BEGINNING))
    found = await asyncio.to_thread(list, matching)
    return Outstanding(
        counts=Counter(each.state for each in found),
        first=[_shown(each) for each in heapq.nsmallest(limit, found, key=due.urgency)],
        unknown=sum(one.obligations is None for one in contracts),
        is_whole=len(listed) <= OUTSTANDING_CONTRACTS_MAX,
    )


class OfContract(NamedTuple):
    """A contract, and a return for each of its months."""

    contract: events.ContractPublished
    months: Sequence[documents.Due]
    """The newest first; at most `MONTHS_AT_ONCE` returns."""
    before: str | None
    """The month with which the earlier ones begin; None if these are all."""
    counts: Mapping[due.DueState, int]
    """How many returns there are until the running month, by state."""


async def find_months(
    who: auth.Caller, dependencies: Dependencies, contract_id: str, until: str | None
) -> OfContract:
    """A contract that the caller may see, with what was asked for until a month, or the running
    one. In two queries. Raises a `404` problem."""
    pool, seen = dependencies.delivery.pool, scope.of(who)
    found = await store.due.list_contracts(pool, seen, contract_id, "", 1)
    contract = refusals.accept(found[0] if found else Refusal("contract_unknown"))
    today = calendar.london_day(dependencies.clock.now())
    asked = due.Asked(seen.party_id, "", calendar.period_of(today))
    matching = await _matching(pool, [contract], _Wanted(asked, today, _BEGINNING))
    all_months = await asyncio.to_thread(list, matching)
    newest = [each for each in reversed(all_months) if each.slot.period <= (until or asked.last)]
    shown, rest = newest[:MONTHS_AT_ONCE], newest[MONTHS_AT_ONCE:]
    return OfContract(
        contract=contract,
        months=[_shown(each) for each in shown],
        before=rest[0].slot.period if rest else None,
        counts=Counter(each.state for each in all_months),
    )


async def list_contracts(
    who: auth.Caller, dependencies: Dependencies, limit: int, cursor: str | None
) -> lists.Page[events.ContractPublished]:
    """The contracts that the caller may see, by reference, as they were published last."""
    after = "" if cursor is None else lists.decode_cursor(cursor, str)[0]
    seen = scope.of(who)
    found = await store.due.list_contracts(dependencies.delivery.pool, seen, None, after, limit + 2)
    later = [each for each in found if each.contract_id != after]
    shown, next_cursor = lists.cut(later, limit, lambda each: [each.contract_id])
    return lists.Page.model_construct(items=list(shown), next=next_cursor)


class _Wanted(NamedTuple):
    asked: due.Asked
    today: date
    after: _Key


async def _walk(
    pool: sql.Pool, seen: scope.Scope, query: documents.DueQuery, wanted: _Wanted
) -> list[due.Due]:
    """What is wanted, as far as a page needs it, contracts by contracts."""
    found: list[due.Due] = []
    at_once = CONTRACTS_AT_ONCE if _is_in_full(wanted) else OUTSTANDING_CONTRACTS_MAX
    while True:
        contracts = await store.due.list_contracts(
            pool, seen, query.contract, wanted.after.contract_id, at_once
        )
        if query.contract is not None and any(each.obligations is None for each in contracts):
            raise refusals.obligations_unknown()
        more = await _matching(pool, contracts, wanted)
        missing = query.limit + 1 - len(found)
        found += await asyncio.to_thread(list, itertools.islice(more, missing))
        if len(found) > query.limit or len(contracts) < at_once:
            return found
        wanted = wanted._replace(after=_Key(contracts[-1].contract_id, _ALL))


def _is_in_full(wanted: _Wanted) -> bool:
    """Whether what is in has to be known in full: to tell what is not, its months are enough."""
    return "received" in wanted.asked.states


async def _matching(
    pool: sql.Pool, contracts: Sequence[events.ContractPublished], wanted: _Wanted
) -> Iterator[due.Due]:
    """What is wanted of these contracts, worked out as it is asked for."""
    known = [each for each in contracts if each.obligations is not None]
    contract_ids, party_id = [each.contract_id for each in known], wanted.asked.party_id
    if _is_in_full(wanted):
        sent = await store.due.load_sent(pool, contract_ids, party_id)
        each_due = (
            due.due(each, sent.get(each.contract_id, {}), wanted.asked, wanted.today)
            for each in known
        )
    else:
        filled = await store.due.load_filled(pool, contract_ids, party_id)
        each_due = (
            due.outstanding(
                each, filled.get(each.contract_id, due.NOTHING), wanted.asked, wanted.today
            )
            for each in known
        )
    return itertools.filterfalse(
        lambda each: (
            each.contract_id == wanted.after.contract_id and each.slot <= wanted.after.slot
        ),
        itertools.chain.from_iterable(each_due),
    )


def _shown(each: due.Due) -> documents.Due:
    sent = each.sent
    current = sent if each.state == "received" else None
    return documents.Due(
        contract_id=each.contract_id,
        party_id=each.slot.party_id,
        period=each.slot.period,
        state=each.state,
        send_from=each.send_from,
        due_on=each.due_on,
        overdue_working_days=each.overdue_working_days,
        next_revision=each.next_revision,
        revision=current and current.revision,
        return_id=current and current.return_id,
        receipt_no=current and current.receipt_no,
        received_at=current and current.received_at,
        late=each.is_late,
        withdrawn_at=sent and sent.withdrawn_at,
    )
