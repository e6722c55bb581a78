"""Commitments, as two people make them binding (rule P3). Gather, decide, apply.

Promises: what is active stays so until another version is activated; every version keeps who
proposed and who approved it, and why.
Refuses (http.Problem): a measure, profile or area that the fold cannot read (`422`), approval by
whoever proposed (`403`), a version that would begin before the one before it (`409`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from services.verification import store
from services.verification.api import documents
from services.verification.domain import fold, profiles, state
from services.verification.domain.lines import Lines
from services.verification.domain.state import Facts
from services.verification.register import publication
from shared import catalogue, sql
from shared.web import problems
from shared.wire import events

COMMITMENTS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """A version of a commitment to be proposed."""

    commitment_id: str
    title: str
    terms: events.CommitmentVersion | None
    """None: it needs structuring, and nobody else hears of it yet."""
    words: str | None = None
    reason: str | None = None


async def propose(
    conn: sql.Connection, row: sql.Record, draft: Draft, acting: publication.Acting
) -> int:
    """A draft, in the place of one that still waits; the version. `row` is locked."""
    contract_id: str = row["contract_id"]
    rows = await store.fold.commitments(conn, [contract_id])
    if len({each["commitment_id"] for each in rows} | {draft.commitment_id}) > COMMITMENTS_MAX:
        raise problems.Problem(422, f"A contract has {COMMITMENTS_MAX} commitments at most")
    number: int = 1 + sum(each["commitment_id"] == draft.commitment_id for each in rows)
    terms = draft.terms and msgspec.structs.replace(draft.terms, version=number)
    await store.fold.replace_proposal(conn, contract_id, draft.commitment_id)
    await store.fold.add_commitment(
        conn,
        contract_id=contract_id,
        commitment_id=draft.commitment_id,
        version=number,
        state="draft" if terms else "needs_structuring",
        title=draft.title,
        terms=terms and _written(terms),
        words=draft.words,
        reason=draft.reason,
        proposed_by=acting.who.actor_id,
        proposed_at=acting.at,
    )
    if terms is not None:
        event = events.CommitmentChanged(
            **publication.head(acting),
            contract_id=contract_id,
            contract_version=row["version"] + 1,
            commitment=terms,
            proposed_by=acting.who.actor_id,
        )
        await _change(conn, row, event)
    return number


async def activate(
    conn: sql.Connection, row: sql.Record, read: tuple[str, int | None], acting: publication.Acting
) -> None:
    """A second person approves what was proposed (rule P3). `row` is locked; `read`: the commitment
    and, where it was said, the version that the approver has seen."""
    commitment_id, version = read
    rows = await store.fold.commitments(conn, [row["contract_id"]])
    own = [each for each in rows if each["commitment_id"] == commitment_id]
    if not own:
        raise problems.Problem(404, "There is no such commitment")
    proposal = own[-1]
    if proposal["state"] == "needs_structuring":
        raise problems.Problem(
            409, "The target is still in prose: give it a measure and figures first"
        )
    if proposal["state"] != "draft":
        raise problems.Problem(409, "Nothing is proposed: the newest version is active")
    if version not in (None, proposal["version"]):
        raise problems.Problem(409, f"Version {proposal['version']} is proposed by now")
    if proposal["proposed_by"] == acting.who.actor_id:
        raise problems.Problem(403, "Whoever proposed a commitment may not approve it")  # rule P3
    draft = store.rows.read_commitment_version(proposal)
    assert draft is not None, "a draft is structured"
    terms = msgspec.structs.replace(draft, state="active")
    event = events.CommitmentChanged(
        **publication.head(acting),
        contract_id=row["contract_id"],
        contract_version=row["version"] + 1,
        commitment=terms,
        proposed_by=proposal["proposed_by"],
        approved_by=acting.who.actor_id,
    )
    await store.fold.approve_commitment(
        conn,
        contract_id=row["contract_id"],
        commitment_id=commitment_id,
        version=proposal["version"],
        terms=_written(terms),
        approved_by=acting.who.actor_id,
        approved_at=acting.at,
    )
    await _change(conn, row, event)


def structure(
    row: sql.Record, commitment_id: str, measure: str, figures: dict[str, Any]
) -> events.CommitmentVersion:
    """A commitment's terms from what was asked for: the catalogue says kind and unit, and a linear
    profile without dates runs with the contract. Raises a `422` problem with what is wrong."""
    found = catalogue.by_code.get(measure)
    if found is None:
        raise _wrong("/measure", f"{measure} is no measure of {catalogue.CATALOGUE}")
    for name in ("kind", "unit"):
        if figures.get(name) not in (None, getattr(found, name)):
            raise _wrong(f"/{name}", f"{measure} has the {name} {getattr(found, name)}")
    if found.kind == "ratio":
        raise _wrong("/measure", "Shares of a total are not assessed here")
    from_on = figures.get("from_") or row["starts_on"]
    profile = dict(figures["profile"])
    profile.setdefault("from", str(from_on))
    if profile.get("kind") == "linear":
        profile.setdefault("to", str(row["ends_on"]))
    try:
        terms = events.CommitmentVersion(
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
        raise _wrong("/target", str(error)) from None
    try:
        fold.read_version(terms, row["starts_on"], profiles.ZERO)
    except ValueError as error:
        raise _wrong(f"/{str(error).partition(':')[0]}", str(error)) from None
    return terms


def revise(row: sql.Record, own: Sequence[sql.Record], given: documents.CommitmentChange) -> Draft:
    """A new version from the newest one (`own`: all, in order) and what is to change."""
    if not own:
        raise problems.Problem(404, "There is no such commitment")
    newest = own[-1]
    before = store.rows.read_commitment_version(newest)
    if before is None and None in (given.measure, given.target, given.profile):
        raise problems.Problem(422, "To structure a target, give its measure, target and profile")
    if before is not None and given.measure not in (None, before.measure):
        raise _wrong("/measure", "A promise does not change what is counted: draft another one")
    figures = msgspec.structs.asdict(before) if before is not None else {}
    for given_by_measure in ("kind", "unit"):
        figures.pop(given_by_measure, None)
    figures |= given.model_dump(exclude_none=True)
    return Draft(
        newest["commitment_id"],
        given.title or newest["title"],
        structure(row, newest["commitment_id"], figures["measure"], figures),
        words=newest["words"],
        reason=given.reason,
    )


def title_of(measure: str) -> str:
    """The catalogue's title, for a promise without words of its own."""
    return catalogue.by_code[measure].title


def _wrong(pointer: str, message: str) -> problems.Problem:
    return problems.Problem(
        422,
        "The commitment cannot be read",
        errors=[problems.Fault("form", message, pointer=pointer)],
    )


def _written(terms: events.CommitmentVersion) -> bytes:
    return msgspec.json.encode(terms)


async def _change(conn: sql.Connection, row: sql.Record, event: events.CommitmentChanged) -> None:
    before = state.from_bytes(row["state"])
    refusal = fold.refusal(before, event)
    if refusal is not None:
        words = "A version takes effect no earlier than the one before it"
        raise problems.Problem(409, "This version cannot be", f"{refusal}: {words}")
    after, _ = fold.fold(before, event, Facts(), Lines())
    await store.fold.change_terms(conn, after.version, store.rows.state_row(after))
    await publication.post(
        conn, after, event, await store.fold.commitments(conn, [after.contract_id])
    )
