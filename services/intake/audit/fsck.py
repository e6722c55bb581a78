"""Whether intake's books are whole: what is stored, against what was receipted, posted and logged.

Promises: changes nothing. It checks that

- each stored return is the bytes of its receipt, and intake signed each receipt with its own key;
- receipts are numbered from 1 without a gap, returns and withdrawals together;
- what was posted of each is what is stored, and nothing that was posted is missing;
- each receipt that is due has its entry in the log; no entry is said to be of two events;
- if the ledger is at hand: its log says the same of each receipt, and of no other.

Whoever can write to the database, but has neither intake's key nor the log, is found.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from services.intake import store
from services.intake.audit import log
from services.intake.domain import receipts
from services.intake.store.rows import CheckedReceipt
from shared import sql

FAILURES_MAX: Final = 1000
"""More would not help: such books are restored, not repaired."""


class Failure(NamedTuple):
    """What is wrong, and where."""

    place: str
    what: str


@dataclass(slots=True)
class Report:
    """How much was seen, by kind, and what is wrong."""

    seen: collections.Counter[str] = field(default_factory=collections.Counter)
    failures: list[Failure] = field(default_factory=list)

    def fail(self, place: str, what: str) -> None:
        """Adds a failure."""
        if len(self.failures) < FAILURES_MAX:
            self.failures.append(Failure(place, what))


async def check(
    conn: sql.Connection,
    public_key: bytes,
    ledger_url: str | None,
    advance: Callable[[int], object] = lambda _: None,
) -> Report:
    """Checks everything above, in one snapshot. `public_key`: intake's own. `advance` is told of
    each receipt. Raises log.UnreadableError."""
    report = Report()
    if ledger_url is not None:
        # before the snapshot: what the log has by then, intake has too
        await store.checking.add_logged_table(conn)
        async for found in log.stream_receipts(ledger_url):
            await store.checking.add_logged(conn, found)
            report.seen["receipts in the log"] += len(found)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        async for each in store.checking.stream_receipts(conn):
            _check_receipt(report, each, public_key)
            advance(1)
        await _check_numbers(report, conn)
        if ledger_url is not None:
            await _compare_log(report, conn)
    return report


def _check_receipt(report: Report, each: CheckedReceipt, public_key: bytes) -> None:
    place = f"receipt {each.issued.receipt.receipt_no}"
    report.seen[f"{each.issued.receipt.kind}s"] += 1
    broken = receipts.fault(each.issued, each.body_sha256, public_key)
    if broken is not None:
        report.fail(place, broken)
    if each.posted is None:
        report.fail(place, "nothing was posted of it")
    else:
        for name, value in each.wanted().items():
            if each.posted.get(name) != value:
                report.fail(place, f"the {name} that was posted of it differs")
    if each.is_due and each.entry is None:
        when = f"{each.issued.receipt.merge_by:%Y-%m-%d %H:%M} UTC"
        report.fail(place, f"an entry was promised by {when}, and the ledger told of none")


async def _check_numbers(report: Report, conn: sql.Connection) -> None:
    for gap in await store.checking.list_gaps(conn, FAILURES_MAX):
        if gap.last < gap.first:
            report.fail(f"receipt {gap.first - 1}", "two have this number")
        else:
            place = f"receipt {gap.first}"
            place += f" to {gap.last}" if gap.last > gap.first else ""
            report.fail(place, "nothing has this number: it was deleted")
    for lost in await store.checking.list_lost(conn, FAILURES_MAX):
        report.fail(f"event {lost.event_id}", f"this {lost.type} was posted, and is not stored")
    for contested in await store.checking.list_contested(conn, FAILURES_MAX):
        what = f"the ledger told of {contested.events} events for it: the log was taken back"
        report.fail(f"entry {contested.entry}", what)


async def _compare_log(report: Report, conn: sql.Connection) -> None:
    for due in await store.checking.list_unlogged(conn, FAILURES_MAX):
        when = f"{due.merge_by:%Y-%m-%d %H:%M} UTC"
        what = f"an entry was promised by {when}, and the log has none"
        report.fail(f"receipt {due.receipt_no}", what)
    for unlike in await store.checking.list_unlike(conn, FAILURES_MAX):
        place = f"entry {unlike.entry}"
        if unlike.wanted is None:
            report.fail(place, f"intake has no such receipt: {unlike.said or 'only its digest'}")
        elif unlike.told not in (None, unlike.entry):
            report.fail(place, f"the ledger told intake of entry {unlike.told} for this event")
        else:
            report.fail(place, f"it says {unlike.said}, but intake has {unlike.wanted}")
