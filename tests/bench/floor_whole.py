"""The whole floor stores all of a return: every field is read, passed on and stored."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pydantic

ARM = "floor"
TABLE = "floor_line"
SCHEMA = f"""
    DROP TABLE IF EXISTS {TABLE};
    CREATE TABLE {TABLE} (
        contract_id text NOT NULL, period text NOT NULL, return_id uuid NOT NULL,
        receipt_no bigint NOT NULL, revision integer NOT NULL, authority_id text NOT NULL,
        party_id text NOT NULL, occurred_at timestamptz NOT NULL,
        line_id text NOT NULL, commitment_id text NOT NULL, unit text NOT NULL,
        activity_on date NOT NULL, postcode text, payer_id text, payee_id text,
        invoice_number text, net_total numeric, counted numeric NOT NULL
    )
"""
COLUMNS = (
    "contract_id",
    "period",
    "return_id",
    "receipt_no",
    "revision",
    "authority_id",
    "party_id",
    "occurred_at",
    "line_id",
    "commitment_id",
    "unit",
    "activity_on",
    "postcode",
    "payer_id",
    "payee_id",
    "invoice_number",
    "net_total",
    "counted",
)


class Place(pydantic.BaseModel):
    postcode: str | None = None


class Invoice(pydantic.BaseModel):
    payer_id: str
    payee_id: str
    number: str
    net_total: Decimal


class Line(pydantic.BaseModel):
    line_id: str
    commitment_id: str
    quantity: Decimal
    unit: str
    activity_on: date = pydantic.Field(alias="from")
    place: Place | None = None
    invoice: Invoice | None = None
    counted: Decimal | None = None
    """Set by `check`."""


class Return(pydantic.BaseModel):
    event_id: UUID
    authority_id: str
    occurred_at: datetime
    contract_id: str
    return_id: UUID
    receipt_no: int
    party_id: str
    period: str
    revision: int
    lines: list[Line]


def check(body: bytes) -> bytes:
    """The same return, with what each of its lines counts."""
    sent = Return.model_validate_json(body)
    for line in sent.lines:
        line.counted = line.quantity
    return sent.model_dump_json(by_alias=True, exclude_none=True).encode()


def rows(body: bytes) -> list[tuple[object, ...]]:
    """The rows of a result, one for each line."""
    result = Return.model_validate_json(body)
    return [
        (
            result.contract_id,
            result.period,
            result.return_id,
            result.receipt_no,
            result.revision,
            result.authority_id,
            result.party_id,
            result.occurred_at,
            line.line_id,
            line.commitment_id,
            line.unit,
            line.activity_on,
            line.place.postcode if line.place else None,
            *_of_invoice(line.invoice),
            line.counted,
        )
        for line in result.lines
    ]


def _of_invoice(invoice: Invoice | None) -> tuple[object, ...]:
    if invoice is None:
        return (None, None, None, None)
    return (invoice.payer_id, invoice.payee_id, invoice.number, invoice.net_total)
