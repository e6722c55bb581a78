"""Claims: the same thing twice counts once, whatever arrives first (rules V6, V12).

Promises: who wins is a function of the standings alone. A line's standing is the (receipt number,
line order) at which its line id, claiming the same thing, came in without a gap since; the least
standing goes first. Every claim is kept, also one that does not fit: when an earlier one leaves,
the later one counts.
Refuses: order of arrival. Nothing here knows it.

Two sorts of thing are claimed. An invoice has room for its net total; a post, a person or payee
reached, or a deliverable has room for one (`net_total` is None).
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, TypeAlias

import msgspec

ClaimId: TypeAlias = tuple[str, str, str, str]
"""Contract, party, period, line id: who claims, under one key."""

_IGNORED: Final = re.compile(r"[\W_]+")
"""Blanks and punctuation in an invoice's number mean nothing."""


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """One line's claim of one thing; a row of the table `claim` (unique: key + `id`)."""

    key: str
    """Hex SHA-256 of what is claimed."""
    receipt_no: int
    order: int
    """Place in the return it came in with, from 0: ties of one receipt go by it."""
    contract_id: str
    party_id: str
    period: str
    line_id: str
    amount: Decimal
    """Below zero: a credit, which neither takes room nor frees any."""
    net_total: Decimal | None
    """The room there is, by this line's word; None: room for one."""
    holds: bool
    """False where another rule already refused the line, or it is of nothing: it takes no room."""

    @property
    def id(self) -> ClaimId:
        return (self.contract_id, self.party_id, self.period, self.line_id)

    @property
    def standing(self) -> tuple[int, int]:
        return (self.receipt_no, self.order)


@functools.lru_cache(maxsize=16384)
def invoice_key(authority_id: str, measure: str, parties: tuple[str, str], number: str) -> str:
    """An invoice is payer, payee and number, within one measure (rule V6)."""
    payer_id, payee_id = parties
    return _key("invoice", authority_id, measure, payer_id, payee_id, plain(number))


def once_key(authority_id: str, contract_id: str, measure: str, thing: str) -> str:
    """A thing that counts once per contract: kinds post, distinct and done (product §2)."""
    return _key("once", authority_id, contract_id, measure, thing)


def plain(number: str) -> str:
    """An invoice's number without case, blanks and punctuation (rule V6)."""
    return _IGNORED.sub("", number).casefold()


def _key(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def fitting(standings: Iterable[Claim]) -> dict[ClaimId, Decimal | None]:
    """The claims that have room, by the least standing first (rule V6): id → None. A claim that
    has none: id → the room that was left. A line that does not fit whole takes none of it.
    Credits and claims that do not hold are not in the answer."""
    holding = sorted(
        (c for c in standings if c.holds and c.amount >= 0), key=lambda claim: claim.standing
    )
    answer: dict[ClaimId, Decimal | None] = {}
    if not holding:
        return answer
    least = holding[0]
    room = least.net_total
    for claim in holding:
        if room is None:
            answer[claim.id] = None if claim is least else Decimal(0)
        elif claim.amount <= room:
            room -= claim.amount
            answer[claim.id] = None
        else:
            answer[claim.id] = room
    return answer


class Book:
    """The standings under the keys that a batch touches, of every contract: what the table `claim`
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
        """Other contracts' standings under `key`, least first: a foreign fact of `contract_id`."""
        found = self._by_key.get(key)
        if not found:
            return ()
        others = (c for c in found.values() if c.contract_id != contract_id and c.amount >= 0)
        return tuple(sorted(others, key=lambda claim: claim.standing))

    def own(self, contract_id: str) -> list[Claim]:
        """A contract's own claims here: its lines under these keys must be at hand to fold."""
        return [
            claim
            for found in self._by_key.values()
            for claim in found.values()
            if claim.contract_id == contract_id
        ]
