"""One contract is the fold of its journal: every rule of counting and rating, in one place.

Promises: `fold` is pure, and folding a batch gives exactly what folding its events one by one
gives. Ids are derived of what is said (subject, step, rule set); times are the cause's. The same
journal from zero gives the same state and decisions to the byte.
Refuses: reading anything. Foreign facts come in as `Facts`, are only those that were used, and go
into the journal beside the input.

How a handler uses it, per batch and in one transaction:
    needs   = contract.needs(state, event)            for each event; states locked before
    lines   = Lines(rows of needs.slots)              per contract
    keys    = needs.keys | lines.keys()               lock them, sorted
    book    = claims.Book(rows under keys)            all contracts
    lines.put(own rows behind book.own(contract_id) that are not loaded yet)
    then, event by event:
        facts = contract.facts(state, event, lines, World(directory, book))
        state, decisions = contract.fold(state, event, facts, lines)
        lines.drop(decisions.lines_gone); lines.put(decisions.lines_put)
        book.drop(decisions.claims_gone); book.put(decisions.claims_put)
DayEnded need only be folded into contracts whose `wake_on` is not after the day: for the others
nothing comes of it, and it stays out of their journal.
"""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

from services.verification.state import Decisions, Facts, Lines, Needs, State
from services.verification.world import World
from shared import events

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
    raise NotImplementedError


def refusal(state: State | None, event: Input) -> str | None:
    """Why `event` cannot be folded, as a code, or None: `contract_unknown`, `version_stale`,
    `revision_stale`, `nothing_to_withdraw`, `profile_unreadable`. A letter is parked with it, an
    API call refused."""
    raise NotImplementedError


def needs(state: State, event: Input) -> Needs:
    """What must be at hand to fold `event`: postcodes, slots, claims' keys."""
    raise NotImplementedError


def facts(state: State, event: Input, lines: Lines, world: World) -> Facts:
    """The foreign facts that folding `event` uses, and no others."""
    raise NotImplementedError


def wake_on(state: State) -> date | None:
    """The first day whose DayEnded does something here; a column to select contracts by."""
    raise NotImplementedError
