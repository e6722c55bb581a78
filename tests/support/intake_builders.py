"""Builders for intake's tests: returns, contracts and contexts, to change one thing in."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.intake.domain import returns
from shared.wire.events import ContractPublished, Days, Obligations, PublishedCommitment

AUTHORITY = "GB-LAE-KWL"
PARTY = "GB-COH-00000001"
CONTRACT = "KMBC-2026-0117"
TODAY = date(2026, 11, 5)

APPRENTICE: Mapping[str, Any] = {
    "line_id": "1",
    "commitment_id": "apprentices",
    "quantity": "1",
    "unit": "FTE",
    "from": "2026-10-06",
    "attribution": "1.00",
    "person": {
        "employer_id": PARTY,
        "ref": "APP-014",
        "shared_id": None,
        "weekly_hours": "37",
        "in_post_on": "2026-10-31",
        "left_on": None,
    },
    "place": {"postcode": "L36 9YU"},
    "note": "Level 3 electrical",
}
SPEND: Mapping[str, Any] = {
    "line_id": "2",
    "commitment_id": "local-spend",
    "quantity": "18250.00",
    "unit": "GBP",
    "from": "2026-10-20",
    "invoice": {
        "payer_id": PARTY,
        "payee": "Example Plant Hire",
        "payee_id": "GB-COH-00000002",
        "number": "INV-2231",
        "net_total": "18250.00",
        "credit_of": None,
    },
    "place": {"postcode": "L36 9YG"},
}
VISIT: Mapping[str, Any] = {
    "line_id": "3",
    "commitment_id": "schools",
    "quantity": "1",
    "unit": "visits",
    "from": "2026-10-14",
    "place": {"school": "GB-EDU-143878"},
    "session": {
        "start": "2026-10-14T09:30",
        "hours": "2.0",
        "attendees": 28,
        "deliverer_id": PARTY,
    },
    "late": None,
    "recovery": "second visit booked for November",
}
TRAINING: Mapping[str, Any] = {
    "line_id": "4",
    "commitment_id": "training",
    "quantity": "24",
    "unit": "hours",
    "from": "2026-10-15",
    "session": {
        "start": "2026-10-15T13:00",
        "hours": "2.0",
        "attendees": 12,
        "deliverer_id": PARTY,
    },
}
MEASURES: Mapping[str, tuple[str, Any, str]] = {
    "apprentices": ("apprentices-started", "post", "FTE"),
    "local-spend": ("local-spend", "sum", "GBP"),
    "schools": ("school-visits", "sum", "visits"),
    "training": ("participant-hours", "sum", "hours"),
}


def a_line(of: Mapping[str, Any] = APPRENTICE, **changes: Any) -> dict[str, Any]:
    """A line with some fields changed. A name like `person__ref` reaches one level down."""
    line = copy.deepcopy(dict(of))
    for name, value in changes.items():
        outer, _, inner = name.rstrip("_").partition("__")
        if inner:
            line[outer][inner] = value
        else:
            line[outer] = value
    return line


def a_return(*lines: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The first return of October 2026, with one line of each kind unless lines are given."""
    return {
        "contract_id": CONTRACT,
        "period": "2026-10",
        "revision": 1,
        "reason": None,
        "nil": False,
        "invoiced_to_date": "182340.00",
        "declaration": {
            "this_contract_and_period_only": True,
            "answers_a_commitment": True,
            "name": "A. Signatory",
            "role": "contract director",
        },
        "lines": [dict(line) for line in lines or (APPRENTICE, SPEND, VISIT, TRAINING)],
    } | changes


def written(document: object) -> bytes:
    """The bytes of a document."""
    return json.dumps(document).encode()


def a_contract_published(
    contract_id: str = CONTRACT, version: int = 1, **changes: Any
) -> ContractPublished:
    facts: dict[str, Any] = {
        "event_id": UUID(int=hash((contract_id, version)) & (1 << 128) - 1),
        "authority_id": AUTHORITY,
        "occurred_at": datetime(2026, 9, 1, tzinfo=UTC),
        "contract_id": contract_id,
        "version": version,
        "supplier_ids": (PARTY,),
        "starts_on": date(2026, 10, 6),
        "ends_on": date(2028, 10, 5),
        "commitments": tuple(
            PublishedCommitment(
                commitment_id=name, measure=measure, kind=kind, unit=unit, state="active"
            )
            for name, (measure, kind, unit) in MEASURES.items()
        ),
        "obligations": Obligations(
            ended_through="2026-08", active=(Days(first=date(2026, 10, 6)),)
        ),
    }
    return ContractPublished(**facts | changes)


def a_context(**changes: Any) -> returns.Context:
    facts: dict[str, Any] = {
        "party_id": PARTY,
        "contract": returns.contract(a_contract_published()),
        "revision": 0,
        "today": TODAY,
    }
    return returns.Context(**facts | changes)
