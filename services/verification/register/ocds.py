"""Contracts from OCDS 1.1 releases, as real publishers write them (docs/rules.md, Import).

Promises: pure and total: any JSON value gives contracts or reasons, never an error. An award in
force becomes a contract. Two releases of the same award, by OCID and award id, are the same
contract. Buyer, names and titles stay as published, even if their encoding is broken. UK
`agreedMetrics` become drafts if they have a measure of the catalogue, one figure and its period;
the others keep their prose and need structuring.
Refuses: to guess a period, a supplier or a unit.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple, TypeAlias

from shared import catalogue
from shared.wire import events

CONTRACT_ID_CHARACTERS_MAX: Final = 150
COMMITMENT_ID_CHARACTERS_MAX: Final = 100
DAYS_MAX: Final = 365 * 100
"""The longest duration in days that is read."""
TARGET_MIN: Final = Decimal("0.000001")
TARGET_MAX: Final = Decimal(10) ** 12

_AWARDING: Final = frozenset(
    {"award", "awardUpdate", "contract", "contractUpdate", "contractAmendment"}
)
_NO_AWARD: Final = {
    "planning": "a plan: nothing is awarded yet",
    "planningUpdate": "a plan: nothing is awarded yet",
    "tender": "a tender: nothing is awarded yet",
    "tenderAmendment": "a tender: nothing is awarded yet",
    "tenderUpdate": "a tender: nothing is awarded yet",
    "tenderCancellation": "a cancelled tender",
    "awardCancellation": "a cancelled award: end its contract by hand",
    "contractTermination": "a terminated contract: end it by hand",
    "implementation": "a report on a contract, not an award",
}
"""Why a release with this tag has no contract."""

_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)
_ORG_ID: Final = re.compile(r"[A-Z]{2,}-[A-Z0-9]+-\S+")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
OWN_SCHEME: Final = "MG-NAME"
"""Our scheme, for organisations without a published identifier that stays the same in the next
release."""


@dataclass(frozen=True, slots=True)
class Organisation:
    id: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What an agreed metric promises, where that can be read."""

    measure: str
    target: Decimal
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """An agreed metric."""

    commitment_id: str
    title: str
    figures: Figures | None
    """None: its target is prose and needs structuring."""
    words: str
    reason: str | None
    """Why it needs structuring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedContract:
    """An award in force."""

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
    """A release, or an award of it, without a contract, and why."""

    ocid: str | None
    reason: str


Read: TypeAlias = ImportedContract | Skipped


def read(release: object) -> list[Read]:
    """A contract for each award of a release, or why there is none."""
    whole = _mapping(release)
    ocid = _text(whole.get("ocid"))
    if ocid is None:
        return [Skipped(None, "not a release: it has no ocid")]
    tags = {tag for tag in map(_text, _items(whole.get("tag"))) if tag}
    if not tags & _AWARDING:
        return [Skipped(ocid, _why_not(tags))]
    awards = [_mapping(award) for award in _items(whole.get("awards"))]
    if not awards:
        return [Skipped(ocid, "it has no award")]
    return [_read_award(whole, ocid, award) for award in awards]


def _why_not(tags: set[str]) -> str:
    reasons = [_NO_AWARD[tag] for tag in sorted(tags) if tag in _NO_AWARD]
    if reasons:
        return reasons[0]
    return f"not an award: its tags are {', '.join(sorted(tags))}" if tags else "it has no tag"


def _read_award(release: Mapping[str, Any], ocid: str, award: Mapping[str, Any]) -> Read:
    award_id, status = _text(award.get("id")), _text(award.get("status"))
    if award_id is None:
        return Skipped(ocid, "an award has no id")
    if status not in (None, "active"):
        return Skipped(ocid, f"award {award_id} is {status}, not active")
    signed = [
        contract
        for contract in map(_mapping, _items(release.get("contracts")))
        if _text(contract.get("awardID")) == award_id
    ]
    period = _period(release, award, signed)
    if isinstance(period, str):
        return Skipped(ocid, f"award {award_id}: {period}")
    suppliers = tuple(_organisations(release, ocid, _items(award.get("suppliers"))))
    if not suppliers:
        return Skipped(ocid, f"award {award_id} names no supplier")
    tender = _mapping(release.get("tender"))
    titles = (award.get("title"), *(c.get("title") for c in signed), tender.get("title"))
    metrics = [m for each in (award, *signed) for m in _items(each.get("agreedMetrics"))]
    return ImportedContract(
        contract_id=_contract_id(ocid, award_id),
        ocid=ocid,
        award_id=award_id,
        released_at=_moment(release.get("date")),
        title=next((title for title in map(_text, titles) if title), ocid),
        buyer=next(iter(_organisations(release, ocid, [release.get("buyer")])), None),
        suppliers=suppliers,
        starts_on=period.starts_on,
        ends_on=period.ends_on,
        metrics=tuple({m.commitment_id: m for m in map(_metric, metrics) if m}.values()),
    )


def _contract_id(ocid: str, award_id: str) -> str:
    """The award's id, with the OCID put first unless the id begins with it."""
    whole = award_id if award_id.startswith(ocid) else f"{ocid}-{award_id}"
    return _safe(whole, CONTRACT_ID_CHARACTERS_MAX)


def _safe(text: str, characters_max: int) -> str:
    """`text` as it may be part of an address. If it must be changed, a digest keeps it unique."""
    plain = _UNSAFE.sub("-", text).strip("-._")
    if plain == text and len(text) <= characters_max:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{plain[: characters_max - 9] or 'x'}-{digest}"


# --- period and parties --------------------------------------------------------------------------


class _Period(NamedTuple):
    """The first and the last day."""

    starts_on: date
    ends_on: date


def _period(
    release: Mapping[str, Any], award: Mapping[str, Any], signed: list[Mapping[str, Any]]
) -> _Period | str:
    """The period of the contracts signed, else of the award, else of the tender; or why there is
    none."""
    tender = _mapping(release.get("tender"))
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
        return _Period(starts_on, ends_on) if starts_on <= ends_on else "it ends before it starts"
    return "it has no contract period with a start and an end"


def _after(starts_on: date, days: object) -> date | None:
    if not isinstance(days, int) or not 0 < days <= DAYS_MAX:
        return None
    try:
        return starts_on + timedelta(days=days - 1)
    except OverflowError:
        return None


def _organisations(
    release: Mapping[str, Any], ocid: str, references: Iterable[object]
) -> Iterator[Organisation]:
    """The organisations that are referred to, each once, by org-id."""
    parties = {
        _text(party.get("id")): party for party in map(_mapping, _items(release.get("parties")))
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
    """`SCHEME-id` as published, in the identifier or as the party's own id; else an id of ours from
    publisher and name, so that the publisher's next release gives the same one."""
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
    metric = _mapping(value)
    metric_id = _text(metric.get("id"))
    if metric_id is None:
        return None
    observations = [_mapping(each) for each in _items(metric.get("observations"))]
    title = _text(metric.get("title")) or metric_id
    prose = [metric.get("title"), metric.get("description")]
    prose += [part for each in observations for part in (each.get("measure"), each.get("notes"))]
    figures = _figures(metric_id, observations)
    return Metric(
        commitment_id=_safe(metric_id, COMMITMENT_ID_CHARACTERS_MAX),
        title=title,
        figures=None if isinstance(figures, str) else figures,
        words="\n".join(part for part in map(_text, prose) if part) or title,
        reason=figures if isinstance(figures, str) else None,
    )


def _figures(metric_id: str, observations: list[Mapping[str, Any]]) -> Figures | str:
    """Measure, target and period; or why they cannot be read."""
    if len(observations) != 1:
        return "it needs exactly one observation, with the target"
    only = observations[0]
    code = _text(_mapping(only.get("dimensions")).get("measure"))
    measure = catalogue.by_code.get(code or "") or catalogue.by_code.get(metric_id)
    if measure is None or measure.kind == "ratio":
        return "it has no measure of the catalogue"
    amount = _amount(only)
    if amount.figure is None:
        return "its target is prose"
    if amount.unit != measure.unit:
        return f"its unit is {amount.unit}, not {measure.unit}" if amount.unit else "it has no unit"
    period = _mapping(only.get("period"))
    starts_on, ends_on = _day(period.get("startDate")), _day(period.get("endDate"))
    if starts_on is None or ends_on is None or starts_on > ends_on:
        return "it has no period with a start and an end"
    return Figures(measure.code, amount.figure, starts_on, ends_on)


class _Amount(NamedTuple):
    figure: Decimal | None
    unit: str | None


def _amount(observation: Mapping[str, Any]) -> _Amount:
    """Figure and unit of an observation: money in `value`, anything else in `measure`."""
    value = _mapping(observation.get("value"))
    if value:
        return _Amount(_decimal(value.get("amount")), _text(value.get("currency")))
    unit = _mapping(observation.get("unit"))
    return _Amount(_decimal(observation.get("measure")), _text(unit.get("name")))


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        figure = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return figure if figure.is_finite() and TARGET_MIN <= figure <= TARGET_MAX else None


# --- JSON of any shape ---------------------------------------------------------------------------


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    """Text as published, without what no database can keep (NUL, half a surrogate pair)."""
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
    """When a release was made; one without a readable date is older than any other."""
    text = _text(value)
    try:
        moment = datetime.fromisoformat(text) if text else _NEVER
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return _NEVER
