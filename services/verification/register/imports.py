"""Contracts imported from what was published: OCDS release packages, or releases line by line.

Promises: a dry run stores nothing and says what would come of it; a contract's newest release
stands; importing the same again changes nothing. One transaction a contract, so that an import that
was cut off is simply run again. What is broken is named, and what is beside it is taken.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, TypeAlias

import pydantic

from services.verification import store
from services.verification.api import documents
from services.verification.api.dependencies import Parts
from services.verification.register import commitments, contracts, ocds, publication
from shared import sql
from shared.web import problems

BODY_BYTES_MAX: Final = 32 * 1024 * 1024
"""A year of a large council's notices is below it; more comes in more files."""
RELEASES_MAX: Final = 20_000

Fate: TypeAlias = Literal["new", "updated", "unchanged"]


@dataclass
class File:
    """What a file comes to."""

    releases: int = 0
    contracts: dict[str, ocds.ImportedContract] = field(default_factory=dict)
    """The newest of each."""
    skipped: list[documents.Skipped] = field(default_factory=list)
    faults: list[documents.Skipped] = field(default_factory=list)


async def run(
    parts: Parts, body: bytes, acting: publication.Acting, *, is_committed: bool
) -> documents.ImportSummary:
    """Imports a file for the authority of `acting`, or says what would come of it."""
    file = await asyncio.to_thread(read, body)
    pool, counts = parts.delivery.pool, documents.ImportCounts(new=0, updated=0, unchanged=0)
    known = {
        row["contract_id"]: row for row in await store.reading.known(pool, list(file.contracts))
    }
    promised = _promised(await store.fold.commitments(pool, list(file.contracts)))
    drafted: list[ocds.Metric] = []
    for contract_id, given in file.contracts.items():
        row = known.get(contract_id)
        metrics = _unpromised(given, promised)
        try:
            fate = _fate(row, given, acting)
            if is_committed and (fate != "unchanged" or metrics or _is_newer(row, given)):
                async with pool.acquire() as conn, conn.transaction():
                    fate, metrics = await _keep(conn, given, acting)
                parts.delivery.posted.set()
        except (problems.Problem, pydantic.ValidationError) as error:
            file.faults.append(documents.Skipped(ocid=given.ocid, reason=_reason(error)))
            continue
        setattr(counts, fate, getattr(counts, fate) + 1)
        drafted += metrics
    structured = sum(metric.measure is not None for metric in drafted)
    return documents.ImportSummary(
        committed=is_committed,
        releases=file.releases,
        contracts=counts,
        drafts=structured,
        needs_structuring=len(drafted) - structured,
        skipped=file.skipped,
        faults=file.faults,
    )


# --- the file ------------------------------------------------------------------------------------


def read(body: bytes) -> File:
    """A release package, a list of releases, or one release or package a line."""
    file = File()
    text = body.decode("utf-8-sig", errors="replace")
    for number, release in enumerate(_releases(text, file)):
        if number == RELEASES_MAX:
            file.faults.append(_fault(f"only the first {RELEASES_MAX} releases were read"))
            break
        file.releases += 1
        for each in ocds.read(release):
            if isinstance(each, ocds.Skipped):
                file.skipped.append(documents.Skipped(ocid=each.ocid, reason=each.reason))
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
        pass  # then it is line by line
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield from _unpacked(_json(line))
        except (ValueError, RecursionError):
            file.faults.append(_fault(f"line {number} is not JSON"))


def _unpacked(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and isinstance(value.get("releases"), list):
        return list(value["releases"])
    return [value]


def _json(text: str) -> object:
    return json.loads(text, parse_float=Decimal)


def _fault(reason: str) -> documents.Skipped:
    return documents.Skipped(ocid=None, reason=reason)


# --- one contract --------------------------------------------------------------------------------


def _fate(row: sql.Record | None, given: ocds.ImportedContract, acting: publication.Acting) -> Fate:
    """What becomes of a contract, given how it stands. Raises where another authority has it."""
    if row is None:
        return "new"
    if row["authority_id"] != acting.who.authority_id:
        raise problems.Problem(409, "a contract with this id is registered already")
    is_older = row["published_at"] is not None and given.released_at < row["published_at"]
    return "unchanged" if is_older or contracts.is_same(row, _registration(given)) else "updated"


def _is_newer(row: sql.Record | None, given: ocds.ImportedContract) -> bool:
    """Whether a contract stands by an older release, maybe one with the same words."""
    if row is None:
        return False
    return row["published_at"] is None or given.released_at > row["published_at"]


async def _keep(
    conn: sql.Connection, given: ocds.ImportedContract, acting: publication.Acting
) -> tuple[Fate, list[ocds.Metric]]:
    """What became of a contract, and the metrics that were drafted, by how it stands under lock."""
    row = await store.fold.lock_contract(conn, given.contract_id)
    fate = _fate(row, given, acting)
    if row is None:
        await contracts.register(conn, _registration(given), acting)
    elif fate == "updated":
        await contracts.register_again(conn, row, _registration(given), acting)
    elif _is_newer(row, given):  # it said the same, but an older one must not change it any more
        await store.fold.date_contract(conn, given.contract_id, given.released_at)
    promised = _promised(await store.fold.commitments(conn, [given.contract_id]))
    metrics = _unpromised(given, promised)
    for metric in metrics:
        row = await store.fold.lock_contract(conn, given.contract_id)
        assert row is not None, "it was registered just now"
        await commitments.propose(conn, row, _draft(row, metric), acting)
    return fate, metrics


def _registration(given: ocds.ImportedContract) -> contracts.Registration:
    buyer = given.buyer
    return contracts.Registration(
        given.contract_id,
        tuple(each.id for each in given.suppliers),
        given.starts_on,
        given.ends_on,
        {
            "title": given.title,
            "suppliers": {each.id: each.name for each in given.suppliers},
            "buyer": {"id": buyer.id, "name": buyer.name} if buyer else None,
        },
        ocid=given.ocid,
        award_id=given.award_id,
        buyer_id=buyer.id if buyer else None,
        published_at=given.released_at,
    )


def _draft(row: sql.Record, metric: ocds.Metric) -> commitments.Draft:
    terms = None
    if metric.measure is not None:
        linear = {"kind": "linear", "from": str(metric.starts_on), "to": str(metric.ends_on)}
        figures = {"target": metric.target, "profile": linear, "from_": metric.starts_on}
        terms = commitments.structure(row, metric.commitment_id, metric.measure, figures)
    return commitments.Draft(metric.commitment_id, metric.title, terms, metric.words, metric.reason)


def _promised(rows: list[sql.Record]) -> set[tuple[str, str]]:
    return {(row["contract_id"], row["commitment_id"]) for row in rows}


def _unpromised(given: ocds.ImportedContract, promised: set[tuple[str, str]]) -> list[ocds.Metric]:
    return [m for m in given.metrics if (given.contract_id, m.commitment_id) not in promised]


def _reason(error: problems.Problem | pydantic.ValidationError) -> str:
    if isinstance(error, problems.Problem):
        details = "; ".join(fault.message for fault in error.errors)
        return f"{error.title}: {details}" if details else error.title
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
