"""Contracts imported from what was published: OCDS release packages, or releases line by line.

Promises: a dry run stores nothing and tells what an import would do. The newest release of a
contract applies, and importing the same file again changes nothing. Each contract is a transaction
of its own, so an import that was interrupted is simply run again. What cannot be imported is
listed; the rest is imported.
"""

from __future__ import annotations

import asyncio
import collections
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, TypeAlias, TypeVar

from services.verification import store
from services.verification.register import commitments, contracts, ocds
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from services.verification.register.terms import Terms
from shared import sql
from shared.delivery import transaction

BODY_BYTES_MAX: Final = 32 * 1024 * 1024
"""More than a year of a large council's notices. Larger imports come in several files."""
RELEASES_MAX: Final = 20_000

Value = TypeVar("Value")
Fate: TypeAlias = Literal["new", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A line, a release or a contract that was not imported, and why."""

    ocid: str | None
    reason: str | Refusal


@dataclass
class File:
    """What a file contains."""

    releases: int = 0
    contracts: dict[str, ocds.ImportedContract] = field(default_factory=dict)
    """By id, each from its newest release."""
    skipped: list[ocds.Skipped] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass
class Summary:
    """What an import did, or would do."""

    file: File
    fates: collections.Counter[Fate] = field(default_factory=collections.Counter)
    """Contracts, by what becomes of them."""
    drafted: list[ocds.Metric] = field(default_factory=list)
    """Metrics that become drafts; those without a measure need structuring."""


async def run(
    delivery: transaction.Delivery, body: bytes, acting: Acting, *, is_committed: bool
) -> Summary:
    """Imports a file for the authority of `acting`, or says what would come of it."""
    file = await asyncio.to_thread(read, body)
    summary = Summary(file)
    contract_ids = list(file.contracts)
    known = await store.register.load_contracts(delivery.pool, contract_ids)
    versions = await store.register.load_commitments(delivery.pool, contract_ids)
    for contract_id, imported in file.contracts.items():
        row, own_versions = known.get(contract_id), versions.get(contract_id, [])
        plan = _plan(row, own_versions, imported, acting)
        if isinstance(plan, _Plan) and is_committed and plan.is_to_be_kept:
            plan = await _keep(delivery.pool, imported, acting)
            delivery.posted.set()
        if isinstance(plan, Refusal):
            file.faults.append(Fault(imported.ocid, plan))
        else:
            summary.fates[plan.fate] += 1
            summary.drafted += plan.metrics
    return summary


# --- the file ------------------------------------------------------------------------------------


def read(body: bytes) -> File:
    """A release package, a list of releases, or one release or package a line."""
    file = File()
    text = body.decode("utf-8-sig", errors="replace")
    for number, release in enumerate(_releases(text, file)):
        if number == RELEASES_MAX:
            file.faults.append(Fault(None, f"only the first {RELEASES_MAX} releases were read"))
            break
        file.releases += 1
        for each in ocds.read(release):
            if isinstance(each, ocds.Skipped):
                file.skipped.append(each)
                continue
            before = file.contracts.get(each.contract_id)
            if before is None or before.released_at <= each.released_at:
                file.contracts[each.contract_id] = each
    return file


def _releases(text: str, file: File) -> Iterator[object]:
    try:
        yield from _unpacked(_json(text))
        return
    except (ValueError, RecursionError):
        pass  # then it is read line by line
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield from _unpacked(_json(line))
        except (ValueError, RecursionError):
            file.faults.append(Fault(None, f"line {number} is not JSON"))


def _unpacked(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and isinstance(value.get("releases"), list):
        return list(value["releases"])
    return [value]


def _json(text: str) -> object:
    return json.loads(text, parse_float=Decimal)


# --- one contract --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to become of a contract."""

    fate: Fate
    metrics: list[ocds.Metric]
    """Those that have no commitment yet."""
    is_newer: bool
    """Whether the contract is registered from an older release, perhaps one with the same words."""

    @property
    def is_to_be_kept(self) -> bool:
        return self.fate != "unchanged" or bool(self.metrics) or self.is_newer


def _plan(
    row: sql.Record | None,
    versions: Sequence[sql.Record],
    imported: ocds.ImportedContract,
    acting: Acting,
) -> _Plan | Refusal:
    """`row` and `versions`: the contract and its commitments, as they are registered."""
    known = {version["commitment_id"] for version in versions}
    metrics = [metric for metric in imported.metrics if metric.commitment_id not in known]
    if row is None:
        return _Plan("new", metrics, is_newer=False)
    if row["authority_id"] != acting.authority_id:
        return Refusal("contract_of_another_authority")
    published_at = row["published_at"]
    is_older = published_at is not None and imported.released_at < published_at
    is_newer = published_at is None or imported.released_at > published_at
    is_same = is_older or contracts.is_same(row, _registration(imported))
    return _Plan("unchanged" if is_same else "updated", metrics, is_newer)


class _RefusedError(Exception):
    """Rolls back what was written of a contract before its import was refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


async def _keep(pool: sql.Pool, imported: ocds.ImportedContract, acting: Acting) -> _Plan | Refusal:
    """Imports a contract, all of it or nothing. Another import may have changed it since the plan
    was made, so it is locked and planned again."""
    try:
        async with pool.acquire() as conn, conn.transaction():
            return await _keep_locked(conn, imported, acting)
    except _RefusedError as refused:
        return refused.refusal


async def _keep_locked(
    conn: sql.Connection, imported: ocds.ImportedContract, acting: Acting
) -> _Plan:
    contract_id = imported.contract_id
    row = await store.register.lock_contract(conn, contract_id)
    versions = await store.register.list_commitments(conn, contract_id)
    plan = _accepted(_plan(row, versions, imported, acting))
    if row is None:
        _accepted(await contracts.register(conn, _registration(imported), acting))
    elif plan.fate == "updated":
        _accepted(await contracts.register_again(conn, row, _registration(imported), acting))
    elif plan.is_newer:  # it says the same, but an older release must not change it any more
        await store.register.set_published_at(conn, contract_id, imported.released_at)
    for metric in plan.metrics:
        _accepted(await commitments.add(conn, contract_id, _commitment(metric), acting))
    return plan


def _accepted(outcome: Value | Refusal) -> Value:
    """Raises _RefusedError for a refusal."""
    if isinstance(outcome, Refusal):
        raise _RefusedError(outcome)
    return outcome


def _registration(imported: ocds.ImportedContract) -> contracts.Registration:
    buyer = imported.buyer
    return contracts.Registration(
        contract_id=imported.contract_id,
        supplier_ids=tuple(each.id for each in imported.suppliers),
        starts_on=imported.starts_on,
        ends_on=imported.ends_on,
        words={
            "title": imported.title,
            "suppliers": {each.id: each.name for each in imported.suppliers},
            "buyer": {"id": buyer.id, "name": buyer.name} if buyer else None,
        },
        ocid=imported.ocid,
        award_id=imported.award_id,
        buyer_id=buyer.id if buyer else None,
        published_at=imported.released_at,
    )


def _commitment(metric: ocds.Metric) -> commitments.New:
    terms: Terms | None = None
    if metric.figures is not None:
        figures = metric.figures
        terms = Terms(
            measure=figures.measure,
            target=figures.target,
            profile={"kind": "linear", "from": str(figures.starts_on), "to": str(figures.ends_on)},
            from_on=figures.starts_on,
        )
    return commitments.New(
        commitment_id=metric.commitment_id,
        title=metric.title,
        terms=terms,
        words=metric.words,
        reason=metric.reason,
    )
