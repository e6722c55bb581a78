"""A return as its party and its authority see it: what was sent, and the status of each line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, TypeAlias

from services.intake import store
from services.intake.acceptance import desk
from services.intake.api import documents, receipts
from services.intake.domain import return_status, submission
from shared import findings, sql

Statuses: TypeAlias = Mapping[str, store.rows.RecordedStatus]
"""By line id."""


async def show(row: sql.Record, statuses: Statuses) -> documents.Return:
    """The return in a row of `store.reading.find_return`."""
    if len(row["body"]) > desk.HEAVY_BYTES:
        return await asyncio.to_thread(_show, row, statuses)
    return _show(row, statuses)


def _show(row: sql.Record, statuses: Statuses) -> documents.Return:
    sent = submission.read(row["body"]).submission
    return documents.Return(
        **{name: row[name] for name in documents.ReturnSummary.model_fields},
        status=return_status.status(
            is_withdrawn=row["withdrawal_no"] is not None,
            is_superseded=row["superseded_by"] is not None,
            is_checked=row["is_checked"],
        ),
        supersedes=row["supersedes"],
        superseded_by=row["superseded_by"],
        withdrawal=_withdrawal(row),
        receipt=documents.Receipt(**receipts.document(store.rows.read_receipt(row))),
        lines=[_line(line, statuses.get(line.line_id or "")) for line in sent.lines or ()],
    )


def _withdrawal(row: sql.Record) -> documents.Withdrawal | None:
    if row["withdrawal_no"] is None:
        return None
    return documents.Withdrawal(
        receipt_no=row["withdrawal_no"],
        reason=row["reason"],
        withdrawn_at=row["withdrawn_at"],
        entry=row["withdrawal_entry"],
    )


def _line(line: submission.Line, recorded: store.rows.RecordedStatus | None) -> documents.Line:
    shown: dict[str, Any] = {
        "line_id": line.line_id,
        "commitment_id": line.commitment_id,
        "quantity": line.quantity,
        "unit": line.unit,
        "from": line.from_,
        "to": line.to,
        "status": "received",
    }
    if recorded is not None:
        shown |= {
            "status": recorded.status.outcome,
            "counted": f"{recorded.status.counted:f}",
            "provisional": f"{recorded.status.provisional:f}",
            "queried": f"{recorded.status.queried:f}",
            "reasons": [findings.shown(each) for each in recorded.status.findings],
            "entry": recorded.entry,
        }
    return documents.Line.model_validate(shown)
