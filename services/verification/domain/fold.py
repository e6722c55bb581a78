"""One contract is the fold of its journal: every rule of counting and rating, in one place.

Promises: `fold` is pure, and folding a batch gives exactly what folding its events one by one
gives. Ids are derived of what is said (subject, step, rule set); times are the cause's. The same
journal from zero gives the same state and decisions to the byte.
Refuses: reading anything. Foreign facts come in as `Facts`, are only those that were used, and go
into the journal with the input.

Each event takes the same way: its rules add to a `Work` what they decide, and at the end
`announcements` makes the events of it. That an alert was acknowledged changes nothing but the
alert.

How a handler uses it, per batch and in one transaction:
    wanted = world.needs(state, event)                for each event; states locked before
    lines  = Lines(rows of wanted.slots)              per contract
    keys   = wanted.keys | world.keys(state, lines)   lock them, sorted
    claims = ClaimIndex(rows under keys)              all contracts
    lines.put(own rows that made own claims under the keys, where not loaded yet)
    then, event by event:
        facts = world.facts(state, wanted, lines, World(directory, claims))
        state, decisions = fold.fold(state, event, facts, lines)
        lines.drop(decisions.lines_gone); lines.put(decisions.lines_put)
        claims.drop(decisions.claims_gone); claims.put(decisions.claims_put)
DayEnded need only be folded into contracts whose `wake_on` is not after the day: for the others
nothing comes of it, and it stays out of their journal.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TypeAlias
from uuid import UUID

from services.verification.domain import (
    announcements,
    checks,
    ending,
    obligations,
    places,
    profiles,
    rating,
    settlement,
)
from services.verification.domain.lines import Lines
from services.verification.domain.state import (
    Commitment,
    Decisions,
    Facts,
    Filed,
    State,
    Version,
    slot_key,
)
from services.verification.domain.work import Work
from shared import calendar
from shared.wire import events

Input: TypeAlias = (
    events.ContractRegistered
    | events.CommitmentChanged
    | events.ReturnReceived
    | events.ReturnWithdrawn
    | events.DayEnded
    | events.LineReconsidered
    | events.AlertAcknowledged
)
"""What a contract's journal holds."""


def fold(state: State | None, event: Input, facts: Facts, lines: Lines) -> tuple[State, Decisions]:
    """The contract after `event`, and what to write and post. `state` is None before the first
    ContractRegistered; neither it nor `lines` is changed. An event that `refusal` names must not
    be folded."""
    if state is None:
        assert isinstance(event, events.ContractRegistered), f"{event.type} before registration"
        return _registered(event), Decisions()
    work = Work(state, event, facts, lines)
    if isinstance(event, events.ReturnReceived):
        _received(work, event)
    elif isinstance(event, events.ReturnWithdrawn):
        _withdrawn(work, event)
    elif isinstance(event, events.DayEnded):
        obligations.end_day(work, event.day)
    elif isinstance(event, events.LineReconsidered):
        _reconsidered(work, event)
    elif isinstance(event, events.CommitmentChanged):
        _changed(work, event)
    elif isinstance(event, events.ContractRegistered):
        _registered_again(work, event)
    return work.state, announcements.announce(work)


def refusal(state: State | None, event: Input, known: Collection[UUID] = ()) -> str | None:
    """Why `event` cannot be folded, as a code, or None: `contract_unknown`, `authority_differs`,
    `party_unknown`, `version_stale`, `revision_stale`, `supersedes_none`, `supersedes_another`,
    `supersedes_unknown`, `commitment_unreadable`. A message is parked with it, an API call refused.

    `known`: returns of the contract that came before, also those that are withdrawn, forgotten or
    wait to be processed. A revision above 1 may follow one of them.
    """
    if isinstance(event, events.ContractRegistered):
        if state is None:
            return None
        if event.authority_id != state.authority_id:
            return "authority_differs"
        return "version_stale" if event.version <= state.version else None
    if state is None:
        return "contract_unknown"
    if event.authority_id != state.authority_id and not isinstance(event, events.DayEnded):
        return "authority_differs"
    if isinstance(event, events.ReturnReceived | events.ReturnWithdrawn):
        return _refusal_of_return(state, event, known)
    if isinstance(event, events.CommitmentChanged):
        return _refusal_of_change(state, event)
    return None


def read_version(
    commitment: events.CommitmentVersion, default_from: date, before: Version | None = None
) -> Version:
    """A commitment's version from the wire, as it goes on from the one before. ValueError, in
    words, where its profile or area is not of the shapes that `profiles` and `places` give, or its
    kind is none that is assessed."""
    if commitment.kind == "ratio":
        raise ValueError("kind: ratio measures are not assessed yet")
    from_on = commitment.from_ or default_from
    profile = profiles.read(commitment.profile, commitment.target, from_on)
    if before is not None:
        profile = profiles.change(before.profile, profile, from_on.toordinal())
    return Version(
        number=commitment.version,
        state=commitment.state,
        from_on=from_on,
        measure=commitment.measure,
        kind=commitment.kind,
        unit=commitment.unit,
        target=commitment.target,
        profile=profile,
        area=places.read_area(commitment.area),
    )


def _refusal_of_return(
    state: State,
    event: events.ReturnReceived | events.ReturnWithdrawn,
    known: Collection[UUID],
) -> str | None:
    filed = state.filed.get(slot_key((event.period, event.party_id)))
    if filed is None and event.party_id not in (*state.suppliers, *state.former):
        return "party_unknown"
    if isinstance(event, events.ReturnWithdrawn):
        return "revision_stale" if filed and event.revision < filed.revision else None
    if filed is not None and event.revision <= filed.revision:
        return "revision_stale"
    if event.revision == 1:
        return None if event.supersedes is None else "supersedes_another"
    if event.supersedes is None:
        return "supersedes_none"
    if filed is not None:
        is_next = event.revision == filed.revision + 1
        if is_next != (event.supersedes == filed.return_id):
            return "supersedes_another"
        if is_next:
            return None
    return None if event.supersedes in known else "supersedes_unknown"


def follows_unseen(state: State, event: events.ReturnReceived) -> bool:
    """Whether the state alone does not tell what `event` supersedes: `refusal` needs `known`."""
    filed = state.filed.get(slot_key((event.period, event.party_id)))
    return event.supersedes is not None and (filed is None or filed.return_id != event.supersedes)


def _refusal_of_change(state: State, event: events.CommitmentChanged) -> str | None:
    try:
        version = _version(state, event)
    except ValueError:
        return "commitment_unreadable"
    known = state.commitments.get(event.commitment.commitment_id)
    if known is not None:
        last = known.versions[-1]
        if version.number <= last.number or version.from_on < last.from_on:
            return "version_stale"
    return None


def _version(state: State, event: events.CommitmentChanged) -> Version:
    """A first version without a day is in force from the contract's start, a change from the day
    on which it is made (docs/rules.md, Commitments and versions)."""
    known = state.commitments.get(event.commitment.commitment_id)
    if known is None:
        return read_version(event.commitment, state.starts_on)
    last = known.versions[-1]
    today = calendar.london_day(event.occurred_at)
    return read_version(event.commitment, max(today, last.from_on), last)


# --- inputs, in the order of a contract's life ---------------------------------------------------


def _registered(event: events.ContractRegistered) -> State:
    # Months that had ended before the contract was registered are not owed (rule A5).
    registered_on = calendar.london_day(event.occurred_at)
    known_on = max(event.starts_on, registered_on)
    before = calendar.previous_period(calendar.period_of(known_on))
    return State(
        contract_id=event.contract_id,
        authority_id=event.authority_id,
        version=event.version,
        suppliers=event.supplier_ids,
        starts_on=event.starts_on,
        ends_on=event.ends_on,
        ended_through=before,
        closed_through=before,
        inputs=1,
        end_told=event.ends_on if registered_on > ending.told_on(event.ends_on) else None,
    )


def _registered_again(work: Work, event: events.ContractRegistered) -> None:
    state = work.state
    gone = tuple(each for each in state.suppliers if each not in event.supplier_ids)
    state.former = tuple(dict.fromkeys((*state.former, *gone)))
    state.version, state.suppliers = event.version, event.supplier_ids
    state.starts_on, state.ends_on = event.starts_on, event.ends_on
    obligations.owe_no_more(work)


def _changed(work: Work, event: events.CommitmentChanged) -> None:
    state, commitment_id = work.state, event.commitment.commitment_id
    state.version = max(state.version, event.contract_version)
    if event.commitment.state == "draft":
        return  # a draft promises nothing yet
    version = _version(state, event)
    if commitment_id not in state.commitments:
        known_from = calendar.next_period(state.ended_through)
        state.commitments[commitment_id] = Commitment((version,), known_from)
        return
    commitment = work.commitment(commitment_id)
    commitment.versions = (*commitment.versions, version)


def _received(work: Work, event: events.ReturnReceived) -> None:
    slot = (event.period, event.party_id)
    given = checks.Return(work.state, event, work.facts, work.lines.in_slot(slot))
    new = [checks.read(given, line, order) for order, line in enumerate(event.lines)]
    settlement.replace(work, slot, new, event.receipt_no)
    if rating.is_kept(work.state, event.period):
        filed = Filed(event.return_id, event.receipt_no, event.revision)
        work.state.filed[slot_key(slot)] = filed
    obligations.receive(work, slot)
    rating.rerate(work, min((event.period, *work.touched.values())), event.period)


def _withdrawn(work: Work, event: events.ReturnWithdrawn) -> None:
    slot = (event.period, event.party_id)
    settlement.replace(work, slot, [], event.receipt_no)
    work.state.filed.pop(slot_key(slot), None)
    obligations.owe_again(work, slot)
    rating.rerate(work, min((event.period, *work.touched.values())), event.period)


def _reconsidered(work: Work, event: events.LineReconsidered) -> None:
    settlement.reconsider(work, event.claim)
    if work.touched:
        rating.rerate(work, min(work.touched.values()))
