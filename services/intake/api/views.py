"""A return as its party and its authority see it: what was sent, and the status of each line."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from services.intake import store
from services.intake.acceptance import desk
from services.intake.api import documents
from services.intake.api import receipts as api_receipts
from services.intake.domain import line_status, receipts, return_status, submission
from shared import findings, sql
from shared.wire.events import Finding

Statuses: TypeAlias = Mapping[str, store.rows.RecordedStatus]
"""By line id."""


_DIFFERS: Final = "Something was changed here by hand: {fault}. Keep your own file and receipt."


async def show(row: sql.Record, statuses: Statuses, public_key: bytes) -> documents.Return:
    """The return in a row of `store.reading.find_return`. `public_key`: the one that signs
    receipts."""
    if len(row["body"]) > desk.HEAVY_BYTES:
        return await asyncio.to_thread(_show, row, statuses, public_key)
    return _show(row, statuses, public_key)


def summarise(row: sql.Record) -> dict[str, Any]:
    """A return as it is listed, from a row of `store.reading`."""
    status = return_status.status(
        is_withdrawn=row["withdrawn_at"] is not None,
        is_superseded=row["superseded_by"] is not None,
        is_checked=row["is_checked"],
        is_held=row["is_held"],
    )
    return {
        name: status if name == "status" else row[name]
        for name in documents.ReturnSummary.model_fields
    }


def _show(row: sql.Record, statuses: Statuses, public_key: bytes) -> documents.Return:
    issued = store.rows.read_receipt(row)
    fault = receipts.fault(issued, hashlib.sha256(row["body"]).digest(), public_key)
    sent = None if fault else submission.read(row["body"]).submission.lines
    summary, is_withdrawn = summarise(row), row["withdrawn_at"] is not None
    end = return_status.end(
        is_withdrawn=is_withdrawn, is_replaced=row["is_replaced"], is_held=row["is_held"]
    )
    lines = [_line(line, statuses.get(line.line_id or "")) for line in sent or ()]
    if end is not None:
        why = line_status.ended(end, row["superseded_by"] if end == "superseded" else None)
        lines = [_end(line, end, why) for line in lines]
    return documents.Return(
        **summary,
        held=return_status.HELD[is_withdrawn] if summary["status"] == "held" else None,
        differs=fault and _DIFFERS.format(fault=fault),
        supersedes=row["supersedes"],
        withdrawal=_withdrawal(row),
        receipt=documents.Receipt(**api_receipts.document(issued)),
        lines=lines,
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
            "reasons": [findings.shown(each, "supplier") for each in recorded.status.findings],
            "entry": recorded.entry,
        }
    return documents.Line.model_validate(shown)


def _end(line: documents.Line, end: return_status.End, why: Finding) -> documents.Line:
    """The line of a return that has ended: nothing of it counts."""
    none = {"counted": "0", "provisional": "0", "queried": "0"}
    reasons = [findings.shown(why, "supplier")]
    return line.model_copy(update=none | {"status": end, "reasons": reasons})
