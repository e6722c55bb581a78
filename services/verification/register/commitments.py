"""Commitments, as two people make them binding (rule P3). Gather, decide, apply.

Promises: what is active stays so until another version is activated; every version keeps who
proposed and who approved it, and why. A refusal is known before anything is written.
Refuses: a measure, profile or area that the fold cannot read; approval by whoever proposed; a
version that would begin before the one before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from services.verification import store
from services.verification.domain import fold, state
from services.verification.domain.lines import Lines
from services.verification.domain.state import Facts, State
from services.verification.register import publication
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from shared import catalogue, sql
from shared.wire import events

COMMITMENTS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """A version of a commitment to be proposed."""

    commitment_id: str
    title: str
    version: events.CommitmentVersion | None
    """None: it needs structuring, and no other service hears of it yet."""
    words: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """Which commitment is approved; of it, the version that the approver read, where that is
    said."""

    commitment_id: str
    version: int | None = None


async def propose(
    conn: sql.Connection, row: sql.Record, draft: Draft, acting: Acting
) -> int | Refusal:
    """A draft, in the place of one that still waits; its version. `row`: the contract's, locked."""
    contract_id: str = row["contract_id"]
    known = await store.register.list_commitments(conn, [contract_id])
    if len({each["commitment_id"] for each in known} | {draft.commitment_id}) > COMMITMENTS_MAX:
        return Refusal("too_many_commitments", str(COMMITMENTS_MAX))
    number: int = 1 + sum(each["commitment_id"] == draft.commitment_id for each in known)
    version = draft.version and msgspec.structs.replace(draft.version, version=number)
    changed: _Changed | None = None
    if version is not None:
        event = events.CommitmentChanged(
            **publication.head(acting),
            contract_id=contract_id,
            contract_version=row["version"] + 1,
            commitment=version,
            proposed_by=acting.who.actor_id,
        )
        decided = _change(row, event)
        if isinstance(decided, Refusal):
            return decided
        changed = decided
    await store.register.replace_proposal(conn, contract_id, draft.commitment_id)
    await store.register.add_commitment(
        conn,
        contract_id=contract_id,
        commitment_id=draft.commitment_id,
        version=number,
        state="draft" if version else "needs_structuring",
        title=draft.title,
        terms=version and store.rows.commitment_version_bytes(version),
        words=draft.words,
        reason=draft.reason,
        proposed_by=acting.who.actor_id,
        proposed_at=acting.at,
    )
    if changed is not None:
        await _keep(conn, changed)
    return number


async def activate(
    conn: sql.Connection, row: sql.Record, approval: Approval, acting: Acting
) -> Refusal | None:
    """A second person approves what was proposed (rule P3). `row`: the contract's, locked."""
    known = await store.register.list_commitments(conn, [row["contract_id"]])
    own = [each for each in known if each["commitment_id"] == approval.commitment_id]
    refusal = _refusal_of_approval(own, approval, acting)
    if refusal is not None:
        return refusal
    proposal = own[-1]
    draft = store.rows.read_commitment_version(proposal)
    assert draft is not None, "a draft is structured"
    version = msgspec.structs.replace(draft, state="active")
    event = events.CommitmentChanged(
        **publication.head(acting),
        contract_id=row["contract_id"],
        contract_version=row["version"] + 1,
        commitment=version,
        proposed_by=proposal["proposed_by"],
        approved_by=acting.who.actor_id,
    )
    changed = _change(row, event)
    if isinstance(changed, Refusal):
        return changed
    await store.register.approve_commitment(
        conn,
        contract_id=row["contract_id"],
        commitment_id=approval.commitment_id,
        version=proposal["version"],
        terms=store.rows.commitment_version_bytes(version),
        approved_by=acting.who.actor_id,
        approved_at=acting.at,
    )
    await _keep(conn, changed)
    return None


def _refusal_of_approval(
    own: Sequence[sql.Record], approval: Approval, acting: Acting
) -> Refusal | None:
    if not own:
        return Refusal("commitment_unknown")
    proposal = own[-1]
    if proposal["state"] == "needs_structuring":
        return Refusal("still_in_prose")
    if proposal["state"] != "draft":
        return Refusal("nothing_proposed")
    if approval.version not in (None, proposal["version"]):
        return Refusal("another_version_proposed", str(proposal["version"]))
    if proposal["proposed_by"] == acting.who.actor_id:
        return Refusal("own_proposal")  # rule P3
    return None


# --- what a version says -------------------------------------------------------------------------


def structure(
    row: sql.Record, commitment_id: str, measure: str, figures: Mapping[str, Any]
) -> events.CommitmentVersion | Refusal:
    """A commitment's version from what was asked for: the catalogue says kind and unit, and a
    linear profile without dates runs with the contract. `figures`: target, profile, and maybe area,
    from_, kind, unit."""
    found = catalogue.by_code.get(measure)
    if found is None:
        return _unreadable("/measure", f"{measure} is not a measure of {catalogue.CATALOGUE}")
    for name in ("kind", "unit"):
        if figures.get(name) not in (None, getattr(found, name)):
            return _unreadable(f"/{name}", f"{measure} has the {name} {getattr(found, name)}")
    if found.kind == "ratio":
        return _unreadable("/measure", "Shares of a total are not assessed yet")
    from_on = figures.get("from_") or row["starts_on"]
    profile = dict(figures["profile"])
    profile.setdefault("from", str(from_on))
    if profile.get("kind") == "linear":
        profile.setdefault("to", str(row["ends_on"]))
    try:
        version = events.CommitmentVersion(
            commitment_id=commitment_id,
            version=1,
            state="draft",
            measure=measure,
            kind=found.kind,
            unit=found.unit,
            target=events.plain(figures["target"]),
            profile=profile,
            area=figures.get("area"),
            from_=from_on,
        )
    except ValueError as error:
        return _unreadable("/target", str(error))
    try:
        fold.read_version(version, row["starts_on"])
    except ValueError as error:
        return _unreadable(f"/{str(error).partition(':')[0]}", str(error))
    return version


def revise(
    row: sql.Record, own: Sequence[sql.Record], changes: Mapping[str, Any]
) -> Draft | Refusal:
    """A new version from the newest one. `own`: the rows of all versions, in order; `changes`: what
    is to differ, of title, measure, target, profile, area, from_, reason."""
    if not own:
        return Refusal("commitment_unknown")
    newest = own[-1]
    before = store.rows.read_commitment_version(newest)
    if before is None and not {"measure", "target", "profile"} <= changes.keys():
        return Refusal("not_structured")
    if before is not None and changes.get("measure") not in (None, before.measure):
        return _unreadable("/measure", "The measure cannot change: draft another commitment")
    figures = msgspec.structs.asdict(before) if before is not None else {}
    for given_by_measure in ("kind", "unit"):
        figures.pop(given_by_measure, None)
    figures |= changes
    version = structure(row, newest["commitment_id"], figures["measure"], figures)
    if isinstance(version, Refusal):
        return version
    return Draft(
        newest["commitment_id"],
        changes.get("title") or newest["title"],
        version,
        words=newest["words"],
        reason=changes.get("reason"),
    )


def _unreadable(pointer: str, message: str) -> Refusal:
    return Refusal("commitment_unreadable", message, pointer)


# --- a change of the contract --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Changed:
    """A contract as a change leaves it."""

    event: events.CommitmentChanged
    after: State


def _change(row: sql.Record, event: events.CommitmentChanged) -> _Changed | Refusal:
    before = state.from_bytes(row["state"])
    refusal = fold.refusal(before, event)
    if refusal is not None:
        return Refusal("version_refused", refusal)
    after, _ = fold.fold(before, event, Facts(), Lines())
    return _Changed(event, after)


async def _keep(conn: sql.Connection, changed: _Changed) -> None:
    after = changed.after
    await store.register.move_contract(conn, after.version, store.rows.state_row(after))
    commitments = await store.register.list_commitments(conn, [after.contract_id])
    await publication.post(conn, after, changed.event, commitments)
