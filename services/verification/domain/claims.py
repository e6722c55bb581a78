"""Claims: the same thing twice counts once, whatever arrives first (rules V6, V12).

Promises: which claim wins depends on the claims' ranks alone. The rank of a line's claim is the
(receipt number, line order) at which its line id, claiming the same thing, came in without a gap
since; the lowest rank goes first. Every claim is kept, also one that does not fit: when an earlier
one leaves, the later one counts.
Refuses: order of arrival. Nothing here knows it.

Four sorts of thing are claimed. An invoice can be claimed up to its net total. A session, a thing
that counts once per contract (a post, a person or payee reached, a deliverable) and a person's
weeks have no amount (`net_total` is None). `contests` says what the claims of one thing come to.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from shared import identifiers

ClaimId: TypeAlias = tuple[str, str, str, str]
"""Contract, party, period, line id: who claims, under one key."""

Sort: TypeAlias = Literal["invoice", "session", "once", "weeks"]
"""What is claimed. Invoices and sessions are contested over all contracts of an authority, the
others within their own."""


class Rank(NamedTuple):
    """A claim's place in the order that decides which one wins."""

    receipt_no: int
    order: int


class Claim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line's claim of one thing; a row of the table `claim` (unique: key + `id`)."""

    key: str
    """Hex SHA-256 of what is claimed."""
    receipt_no: int
    order: int
    """Place in the return that it came in with, from 0: ties of one receipt go by it."""
    contract_id: str
    party_id: str
    period: str
    line_id: str
    amount: Decimal
    """Negative: a credit, which neither uses up the thing nor frees any of it."""
    net_total: Decimal | None
    """How much can be claimed of the invoice, by this line's word; None: once."""
    holds: bool
    """False where another rule already refused the line, or its value is 0: it uses up nothing."""
    sort: Sort = "invoice"

    @property
    def id(self) -> ClaimId:
        return (self.contract_id, self.party_id, self.period, self.line_id)

    @property
    def rank(self) -> Rank:
        return Rank(self.receipt_no, self.order)

    @property
    def is_credit(self) -> bool:
        return self.amount < 0


@functools.lru_cache(maxsize=16384)
def invoice_key(authority_id: str, measure: str, parties: tuple[str, str], number: str) -> str:
    """An invoice is payer, payee and number, within one measure (rule V6)."""
    payer_id, payee_id = parties
    return _key(
        "invoice",
        authority_id,
        measure,
        firm(payer_id),
        firm(payee_id),
        identifiers.invoice_number(number) or number,
    )


def session_key(authority_id: str, measure: str, deliverer_id: str, *what: str) -> str:
    """A session is deliverer and start, within one measure (rule V6)."""
    return _key("session", authority_id, measure, firm(deliverer_id), *what)


def once_key(authority_id: str, contract_id: str, measure: str, thing: str) -> str:
    """A thing that counts once per contract: kinds post, distinct and done (docs/rules.md, Measures
    and kinds)."""
    return _key("once", authority_id, contract_id, measure, thing)


def weeks_key(contract_id: str, commitment_id: str, person_id: str) -> str:
    """A person's weeks on one commitment; each party's make weeks of their own (docs/rules.md,
    Weeks)."""
    return _key("weeks", contract_id, commitment_id, person_id)


def firm(org_id: str) -> str:
    """The normal form of an organisation's id, which keys are made of."""
    return identifiers.org_id(org_id) or org_id


def _key(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def fitting(found: Iterable[Claim]) -> dict[ClaimId, Decimal | None]:
    """Which of the claims of one thing fit, the lowest rank first (rule V6): id → None. A claim
    that does not fit: id → what was left when its turn came; it uses up none of it. Credits and
    claims that do not hold are not in the answer."""
    holding = _holding(found)
    answer: dict[ClaimId, Decimal | None] = {}
    if not holding:
        return answer
    first = holding[0]
    left = first.net_total
    for claim in holding:
        if left is None:
            answer[claim.id] = None if claim is first else Decimal(0)
        elif claim.amount <= left:
            left -= claim.amount
            answer[claim.id] = None
        else:
            answer[claim.id] = left
    return answer


def ahead(own: Claim, code: str, period: str | None, found: Iterable[Claim]) -> Claim | None:
    """Of the claims of one thing the one that goes before `own`, as the finding `code` says;
    `period`: what that finding wanted. None if it is not among them."""
    every = [claim for claim in found if claim.key == own.key]
    fits = fitting(every)
    for claim in _holding(each for each in every if each.id != own.id):
        is_same_party = claim.party_id == own.party_id
        is_ahead = {
            "counted_once": is_same_party and claim.period == period,
            "claimed_again": is_same_party and claim.period == own.period,
            "claimed_by_other": not is_same_party,
        }.get(code, claim.rank < own.rank and fits[claim.id] is None)
        if is_ahead:
            return claim
    return None


def net_total(found: Iterable[Claim]) -> Decimal | None:
    """How much can be claimed of an invoice: what the claim of the lowest rank says. None: it is
    no invoice, or nobody claims it."""
    return next((claim.net_total for claim in _holding(found)), None)


def _holding(found: Iterable[Claim]) -> list[Claim]:
    """The claims that use something up, the lowest rank first."""
    holding = (claim for claim in found if claim.holds and not claim.is_credit)
    return sorted(holding, key=_rank_of)


def _rank_of(claim: Claim) -> tuple[int, int]:
    return (claim.receipt_no, claim.order)


class ClaimIndex:
    """The claims under the keys that a batch touches, of every contract: what the table `claim`
    says, with what the batch has decided so far."""

    def __init__(self, rows: Iterable[Claim] = ()) -> None:
        self._by_key: dict[str, dict[ClaimId, Claim]] = {}
        self.put(rows)

    def put(self, rows: Iterable[Claim]) -> None:
        for claim in rows:
            self._by_key.setdefault(claim.key, {})[claim.id] = claim

    def drop(self, rows: Iterable[Claim]) -> None:
        for claim in rows:
            self._by_key.get(claim.key, {}).pop(claim.id, None)

    def of_others(self, key: str, contract_id: str) -> tuple[Claim, ...]:
        """Other contracts' claims under `key`, the lowest rank first: foreign facts of
        `contract_id`."""
        found = self._by_key.get(key)
        if not found:
            return ()
        others = (claim for claim in found.values() if claim.contract_id != contract_id)
        return tuple(sorted(others, key=_rank_of))
