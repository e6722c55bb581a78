"""A case: what is behind or missing, where it stands, and what was said of it (rule C2).

Promises: pure. Every figure is one that the API gives. A step counts as taken only if the case has
reached it: steps in between may have been passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.verification.api.documents import cases as documents
from services.verification.pages import cases, ratings
from shared import calendar, formats
from shared.pages import names
from shared.pages.parts import Fact, Happening

STEPS: Final[Mapping[str, str]] = {
    "opened": "Opened",
    "notified": "Notified",
    "replied": "Replied",
    "plan_agreed": "Plan agreed",
    "reassessed": "Reassessed",
    "resolved": "Resolved",
}
"""The way of a case, in order. One that is withdrawn leaves it."""
REASONS: Final[Mapping[str, str]] = {
    "rated_behind": "rated Requires improvement or worse",
    "approaching_twice": "just short twice running",
    "two_good_periods": "two good months",
    "rating_replaced": "a correction took it away",
    "owed_no_more": "no longer asked for",
    "no_return": "the return did not come",
    "return_received": "the return came",
}
"""Why a case moved, by code."""
_SAID: Final[Mapping[str, str]] = {
    "shortfall_opened": "Behind",
    "shortfall_worsened": "Fell further behind",
    "shortfall_recovered": "Back on course",
    "return_due": "Reminder: the return is due",
    "return_overdue": "Reminder: the return is overdue",
}
"""What an alert tells, by kind."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way."""

    word: str
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One case."""

    title: str
    contract: str
    sentences: tuple[str, ...]
    """The first says where it stands."""
    steps: tuple[Step, ...]
    """Empty if the case left the way, or has none: a missing return ends its case by coming."""
    happened: tuple[Happening, ...]
    """The newest first."""
    facts: tuple[Fact, ...]


def show(case: documents.CaseWhole, known: names.Names) -> Page:
    """The page of a case. `known`: names of the officers who acknowledged its alerts."""
    return Page(
        title=cases.name(case),
        contract=f"{case.contract_title}, {case.contract_id}",
        sentences=tuple(_sentences(case)),
        steps=_steps(case.state) if case.kind == "shortfall" else (),
        happened=tuple(_happened(case, known)),
        facts=_facts(case),
    )


def _sentences(case: documents.CaseWhole) -> Iterator[str]:
    if not case.is_open:
        moved = formats.day(calendar.london_day(case.moved_at))
        yield f"{ratings.case_state(case.kind, case.state)} on {moved}: {_reason(case)}."
        return
    if case.next_step is not None:
        yield f"Open. {case.next_step.words}"
    else:
        yield f"{ratings.case_state(case.kind, case.state)}."
    if case.gap and case.gap_share is not None:
        gap = formats.amount(case.gap, case.unit)
        share = formats.share(Decimal(case.gap_share))
        yield f"It is {gap} behind, {share} of the whole target. Rated: {case.rating}."


def _reason(case: documents.CaseWhole) -> str:
    return REASONS.get(case.reason, case.reason)


def _steps(state: str) -> tuple[Step, ...]:
    at = "resolved" if state.startswith("resolved") else state
    if at not in STEPS:
        return ()
    return tuple(Step(word, step == at) for step, word in STEPS.items())


def _happened(case: documents.CaseWhole, known: names.Names) -> Iterator[Happening]:
    """The end, what was said, and the beginning."""
    if not case.is_open:
        yield Happening(
            f"{ratings.case_state(case.kind, case.state)}: {_reason(case)}",
            formats.moment(case.moved_at),
        )
    for said in case.said:
        yield Happening(_said(said, case.unit), _when(said, known))
    why = REASONS.get(case.reason, case.reason) if case.state == "opened" else None
    yield Happening(f"Opened: {why}" if why else "Opened", formats.moment(case.opened_at))


def _said(said: documents.Said, unit: str | None) -> str:
    words = _SAID.get(said.kind, said.headline)
    if said.gap:
        words += f": {formats.amount(said.gap, unit)}"
    return f"{words}, {said.rating}" if said.rating else words


def _when(said: documents.Said, known: names.Names) -> str:
    raised = formats.moment(said.raised_at)
    if said.acknowledged_by is None or said.acknowledged_at is None:
        return raised
    seen = formats.moment(said.acknowledged_at)
    return f"{raised}. Acknowledged by {known.person(said.acknowledged_by)}, {seen}"


def _facts(case: documents.CaseWhole) -> tuple[Fact, ...]:
    contract = case.contract_id
    found = [Fact("Contract", case.contract_title, f"/contracts/{contract}")]
    if case.commitment_id is not None:
        promise = f"/contracts/{contract}/commitments/{case.commitment_id}"
        found.append(Fact("Promise", case.commitment_title or "", promise))
    found += [
        Fact("Supplier", cases.suppliers(case)),
        Fact("Returns", "Returns of this contract", f"supplier:/?contract={contract}"),
        Fact("Record", "What happened, entry by entry", f"record:/?contract={contract}"),
    ]
    return tuple(found)
