"""The largest returns that intake accepts: every text at its limit, of characters of four bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from services.intake.domain import announcements, submission
from shared import fields
from shared.delivery import topics
from shared.wire import ids
from tests.support import intake_builders as build

CONTRACT = "C" * 150
PERIOD = "2026-10"
WIDE = "\N{CJK UNIFIED IDEOGRAPH-20BB7}"
"""Four bytes in UTF-8, and its own normal form."""
COMMITMENTS = {
    "spend" + "-" * 95: ("local-spend", "GBP", "999999999.99"),
    "visits" + "-" * 94: ("school-visits", "visits", "9999"),
    "schools" + "-" * 93: ("schools-engaged", "schools", "1"),
    "posts" + "-" * 95: ("apprentices-started", "FTE", "1"),
}
"""By id: measure, unit, and the most that one line may report."""


def org_id(number: int) -> str:
    """An organisation's id of a hundred characters."""
    return f"GB-ZZZ-{number + 1:093}"


def full_line(number: int) -> dict[str, Any]:
    """A line with every field, each at its limit."""
    commitment_id, (_, unit, most) = list(COMMITMENTS.items())[number % len(COMMITMENTS)]
    return {
        "line_id": f"{number:0100}",
        "commitment_id": commitment_id,
        "quantity": most,
        "unit": unit,
        "from": "2026-10-06",
        "to": "2026-10-28",
        "attribution": "0.9999",
        "person": {
            "employer_id": org_id(number),
            "ref": f"APP-{number:0196}",
            "shared_id": f"ULN-{number:0196}",
            "weekly_hours": "36.999999",
            "in_post_on": "2026-10-06",
            "left_on": "2026-10-28",
        },
        "place": {"postcode": "SW1A 1AA", "school": f"GB-EDU-{100_000 + number}"},
        "invoice": {
            "payer_id": build.PARTY,
            "payee": WIDE,
            "payee_id": org_id(number),
            "number": invoice_number(number, 200),
            "date": "2026-10-06",
            "net_total": "999999999999.99",
        },
        "session": {
            "start": "2026-10-06T09:30",
            "hours": "23.999999",
            "attendees": 100_000,
            "deliverer_id": org_id(number),
        },
        "evidence": [{"reference": WIDE, "sha256": "ab" * 32}] * 2,
        "late": WIDE,
        "note": WIDE,
        "recovery": WIDE,
    }


def spend_line(number: int, length: int, quantity: str = "20.00") -> dict[str, Any]:
    """A line of spend whose invoice number has `length` characters."""
    return {
        "line_id": f"{number:0100}",
        "commitment_id": next(iter(COMMITMENTS)),
        "quantity": quantity,
        "unit": "GBP",
        "from": "2026-10-06",
        "invoice": {
            "payer_id": build.PARTY,
            "payee": WIDE,
            "payee_id": build.PARTY,
            "number": invoice_number(number, length),
            "net_total": "100.00",
        },
        "place": {"postcode": "SW1A 1AA"},
        "note": WIDE,
    }


def invoice_number(number: int, length: int) -> str:
    """A number of `length` characters, at least five, nearly all of which have four bytes."""
    return f"{number:04}{WIDE * (length - 4)}"


def a_return(lines: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    declaration = {
        "this_contract_and_period_only": True,
        "answers_a_commitment": True,
        "name": WIDE * fields.TEXT_CHARACTERS_MAX,
        "role": WIDE * fields.TEXT_CHARACTERS_MAX,
    }
    head = {"contract_id": CONTRACT, "period": PERIOD, "declaration": declaration}
    return build.a_return(*lines, **head | changes)


def fill(document: dict[str, Any]) -> bytes:
    """The return with notes so long that its body has as many bytes as is allowed. Each line has a
    note of one character."""
    lines, room = document["lines"], submission.BODY_BYTES_MAX - len(written(document))
    each = min(room // len(lines) // len(WIDE.encode()), fields.TEXT_CHARACTERS_MAX - 1)
    filled = [line | {"note": WIDE * (each + 1)} for line in lines]
    body = written(document | {"lines": filled})
    assert len(body) <= submission.BODY_BYTES_MAX, "it was to fit"
    return body


def written(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def most(make: Callable[[int], dict[str, Any]], low: int, high: int) -> int:
    """The largest size, from `low` to `high`, at which a return's event fits into one message."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _fits(make(middle)) else (low, middle - 1)
    return low


def _fits(document: dict[str, Any]) -> bool:
    body = written(document)
    acceptance = announcements.Acceptance(
        return_id=ids.new(),
        receipt_no=10**9,
        received_at=datetime(2026, 11, 5, 9, 0, 0, 123456, tzinfo=UTC),
        supersedes=ids.new(),
        words_digest="ab" * 32,
        party_id=build.PARTY,
        authority_id=build.AUTHORITY,
    )
    sent = submission.read(body).submission
    return not announcements.is_too_large(sent, len(body), acceptance, topics.BODY_BYTES_MAX)
