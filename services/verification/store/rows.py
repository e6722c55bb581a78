"""Rows and values, both ways: what a table keeps of a value, and the value of a row.

A value becomes a row with `<noun>_row`, a row becomes a value with `read_<noun>`. Only what is
queried has a column of its own; the rest is JSON.
"""

from __future__ import annotations

import collections
import json
import operator
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from services.verification.domain import (
    claims,
    fold,
    journal,
    obligations,
    places,
    standing,
    state,
)
from services.verification.domain.lines import Line, Result
from shared import sql
from shared.wire import bounds, events

_encoder: Final = msgspec.json.Encoder()


# --- what things are called ----------------------------------------------------------------------


def contract_names(words: bytes, titles: Mapping[str, str]) -> events.ContractNames:
    """What a contract is called, from its `words`, and what belongs to it. `titles`: of its
    commitments, by id. Each is made fit to be shown: on one line, and not longer than a page has
    room for."""
    said = json.loads(words)
    return events.ContractNames(
        title=_shown(said.get("title")),
        suppliers=_named(said.get("suppliers") or {}),
        commitments=_named(titles),
    )


def _named(names: Mapping[str, str | None]) -> tuple[events.Named, ...]:
    shown = ((each, _shown(name)) for each, name in sorted(names.items()))
    return tuple(events.Named(id=each, name=name) for each, name in shown if name)


def _shown(text: str | None) -> str | None:
    one_line = " ".join(_UNSHOWN.sub(" ", text or "").split())
    if len(one_line) > bounds.NAME_CHARACTERS_MAX:
        return one_line[: bounds.NAME_CHARACTERS_MAX - 1] + "…"
    return one_line or None


_UNSHOWN: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and halves of characters, which no text on the wire can have."""


# --- the journal and the state that it leads to --------------------------------------------------


class JournalRow(NamedTuple):
    """A row of `journal`: one input, and the foreign facts that it used."""

    contract_id: str
    seq: int
    event_id: UUID
    type: str
    occurred_at: datetime
    body: bytes
    facts: bytes


def journal_row(
    after: state.State, event: fold.Input, body: bytes, facts: state.Facts
) -> JournalRow:
    """The row of the input that led to the state `after`. `body`: the event as it came."""
    return JournalRow(
        contract_id=after.contract_id,
        seq=after.inputs,
        event_id=event.event_id,
        type=event.type,
        occurred_at=event.occurred_at,
        body=body,
        facts=state.to_bytes(facts),
    )


def read_entry(row: sql.Record) -> journal.Entry:
    """An input with its facts, for folding it again."""
    event = events.read(row["body"])
    assert isinstance(event, fold.Input)
    return journal.Entry(event, state.facts_from_bytes(row["facts"]))


class StateRow(NamedTuple):
    """The columns of `contract` that every fold changes."""

    contract_id: str
    inputs: int
    wake_on: date | None
    state: bytes


def state_row(found: state.State) -> StateRow:
    return StateRow(
        found.contract_id, found.inputs, obligations.wake_on(found), state.to_bytes(found)
    )


class StandingRow(NamedTuple):
    """A row of `standing`: where a contract and its commitments stand now."""

    contract_id: str
    authority_id: str
    missing: str
    commitments: str
    overview: str


def standing_row(found: state.State) -> StandingRow:
    standings = standing.of(found)
    return StandingRow(
        found.contract_id,
        found.authority_id,
        _encoder.encode(standing.missing(found)).decode(),
        _encoder.encode(standings).decode(),
        _encoder.encode(standing.overview(found, standings)).decode(),
    )


_missing: Final = msgspec.json.Decoder(tuple[standing.Missing, ...])
_standing: Final = msgspec.json.Decoder(standing.Standing)
_overview: Final = msgspec.json.Decoder(standing.Overview)


def read_missing(row: sql.Record) -> tuple[standing.Missing, ...]:
    return _missing.decode(row["missing"])


def read_standing(row: sql.Record) -> standing.Standing:
    return _standing.decode(row["standing"])


def read_overview(row: sql.Record) -> standing.Overview:
    return _overview.decode(row["overview"])


# --- lines and claims ----------------------------------------------------------------------------


class ReturnRow(NamedTuple):
    """A row of `checked_return`: the current lines of one return."""

    contract_id: str
    period: str
    party_id: str
    outcomes: str
    """The outcomes among its lines, sorted, separated by spaces."""
    lines: bytes
    queried: str | None
    """How many of them wait for the council, by commitment; None: none."""


def return_row(contract_id: str, lines: Iterable[Line]) -> ReturnRow:
    """The row of a return with these lines, at least one."""
    ordered = sorted(lines, key=_order)
    outcomes = " ".join(sorted({line.result.outcome for line in ordered}))
    first = ordered[0]
    waiting = collections.Counter(
        line.commitment_id for line in ordered if line.result.outcome == "queried"
    )
    return ReturnRow(
        contract_id=contract_id,
        period=first.period,
        party_id=first.party_id,
        outcomes=outcomes,
        lines=_encoder.encode(ordered),
        queried=_encoder.encode(waiting).decode() if waiting else None,
    )


_order: Final = operator.attrgetter("order")
_lines: Final = msgspec.json.Decoder(list[Line])
_line: Final = msgspec.json.Decoder(Line)
_bare: Final = msgspec.json.Decoder(list[msgspec.Raw])

_SHARED_BYTES: Final = 256 * 1024
"""Lines of returns that are larger share what is equal among them: it halves the memory that they
take, for a fifth of the time that it takes to read them."""


def read_lines(body: bytes, known: dict[object, Any] | None = None) -> list[Line]:
    """The lines of a `ReturnRow`, in the order of their return. `known`: the values that lines
    share which are loaded together."""
    if len(body) <= _SHARED_BYTES:
        return _lines.decode(body)
    known = {} if known is None else known
    return [_share(_line.decode(line), known) for line in _bare.decode(body)]


def read_line(text: str) -> Line:
    """One element of such a body."""
    return _line.decode(text)


def _spelling(value: object) -> object:
    """What tells values apart: equal decimals may be spelt in several ways."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Result):  # its fields are shared already
        return tuple(id(getattr(value, name)) for name in value.__struct_fields__)
    return (type(value), value)


_OF_LINE: Final = (
    *("period", "party_id", "line_id", "return_id", "commitment_id", "activity_on", "until"),
    *("value", "share", "thing"),
)


def _share(line: Line, known: dict[object, Any]) -> Line:
    """Makes values of a line that are equal to known ones the same objects; the others are known
    from then on."""

    def share(struct: msgspec.Struct, names: Iterable[str]) -> None:
        for name in names:
            value = getattr(struct, name)
            shared = known.setdefault(_spelling(value), value)
            msgspec.structs.force_setattr(struct, name, shared)

    share(line, _OF_LINE)
    for result in filter(None, (line.alone, line.against)):
        share(result, result.__struct_fields__)
    share(line, ("alone", "against"))
    if line.claim is not None:
        share(line.claim, line.claim.__struct_fields__)
    return line


class ClaimRow(NamedTuple):
    """A row of `claim`."""

    key: bytes
    contract_id: str
    party_id: str
    period: str
    line_id: str
    claim: bytes


def claim_row(claim: claims.Claim) -> ClaimRow:
    return ClaimRow(bytes.fromhex(claim.key), *claim.id, _encoder.encode(claim))


_claims: Final = msgspec.json.Decoder(claims.Claim)


def read_claim(body: bytes) -> claims.Claim:
    return _claims.decode(body)


def read_place(row: sql.Record) -> places.PlaceFact:
    """What the postcode directory says of one postcode."""
    codes = tuple(code for code in (row["district"], row["ward"]) if code)
    return places.PlaceFact(codes, row["introduced"], row["terminated"], row["edition"])


# --- what a fold announces -----------------------------------------------------------------------


class AssessmentRow(NamedTuple):
    """A row of `assessment`: all assessments that one input led to."""

    contract_id: str
    inputs: int
    event_id: UUID
    assessed_at: datetime
    assessments: bytes


_ASSESSING: Final = (events.ReturnChecked, events.CommitmentAssessed)


def assessment_rows(outcomes: Iterable[events.Event]) -> list[AssessmentRow]:
    """A row for each input that led to assessments, whatever number of parts carries them."""
    made: dict[int, list[events.ReturnChecked | events.CommitmentAssessed]] = {}
    for event in outcomes:
        if isinstance(event, _ASSESSING) and event.assessments:
            made.setdefault(event.assessments[0].inputs, []).append(event)
    return [
        AssessmentRow(
            first.contract_id,
            inputs,
            first.event_id,
            first.occurred_at,
            _encoder.encode([each for part in (first, *others) for each in part.assessments]),
        )
        for inputs, (first, *others) in made.items()
    ]


_assessments: Final = msgspec.json.Decoder(tuple[events.Assessment, ...])


def read_assessments(row: AssessmentRow) -> tuple[events.Assessment, ...]:
    return _assessments.decode(row.assessments)


class CaseRow(NamedTuple):
    """A row of `contract_case`: a case as its last move left it."""

    case_id: UUID
    contract_id: str
    kind: str
    commitment_id: str | None
    party_id: str | None
    period: str
    state: str
    reason: str
    opened_at: datetime
    moved_at: datetime


def case_row(event: events.CaseMoved, before: CaseRow | None) -> CaseRow:
    """A case after a move. `before`: the row after the move before, whose opening time it keeps; a
    row that is stored already keeps its own."""
    return CaseRow(
        case_id=event.case_id,
        contract_id=event.contract_id,
        kind=event.kind,
        commitment_id=event.commitment_id,
        party_id=event.party_id,
        period=event.period,
        state=event.moved_to,
        reason=event.reason,
        opened_at=event.occurred_at if before is None else before.opened_at,
        moved_at=event.occurred_at,
    )


class AlertRow(NamedTuple):
    """A row of `alert`."""

    event_id: UUID
    contract_id: str
    kind: str
    raised_at: datetime
    body: bytes
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None


def alert_row(alert: events.Event, body: bytes) -> AlertRow:
    """The row of an alert that was posted as `body`."""
    assert isinstance(alert, events.AlertRaised)
    return AlertRow(alert.event_id, alert.contract_id, alert.kind, alert.occurred_at, body)


def acknowledged(row: AlertRow, by: events.AlertAcknowledged | None) -> AlertRow:
    """The row of an alert that was acknowledged, if it was."""
    if by is None:
        return row
    return row._replace(acknowledged_by=by.acknowledged_by, acknowledged_at=by.occurred_at)


class DayRow(NamedTuple):
    """A row of `ended_day`: the end of a day on one partition of `returns`."""

    partition: int
    day: date
    event_id: UUID
    digest: bytes


# --- commitments as people propose and approve them ----------------------------------------------


def commitment_version_bytes(version: events.CommitmentVersion) -> bytes:
    """The column `terms`, which `read_commitment_version` reads."""
    return _encoder.encode(version)


def read_commitment_version(row: sql.Record) -> events.CommitmentVersion | None:
    """The version in figures; None while it needs structuring."""
    return read_terms(row["terms"])


def read_terms(terms: bytes | None) -> events.CommitmentVersion | None:
    """The same, of the terms alone."""
    return None if terms is None else msgspec.json.decode(terms, type=events.CommitmentVersion)
