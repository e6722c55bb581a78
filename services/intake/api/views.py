"""A return as its party and its authority see it: what was sent, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from services.intake import store
from services.intake.acceptance import desk
from services.intake.api import documents
from services.intake.domain import submission
from shared import sql

Statuses: TypeAlias = Mapping[str, store.rows.RecordedStatus]
"""The last word on each line, and its entry."""


async def one_return(row: sql.Record, said: Statuses) -> documents.Return:
    """The return of a row of `one_return`, with the last word on each of its lines."""
    if len(row["body"]) > desk.HEAVY_BYTES:
        return await asyncio.to_thread(_one_return, row, said)
    return _one_return(row, said)


def _one_return(row: sql.Record, said: Statuses) -> documents.Return:
    facts = dict(row)
    given = submission.read(row["body"]).submission
    return documents.Return(
        **{name: facts[name] for name in documents.ReturnSummary.model_fields},
        status=_status(row),
        supersedes=row["supersedes"],
        superseded_by=row["superseded_by"],
        withdrawal=_withdrawal(row),
        receipt=documents.Receipt(**documents.receipt(store.rows.read_receipt(row))),
        lines=[_line(line, said.get(line.line_id or "")) for line in given.lines or ()],
    )


def _status(row: sql.Record) -> Any:
    if row["withdrawn_at"] is not None:
        return "withdrawn"
    if row["superseded_by"] is not None:
        return "superseded"
    return "checked" if row["is_checked"] else "received"


def _withdrawal(row: sql.Record) -> documents.Withdrawal | None:
    if row["withdrawal_no"] is None:
        return None
    return documents.Withdrawal(
        receipt_no=row["withdrawal_no"],
        reason=row["reason"],
        withdrawn_at=row["withdrawn_at"],
        entry=row["withdrawal_entry"],
    )


def _line(line: submission.Line, status: store.rows.RecordedStatus | None) -> documents.Line:
    said: dict[str, Any] = {"status": "received"}
    if status is not None:
        last, entry = status
        said = {
            "status": last.outcome,
            "counted": f"{last.counted:f}",
            "provisional": f"{last.provisional:f}",
            "queried": f"{last.queried:f}",
            "reasons": msgspec.to_builtins(last.findings),
            "entry": entry,
        }
    return documents.Line.model_validate(
        {
            "line_id": line.line_id,
            "commitment_id": line.commitment_id,
            "quantity": line.quantity,
            "unit": line.unit,
            "from": line.from_,
            "to": line.to,
            **said,
        }
    )
