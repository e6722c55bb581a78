"""The measures for those who fill in returns: what a line of each needs, and an example of one.

Promises: everything follows from the catalogue, from the rules' own tables and from the words of
the form; there is no second list. The reader of returns takes every example, and refuses it without
what it needs (tests try both).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from services.intake.domain import field_help
from shared import catalogue, rules
from shared.catalogue import Measure

PERIOD: Final = "2026-10"
"""The month of the examples."""
SUPPLIER: Final = "GB-COH-00000001"
"""Who sends the examples."""

_ALWAYS: Final = ("/line_id", "/commitment_id", "/quantity", "/unit", "/from")
_INVOICE: Final = ("payer_id", "payee_id", "number", "net_total")
_SESSION_UNITS: Final = frozenset({"visits", "sessions", "people", "hours"})
_STARTED_ON: Final = date(2026, 10, 5)
_THREE_WEEKS_LATER: Final = date(2026, 10, 23)
_HOURS: Final = Decimal("2.0")
_ATTENDEES: Final = 12


class Need(NamedTuple):
    """A place of a line, and what must be there, in words."""

    pointer: str
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A measure, as it is told."""

    measure: Measure
    needs: tuple[Need, ...]
    """Without one of these a line is refused."""
    waits_without: tuple[Need, ...]
    """Without one of these it waits for the council."""
    checks: rules.Checks
    never_counted: str | None
    """Why it cannot be promised yet."""
    example: dict[str, Any]


def describe(measure: Measure) -> Described:
    """What there is to say of a measure."""
    return Described(
        measure=measure,
        needs=tuple(map(_need, _needs(measure))),
        waits_without=tuple(map(_need, measure.waits_without)),
        checks=rules.checks(measure.code, has_area=measure.is_local),
        never_counted=catalogue.NEVER_COUNTED.get(measure.code),
        example=example(measure),
    )


def _needs(measure: Measure) -> tuple[str, ...]:
    found = list(_ALWAYS)
    if measure.needs_person:
        found += ("/person/employer_id", "/person/ref")
    if measure.needs_invoice:
        found += (*(f"/invoice/{name}" for name in _INVOICE), "/place/postcode")
    return tuple(found)


def _need(pointer: str) -> Need:
    return Need(pointer, field_help.FORMS[pointer.rpartition("/")[2]].wanted)


def example(measure: Measure) -> dict[str, Any]:
    """A line of the measure, as JSON. Its commitment has the code of the measure as its id."""
    line: dict[str, Any] = {
        "line_id": "1",
        "commitment_id": measure.code,
        "quantity": _quantity(measure),
        "unit": measure.unit,
        "from": str(_STARTED_ON),
    }
    if measure.unit == "weeks":
        line["to"] = str(_THREE_WEEKS_LATER)
    if measure.needs_person or measure.unit == "weeks" or _is_of_staff(measure):
        line["person"] = {"employer_id": SUPPLIER, "ref": "APP-014", "weekly_hours": "37"}
    if measure.needs_invoice or "/invoice" in measure.waits_without:
        line["invoice"] = {
            "payer_id": SUPPLIER,
            "payee": "Example Plant Hire",
            "payee_id": "GB-COH-00000002",
            "number": "INV-2231",
            "date": str(_STARTED_ON),
            "net_total": "18250.00",
        }
    if measure.unit in _SESSION_UNITS:
        line["session"] = {
            "start": f"{_STARTED_ON}T09:30",
            "hours": str(_HOURS),
            "attendees": _ATTENDEES,
            "deliverer_id": SUPPLIER,
        }
    place = {}
    if measure.is_local:
        place["postcode"] = "L36 9YU"
    if measure.theme == "school engagement":
        place["school"] = "GB-EDU-143878"
    if place:
        line["place"] = place
    kept = f"Our file 2026/117: {measure.evidence[0]}"
    line["evidence"] = [{"reference": kept, "sha256": "3f" * 32}]
    return line


def _is_of_staff(measure: Measure) -> bool:
    """Whether hours are those of one who gives them, and not those of all who come."""
    return measure.unit == "hours" and measure.code != "participant-hours"


def _quantity(measure: Measure) -> str:
    if measure.unit == "GBP":
        return "18250.00"
    if measure.unit == "weeks":
        return "3"
    if measure.unit == "hours":
        return f"{_HOURS}" if _is_of_staff(measure) else f"{_HOURS * _ATTENDEES}"
    if measure.unit == "people":
        return str(_ATTENDEES)
    return "4" if measure.is_group_total else "1"
