"""What a leaf says openly of an event: ids, codes and figures, never a person or a line.

Promises: facts are derived from the event alone, so that anyone who has the event can check them.
They name the authority, and for each commitment what was reported or counted. Decimals are strings.

Refuses: events that do not become entries (days, reconsiderations, what is only displayed).
`RECORDED` names those that do.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, TypeAlias, get_args

import msgspec

from shared.wire import events

Recorded: TypeAlias = (
    events.ReturnReceived
    | events.ReturnWithdrawn
    | events.ReturnRefused
    | events.ContractRegistered
    | events.CommitmentChanged
    | events.ReturnChecked
    | events.CommitmentAssessed
    | events.CaseMoved
    | events.AlertRaised
    | events.AlertAcknowledged
    | events.RecordParked
    | events.RecordTakenUp
)
RECORDED: Final[tuple[type[events.Event], ...]] = get_args(Recorded)
"""The events that become entries."""

_ELSEWHERE: Final = frozenset(
    {"type", "event_id", "caused_by", "occurred_at", "contract_id", "period", "rule_set"}
)
"""Fields that the leaf itself has."""
_LONG: Final = frozenset({"returns"})
_SHAPES: Final = frozenset({"profile", "area"})
_ZERO: Final = Decimal(0)


def of(event: Recorded) -> dict[str, Any]:
    """The facts of an event, as JSON values without floats."""
    match event:
        case events.ReturnReceived():
            return _of_return(event) | _of_reported_lines(event)
        case events.ReturnWithdrawn():
            return _of_return(event)
        case events.ReturnChecked():
            return _of_return(event) | {
                "withdrawn": event.withdrawn,
                "editions": list(event.editions),
                "commitments": _of_results(event.results),
                "changed": _of_results(event.changed),
                "assessments": _of_assessments(event.assessments),
                **_of_part(event),
            }
        case events.CommitmentAssessed():
            return {
                "authority_id": event.authority_id,
                "changed": _of_results(event.changed),
                "assessments": _of_assessments(event.assessments),
                **_of_part(event),
            }
        case events.CommitmentChanged():
            return _of_commitment(event)
        case events.AlertAcknowledged():
            return _plain(event, _ELSEWHERE | {"acknowledged_by"})
        case _:  # small, and made only of ids, codes and figures
            return _plain(event, _ELSEWHERE)


def _of_return(
    event: events.ReturnReceived | events.ReturnWithdrawn | events.ReturnChecked,
) -> dict[str, Any]:
    return {
        "authority_id": event.authority_id,
        "party_id": event.party_id,
        "return_id": str(event.return_id),
        "receipt_no": event.receipt_no,
        "revision": event.revision,
    }


def _of_reported_lines(event: events.ReturnReceived) -> dict[str, Any]:
    """For each commitment what the supplier reported: the sum of quantity times attribution; and
    how many lines are late, if some are."""
    commitments: dict[str, dict[str, Any]] = {}
    for line in event.lines:
        entry = commitments.get(line.commitment_id)
        if entry is None:
            entry = {"lines": 0, "reported": _ZERO, "unit": line.unit}
            commitments[line.commitment_id] = entry
        entry["lines"] += 1
        entry["reported"] += line.quantity * line.attribution
        if line.is_late:
            entry["late"] = entry.get("late", 0) + 1
    for entry in commitments.values():
        entry["reported"] = format(entry["reported"], "f")
    reported: dict[str, Any] = {"nil": event.nil, "commitments": commitments}
    if event.invoiced_to_date is not None:
        reported["invoiced_to_date"] = format(event.invoiced_to_date, "f")
    return reported


def _of_results(results: Iterable[events.LineResult]) -> dict[str, Any]:
    """For each commitment what is counted, provisional and queried, and which rules found
    something."""
    commitments: dict[str, dict[str, Any]] = {}
    for line in results:
        entry = commitments.get(line.commitment_id)
        if entry is None:
            entry = commitments[line.commitment_id] = {"lines": 0, "counted": _ZERO}
        entry["lines"] += 1
        entry["counted"] += line.counted
        if line.provisional:
            entry["provisional"] = entry.get("provisional", _ZERO) + line.provisional
        if line.queried:
            entry["queried"] = entry.get("queried", _ZERO) + line.queried
        if line.findings:
            found = entry.setdefault("rules", set())
            found.update(finding.rule for finding in line.findings)
    return {commitment_id: _figures(entry) for commitment_id, entry in commitments.items()}


def _figures(entry: dict[str, Any]) -> dict[str, Any]:
    """The sums as strings, without those that are zero."""
    figures = {"lines": entry["lines"], "counted": format(entry["counted"], "f")}
    if entry.get("provisional"):
        figures["provisional"] = format(entry["provisional"], "f")
    if entry.get("queried"):
        figures["queried"] = format(entry["queried"], "f")
    if "rules" in entry:
        figures["rules"] = sorted(entry["rules"])
    return figures


def _of_part(event: events.ReturnChecked | events.CommitmentAssessed) -> dict[str, Any]:
    """Which part it is, if what was decided did not fit into one message."""
    return {} if event.parts == 1 else {"part": event.part, "parts": event.parts}


def _of_assessments(assessments: Iterable[events.Assessment]) -> list[dict[str, Any]]:
    return [_plain(assessment, _LONG) for assessment in assessments]


def _of_commitment(event: events.CommitmentChanged) -> dict[str, Any]:
    """The commitment's figures. Its profile and area, and the people who proposed and approved it,
    are only in the encrypted event."""
    return {
        "authority_id": event.authority_id,
        "contract_version": event.contract_version,
        "is_approved": event.approved_by is not None,
        "commitment": _plain(event.commitment, _SHAPES),
    }


def _plain(struct: events.Frozen, without: frozenset[str]) -> dict[str, Any]:
    """The fields as JSON values, as they are on the wire."""
    fields: dict[str, Any] = msgspec.to_builtins(struct)
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in fields.items()
        if name not in without
    }
