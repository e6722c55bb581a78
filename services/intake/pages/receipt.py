"""The receipt of a return, or of its withdrawal: that we have it, and what happens next, by when.

Promises: pure. It says that something was received and stays as it was, whatever happens later.
What counts is on the page of the return.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.intake.api import documents
from services.intake.domain import due
from services.intake.pages import addresses
from shared import calendar, formats
from shared.pages.names import NONE, Names
from shared.pages.parts import Fact, Link


class Step(NamedTuple):
    """What happens next, when, and where to see it."""

    what: str
    when: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One receipt."""

    title: str
    number: str
    of: str
    """Which return it is of."""
    steps: tuple[Step, ...]
    facts: tuple[Fact, ...]
    save: Link


def show(found: documents.Return, names: Names = NONE) -> Page:
    """The receipt of a return."""
    at = f"/returns/{found.return_id}"
    is_checked = found.status == "checked"
    return Page(
        title="Return received",
        number=f"Receipt number {found.receipt_no}",
        of=_of(found, names),
        steps=(
            Step(
                "Checked" if is_checked else "Checked within minutes",
                "",
                (Link("See what counts", at),),
            ),
            Step("Rated", _rated(found)),
            _recorded(found.entry, found.receipt.merge_by),
        ),
        facts=_facts(found, found.received_at),
        save=Link("Save receipt and return", f"{at}/receipt.json"),
    )


def show_withdrawal(
    found: documents.Return, merge_by: datetime, names: Names = NONE, late: calendar.Late = ()
) -> Page:
    """The receipt of the return's withdrawal. `merge_by`: by when it is promised to be in the
    record. `late`: bank holidays that were declared late."""
    withdrawal = found.withdrawal
    assert withdrawal is not None, "only what was withdrawn has this receipt"
    at = f"/returns/{found.return_id}"
    return Page(
        title="Withdrawal received",
        number=f"Receipt number {withdrawal.receipt_no}",
        of=_of(found, names),
        steps=(
            Step(
                "Nothing of this return counts any more",
                "The figures follow within minutes",
                (Link("See the return", at),),
            ),
            _next(found, withdrawal.withdrawn_at, late),
            _recorded(withdrawal.entry, merge_by),
        ),
        facts=(Fact("Reason", withdrawal.reason), *_facts(found, withdrawal.withdrawn_at)),
        save=Link("Save receipt", f"{at}/withdrawal.json"),
    )


def _of(found: documents.Return, names: Names) -> str:
    revision = f", revision {found.revision}" if found.revision > 1 else ""
    return f"{formats.month(found.period)}{revision}: {names.contract(found.contract_id)}"


def _rated(found: documents.Return) -> str:
    """Rule A5: as soon as all returns are in, at latest at the end of the due day. What comes after
    it, rates its month anew."""
    by = formats.day(found.due_on)
    if calendar.london_day(found.received_at) <= found.due_on:
        return f"When all returns are in, at latest on {by}"
    return f"Anew, as soon as it is checked: this month was due on {by}"


def _next(found: documents.Return, withdrawn_at: datetime, late: calendar.Late) -> Step:
    if found.superseded_by is not None:
        link = Link("See the revision that came after it", f"/returns/{found.superseded_by}")
        return Step("A later return of this month came", "", (link,))
    by = formats.day(due.due_day(found.period, withdrawn_at, late))
    month = formats.month(found.period)
    link = Link("Start", addresses.month(found.contract_id, found.period))
    return Step(f"Send a new return for {month}", f"By {by} it is in time", (link,))


def _recorded(entry: int | None, merge_by: datetime) -> Step:
    if entry is None:
        return Step("In the record", f"By {formats.moment(merge_by)}")
    at = f"record:/entries/{entry}"
    return Step("In the record", "", (Link(f"Entry {entry}", at), Link("Proof", f"{at}/proof")))


def _facts(found: documents.Return, received_at: datetime) -> tuple[Fact, ...]:
    return (
        Fact("Received", formats.moment(received_at)),
        Fact("Contract", found.contract_id),
        Fact("SHA-256 of what was sent", found.receipt.sha256),
        Fact("Number of the return", str(found.return_id)),
    )
