"""The desk: decides one group of submissions in the caller's transaction. Gather, decide, apply.

Promises: a group needs a handful of queries, however many posts it has. The desk's row is locked
first; so receipts are numbered in the order of commit, messages are in the outbox in that order,
and a day ends after its last acceptance. Senders are answered only after the caller has committed.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from services.intake import store
from services.intake.domain import (
    admission,
    faults,
    people,
    receipts,
    refused_days,
    returns,
    submission,
)
from shared import calendar, sql
from shared.delivery import topics
from shared.wire import events, ids

HEAVY_BYTES: Final = 256 * 1024
"""Reading or deciding more than this takes longer than 10 ms. It is done in a thread, since the
event loop must send heartbeats."""
CONTRACTS_MAX: Final = 10_000
"""Contracts kept in memory."""
KEY_CHARACTERS_MAX: Final = 200
"""Of an Idempotency-Key, on either route."""
SALT_BYTES: Final = 16

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends. This is known from the token or the topic, never from the submission (rule I1)."""

    party_id: str
    authority_id: str
    route: admission.Route


async def read(body: bytes, key: str | faults.Fault | None, sender: Sender) -> admission.Post:
    """A submission, read without any lock and ready to be decided."""
    if len(body) > HEAVY_BYTES:
        return await asyncio.to_thread(read_now, body, key, sender)
    return read_now(body, key, sender)


def read_now(body: bytes, key: str | faults.Fault | None, sender: Sender) -> admission.Post:
    """The same, in the caller's thread."""
    return admission.Post(
        party_id=sender.party_id,
        authority_id=sender.authority_id,
        route=sender.route,
        key=key if isinstance(key, str) else None,
        key_fault=key if isinstance(key, faults.Fault) else None,
        body=body,
        sha256=hashlib.sha256(body).digest(),
        reading=submission.read(body),
        return_id=ids.new(),
        salt=os.urandom(SALT_BYTES),
    )


def read_key(headers: Sequence[bytes]) -> str | faults.Fault | None:
    """The Idempotency-Key, None if there is none, or why it cannot be kept: it is never cut, and
    never another one (rule I13)."""
    texts = [text for header in headers if (text := header.decode("latin-1").strip())]
    if not texts:
        return None
    if len(texts) > 1:
        message = "It is given twice"
    elif not (texts[0].isascii() and texts[0].isprintable()):
        message = "It has characters that are not plain ASCII"
    elif len(texts[0]) > KEY_CHARACTERS_MAX:
        message = f"It has more than {KEY_CHARACTERS_MAX} characters"
    else:
        return texts[0]
    return faults.Fault("", None, "I13", message, _SEND_KEY, header=KEY_HEADER)


KEY_HEADER: Final = "idempotency-key"
_SEND_KEY: Final = (
    f"Send one key of at most {KEY_CHARACTERS_MAX} letters, digits and signs, or none."
)


@dataclass(frozen=True, slots=True)
class Decided:
    """The decisions on a group, in its order, and the events to send with them."""

    decisions: list[admission.Decision]
    events: list[events.Event]
    at: datetime


class _Cached(NamedTuple):
    """A contract in memory."""

    event_id: UUID
    contract: returns.Contract


class Desk:
    """What decisions need besides a transaction: key, secret, clock, contracts read before."""

    def __init__(
        self,
        signer: receipts.Signer,
        secret: bytes,
        merge_within: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self.signer, self.merge_within, self.now = signer, merge_within, now
        self._secret = secret
        self._contracts: dict[str, _Cached] = {}

    async def decide(self, conn: sql.Connection, posts: Sequence[admission.Post]) -> Decided:
        """Decides `posts` and stores the decisions."""
        desk_row = await store.desk.lock(conn, self.now())
        state = await self._gather(conn, desk_row, posts)
        keys_known = frozenset(state.by_key)
        is_heavy = sum(len(post.body) for post in posts) > HEAVY_BYTES
        decisions = await _run(is_heavy, lambda: [admission.decide(state, p) for p in posts])
        accepted = [one for one in decisions if isinstance(one, admission.Accepted)]
        refused = [one for one in decisions if isinstance(one, admission.Refused)]
        await store.desk.add_returns(conn, accepted)
        await store.desk.add_keys(conn, _new_keys(state, keys_known))
        told = await self._tell(conn, refused, state.at)
        await store.desk.add_refusals(conn, refused, told, state.at)
        await store.desk.set_receipt_no(conn, state.receipt_no, state.at)
        roster = await self._roster(conn, accepted)
        announced = await _run(
            is_heavy, lambda: admission.announce(decisions, roster, told, state.at)
        )
        return Decided(decisions, announced, state.at)

    async def _tell(
        self, conn: sql.Connection, refused: Sequence[admission.Refused], at: datetime
    ) -> frozenset[UUID]:
        """Which refusals are told by themselves; the others are told when the day ends."""
        if not refused:
            return frozenset()
        parties = {each.post.party_id for each in refused}
        since = calendar.midnight(calendar.london_day(at))
        return refused_days.told(refused, await store.desk.count_told(conn, parties, since))

    async def _gather(
        self, conn: sql.Connection, desk_row: store.rows.DeskRow, posts: Sequence[admission.Post]
    ) -> admission.DeskState:
        known = list(zip(posts, await store.desk.load_known(conn, posts), strict=True))
        before = {
            return_id
            for _, each in known
            for return_id in (each.by_key, each.by_bytes)
            if return_id is not None
        }
        issued = await store.desk.load_receipts(conn, before)
        contracts = await self._contracts_of(conn, known)
        return admission.DeskState(
            at=desk_row.time(self.now()),
            receipt_no=desk_row.receipt_no,
            signer=self.signer,
            merge_within=self.merge_within,
            event_bytes_max=topics.BODY_BYTES_MAX,
            contracts=contracts,
            latest={p.chain: k.latest for p, k in known if p.chain and k.latest},
            by_key={
                key: issued[k.by_key]
                for p, k in known
                if k.by_key and (key := admission.key_of(p, contracts.get(p.contract_id)))
            },
            by_bytes={(p.party_id, p.sha256): issued[k.by_bytes] for p, k in known if k.by_bytes},
        )

    async def _contracts_of(
        self, conn: sql.Connection, known: Sequence[tuple[admission.Post, store.rows.Known]]
    ) -> dict[str, returns.Contract]:
        """Each contract as it was said last. Only those that have changed are read again."""
        said = {
            contract_id: each.contract_event
            for post, each in known
            if each.contract_event and (contract_id := post.reading.submission.contract_id)
        }
        stale = [c for c, event_id in said.items() if self._said(c) != event_id]
        if len(self._contracts) + len(stale) > CONTRACTS_MAX:
            self._contracts.clear()
            stale = list(said)
        for row in await store.desk.load_contracts(conn, stale):
            published = store.rows.read_published(row.body)
            self._contracts[row.contract_id] = _Cached(row.event_id, returns.contract(published))
        return {contract_id: self._contracts[contract_id].contract for contract_id in said}

    def _said(self, contract_id: str) -> UUID | None:
        cached = self._contracts.get(contract_id)
        return cached.event_id if cached else None

    async def _roster(
        self, conn: sql.Connection, accepted: Sequence[admission.Accepted]
    ) -> people.Roster:
        referred = admission.referred_people(accepted, self._secret)
        return people.Roster(
            self._secret,
            await store.people.load_or_add_people(conn, referred.references),
            await store.people.load_or_add_shared_people(conn, referred.hashes),
        )


async def _run(is_heavy: bool, work: Callable[[], Result]) -> Result:
    return await asyncio.to_thread(work) if is_heavy else work()


def _new_keys(
    state: admission.DeskState, known: Collection[admission.Key]
) -> list[store.rows.KeyRow]:
    return [
        store.rows.KeyRow(*key, issued.receipt.return_id)
        for key, issued in state.by_key.items()
        if key not in known
    ]
