"""Commitments, as two people make them binding (rule P3). Gather, decide, apply.

Promises: what is active stays active until another version is approved. Every version keeps who
proposed it, who approved it, and why. A refusal is known before anything is written.
Refuses: terms that cannot be read (`terms`); approval by the person who proposed; a version that
would begin before the previous one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec

from services.verification import store
from services.verification.domain import fold, state
from services.verification.domain.lines import Lines
from services.verification.domain.state import Facts, State
from services.verification.register import contracts, publication, terms
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from services.verification.register.terms import Life, Terms
from shared import calendar, catalogue, sql
from shared.wire import events

COMMITMENTS_MAX: Final = 200
"""Of one contract: all of them are published in one message."""
VERSIONS_MAX: Final = 200
"""Of one commitment, also those that were never approved. Each change goes on from the one before,
and its exact fractions grow with it."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A commitment to be drafted."""

    commitment_id: str
    title: str | None
    """None: the title of its measure."""
    terms: Terms | None
    """None: its target is prose and needs structuring. Other services do not see it yet."""
    words: str | None = None
    """The target in prose, as published."""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The next version of a commitment. What is None stays as it is."""

    commitment_id: str
    reason: str
    title: str | None = None
    measure: str | None = None
    """Only while it needs structuring."""
    target: Decimal | None = None
    profile: Mapping[str, Any] | None = None
    area: Mapping[str, Any] | None = None
    from_on: date | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """Which commitment is approved."""

    commitment_id: str
    version: int | None = None
    """The version that the approver read, if the approver says so."""


async def add(conn: sql.Connection, contract_id: str, new: New, acting: Acting) -> Refusal | None:
    """Drafts a commitment."""
    contract = await _gather(conn, contract_id, acting)
    if isinstance(contract, Refusal):
        return contract
    draft = _first(contract, new)
    return draft if isinstance(draft, Refusal) else await _propose(conn, contract, draft, acting)


async def change(
    conn: sql.Connection, contract_id: str, wanted: Change, acting: Acting
) -> Refusal | None:
    """Drafts the next version of a commitment, in the place of a draft that still waits."""
    contract = await _gather(conn, contract_id, acting)
    if isinstance(contract, Refusal):
        return contract
    draft = _next(contract, wanted, calendar.london_day(acting.at))
    return draft if isinstance(draft, Refusal) else await _propose(conn, contract, draft, acting)


async def activate(
    conn: sql.Connection, contract_id: str, approval: Approval, acting: Acting
) -> Refusal | None:
    """A second person approves what was proposed (rule P3)."""
    contract = await _gather(conn, contract_id, acting)
    if isinstance(contract, Refusal):
        return contract
    changed = _approved(contract, approval, acting)
    if isinstance(changed, Refusal):
        return changed
    version = changed.event.commitment
    await store.register.approve_commitment(
        conn,
        contract_id=contract_id,
        commitment_id=version.commitment_id,
        version=version.version,
        terms=store.rows.commitment_version_bytes(version),
        approved_by=acting.actor_id,
        approved_at=acting.at,
    )
    await _apply(conn, changed)
    return None


# --- gather --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Contract:
    """A contract, locked until the transaction ends."""

    row: sql.Record
    versions: Sequence[sql.Record]
    """All versions of its commitments: by commitment, in order."""

    def versions_of(self, commitment_id: str) -> list[sql.Record]:
        return [row for row in self.versions if row["commitment_id"] == commitment_id]

    @property
    def life(self) -> Life:
        return Life(self.row["starts_on"], self.row["ends_on"])


async def _gather(conn: sql.Connection, contract_id: str, acting: Acting) -> _Contract | Refusal:
    row = await contracts.lock(conn, contract_id, acting)
    if isinstance(row, Refusal):
        return row
    return _Contract(row, await store.register.list_commitments(conn, contract_id))


# --- decide --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A version to be proposed."""

    commitment_id: str
    number: int
    title: str
    version: events.CommitmentVersion | None
    """None: it needs structuring."""
    words: str | None
    reason: str | None
    salt: bytes
    """Of the digest of what people wrote."""


def words_digest(row: Mapping[str, Any]) -> str:
    """What an event says of what people wrote about a version: title, prose and reason. `row`: the
    version's."""
    words = [row["title"], row["words"], row["reason"]]
    return contracts.words_digest(row["words_salt"], json.dumps(words).encode())


def _first(contract: _Contract, new: New) -> _Draft | Refusal:
    if contract.versions_of(new.commitment_id):
        return Refusal("commitment_known")
    version: events.CommitmentVersion | None = None
    if new.terms is not None:
        structured = terms.structure(new.commitment_id, 1, new.terms, contract.life)
        if isinstance(structured, Refusal):
            return structured
        version = structured
    if len({row["commitment_id"] for row in contract.versions}) >= COMMITMENTS_MAX:
        return Refusal("too_many_commitments", str(COMMITMENTS_MAX))
    title = new.title
    if title is None:
        assert new.terms is not None, "prose comes with its title"
        title = catalogue.by_code[new.terms.measure].title
    return _Draft(
        commitment_id=new.commitment_id,
        number=1,
        title=title,
        version=version,
        words=new.words,
        reason=new.reason,
        salt=os.urandom(contracts.SALT_BYTES),
    )


def _next(contract: _Contract, wanted: Change, today: date) -> _Draft | Refusal:
    own = contract.versions_of(wanted.commitment_id)
    if not own:
        return Refusal("commitment_unknown")
    if len(own) >= VERSIONS_MAX:
        return Refusal("too_many_versions", str(VERSIONS_MAX))
    newest, number = own[-1], len(own) + 1
    changed = _next_terms(
        store.rows.read_commitment_version(newest), wanted, _next_from(own, wanted, today)
    )
    if isinstance(changed, Refusal):
        return changed
    version = terms.structure(wanted.commitment_id, number, changed, contract.life)
    if isinstance(version, Refusal):
        return version
    return _Draft(
        commitment_id=wanted.commitment_id,
        number=number,
        title=wanted.title or newest["title"],
        version=version,
        words=newest["words"],
        reason=wanted.reason,
        salt=os.urandom(contracts.SALT_BYTES),
    )


def _next_from(own: Sequence[sql.Record], wanted: Change, today: date) -> date | None:
    """From when the next version is in force: as asked for, else from the day on which it is
    proposed, but not before the version that it changes. While nothing is binding, a draft keeps
    its day (docs/rules.md, Commitments and versions)."""
    if wanted.from_on is not None:
        return wanted.from_on
    binding = [row for row in own if row["state"] == "active"]
    before = store.rows.read_commitment_version((binding or own)[-1])
    if before is None or not binding or before.from_ is None:
        return None if before is None else before.from_
    return max(today, before.from_)


def _next_terms(
    before: events.CommitmentVersion | None, wanted: Change, from_on: date | None
) -> Terms | Refusal:
    if before is None:
        if wanted.measure is None or wanted.target is None or wanted.profile is None:
            return Refusal("not_structured")
        return Terms(
            measure=wanted.measure,
            target=wanted.target,
            profile=wanted.profile,
            area=wanted.area,
            from_on=from_on,
        )
    if wanted.measure not in (None, before.measure):
        return terms.unreadable("/measure", "The measure cannot change: draft another commitment")
    return Terms(
        measure=before.measure,
        target=_either(wanted.target, before.target),
        profile=_either(wanted.profile, before.profile),
        area=_either(wanted.area, before.area),
        from_on=from_on,
    )


def _either(wanted: Value | None, before: Value) -> Value:
    return before if wanted is None else wanted


@dataclass(frozen=True, slots=True)
class _Changed:
    """A contract as a change of its commitments leaves it."""

    event: events.CommitmentChanged
    after: State


def _approved(contract: _Contract, approval: Approval, acting: Acting) -> _Changed | Refusal:
    own = contract.versions_of(approval.commitment_id)
    if not own:
        return Refusal("commitment_unknown")
    proposal = own[-1]
    if proposal["state"] == "needs_structuring":
        return Refusal("still_in_prose")
    if proposal["state"] != "draft":
        return Refusal("nothing_proposed")
    if approval.version not in (None, proposal["version"]):
        return Refusal("another_version_proposed", str(proposal["version"]))
    if proposal["proposed_by"] == acting.actor_id:
        return Refusal("own_proposal")  # rule P3
    draft = store.rows.read_commitment_version(proposal)
    assert draft is not None, "a draft is structured"
    event = events.CommitmentChanged(
        **publication.head(acting),
        contract_id=contract.row["contract_id"],
        contract_version=contract.row["version"] + 1,
        commitment=msgspec.structs.replace(draft, state="active"),
        proposed_by=proposal["proposed_by"],
        approved_by=acting.actor_id,
        words_digest=words_digest(dict(proposal)),
    )
    return _changed(contract, event)


def _proposed(
    contract: _Contract, version: events.CommitmentVersion, row: Mapping[str, Any], acting: Acting
) -> _Changed | Refusal:
    event = events.CommitmentChanged(
        **publication.head(acting),
        contract_id=contract.row["contract_id"],
        contract_version=contract.row["version"] + 1,
        commitment=version,
        proposed_by=acting.actor_id,
        words_digest=words_digest(row),
    )
    return _changed(contract, event)


def _changed(contract: _Contract, event: events.CommitmentChanged) -> _Changed | Refusal:
    before = state.from_bytes(contract.row["state"])
    refusal = fold.refusal(before, event)
    if refusal is not None:
        return Refusal("version_refused", refusal)
    after, _ = fold.fold(before, event, Facts(), Lines())
    return _Changed(event, after)


# --- apply ---------------------------------------------------------------------------------------


async def _propose(
    conn: sql.Connection, contract: _Contract, draft: _Draft, acting: Acting
) -> Refusal | None:
    """Writes a draft, if the fold can read it."""
    contract_id = contract.row["contract_id"]
    row = {
        "contract_id": contract_id,
        "commitment_id": draft.commitment_id,
        "version": draft.number,
        "state": "draft" if draft.version else "needs_structuring",
        "title": draft.title,
        "terms": draft.version and store.rows.commitment_version_bytes(draft.version),
        "words": draft.words,
        "reason": draft.reason,
        "words_salt": draft.salt,
        "proposed_by": acting.actor_id,
        "proposed_at": acting.at,
    }
    changed = None if draft.version is None else _proposed(contract, draft.version, row, acting)
    if isinstance(changed, Refusal):
        return changed
    await store.register.replace_proposal(conn, contract_id, draft.commitment_id)
    await store.register.add_commitment(conn, **row)
    if changed is not None:
        await _apply(conn, changed)
    return None


async def _apply(conn: sql.Connection, changed: _Changed) -> None:
    after = changed.after
    await store.register.move_contract(conn, after.version, store.rows.state_row(after))
    commitments = await store.register.list_commitments(conn, after.contract_id)
    await publication.post(conn, after, changed.event, commitments)
