"""Decides what becomes of each submission, given what was accepted before it.

Promises: `decide` is a fold. It decides submissions in order, and each sees the ones before it; so
a group of n is decided exactly as n groups of one. The same submission again (by key or by bytes)
gets the same receipt. Of a refused one nothing is kept except the refusal.

Refuses: a key that came with other bytes before (409), a revision that is not the next one (409), a
return that is too large for one message (413), and whatever `returns.check` finds, or a key that
cannot be kept (422).
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

from services.intake.domain import announcements, faults, people, receipts, returns, submission
from shared import calendar
from shared.wire import events

Route: TypeAlias = Literal["http", "kafka"]


class Key(NamedTuple):
    """An Idempotency-Key, and whose it is."""

    authority_id: str
    party_id: str
    key: str


class Chain(NamedTuple):
    """What revisions follow one another in."""

    contract_id: str
    party_id: str
    period: str


@dataclass(frozen=True, slots=True)
class Post:
    """A submission that was read and can be decided. Its id and salt were drawn before."""

    party_id: str
    authority_id: str
    """The sender's. A refusal belongs to it if no contract is known; all else belongs to the
    authority of the contract."""
    route: Route
    key: str | None
    """The sender's Idempotency-Key."""
    body: bytes
    sha256: bytes
    reading: submission.Reading
    return_id: UUID
    salt: bytes
    key_fault: faults.Fault | None = None
    """What is wrong with the sender's Idempotency-Key (rule I13)."""

    @property
    def contract_id(self) -> str:
        """Empty if it cannot be read."""
        return self.reading.submission.contract_id or ""

    @property
    def chain(self) -> Chain | None:
        """None if contract or period cannot be read."""
        sent = self.reading.submission
        if sent.contract_id is None or sent.period is None:
            return None
        return Chain(sent.contract_id, self.party_id, sent.period)


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest revision in a chain."""

    revision: int
    return_id: UUID


@dataclass(slots=True)
class DeskState:
    """What is known at the moment of a decision. `decide` adds what it accepts."""

    at: datetime
    receipt_no: int
    """The last one issued."""
    signer: receipts.Signer
    merge_within: timedelta
    event_bytes_max: int
    contracts: Mapping[str, returns.Contract]
    latest: dict[Chain, Latest] = field(default_factory=dict)
    by_key: dict[Key, receipts.Issued] = field(default_factory=dict)
    by_bytes: dict[tuple[str, bytes], receipts.Issued] = field(default_factory=dict)
    """By party and SHA-256 of the submission."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A submission that became a return."""

    post: Post
    issued: receipts.Issued
    acceptance: announcements.Acceptance


@dataclass(frozen=True, slots=True)
class Again:
    """The same submission as before, with the same receipt. A new key of it is remembered."""

    post: Post
    issued: receipts.Issued


@dataclass(frozen=True, slots=True)
class Refused:
    """A submission that has faults."""

    post: Post
    status: Literal[409, 413, 422]
    faults: tuple[faults.Fault, ...]
    contract: returns.Contract | None
    """None if the party may not report on it."""

    @property
    def authority_id(self) -> str:
        """Whose it is: of the contract's authority, else of the sender's."""
        return self.contract.authority_id if self.contract else self.post.authority_id


Decision: TypeAlias = Accepted | Again | Refused


def decide(state: DeskState, post: Post) -> Decision:
    """What becomes of `post`. What is accepted is added to `state`."""
    contract = state.contracts.get(post.contract_id)
    key = key_of(post, contract)
    before = state.by_key.get(key) if key is not None else None
    if before is not None and before.receipt.sha256 != post.sha256:
        return Refused(post, 409, (_KEY_REUSED,), None)
    latest = state.latest.get(post.chain) if post.chain is not None else None
    if contract is not None and not _is_for(post, contract):
        contract = before = latest = None  # as if it did not exist: nor is a receipt of it shown
    elif contract is not None:
        before = before or state.by_bytes.get((post.party_id, post.sha256))
    if before is not None and post.key_fault is None:
        _remember(state, post, key, before)
        return Again(post, before)
    if contract is not None and post.party_id not in contract.supplier_ids:
        contract = None  # rule I1
    context = returns.Context(
        post.party_id, contract, latest.revision if latest else 0, calendar.london_day(state.at)
    )
    found = returns.check(post.reading, context)
    if post.key_fault is not None:
        found = (post.key_fault, *found)
    if found:
        status: Literal[409, 422] = 409 if returns.is_conflict(post.reading, found) else 422
        return Refused(post, status, found, contract)
    assert contract is not None
    return _accept(state, post, contract, latest)


def key_of(post: Post, contract: returns.Contract | None) -> Key | None:
    """The sender's Idempotency-Key. It is the party's for one authority: the token's, or on an
    inbound topic, which serves several, the contract's. None without a key, or an authority."""
    if post.key is None:
        return None
    if post.route == "http":
        return Key(post.authority_id, post.party_id, post.key)
    return None if contract is None else Key(contract.authority_id, post.party_id, post.key)


def _is_for(post: Post, contract: returns.Contract) -> bool:
    """Whether the sender acts for the contract's authority. A token does so for the one that issued
    it; an inbound topic is the party's own, for all its contracts (rule I1)."""
    return post.route == "kafka" or post.authority_id == contract.authority_id


def _accept(
    state: DeskState, post: Post, contract: returns.Contract, latest: Latest | None
) -> Accepted | Refused:
    sent, chain = post.reading.submission, post.chain
    assert sent.revision is not None
    assert chain is not None
    acceptance = announcements.Acceptance(
        return_id=post.return_id,
        receipt_no=state.receipt_no + 1,
        received_at=state.at,
        supersedes=latest.return_id if latest else None,
        words_digest=receipts.words_digest(post.salt, post.body),
        party_id=post.party_id,
        authority_id=contract.authority_id,
    )
    if announcements.is_too_large(sent, len(post.body), acceptance, state.event_bytes_max):
        return Refused(post, 413, (_TOO_LARGE,), contract)
    issued = state.signer.issue(
        receipts.Receipt(
            kind="return",
            receipt_no=acceptance.receipt_no,
            return_id=post.return_id,
            contract_id=contract.contract_id,
            party_id=post.party_id,
            period=chain.period,
            revision=sent.revision,
            sha256=post.sha256,
            salt=post.salt,
            received_at=state.at,
            merge_by=state.at + state.merge_within,
        )
    )
    state.receipt_no = acceptance.receipt_no
    state.latest[chain] = Latest(sent.revision, post.return_id)
    _remember(state, post, key_of(post, contract), issued)
    return Accepted(post, issued, acceptance)


def _remember(state: DeskState, post: Post, key: Key | None, issued: receipts.Issued) -> None:
    state.by_bytes[post.party_id, post.sha256] = issued
    if key is not None:
        state.by_key[key] = issued


class Referred(NamedTuple):
    """The people that returns refer to."""

    references: set[people.Reference]
    hashes: set[bytes]
    """Keyed hashes of shared identifiers."""


def referred_people(accepted: Sequence[Accepted], secret: bytes) -> Referred:
    """The people that accepted returns refer to."""
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
    return Referred(references, hashes)


def announce(
    decisions: Sequence[Decision], roster: people.Roster, told: Collection[UUID], at: datetime
) -> list[events.Event]:
    """What the other services are told about a group, in its order: nothing about repeats, and of
    refusals only those that are `told` by themselves."""
    announced: list[events.Event] = []
    for one in decisions:
        if isinstance(one, Accepted):
            announced.append(_received(one, roster))
        elif isinstance(one, Refused) and one.post.return_id in told:
            announced.append(_refused(one, at))
    return announced


def _received(accepted: Accepted, roster: people.Roster) -> events.ReturnReceived:
    find_ids = functools.partial(roster.find_ids, accepted.acceptance.authority_id)
    return announcements.received(accepted.post.reading.submission, accepted.acceptance, find_ids)


def _refused(refused: Refused, at: datetime) -> events.ReturnRefused:
    """Says that a submission was refused, and nothing of its content."""
    contract = refused.contract
    return events.ReturnRefused(
        event_id=refused.post.return_id,  # no return will ever have it
        authority_id=refused.authority_id,
        occurred_at=at,
        contract_id=contract.contract_id if contract else None,
        party_id=refused.post.party_id,
        route=refused.post.route,
        rules=faults.rules(refused.faults),
        faults=len(refused.faults),
    )


_KEY_REUSED: Final = faults.Fault(
    "",
    None,
    faults.FORM,
    "This Idempotency-Key was used for different bytes before",
    "Use a new key for a new submission.",
)
_TOO_LARGE: Final = faults.Fault(
    "",
    None,
    "I12",
    "The return is too large for one message",
    "Send fewer lines, or shorter identifiers.",
)
