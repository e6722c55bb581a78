"""Awards and contracts of OCDS 1.1 releases, as real publishers write them (docs/rules.md, Import).

Promises: pure and total: in any JSON value every award, contract and metric is a thing, and each
either stands, has ended, or says why it is left out. Buyer, names and titles stay as published,
even if their encoding is broken.
Refuses: to guess a period, a supplier or a unit; to take one of two things with one id for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple, TypeAlias

from services.verification.register import agreed_metrics, parties, published
from services.verification.register.agreed_metrics import Metric
from services.verification.register.parties import Organisation
from services.verification.register.releases import Row
from services.verification.register.things import Fault, Kind, Thing, shown
from shared import fields, identifiers

_AWARDING: Final = frozenset(
    {
        "award",
        "awardUpdate",
        "awardCancellation",
        "contract",
        "contractUpdate",
        "contractAmendment",
        "contractTermination",
    }
)
_NO_AWARD: Final = {
    "planning": "a plan: nothing is awarded yet",
    "planningUpdate": "a plan: nothing is awarded yet",
    "tender": "a tender: nothing is awarded yet",
    "tenderAmendment": "a tender: nothing is awarded yet",
    "tenderUpdate": "a tender: nothing is awarded yet",
    "tenderCancellation": "a cancelled tender",
    "implementation": "a report on a contract, not an award",
}
"""Why a release with this tag has no contract."""
_ENDED: Final = {
    "award": frozenset({"cancelled", "unsuccessful"}),
    "contract": frozenset({"cancelled", "terminated"}),
}
"""States in which nothing is in force any more."""
_STANDING: Final = {
    "award": frozenset({"active"}),
    "contract": frozenset({"active", "pending"}),  # its award is in force already
}
_ENDING: Final[dict[Kind, tuple[str, str]]] = {
    "award": ("awardCancellation", "cancelled"),
    "contract": ("contractTermination", "terminated"),
}
"""The tag that tells the state of what has none."""

NEVER: Final = datetime(1900, 1, 1, tzinfo=UTC)
"""When a release without a date was made: before any other. No year 1, which the database driver
would give back without its zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A contract in force: of the award alone, or as it was signed."""

    thing: Thing
    signed_id: str | None
    """Of the contract that was signed; None: only the award was published."""
    title: str
    buyer: Organisation | None
    suppliers: tuple[Organisation, ...]
    starts_on: date
    ends_on: date
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An award or contract that is no longer in force."""

    thing: Thing
    signed_id: str | None
    """None: with the award everything ends that was signed."""
    reason: str


Told: TypeAlias = Standing | Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """What one release tells of one award."""

    thing: Thing
    ocid: str
    award_id: str
    release: Thing
    released_at: datetime
    told: list[Told] = field(default_factory=list)
    """Of the award, or of each of its contracts."""
    metrics: tuple[Metric, ...] = ()
    """The award's own."""
    signed: tuple[Thing, ...] = ()
    """Its contracts, also those that are left out."""


class Read(NamedTuple):
    release: Thing
    awards: list[Award]


def read(row: Row, window: published.Window) -> Read:
    """Everything in a release."""
    release = _tree(row)
    known = _known(release, row, window)
    if isinstance(known, Fault):
        release.fail(known)
    elif isinstance(known, str):
        release.skip(known)
    else:
        release.becomes("read")
        return Read(release, list(_awards(known)))
    return Read(release, [])


# --- the things of a release ---------------------------------------------------------------------


def _tree(row: Row) -> Thing:
    whole = published.mapping(row.value)
    ocid = published.text(whole.get("ocid"))
    release = Thing("release", row.place, row.value, published.identifier(whole.get("id")), ocid)
    of_release: tuple[tuple[Kind, str], ...] = (("award", "awards"), ("contract", "contracts"))
    for kind, name in of_release:
        for part in _parts(kind, f"{row.place}/{name}", whole.get(name), ocid):
            metrics = published.mapping(part.published).get("agreedMetrics")
            if part.fate is None:
                part.parts = list(_parts("metric", f"{part.place}/agreedMetrics", metrics, ocid))
            release.parts.append(part)
    return release


def _parts(kind: Kind, place: str, value: object, ocid: str | None) -> Iterator[Thing]:
    if value is None:
        return
    if not isinstance(value, list):
        thing = Thing(kind, place, value, ocid=ocid)
        thing.fail(Fault(place, value, "this is no list", f"Put each {kind} into a list."))
        yield thing
        return
    for number, each in enumerate(value):
        thing_id = published.identifier(published.mapping(each).get("id"))
        yield Thing(kind, f"{place}/{number}", each, thing_id, ocid)


def _identified(things: Iterable[Thing]) -> dict[str, Thing]:
    """The things by id. What has none, or one that is taken, is left out."""
    found: dict[str, Thing] = {}
    for thing in things:
        if thing.fate is not None:
            continue
        place, thing_id = f"{thing.place}/id", thing.id
        if not isinstance(thing.published, dict):
            reason = f"this is no {thing.kind}"
            thing.fail(Fault(thing.place, thing.published, reason, "Write it as a JSON object."))
        elif thing_id is None:
            sent = thing.published.get("id")
            thing.fail(Fault(place, sent, f"the {thing.kind} has no id", "Give it an id."))
        elif fault := published.too_long(thing_id, place, identifiers.CHARACTERS_MAX):
            thing.fail(fault)
        elif thing_id not in found:
            found[thing_id] = thing
        elif thing.published == found[thing_id].published:
            thing.skip("it is there twice, word for word")
        else:
            reason = f"another {thing.kind} has the same id"
            thing.fail(Fault(place, thing_id, reason, "Give each its own id."))
    return found


# --- the release ---------------------------------------------------------------------------------


class _Release(NamedTuple):
    """A release whose awards can be read."""

    thing: Thing
    whole: Mapping[str, Any]
    ocid: str
    tags: set[str]
    released_at: datetime
    window: published.Window
    parties: parties.Named
    contradicted: frozenset[Kind]
    """Kinds of which the tag says that something has ended, while nothing has."""


def _known(thing: Thing, row: Row, window: published.Window) -> _Release | Fault | str:
    """The release, or why none of it is imported."""
    if row.fault is not None:
        return row.fault
    if not isinstance(row.value, dict):
        return Fault(row.place, row.value, "this is no release", "Write it as a JSON object.")
    whole: Mapping[str, Any] = row.value
    if thing.ocid is None:
        reason = "this is no release: it has no ocid"
        return Fault(f"{row.place}/ocid", whole.get("ocid"), reason, "Import releases of OCDS 1.1.")
    released = published.moment(whole.get("date"), f"{row.place}/date", window.released)
    for fault in (
        published.find_unstorable(whole, row.place),
        published.too_long(thing.ocid, f"{row.place}/ocid", identifiers.CHARACTERS_MAX),
        published.too_long(thing.id, f"{row.place}/id", identifiers.CHARACTERS_MAX),
        released,
    ):
        if isinstance(fault, Fault):
            return fault
    if not isinstance(whole.get("tag", []), list):
        reason, fix = "its tags are no list", "Put its tags into a list."
        return Fault(f"{row.place}/tag", whole["tag"], reason, fix)
    tags = {tag for tag in map(published.text, published.items(whole.get("tag"))) if tag}
    if not tags & _AWARDING:
        return _why_not(tags)
    if not thing.parts:
        return "it has no award"
    assert not isinstance(released, Fault)
    return _Release(
        thing=thing,
        whole=whole,
        ocid=thing.ocid,
        tags=tags,
        released_at=released or NEVER,
        window=window,
        parties=parties.Named(thing.ocid, whole),
        contradicted=frozenset(_contradicted(thing, tags)),
    )


def _contradicted(release: Thing, tags: set[str]) -> Iterator[Kind]:
    for kind, (tag, _) in _ENDING.items():
        states = [_sent_state(each) for each in release.parts if each.kind == kind]
        if tag in tags and states and not {None, *_ENDED[kind]}.intersection(states):
            yield kind


def _sent_state(thing: Thing) -> str | None:
    sent = published.mapping(thing.published).get("status")
    return None if sent is None else published.text(sent) or ""


def _why_not(tags: set[str]) -> str:
    reasons = [_NO_AWARD[tag] for tag in sorted(tags) if tag in _NO_AWARD]
    if reasons:
        return reasons[0]
    return (
        f"not an award: its tags are {shown(', '.join(sorted(tags)))}" if tags else "it has no tag"
    )


# --- its awards ----------------------------------------------------------------------------------


def _awards(release: _Release) -> Iterator[Award]:
    awards = _identified(each for each in release.thing.parts if each.kind == "award")
    contracts = _identified(each for each in release.thing.parts if each.kind == "contract")
    signed: dict[str, list[Thing]] = {}
    for contract in contracts.values():
        sent = published.mapping(contract.published).get("awardID")
        award_id = published.identifier(sent)
        if award_id in awards:
            signed.setdefault(award_id, []).append(contract)
        else:
            reason = "its award is not in this release" if award_id else "it names no award"
            fix = "Import a release that has both, or register the contract by hand."
            contract.fail(Fault(f"{contract.place}/awardID", sent, reason, fix))
    for award_id, thing in awards.items():
        of_award = sorted(signed.get(award_id, []), key=lambda each: each.id or "")
        award = Award(
            thing=thing,
            ocid=release.ocid,
            award_id=award_id,
            release=release.thing,
            released_at=release.released_at,
            metrics=_metrics(thing, release),
            signed=tuple(of_award),
        )
        award.told.extend(_told(release, award))
        yield award


def _metrics(thing: Thing, release: _Release) -> tuple[Metric, ...]:
    metrics = []
    for each in _identified(thing.parts).values():
        metric = agreed_metrics.read(each, release.window.ends)
        if isinstance(metric, Fault):
            each.fail(metric)
        else:
            metrics.append(metric)
    return tuple(metrics)


def _told(release: _Release, award: Award) -> Iterator[Told]:
    """What stands of an award or has ended; the rest says why it is left out."""
    state = _state(release, award.thing)
    if isinstance(state, Fault):
        award.thing.fail(state)
    elif state in _ENDED["award"]:
        award.thing.skip_parts(f"its award is {state}")
    for thing in award.signed or (award.thing,):
        told = _one(release, award, thing)
        if isinstance(told, Fault):
            thing.fail(told)
        elif isinstance(told, str):
            thing.skip(told)
        else:
            if isinstance(told, Ended):
                thing.skip_parts(told.reason)
            yield told


def _one(release: _Release, award: Award, thing: Thing) -> Told | Fault | str:
    """An award without contracts, or a contract of one: it stands, has ended, or is left out."""
    signed_id = thing.id if thing.kind == "contract" else None
    for each, whose in ((award.thing, "its award" if signed_id else "it"), (thing, "it")):
        state = _state(release, each)
        if isinstance(state, Fault):
            return state if each is thing else "its award is faulty"
        if state in _ENDED[each.kind]:
            return Ended(thing=thing, signed_id=signed_id, reason=f"{whose} is {state}")
        if state not in _STANDING[each.kind]:
            return f"{whose} is {shown(state)}, not active"
    tag, ended = _ENDING["contract"]
    if tag in release.tags and all(each.kind == "award" for each in release.thing.parts):
        return Ended(thing=thing, signed_id=None, reason=f"its contract is {ended}")
    return _standing(release, award, thing, signed_id)


def _state(release: _Release, thing: Thing) -> str | Fault:
    """The state that is published. Without one, the release's tag tells it."""
    sent, state = published.mapping(thing.published).get("status"), _sent_state(thing)
    tag, ended = _ENDING[thing.kind]
    if state is None:
        return ended if tag in release.tags else "active"
    if state and thing.kind not in release.contradicted:
        return state
    reason = f"the release is tagged {tag}, but nothing in it is {ended}"
    if not state:
        reason = "its status is no text"
    return Fault(f"{thing.place}/status", sent, reason, "Correct the status, or the tag.")


def _standing(
    release: _Release, award: Award, thing: Thing, signed_id: str | None
) -> Standing | Fault:
    of_award, tender = published.mapping(award.thing.published), release.whole.get("tender")
    signed = published.mapping(thing.published) if signed_id else {}
    root = release.thing.place
    periods = {
        f"{thing.place}/period": signed.get("period"),
        f"{award.thing.place}/contractPeriod": of_award.get("contractPeriod"),
        f"{root}/tender/contractPeriod": published.mapping(tender).get("contractPeriod"),
    }
    period = published.period(thing.place, periods, release.window)
    if isinstance(period, Fault):
        return period
    suppliers = release.parties.suppliers(
        of_award.get("suppliers"), f"{award.thing.place}/suppliers"
    )
    if isinstance(suppliers, Fault):
        return suppliers
    titles = [each.get("title") for each in (signed, of_award, published.mapping(tender))]
    title = next((each for each in map(published.text, titles) if each), release.ocid)
    fault = published.too_long(title, f"{thing.place}/title", fields.TEXT_CHARACTERS_MAX)
    return fault or Standing(
        thing=thing,
        signed_id=signed_id,
        title=title,
        buyer=release.parties.buyer(),
        suppliers=suppliers,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        metrics=_metrics(thing, release) if signed_id else (),
    )
