"""A return as its party and its authority see it: what was sent, and the status of each line."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from services.intake import store
from services.intake.acceptance import desk
from services.intake.api import documents
from services.intake.api import receipts as api_receipts
from services.intake.domain import due, line_status, receipts, return_status, submission
from shared import findings, sql

Statuses: TypeAlias = Mapping[str, store.rows.RecordedStatus]
"""By line id."""


_DIFFERS: Final = "Something was changed here by hand: {fault}. Keep your own file and receipt."


class Eyes(NamedTuple):
    """Who looks, and how it is known that a receipt is ours."""

    is_partys: bool
    """Whether it is the party itself: only that is shown its references to people (rule I7)."""
    public_key: bytes
    """The one that signs receipts."""

    @property
    def reader(self) -> findings.Reader:
        """To whom reasons are worded."""
        return "supplier" if self.is_partys else "council"


async def show(row: sql.Record, statuses: Statuses, eyes: Eyes) -> documents.Return:
    """The return in a row of `store.reading.find_return`, as it was sent."""
    if len(row["body"]) > desk.HEAVY_BYTES:
        return await asyncio.to_thread(_show, row, statuses, eyes)
    return _show(row, statuses, eyes)


def summarise(row: sql.Record) -> dict[str, Any]:
    """A return as it is listed, from a row of `store.reading`."""
    status = return_status.status(
        is_withdrawn=row["withdrawn_at"] is not None,
        is_superseded=row["superseded_by"] is not None,
        is_checked=row["is_checked"],
        is_held=row["is_held"],
    )
    late = store.rows.read_late_holidays(row["late_holidays"])
    due_on = due.due_day(row["period"], row["emptied_at"], late)
    derived = {
        "status": status,
        "due_on": due_on,
        "late": due.is_late(row["filled_at"], due_on),
    }
    names = documents.ReturnSummary.model_fields.keys() - derived.keys()
    return {name: row[name] for name in names} | derived


def _show(row: sql.Record, statuses: Statuses, eyes: Eyes) -> documents.Return:
    issued = store.rows.read_receipt(row)
    fault = receipts.fault(issued, hashlib.sha256(row["body"]).digest(), eyes.public_key)
    sent = submission.Submission() if fault else submission.read(row["body"]).submission
    summary, is_withdrawn = summarise(row), row["withdrawn_at"] is not None
    end = return_status.end(
        is_withdrawn=is_withdrawn, is_replaced=row["is_replaced"], is_held=row["is_held"]
    )
    lines = [
        _line(_told(line, eyes), statuses.get(line.line_id or ""), eyes.reader)
        for line in sent.lines or ()
    ]
    if end is not None:
        why = line_status.ended(end, row["superseded_by"] if end == "superseded" else None)
        lines = [_end(line, end, findings.shown(why, eyes.reader)) for line in lines]
    return documents.Return(
        **summary,
        held=return_status.HELD[is_withdrawn] if summary["status"] == "held" else None,
        differs=fault and _DIFFERS.format(fault=fault),
        supersedes=row["supersedes"],
        reason=sent.reason,
        nil=None if fault else bool(sent.nil),
        invoiced_to_date=sent.invoiced_to_date,
        declaration=sent.declaration
        and documents.Declaration.model_validate(sent.declaration.model_dump()),
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


def _told(line: submission.Line, eyes: Eyes) -> dict[str, Any]:
    """A line as it was sent. References to people are their party's own: the council sees what was
    reported of a person, and not who it is (rule I7)."""
    told = line.model_dump(by_alias=True, exclude_none=True)
    if not eyes.is_partys and line.person is not None:
        told["person"] = {name: value for name, value in told["person"].items() if name not in _WHO}
    return told | {"to": line.to}


_WHO: Final = frozenset({"ref", "shared_id"})


def _line(
    told: dict[str, Any], recorded: store.rows.RecordedStatus | None, reader: findings.Reader
) -> documents.Line:
    shown = told | {"status": "received"}
    if recorded is not None:
        shown |= {
            "status": recorded.status.outcome,
            "counted": f"{recorded.status.counted:f}",
            "provisional": f"{recorded.status.provisional:f}",
            "queried": f"{recorded.status.queried:f}",
            "reasons": [findings.shown(each, reader) for each in recorded.status.findings],
            "entry": recorded.entry,
        }
    return documents.Line.model_validate(shown)


def _end(line: documents.Line, end: return_status.End, why: dict[str, Any]) -> documents.Line:
    """The line of a return that has ended: nothing of it counts."""
    none = {"counted": "0", "provisional": "0", "queried": "0"}
    return line.model_copy(update=none | {"status": end, "reasons": [why]})
