"""The returns that every arm gets: 6 lines, about 900 bytes of JSON, the same in every run.

Promises: plain Python without any code of the services, so that the oracle can trust it. Each
return is new (its contract, month and invoice do not come again), so that the real intake and
verification accept and count every line. The plans of one run on ours must not overlap.

The months are before the contracts became known, as in a back-load of history: nothing was owed for
them, so nothing is rated (rules A5, O1). `fold.py` measures what rating adds.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

AUTHORITY_ID = "GB-LAE-KWL"
PARTY_ID = "GB-COH-00000001"
RECEIVED_AT = "2026-06-15T12:00:00Z"
FIRST_YEAR, LAST_YEAR = 2000, 2025
MONTHS_MAX = (LAST_YEAR - FIRST_YEAR + 1) * 12
LINES = 6
COMMITMENTS = {
    "visits": ("school-visits", "visits"),
    "hours": ("volunteering", "hours"),
    "spend": ("local-spend", "GBP"),
}
"""Measure and unit by commitment. All are of kind `sum`."""
LINE_NAMES = ("visits", "visits", "hours", "hours", "hours", "spend")
assert len(LINE_NAMES) == LINES


@dataclass(frozen=True)
class Plan:
    """`contracts` x `months` returns: from which contract on, and from which month on."""

    contracts: int
    months: int
    first_contract: int = 0
    first_month: int = 0

    def __post_init__(self) -> None:
        assert self.first_month + self.months <= MONTHS_MAX, "longer than the contracts"

    def __len__(self) -> int:
        return self.contracts * self.months

    @property
    def contract_ids(self) -> list[str]:
        """The ids of the plan's contracts."""
        numbers = range(self.first_contract, self.first_contract + self.contracts)
        return [f"B-{number:05}" for number in numbers]


@dataclass(frozen=True)
class Line:
    commitment_id: str
    quantity: Decimal
    day: int


@dataclass(frozen=True)
class Return:
    contract_id: str
    period: str
    number: int
    """Its number among all possible returns."""
    lines: tuple[Line, ...]

    @property
    def return_id(self) -> str:
        name = f"{self.contract_id}/{self.period}".encode()
        return str(uuid.UUID(bytes=hashlib.sha256(name).digest()[:16], version=4))


def returns(plan: Plan) -> Iterator[Return]:
    """The plan's returns, month by month, as real ones arrive."""
    months = range(plan.first_month, plan.first_month + plan.months)
    for month, (place, contract_id) in itertools.product(
        months, enumerate(plan.contract_ids, plan.first_contract)
    ):
        year, of_year = divmod(month, 12)
        period = f"{FIRST_YEAR + year}-{of_year + 1:02}"
        lines = tuple(line(name, month + place + at) for at, name in enumerate(LINE_NAMES))
        yield Return(contract_id, period, month * 100_000 + place, lines)


def line(commitment_id: str, seed: int) -> Line:
    whole = Decimal(seed * 7 % 9 + 1)
    quantity = whole * 123 + Decimal("0.45") if commitment_id == "spend" else whole
    return Line(commitment_id, quantity, seed % 28 + 1)


def post(each: Return) -> bytes:
    """The body that a supplier's system posts to intake."""
    return _json(
        {
            "contract_id": each.contract_id,
            "period": each.period,
            "revision": 1,
            "declaration": {
                "this_contract_and_period_only": True,
                "answers_a_commitment": True,
                "name": "A. Signatory",
                "role": "director",
            },
            "lines": [_as_json(each, at, line) for at, line in enumerate(each.lines)],
        }
    )


def event(each: Return) -> bytes:
    """The ReturnReceived event that intake publishes, without empty fields."""
    return _json(
        {
            "event_id": each.return_id,
            "authority_id": AUTHORITY_ID,
            "occurred_at": RECEIVED_AT,
            "type": "ReturnReceived",
            "contract_id": each.contract_id,
            "return_id": each.return_id,
            "receipt_no": 1_000_000_000 + each.number,
            "party_id": PARTY_ID,
            "period": each.period,
            "revision": 1,
            "lines": [_as_json(each, at, line) for at, line in enumerate(each.lines)],
        }
    )


def headers(each: Return) -> list[tuple[str, bytes]]:
    """The event's headers, in CloudEvents' binary mode."""
    return [
        ("ce_id", each.return_id.encode()),
        ("ce_type", b"ReturnReceived"),
        ("ce_source", b"/makegood/intake"),
    ]


def _as_json(each: Return, at: int, line: Line) -> dict[str, Any]:
    unit = COMMITMENTS[line.commitment_id][1]
    content: dict[str, Any] = {
        "line_id": str(at + 1),
        "commitment_id": line.commitment_id,
        "quantity": str(line.quantity),
        "unit": unit,
        "from": f"{each.period}-{line.day:02}",
    }
    if unit == "GBP":
        content["place"] = {"postcode": "L36 9YG"}
        content["invoice"] = {
            "payer_id": PARTY_ID,
            "payee_id": "GB-COH-00000002",
            "number": f"{each.contract_id}/{each.period}",
            "net_total": str(line.quantity),
        }
    return content


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
