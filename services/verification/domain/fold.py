"""One contract is the fold of its journal: every rule of counting and rating, in one place.

Promises: `fold` is pure, and folding a batch gives exactly what folding its events one by one
gives. Ids are derived of what is said (subject, step, rule set); times are the cause's. The same
journal from zero gives the same state and decisions to the byte.
Refuses: reading anything. Foreign facts come in as `Facts`, are only those that were used, and go
into the journal beside the input.

How a handler uses it, per batch and in one transaction:
    wanted  = contract.needs(state, event)            for each event; states locked before
    lines   = Lines(rows of wanted.slots)             per contract
    keys    = wanted.keys | lines.keys()               lock them, sorted
    book    = claims.Book(rows under keys)            all contracts
    lines.put(own rows behind book.own(contract_id) that are not loaded yet)
    then, event by event:
        facts = contract.facts(state, wanted, lines, World(directory, book))
        state, decisions = contract.fold(state, event, facts, lines)
        lines.drop(decisions.lines_gone); lines.put(decisions.lines_put)
        book.drop(decisions.claims_gone); book.put(decisions.claims_put)
DayEnded need only be folded into contracts whose `wake_on` is not after the day: for the others
nothing comes of it, and it stays out of their journal.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TypeAlias

import msgspec

from services.verification.domain import (
    announcements,
    checks,
    obligations,
    periods,
    places,
    profiles,
    rating,
    settlement,
)
from services.verification.domain.state import (
    Decisions,
    Facts,
    Filed,
    Lines,
    Needs,
    Promise,
    State,
    Version,
    slot_key,
)
from services.verification.domain.work import RULE_SET, Work
from services.verification.domain.world import World
from shared import calendar
from shared.wire import events, ids

Input: TypeAlias = (
    events.ContractRegistered
    | events.CommitmentChanged
    | events.ReturnReceived
    | events.ReturnWithdrawn
    | events.DayEnded
    | events.LineReconsidered
)
"""What a contract's journal holds."""


def fold(state: State | None, event: Input, facts: Facts, lines: Lines) -> tuple[State, Decisions]:
    """The contract after `event`, and what to write and post. `state` is None before the first
    ContractRegistered; neither it nor `lines` is changed. An event that `refusal` names must not
    be folded."""
    if state is None and isinstance(event, events.ContractRegistered):
        return _registered(event), Decisions()
    assert state is not None, f"{event.type} of a contract that was never registered"
    work = Work(state, event, facts, lines)
    if isinstance(event, events.ContractRegistered):
        _registered_again(work, event)
    elif isinstance(event, events.ReturnReceived):
        _received(work, event)
    elif isinstance(event, events.ReturnWithdrawn):
        _withdrawn(work, event)
    elif isinstance(event, events.DayEnded):
        obligations.end(work, event.day)
        _assessed(work, f"day:{event.day}")
    elif isinstance(event, events.LineReconsidered):
        settlement.reconsider(work, event.claim)
        if work.touched:
            rating.rerate(work, min(work.touched.values()))
        _assessed(work, f"claim:{event.claim}:{event.winner}")
    else:
        _changed(work, event)
    return work.state, work.out


def refusal(state: State | None, event: Input) -> str | None:
    """Why `event` cannot be folded, as a code, or None: `contract_unknown`, `version_stale`,
    `revision_stale`, `commitment_unreadable`. A message is parked with it, an API call refused."""
    if isinstance(event, events.ContractRegistered):
        is_stale = state is not None and event.version <= state.version
        return "version_stale" if is_stale else None
    if state is None:
        return "contract_unknown"
    if isinstance(event, events.ReturnReceived | events.ReturnWithdrawn):
        filed = state.filed.get(slot_key((event.period, event.party_id)))
        if filed is None:
            return None
        is_new = isinstance(event, events.ReturnReceived)
        is_stale = event.revision <= filed.revision if is_new else event.revision < filed.revision
        return "revision_stale" if is_stale else None
    if isinstance(event, events.CommitmentChanged):
        try:
            version = read_version(event.commitment, state.starts_on)
        except ValueError:
            return "commitment_unreadable"
        promise = state.promises.get(event.commitment.commitment_id)
        if promise is not None and promise.versions:
            last = promise.versions[-1]
            if version.number <= last.number or version.from_on < last.from_on:
                return "version_stale"
    return None


def needs(state: State, event: Input) -> Needs:
    """What must be at hand to fold `event`: postcodes, slots, claims' keys."""
    if isinstance(event, events.LineReconsidered):
        return Needs(keys=frozenset((event.claim,)))
    if isinstance(event, events.ReturnWithdrawn):
        return Needs(slots=frozenset(((event.period, event.party_id),)))
    if not isinstance(event, events.ReturnReceived):
        return Needs()
    postcodes, keys = _sought(state, event)
    return Needs(frozenset(postcodes), frozenset(((event.period, event.party_id),)), keys)


def facts(state: State, wanted: Needs, lines: Lines, world: World) -> Facts:
    """The foreign facts that folding the event of these needs uses, and no others."""
    keys = set(wanted.keys)
    for slot in wanted.slots:
        keys.update(line.claim.key for line in lines.in_slot(slot).values() if line.claim)
    standings = {}
    for key in sorted(keys):
        if others := world.book.of_others(key, state.contract_id):
            standings[key] = others
    postcodes = {}
    for edition, postcode in sorted(wanted.postcodes):
        name = places.fact_key(edition, postcode)
        if (fact := world.directory.get(name)) is not None:
            postcodes[name] = fact
    return Facts(postcodes, standings)


def wake_on(state: State) -> date | None:
    """The first day whose DayEnded does something here; a column to select contracts by."""
    return obligations.wake_on(state)


def read_version(
    commitment: events.CommitmentVersion, starts_on: date, floor: profiles.Ratio = profiles.ZERO
) -> Version:
    """A commitment's version from the wire. ValueError, in words, where its profile or area is not
    of the shapes that `profiles` and `places` give, or its kind is none that is assessed."""
    if commitment.kind == "ratio":
        raise ValueError("kind: ratios are not assessed")
    from_on = commitment.from_ or starts_on
    return Version(
        commitment.version,
        commitment.state,
        from_on,
        commitment.measure,
        commitment.kind,
        commitment.unit,
        commitment.target,
        profiles.read(commitment.profile, commitment.target, from_on),
        places.read_area(commitment.area),
        floor,
    )


# --- inputs, in the order of a contract's life ---------------------------------------------------


def _registered(event: events.ContractRegistered) -> State:
    # What was due before the contract was known here is not owed (rule O1).
    owed_from = calendar.period_of(event.starts_on)
    known_on = calendar.london_day(event.occurred_at)
    while periods.due_on(owed_from) < known_on:
        owed_from = calendar.next_period(owed_from)
    before = calendar.previous_period(owed_from)
    return State(
        event.contract_id,
        event.authority_id,
        event.version,
        event.supplier_ids,
        event.starts_on,
        event.ends_on,
        owed_from,
        before,
        before,
        1,
    )


def _registered_again(work: Work, event: events.ContractRegistered) -> None:
    state = work.state
    state.version, state.suppliers = event.version, event.supplier_ids
    state.starts_on, state.ends_on = event.starts_on, event.ends_on
    obligations.owe_no_more(work)
    work.out.outcomes.extend(work.moves)


def _changed(work: Work, event: events.CommitmentChanged) -> None:
    state, commitment = work.state, event.commitment
    state.version = max(state.version, event.contract_version)
    if commitment.state == "draft":
        return  # a draft promises nothing yet
    known = state.promises.get(commitment.commitment_id)
    version = read_version(commitment, state.starts_on)
    if known is None:
        state.promises[commitment.commitment_id] = Promise(
            (version,), settled_through=state.closed_through
        )
        return
    before = known.versions[-1]
    reached = profiles.expected(before.profile, version.from_on.toordinal())
    floor = max(reached, before.floor, key=lambda ratio: Fraction(*ratio))  # rule A1
    promise = work.promise(commitment.commitment_id)
    promise.versions = (*promise.versions, msgspec.structs.replace(version, floor=floor))


def _received(work: Work, event: events.ReturnReceived) -> None:
    slot = (event.period, event.party_id)
    given = checks.Return(work.state, event, work.facts, work.lines.in_slot(slot))
    new = [checks.read(given, line, order) for order, line in enumerate(event.lines)]
    results = settlement.replace(work, slot, new, event.receipt_no)
    if event.period > rating.settled_through(work.state):
        filed = Filed(event.return_id, event.receipt_no, event.revision)
        work.state.filed[slot_key(slot)] = filed
    obligations.received(work, slot)
    rating.rerate(work, min((event.period, *work.touched.values())), event.period)
    _checked(work, event, tuple(map(announcements.result, results)))


def _withdrawn(work: Work, event: events.ReturnWithdrawn) -> None:
    slot = (event.period, event.party_id)
    settlement.replace(work, slot, [], event.receipt_no)
    work.state.filed.pop(slot_key(slot), None)
    obligations.owe_again(work, slot)
    rating.rerate(work, min((event.period, *work.touched.values())), event.period)
    _checked(work, event, ())


def _checked(
    work: Work,
    event: events.ReturnReceived | events.ReturnWithdrawn,
    results: tuple[events.LineResult, ...],
) -> None:
    """One ReturnChecked per return or withdrawal, then the cases that it moved."""
    event_id = ids.derived("ReturnChecked", event.return_id, event.receipt_no, RULE_SET)
    checked = events.ReturnChecked(
        **work.head(event_id),
        return_id=event.return_id,
        receipt_no=event.receipt_no,
        party_id=event.party_id,
        period=event.period,
        revision=event.revision,
        withdrawn=isinstance(event, events.ReturnWithdrawn),
        results=results,
        changed=tuple(work.changed),
        assessments=tuple(work.assessments),
        rule_set=RULE_SET,
        editions=tuple(sorted({fact.edition for fact in work.facts.postcodes.values()})),
    )
    work.out.outcomes.extend((checked, *work.moves))


def _assessed(work: Work, step: str) -> None:
    """What a day or another contract's claim caused, where it caused anything."""
    if work.changed or work.assessments:
        event_id = ids.derived("CommitmentAssessed", work.state.contract_id, step, RULE_SET)
        assessed = events.CommitmentAssessed(
            **work.head(event_id),
            changed=tuple(work.changed),
            assessments=tuple(work.assessments),
            rule_set=RULE_SET,
        )
        work.out.outcomes.append(assessed)
    work.out.outcomes.extend(work.moves)


def _sought(
    state: State, event: events.ReturnReceived
) -> tuple[set[tuple[str, str]], frozenset[str]]:
    """Postcodes and claims' keys of a return's lines."""
    postcodes: set[tuple[str, str]] = set()
    keys: set[str] = set()
    for line in event.lines:
        version = checks.version_for(state, line)
        if version is None or not version.looks_around:
            continue
        if version.area and (place := checks.area_key(version, line)) is not None:
            postcodes.add(place)
        if (key := checks.claim_key(state, version, line)) is not None:
            keys.add(key)
    return postcodes, frozenset(keys)
