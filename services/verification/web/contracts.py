"""The pages of one contract."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response

from services.verification import store
from services.verification.api import cases, contracts, figures, people, refusals
from services.verification.api import documents as figure_documents
from services.verification.api import known as as_known
from services.verification.api.dependencies import Dependencies, Injected
from services.verification.api.documents import alerts as documents
from services.verification.domain import slots
from services.verification.pages import contract, known, months, narrowed, promise
from services.verification.pages import people as page_people
from services.verification.register.refusals import Refusal
from shared import calendar, fields
from shared.pages import listing, names, site
from shared.pages.access import Reader
from shared.pages.parts import Fact
from shared.web import auth, scope

CASES_MAX: Final = 100
"""On the page of a contract."""

router = APIRouter()


@router.get("/contracts/{contract_id}")
async def show_contract(
    request: Request,
    contract_id: fields.ContractId,
    who: Reader,
    dependencies: Injected,
    query: Annotated[known.Asked, Query()],
) -> Response:
    """One contract: is it on course?"""
    caller, of = who.caller, scope.of(who.caller)
    seen = await _see(dependencies, caller, contract_id, query.as_at)
    state, day = seen.known.state, seen.day or seen.today
    window = slots.window(state, day, months.MONTHS_MAX)
    if seen.day is None:
        since = calendar.midnight(calendar.first_day(window.first))
        pool = dependencies.delivery.pool
        filings = await store.figures.list_filings(pool, of, contract_id, since)
        asked = documents.CasesQuery(contract=contract_id, limit=CASES_MAX)
        followed = (await cases.find_cases(dependencies, caller, asked)).items
    else:
        filings = [each for each in seen.known.filings if of.party_id in (None, each.slot[1])]
        followed = cases.shown_to(of, seen.known.cases)
    answering: tuple[Fact, ...] = ()
    if of.party_id is None:  # suppliers are told nothing of the council's people
        answering = await _people(dependencies, of, contract_id, seen.day)
    page = contract.show(
        contract.Gathered(
            contract=seen.contract,
            performance=figures.show(seen.known, seen.titles, seen.day),
            assessed=list(figures.assessed(seen.known.assessments)),
            cases=followed,
            slots=slots.tell(state, filings, day, window, of.party_id),
            filings=filings,
            people=answering,
        ),
        known.show(f"/contracts/{contract_id}", query.as_at, seen.day, seen.fault),
        seen.day,
        query.first,
    )
    return site.show(request, "contract.html", page, who, 422 if seen.fault else 200)


async def _people(
    dependencies: Dependencies, of: scope.Scope, contract_id: str, day: date | None
) -> tuple[Fact, ...]:
    """Who answers for a contract; who did at the end of a day."""
    during = store.people.NOW
    if day is not None:
        end = calendar.midnight_after(day)
        during = store.people.During(end, end)
    rows = await store.people.list_held(dependencies.delivery.pool, of, contract_id, during)
    return page_people.of_contract(contract_id, people.held(rows), people.named(rows))


def _promise(contract_id: fields.ContractId, commitment_id: fields.CommitmentId) -> names.Promise:
    """Which promise an address names."""
    return names.Promise(contract_id, commitment_id)


@router.get("/contracts/{contract_id}/commitments/{commitment_id}")
async def show_promise(
    request: Request,
    of_promise: Annotated[names.Promise, Depends(_promise)],
    who: Reader,
    dependencies: Injected,
    query: Annotated[narrowed.Asked, Query()],
) -> Response:
    """One promise: how was its figure made?"""
    caller, of = who.caller, scope.of(who.caller)
    contract_id, commitment_id = of_promise
    seen = await _see(dependencies, caller, contract_id, query.as_at)
    found = (each for each in seen.contract.commitments if each.commitment_id == commitment_id)
    commitment = refusals.accept(next(found, None) or Refusal("commitment_unknown"))
    asked = figure_documents.LinesQuery(
        commitment=commitment_id,
        period=query.month or None,
        state=query.result or None,
        limit=promise.LINES_MAX,
        cursor=query.cursor,
    )
    if seen.day is None:
        lines = await figures.find_lines(dependencies, caller, contract_id, asked)
    else:
        lines = figures.lines_then(seen.known, of, asked)
    officers = {each.proposed_by for each in commitment.versions}
    officers |= {each.approved_by for each in commitment.versions if each.approved_by}
    named = await store.names.load_names(dependencies.delivery.pool, of, (), officers)
    state, performance = seen.known.state, figures.show(seen.known, seen.titles, seen.day)
    performed = (each for each in performance.commitments if each.commitment_id == commitment_id)
    path = promise.address(contract_id, commitment_id)
    page = promise.show(
        promise.Gathered(
            contract=seen.contract,
            commitment=commitment,
            performed=next(performed, None),
            folded=state.commitments.get(commitment_id),
            lines=lines.items,
            receipts={each.return_id: each.receipt_no for each in state.filed.values()},
            rule_set=performance.rule_set,
            is_supplier=of.party_id is not None,
            names=named,
        ),
        query,
        known.show(path, query.as_at, seen.day, seen.fault),
        seen.day,
        listing.pages(path, query.cursor, lines.next, **query.kept),
    )
    return site.show(request, "promise.html", page, who, 422 if seen.fault else 200)


# --- what is known of a contract -----------------------------------------------------------------


class _Seen(NamedTuple):
    """A contract as it is now, or as it was known on the day that was asked for."""

    contract: figure_documents.ContractWhole
    known: as_known.Known
    today: date
    day: date | None
    """None: it is shown as it is now."""
    fault: str | None
    """What is wrong with the day that was asked for."""

    @property
    def titles(self) -> dict[str, str]:
        return {each.commitment_id: each.title for each in self.contract.commitments}


async def _see(
    dependencies: Dependencies, caller: auth.Caller, contract_id: str, asked: str
) -> _Seen:
    """Raises a `404` problem unless there is a contract that the caller may see."""
    pool, today = dependencies.delivery.pool, calendar.london_day(dependencies.clock.now())
    row = await contracts.find(dependencies, caller, contract_id)
    whole = contracts.whole(row, await store.register.list_commitments(pool, contract_id))
    fault = known.check(asked, today) if asked else None
    day = known.read(asked) if asked and fault is None else None
    if day is not None:
        then = await as_known.then(pool, contract_id, day)
        if not isinstance(then, date):
            return _Seen(contracts.as_known(whole, then.state, day), then, today, day, None)
        fault = known.too_early(then)
    now = await as_known.now(pool, row, has_lines=False)
    return _Seen(whole, now, today, None, fault)
