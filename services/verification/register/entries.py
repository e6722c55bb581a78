"""One contract of a file: what is to become of it, and doing it. Gather, decide, apply.

Promises: a contract and its drafts are imported together or not at all. A dry run does all that an
import does, and takes it back. An older release changes nothing. A contract whose award was
cancelled ends on the day on which that was published.
Refuses: a contract of another authority, or of another award, that is registered under the id.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from services.verification import store
from services.verification.register import commitments, contracts, ocds
from services.verification.register.agreed_metrics import Figures, Metric
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from services.verification.register.succession import Entry, Release
from services.verification.register.terms import Terms
from services.verification.register.things import Fate
from services.verification.register.written import Unsaid, Written
from shared import calendar, sql


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to become of a contract."""

    fate: Fate
    is_newer: bool = False
    """Whether the contract is registered from an older release, perhaps one with the same words."""
    wanted: contracts.Registration | None = None
    metrics: tuple[Metric, ...] = ()
    """Those that have no commitment yet."""
    reason: str | None = None

    @property
    def is_to_be_kept(self) -> bool:
        return self.fate in ("new", "changed") or bool(self.metrics) or self.is_newer


def plan(
    row: sql.Record | None, versions: Sequence[sql.Record], entry: Entry, acting: Acting
) -> Plan | Refusal:
    """`row` and `versions`: the contract and its commitments, as they are registered."""
    told = entry.told
    if row is None:
        if isinstance(told, ocds.Ended):
            return Plan("skipped", reason=told.reason)
        wanted = _new(entry)
        if wanted is None:
            return Refusal("contract_unknown")
        return Plan("new", wanted=wanted, metrics=entry.metrics)
    if row["authority_id"] != acting.authority_id:
        is_named = isinstance(told, Unsaid)
        return Refusal("contract_unknown" if is_named else "contract_of_another_authority")
    if entry.release is not None and _is_other(row, entry):
        return Refusal("contract_known")
    wanted, reason = _again(row, entry, acting)
    is_same, is_newer, published_at = contracts.is_same(row, wanted), False, row["published_at"]
    if entry.release is not None:
        release, words = entry.release, json.loads(row["words"])
        is_newer = published_at is None or release.at > published_at
        before = (published_at or ocds.NEVER, words.get("release_id", ""))
        wanted.words.update({} if is_same else {"release_id": release.id})
        if not is_same and (release.at, release.id) < before:  # equal dates go by id
            is_same, reason = True, f"the register has the release of {published_at:%Y-%m-%d}"
    known = {version["commitment_id"] for version in versions}
    return Plan(
        fate="unchanged" if is_same else "changed",
        is_newer=is_newer,
        wanted=wanted,
        metrics=tuple(each for each in entry.metrics if each.commitment_id not in known),
        reason=reason,
    )


def says(row: sql.Record, metric: Metric) -> bool:
    """Whether a version of a commitment promises what the metric does."""
    version = store.rows.read_commitment_version(row)
    if row["words"] == metric.words:
        return True
    if version is None or metric.figures is None:
        return False
    terms = _terms(metric.figures)
    return (version.measure, Decimal(version.target), version.profile) == (
        terms.measure,
        terms.target,
        terms.profile,
    )


class Signed(NamedTuple):
    """Which contract of which award a registered contract is, as published."""

    award_id: str
    contract_id: str


def signed(row: sql.Record) -> Signed | None:
    """None: only its award was published, or nothing."""
    words = json.loads(row["words"]).get("signed")
    return None if words is None else Signed(words["award_id"], words["id"])


def _is_other(row: sql.Record, entry: Entry) -> bool:
    """Whether the contract that is registered under the id is another one."""
    assert entry.release is not None, "what nobody published is told by its id alone"
    award_id, signed_id = signed(row) or (None, None)
    pairs = (
        (row["ocid"], entry.release.ocid),
        (row["award_id"] or award_id, entry.release.award_id),
        (signed_id, getattr(entry.told, "signed_id", None)),
    )
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


async def keep(
    pool: sql.Pool, entry: Entry, acting: Acting, *, is_committed: bool
) -> Plan | Refusal:
    """Imports a contract, all of it or nothing; a dry run takes it back. Another import may have
    changed the contract since the plan was made, so it is locked and planned again."""
    async with pool.acquire() as conn:
        unit = conn.transaction()
        await unit.start()
        try:
            planned = await _keep_locked(conn, entry, acting)
        except BaseException:
            await unit.rollback()
            raise
        is_kept = is_committed and isinstance(planned, Plan)
        await (unit.commit() if is_kept else unit.rollback())
    return planned


async def _keep_locked(conn: sql.Connection, entry: Entry, acting: Acting) -> Plan | Refusal:
    contract_id = entry.contract_id
    row = await store.register.lock_contract(conn, contract_id)
    versions = await store.register.list_commitments(conn, contract_id)
    planned = plan(row, versions, entry, acting)
    if isinstance(planned, Refusal) or planned.wanted is None:
        return planned
    refusal: Refusal | str | None = None
    if row is None:
        refusal = await contracts.register(conn, planned.wanted, acting)
    elif planned.fate == "changed":
        refusal = await contracts.register_again(conn, row, planned.wanted, acting)
    elif planned.is_newer:  # it says the same, but an older release must not change it any more
        assert entry.release is not None, "only releases are newer than others"
        await store.register.set_published_at(conn, contract_id, entry.release.at)
    if isinstance(refusal, Refusal):
        return refusal
    drafted = []
    for metric in planned.metrics:
        draft = await _draft(conn, contract_id, metric, acting)
        if isinstance(draft, Refusal):
            return draft
        drafted.append(draft)
    return dataclasses.replace(planned, metrics=tuple(drafted))


async def _draft(
    conn: sql.Connection, contract_id: str, metric: Metric, acting: Acting
) -> Metric | Refusal:
    """The metric as it was drafted: with figures, or in prose if the register refuses these."""
    refusal = await commitments.add(conn, contract_id, _commitment(metric), acting)
    if refusal is None or metric.figures is None or refusal.code not in _STRUCTURED_BY_HAND:
        return refusal or metric
    prose = dataclasses.replace(metric, figures=None, reason=refusal.detail)
    return await commitments.add(conn, contract_id, _commitment(prose), acting) or prose


_STRUCTURED_BY_HAND: Final = ("commitment_unreadable", "version_refused")
"""Refusals of figures: the words can be kept."""


# --- what is registered --------------------------------------------------------------------------


def _new(entry: Entry) -> contracts.Registration | None:
    """A contract that is not registered yet. None: the file does not say enough of it."""
    if isinstance(entry.told, ocds.Standing):
        assert entry.release is not None, "an award comes with its release"
        return _published(entry, entry.told, entry.release, {"release_id": entry.release.id})
    if isinstance(entry.told, Written):
        return _written(entry.told, _Registered(entry.contract_id))
    return None


class _Again(NamedTuple):
    wanted: contracts.Registration
    reason: str | None = None


def _again(row: sql.Record, entry: Entry, acting: Acting) -> _Again:
    """What a registered contract becomes."""
    told, words = entry.told, json.loads(row["words"])
    if isinstance(told, ocds.Standing):
        assert entry.release is not None, "an award comes with its release"
        return _Again(_published(entry, told, entry.release, words))
    if isinstance(told, ocds.Ended):
        assert entry.release is not None, "an award comes with its release"
        wanted = _ended(row, words, entry.release, acting)
        return _Again(wanted, f"{told.reason}: its contract ends on {wanted.ends_on}")
    registered = _Registered(
        entry.contract_id,
        tuple(row["supplier_ids"]),
        words,
        {name: row[name] for name in ("ocid", "award_id", "buyer_id", "published_at")},
    )
    if isinstance(told, Written):
        return _Again(_written(told, registered))
    return _Again(
        contracts.Registration(
            contract_id=entry.contract_id,
            supplier_ids=registered.supplier_ids,
            starts_on=row["starts_on"],
            ends_on=row["ends_on"],
            words=dict(words),
            **registered.published,
        )
    )


def _published(
    entry: Entry, told: ocds.Standing, release: Release, words: dict[str, Any]
) -> contracts.Registration:
    """`words`: those that are registered. Which contract was signed stays known, and from which
    release it is; so does what no release says."""
    buyer = told.buyer
    kept = {name: words[name] for name in _KEPT if name in words}
    if told.signed_id is not None:
        kept["signed"] = {"award_id": release.award_id, "id": told.signed_id}
    return contracts.Registration(
        contract_id=entry.contract_id,
        supplier_ids=tuple(each.id for each in told.suppliers),
        starts_on=told.starts_on,
        ends_on=told.ends_on,
        words={
            "title": told.title,
            "suppliers": {each.id: each.name for each in told.suppliers},
            "buyer": {"id": buyer.id, "name": buyer.name} if buyer else None,
        }
        | kept,
        ocid=release.ocid,
        award_id=None if release.is_further else release.award_id,
        buyer_id=buyer.id if buyer else None,
        published_at=release.at,
    )


_KEPT: Final = ("signed", "release_id", "value", "signed_on")


class _Registered(NamedTuple):
    """What is registered of a contract, that a row of a spreadsheet does not say."""

    contract_id: str
    supplier_ids: tuple[str, ...] = ()
    words: Mapping[str, Any] = {}
    published: Mapping[str, Any] = {}


def _written(told: Written, registered: _Registered) -> contracts.Registration:
    """What is not said stays as it is registered."""
    names = registered.words.get("suppliers", {})
    said = {
        "title": told.title,
        "suppliers": {each.id: each.name or names.get(each.id) for each in told.suppliers},
        "value": None if told.value is None else format(told.value, ".2f"),
        "signed_on": told.signed_on and str(told.signed_on),
    }
    words = {"buyer": None, **registered.words}
    words.update({name: value for name, value in said.items() if value is not None})
    return contracts.Registration(
        contract_id=registered.contract_id,
        supplier_ids=tuple(each.id for each in told.suppliers),
        starts_on=told.starts_on,
        ends_on=told.ends_on,
        words=words,
        **registered.published,
    )


def _ended(
    row: sql.Record, words: dict[str, Any], release: Release, acting: Acting
) -> contracts.Registration:
    """The contract as it is registered, but it ends on the day on which its end was published."""
    moment = acting.at if release.at == ocds.NEVER else release.at
    ends_on = min(row["ends_on"], calendar.london_day(moment))
    return contracts.Registration(
        contract_id=row["contract_id"],
        supplier_ids=tuple(row["supplier_ids"]),
        starts_on=row["starts_on"],
        ends_on=max(row["starts_on"], ends_on),
        words=dict(words),
        ocid=row["ocid"],
        award_id=row["award_id"],
        buyer_id=row["buyer_id"],
        published_at=release.at,
    )


def _commitment(metric: Metric) -> commitments.New:
    return commitments.New(
        commitment_id=metric.commitment_id,
        title=metric.title,
        terms=None if metric.figures is None else _terms(metric.figures),
        words=metric.words,
        reason=metric.reason,
    )


def _terms(figures: Figures) -> Terms:
    evenly = {"kind": "linear", "from": str(figures.starts_on), "to": str(figures.ends_on)}
    return Terms(
        measure=figures.measure,
        target=figures.target,
        profile=figures.profile or evenly,
        area=figures.area,
        from_on=figures.starts_on,
    )
