"""At the desk: what becomes of each submission, given what was taken before it.

Promises: `decide` folds over submissions in their order; each sees what the one before it did, so
that a group of n decides exactly as n groups of one. The same submission again (its key or its
bytes) is the same receipt; of a refused one nothing is kept but the refusal.

Refuses: a key that came with other bytes before (409), a revision that is not the next (409), and
whatever else `returns.check` finds (422).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

from services.intake.domain import faults, people, receipts, returns, submission
from shared import calendar
from shared.wire import events

Route: TypeAlias = Literal["http", "kafka"]
Chain: TypeAlias = tuple[str, str, str]
"""Contract, party, period: what revisions follow one another in."""


@dataclass(frozen=True, slots=True)
class Post:
    """A submission as it stands at the desk, read already. The ids and salt are drawn before."""

    party_id: str
    authority_id: str
    """Whose refusals it would be among; a return belongs to its contract's authority."""
    route: Route
    key: str | None
    """The sender's Idempotency-Key."""
    body: bytes
    sha256: bytes
    reading: submission.Reading
    return_id: UUID
    salt: bytes

    @property
    def chain(self) -> Chain | None:
        """None where contract or period cannot be read."""
        given = self.reading.submission
        if given.contract_id is None or given.period is None:
            return None
        return given.contract_id, self.party_id, given.period


@dataclass(frozen=True, slots=True)
class Latest:
    revision: int
    return_id: UUID


@dataclass(slots=True)
class State:
    """What is known at the moment of deciding; `decide` adds what it accepts."""

    at: datetime
    receipt_no: int
    """The last one given."""
    signer: receipts.Signer
    merge_within: timedelta
    event_bytes_max: int
    contracts: Mapping[str, returns.Contract]
    latest: dict[Chain, Latest] = field(default_factory=dict)
    by_key: dict[tuple[str, str], receipts.Issued] = field(default_factory=dict)
    """By party and Idempotency-Key."""
    by_bytes: dict[tuple[str, bytes], receipts.Issued] = field(default_factory=dict)
    """By party and SHA-256 of the submission."""


@dataclass(frozen=True, slots=True)
class Accepted:
    post: Post
    issued: receipts.Issued
    acceptance: returns.Acceptance


@dataclass(frozen=True, slots=True)
class Again:
    """The same submission as before: the same receipt. Its key, if new, is remembered."""

    post: Post
    issued: receipts.Issued


@dataclass(frozen=True, slots=True)
class Refused:
    post: Post
    status: Literal[409, 413, 422]
    faults: tuple[faults.Fault, ...]
    contract_id: str | None
    """Only where the party may report on it."""


Decision: TypeAlias = Accepted | Again | Refused


def decide(state: State, post: Post) -> Decision:
    """What becomes of `post`; the desk then knows of it."""
    before = state.by_key.get((post.party_id, post.key)) if post.key is not None else None
    if before is not None and before.receipt.sha256 != post.sha256:
        return Refused(post, 409, (_KEY_TAKEN,), None)
    before = before or state.by_bytes.get((post.party_id, post.sha256))
    if before is not None:
        _remember(state, post, before)
        return Again(post, before)
    contract = state.contracts.get(post.reading.submission.contract_id or "")
    if contract is not None and post.party_id not in contract.supplier_ids:
        contract = None  # rule I1
    latest = state.latest.get(post.chain) if post.chain is not None else None
    standing = returns.Standing(
        post.party_id, contract, latest.revision if latest else 0, calendar.london_day(state.at)
    )
    found = returns.check(post.reading, standing)
    if found:
        status: Literal[409, 422] = 409 if returns.is_conflict(post.reading, found) else 422
        return Refused(post, status, found, contract.contract_id if contract else None)
    assert contract is not None
    return _accept(state, post, contract, latest)


def _accept(
    state: State, post: Post, contract: returns.Contract, latest: Latest | None
) -> Accepted | Refused:
    given, chain = post.reading.submission, post.chain
    assert given.revision is not None
    assert chain is not None
    acceptance = returns.Acceptance(
        return_id=post.return_id,
        receipt_no=state.receipt_no + 1,
        received_at=state.at,
        supersedes=latest.return_id if latest else None,
        words_digest=receipts.words_digest(post.salt, post.body),
        party_id=post.party_id,
        authority_id=contract.authority_id,
    )
    if returns.is_too_large(given, len(post.body), acceptance, state.event_bytes_max):
        return Refused(post, 413, (_TOO_LARGE,), contract.contract_id)
    issued = state.signer.issue(
        receipts.Receipt(
            kind="return",
            receipt_no=acceptance.receipt_no,
            return_id=post.return_id,
            contract_id=contract.contract_id,
            party_id=post.party_id,
            period=chain[2],
            revision=given.revision,
            sha256=post.sha256,
            salt=post.salt,
            received_at=state.at,
            merge_by=state.at + state.merge_within,
        )
    )
    state.receipt_no = acceptance.receipt_no
    state.latest[chain] = Latest(given.revision, post.return_id)
    _remember(state, post, issued)
    return Accepted(post, issued, acceptance)


def _remember(state: State, post: Post, issued: receipts.Issued) -> None:
    state.by_bytes[post.party_id, post.sha256] = issued
    if post.key is not None:
        state.by_key[post.party_id, post.key] = issued


def referred_people(
    accepted: Sequence[Accepted], secret: bytes
) -> tuple[set[people.Reference], set[bytes]]:
    """Whom accepted returns refer to: references, and keyed hashes of shared identifiers."""
    references: set[people.Reference] = set()
    hashes: set[bytes] = set()
    for one in accepted:
        authority_id = one.acceptance.authority_id
        for line in one.post.reading.submission.lines or ():
            if line.person is not None:
                references.add(people.reference(authority_id, line.person))
                if line.person.shared_id is not None:
                    shared_id = line.person.shared_id
                    hashes.add(people.keyed_hash(secret, authority_id, shared_id))
    return references, hashes


def messages(
    decisions: Sequence[Decision], roster: people.Roster, at: datetime
) -> list[events.Event]:
    """What the other services hear of a group, in its order; of a repeat they hear nothing."""
    heard: list[events.Event] = []
    for one in decisions:
        if isinstance(one, Accepted):
            heard.append(_received(one, roster))
        elif isinstance(one, Refused):
            heard.append(_refused(one, at))
    return heard


def _received(accepted: Accepted, roster: people.Roster) -> events.ReturnReceived:
    find = functools.partial(roster.find, accepted.acceptance.authority_id)
    return returns.received(accepted.post.reading.submission, accepted.acceptance, find)


def _refused(refused: Refused, at: datetime) -> events.ReturnRefused:
    """That it was refused, never its content."""
    return events.ReturnRefused(
        event_id=refused.post.return_id,  # no return will ever have it
        authority_id=refused.post.authority_id,
        occurred_at=at,
        contract_id=refused.contract_id,
        party_id=refused.post.party_id,
        route=refused.post.route,
        rules=faults.rules(refused.faults),
        faults=len(refused.faults),
    )


_KEY_TAKEN: Final = faults.Fault(
    "",
    None,
    faults.FORM,
    "This Idempotency-Key came with other bytes before",
    "Use a new key for a new submission.",
)
_TOO_LARGE: Final = faults.Fault(
    "",
    None,
    "I12",
    "The return is too large to be passed on in one message",
    "Report fewer lines, or shorten their identifiers.",
)
