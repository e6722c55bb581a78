"""Contracts out of OCDS 1.1 releases, as real publishers write them (product §8).

Promises: pure and total: any JSON value gives contracts or a reason, never an error. An award that
is in force becomes a contract without commitments; what two releases say of the same award is the
same contract, by OCID and award id. The buyer, names and titles stay as published, damage included.
UK `agreedMetrics` become drafts where they say a measure of the catalogue, one figure and its
period; others keep their prose and need structuring.
Refuses: to guess a period, a supplier or a unit.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

from shared import catalogue
from shared.wire import events

CONTRACT_ID_CHARACTERS_MAX: Final = 150
COMMITMENT_ID_CHARACTERS_MAX: Final = 100
DAYS_MAX: Final = 365 * 100
_TARGET_MIN, _TARGET_MAX = Decimal("0.000001"), Decimal(10) ** 12

_AWARDING: Final = frozenset(
    {"award", "awardUpdate", "contract", "contractUpdate", "contractAmendment"}
)
_NOT_YET: Final = {
    "planning": "a plan: nothing is awarded yet",
    "planningUpdate": "a plan: nothing is awarded yet",
    "tender": "a tender: nothing is awarded yet",
    "tenderAmendment": "a tender: nothing is awarded yet",
    "tenderUpdate": "a tender: nothing is awarded yet",
    "tenderCancellation": "a tender that was cancelled",
    "awardCancellation": "an award that was cancelled: end its contract by hand",
    "contractTermination": "a contract that was terminated: end it by hand",
    "implementation": "a report on a contract, not an award",
}

_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)
_ORG_ID: Final = re.compile(r"[A-Z]{2,}-[A-Z0-9]+-\S+")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
OWN_SCHEME: Final = "MG-NAME"
"""Our scheme for organisations that a publisher gave no identifier that outlives the release."""


@dataclass(frozen=True, slots=True)
class Organisation:
    id: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Metric:
    """An agreed metric. Without a measure its target is prose and needs structuring."""

    commitment_id: str
    title: str
    measure: str | None
    target: Decimal | None
    starts_on: date | None
    ends_on: date | None
    words: str
    reason: str | None
    """Why it needs structuring."""


@dataclass(frozen=True, slots=True)
class ImportedContract:
    contract_id: str
    ocid: str
    award_id: str
    released_at: datetime
    title: str
    buyer: Organisation | None
    suppliers: tuple[Organisation, ...]
    starts_on: date
    ends_on: date
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    ocid: str | None
    reason: str


Read: TypeAlias = ImportedContract | Skipped


def read(release: object) -> list[Read]:
    """What a release comes to: a contract for each award, or why there is none."""
    given = _mapping(release)
    ocid = _text(given.get("ocid"))
    if ocid is None:
        return [Skipped(None, "no release: it has no ocid")]
    tags = {tag for tag in map(_text, _items(given.get("tag"))) if tag}
    if not tags & _AWARDING:
        return [Skipped(ocid, _why_not(tags))]
    awards = [_mapping(award) for award in _items(given.get("awards"))]
    if not awards:
        return [Skipped(ocid, "it says no award")]
    return [_read_award(given, ocid, award) for award in awards]


def _why_not(tags: set[str]) -> str:
    reasons = [_NOT_YET[tag] for tag in sorted(tags) if tag in _NOT_YET]
    return reasons[0] if reasons else f"no award: its tags are {', '.join(sorted(tags)) or 'none'}"


def _read_award(given: Mapping[str, Any], ocid: str, award: Mapping[str, Any]) -> Read:
    award_id, status = _text(award.get("id")), _text(award.get("status"))
    if award_id is None:
        return Skipped(ocid, "an award without an id")
    if status not in (None, "active"):
        return Skipped(ocid, f"award {award_id} is {status}, not active")
    signed = [
        contract
        for contract in map(_mapping, _items(given.get("contracts")))
        if _text(contract.get("awardID")) == award_id
    ]
    period = _period(given, award, signed)
    if isinstance(period, str):
        return Skipped(ocid, f"award {award_id}: {period}")
    suppliers = tuple(_organisations(given, ocid, _items(award.get("suppliers"))))
    if not suppliers:
        return Skipped(ocid, f"award {award_id} names no supplier")
    tender = _mapping(given.get("tender"))
    titles = (award.get("title"), *(c.get("title") for c in signed), tender.get("title"))
    metrics = [m for each in (award, *signed) for m in _items(each.get("agreedMetrics"))]
    return ImportedContract(
        contract_id=_contract_id(ocid, award_id),
        ocid=ocid,
        award_id=award_id,
        released_at=_moment(given.get("date")),
        title=next((title for title in map(_text, titles) if title), ocid),
        buyer=next(iter(_organisations(given, ocid, [given.get("buyer")])), None),
        suppliers=suppliers,
        starts_on=period[0],
        ends_on=period[1],
        metrics=tuple({m.commitment_id: m for m in map(_metric, metrics) if m}.values()),
    )


def _contract_id(ocid: str, award_id: str) -> str:
    """The award's id, with the OCID before it where it does not begin with it."""
    whole = award_id if award_id.startswith(ocid) else f"{ocid}-{award_id}"
    return _safe(whole, CONTRACT_ID_CHARACTERS_MAX)


def _safe(text: str, characters_max: int) -> str:
    """`text` as it may stand in an address; changed only where it must be, then with a digest."""
    plain = _UNSAFE.sub("-", text).strip("-._")
    if plain == text and len(text) <= characters_max:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{plain[: characters_max - 9] or 'x'}-{digest}"


# --- period and parties --------------------------------------------------------------------------


def _period(
    given: Mapping[str, Any], award: Mapping[str, Any], signed: list[Mapping[str, Any]]
) -> tuple[date, date] | str:
    """First and last day, of the contracts signed, else of the award, else of the tender."""
    tender = _mapping(given.get("tender"))
    candidates = (
        *(contract.get("period") for contract in signed),
        award.get("contractPeriod"),
        tender.get("contractPeriod"),
    )
    for candidate in candidates:
        period = _mapping(candidate)
        starts_on, ends_on = _day(period.get("startDate")), _day(period.get("endDate"))
        if starts_on is not None and ends_on is None:
            ends_on = _after(starts_on, period.get("durationInDays"))
        if starts_on is None or ends_on is None:
            continue
        return (starts_on, ends_on) if starts_on <= ends_on else "it ends before it starts"
    return "it has no contract period with a start and an end"


def _after(starts_on: date, days: object) -> date | None:
    if not isinstance(days, int) or not 0 < days <= DAYS_MAX:
        return None
    try:
        return starts_on + timedelta(days=days - 1)
    except OverflowError:
        return None


def _organisations(
    given: Mapping[str, Any], ocid: str, references: Iterable[object]
) -> Iterator[Organisation]:
    """Those that are referred to, each once, by org-id."""
    parties = {
        _text(party.get("id")): party for party in map(_mapping, _items(given.get("parties")))
    }
    seen = set()
    for reference in map(_mapping, references):
        party = parties.get(_text(reference.get("id")), reference)
        name = _text(reference.get("name")) or _text(party.get("name"))
        found = _org_id(ocid, party, name)
        if found is not None and found not in seen:
            seen.add(found)
            yield Organisation(found, name)


def _org_id(ocid: str, party: Mapping[str, Any], name: str | None) -> str | None:
    """`SCHEME-id` as published, in the identifier or as the party's own id; else an id of ours, by
    publisher and name, so that it is the same in the publisher's next release."""
    identifier = _mapping(party.get("identifier"))
    scheme, number = _text(identifier.get("scheme")), _text(identifier.get("id"))
    own = _text(party.get("id"))
    for published in (f"{scheme}-{number}" if scheme and number else None, own):
        if published and _ORG_ID.fullmatch(published) and len(published) <= events.TEXT_LENGTH_MAX:
            return published
    if name is None:
        return None
    publisher = "-".join(ocid.split("-")[:2])
    plain = " ".join(name.casefold().split())
    return f"{OWN_SCHEME}-{hashlib.sha256(f'{publisher} {plain}'.encode()).hexdigest()[:16]}"


# --- agreed metrics ------------------------------------------------------------------------------


def _metric(value: object) -> Metric | None:
    given = _mapping(value)
    metric_id = _text(given.get("id"))
    if metric_id is None:
        return None
    seen = [_mapping(each) for each in _items(given.get("observations"))]
    title = _text(given.get("title")) or metric_id
    prose = [given.get("title"), given.get("description")]
    prose += [part for each in seen for part in (each.get("measure"), each.get("notes"))]
    words = "\n".join(part for part in map(_text, prose) if part)
    figures = _figures(metric_id, seen)
    plain = _safe(metric_id, COMMITMENT_ID_CHARACTERS_MAX)
    if isinstance(figures, str):
        return Metric(plain, title, None, None, None, None, words or title, figures)
    return Metric(plain, title, *figures, words or title, None)


def _figures(
    metric_id: str, seen: list[Mapping[str, Any]]
) -> tuple[str, Decimal, date, date] | str:
    """Measure, target and period; or why they cannot be told."""
    if len(seen) != 1:
        return "one observation with the target is wanted"
    only = seen[0]
    measure = catalogue.by_code.get(_text(_mapping(only.get("dimensions")).get("measure")) or "")
    measure = measure or catalogue.by_code.get(metric_id)
    if measure is None or measure.kind == "ratio":
        return "it names no measure of the catalogue"
    amount, unit = _amount(only)
    if amount is None:
        return "its target is in prose"
    if unit != measure.unit:
        return f"its unit is {unit or 'not said'}, not {measure.unit}"
    period = _mapping(only.get("period"))
    starts_on, ends_on = _day(period.get("startDate")), _day(period.get("endDate"))
    if starts_on is None or ends_on is None or starts_on > ends_on:
        return "it has no period with a start and an end"
    return measure.code, amount, starts_on, ends_on


def _amount(observation: Mapping[str, Any]) -> tuple[Decimal | None, str | None]:
    """Figure and unit of an observation: money in `value`, anything else in `measure`."""
    value = _mapping(observation.get("value"))
    if value:
        return _decimal(value.get("amount")), _text(value.get("currency"))
    unit = _mapping(observation.get("unit"))
    return _decimal(observation.get("measure")), _text(unit.get("name"))


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        read_ = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return read_ if read_.is_finite() and _TARGET_MIN <= read_ <= _TARGET_MAX else None


# --- JSON as it comes ----------------------------------------------------------------------------


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    """Text as published, but for what no database can keep (NUL, half a surrogate pair)."""
    if not isinstance(value, str):
        return None
    return value.replace("\x00", "").encode(errors="replace").decode().strip() or None


def _day(value: object) -> date | None:
    """The day as written: `2025-06-30T23:59:59+01:00` is 30 June."""
    text = _text(value)
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None


def _moment(value: object) -> datetime:
    """When a release was made; one that does not say is older than any other."""
    text = _text(value)
    try:
        moment = datetime.fromisoformat(text) if text else _NEVER
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return _NEVER
