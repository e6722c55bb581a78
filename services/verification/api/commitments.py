"""Commitments for programs: drafted and changed by one person, activated by another (rule P3)."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from services.verification import store
from services.verification.api import documents, refusals
from services.verification.api.dependencies import Approver, Dependencies, Injected, Manager
from services.verification.register import commitments
from services.verification.register.terms import Terms
from shared import calendar, rules, sql
from shared.web import routes

router = APIRouter(prefix="/api/v1/contracts/{contract_id}/commitments", route_class=routes.Route)


@router.post("", status_code=201)
async def post_commitment(
    contract_id: str, body: documents.CommitmentRequest, who: Manager, dependencies: Injected
) -> documents.Commitment:
    """Draft a commitment; it binds once a second person has activated it (rule P3)."""
    delivery, acting = dependencies.delivery, dependencies.acting(who)
    async with delivery.pool.acquire() as conn, conn.transaction():
        refusals.accept(await commitments.add(conn, contract_id, _new(body), acting))
    delivery.posted.set()
    return await _get(dependencies, contract_id, body.commitment_id)


@router.patch("/{commitment_id}")
async def patch_commitment(
    contract_id: str,
    commitment_id: str,
    body: documents.CommitmentChange,
    who: Manager,
    dependencies: Injected,
) -> documents.Commitment:
    """Draft a new version; what is active stays active until a second person activates it."""
    delivery, acting = dependencies.delivery, dependencies.acting(who)
    async with delivery.pool.acquire() as conn, conn.transaction():
        change = _change(commitment_id, body)
        refusals.accept(await commitments.change(conn, contract_id, change, acting))
    delivery.posted.set()
    return await _get(dependencies, contract_id, commitment_id)


@router.post("/{commitment_id}/activate")
async def activate_commitment(
    contract_id: str,
    commitment_id: str,
    who: Approver,
    dependencies: Injected,
    body: documents.Activation | None = None,
) -> documents.Commitment:
    """Approve what was proposed; the person who proposed it may not (rule P3)."""
    approval = commitments.Approval(commitment_id, body.version if body is not None else None)
    delivery, acting = dependencies.delivery, dependencies.acting(who)
    async with delivery.pool.acquire() as conn, conn.transaction():
        refusals.accept(await commitments.activate(conn, contract_id, approval, acting))
    delivery.posted.set()
    return await _get(dependencies, contract_id, commitment_id)


def _new(body: documents.CommitmentRequest) -> commitments.New:
    return commitments.New(
        commitment_id=body.commitment_id,
        title=body.title,
        terms=Terms(
            measure=body.measure,
            target=body.target,
            profile=body.profile,
            area=body.area,
            from_on=body.from_,
            kind=body.kind,
            unit=body.unit,
        ),
        reason=body.reason,
    )


def _change(commitment_id: str, body: documents.CommitmentChange) -> commitments.Change:
    return commitments.Change(
        commitment_id=commitment_id,
        reason=body.reason,
        title=body.title,
        measure=body.measure,
        target=body.target,
        profile=body.profile,
        area=body.area,
        from_on=body.from_,
    )


async def _get(
    dependencies: Dependencies, contract_id: str, commitment_id: str
) -> documents.Commitment:
    rows = await store.register.list_commitments(dependencies.delivery.pool, contract_id)
    return next(each for each in shown(rows) if each.commitment_id == commitment_id)


def shown(rows: Sequence[sql.Record]) -> list[documents.Commitment]:
    """Commitments with their versions. `rows`: versions, by commitment, in order."""
    found: dict[str, list[sql.Record]] = {}
    for row in rows:
        found.setdefault(row["commitment_id"], []).append(row)
    return [
        documents.Commitment(
            commitment_id=commitment_id,
            title=own[-1]["title"],
            state="active" if any(each["state"] == "active" for each in own) else own[-1]["state"],
            versions=versions,
            **checks(versions[-1].measure, has_area=versions[-1].area is not None),
        )
        for commitment_id, own in found.items()
        for versions in ([version(each) for each in own],)
    ]


def checks(measure: str | None, *, has_area: bool) -> dict[str, list[documents.Check]]:
    """What lines of a measure are checked for, and what they are not checked for yet."""
    found = rules.Checks((), ()) if measure is None else rules.checks(measure, has_area=has_area)
    return {
        "checks": [documents.Check(rule=rule, title=title) for rule, title in found.applied],
        "checks_not_built": [
            documents.Check(rule=rule, title=title) for rule, title in found.not_built
        ],
    }


def titles(rows: Sequence[sql.Record]) -> dict[str, str]:
    """The title of each commitment, as its newest version has it."""
    return {row["commitment_id"]: row["title"] for row in rows}


def version(row: sql.Record) -> documents.Version:
    """One version of a commitment."""
    found = store.rows.read_commitment_version(row)
    figures = ("measure", "kind", "unit", "target", "profile", "area", "from_")
    words = ("version", "state", "words", "reason")
    people = ("proposed_by", "proposed_at", "approved_by", "approved_at")
    from_on = None if found is None else found.from_
    proposed_on = calendar.london_day(row["proposed_at"])
    return documents.Version(
        **{name: found and getattr(found, name) for name in figures},
        **{name: row[name] for name in (*words, *people)},
        is_backdated=row["version"] > 1 and from_on is not None and from_on < proposed_on,
    )
