"""The words of a letter to a supplier's person: what it says of each change (rule L1).

Promises: pure, plain English, readable in 20 seconds. A step lies ahead of the day on which it is
read. Of what has ended since there is no word left to say.
Refuses: people. A line about a person is known by its number, and names nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from urllib.parse import quote

import msgspec

from services.intake.domain import due
from services.intake.store.told import LINES_SHOWN, ToldLine, ToldReturn
from shared import calendar, findings, formats
from shared.notifier import letters
from shared.pages import names
from shared.wire import events

MEND_WORKING_DAYS: Final = 5
"""So long is suggested for a correction whose month is rated already."""
_MONTHS_SAID: Final = 11
"""A month that is no further back needs no year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known to a letter."""

    today: date
    site: str
    """Where the supplier's pages are."""
    names: names.Names

    def where(self, contract_id: str, party_id: str) -> str:
        """`Street lighting (Brackenfold Builders)`."""
        return f"{self.names.contract(contract_id)} ({self.names.party(party_id)})"


class Piece(NamedTuple):
    """One thing of a letter, with the subject that the letter has if it is the only one."""

    subject: str
    item: letters.Item


def reminder(alert: events.AlertRaised, known: Known) -> Piece:
    """A return that is due or overdue, and not in."""
    assert alert.period is not None
    assert alert.supplier_id is not None
    due_on = alert.due_on or due.due_day(alert.period, None, ())
    is_overdue = alert.kind == "return_overdue" or known.today > due_on
    state = "overdue" if is_overdue else "due"
    month = _month(alert.period, known.today)
    late = calendar.working_days_since(due_on, known.today)
    if is_overdue:
        days = formats.count(late, "working day")
        subject = f"{month}'s return is {f'{days} late' if late else 'overdue'}"
        and_late = f", and is {days} late" if late else ""
        sentences: tuple[str, ...] = (
            f"It was due on {formats.day(due_on)}{and_late}.",
            "It is not taken as zero, but nothing is rated till it comes.",
        )
        to_do = f"Send it by {formats.day(_ahead(alert.step_by, known.today))}."
    else:
        subject = f"{month}'s return: send it by {due_on.day} {due_on:%B}"
        sentences = ("You can send it now.",)
        to_do = f"Send it by {formats.day(due_on)}."
    where = known.where(alert.contract_id, alert.supplier_id)
    item = letters.Item(
        headline=f"The return for {formats.month(alert.period)} is {state}: {where}",
        sentences=sentences,
        to_do=to_do,
        link=f"{known.site}/drafts/{quote(alert.contract_id, safe='')}/{alert.period}",
    )
    return Piece(subject, item)


def duplicate(alert: events.AlertRaised, known: Known, found: ToldReturn) -> Piece | None:
    """A line that claims what was claimed before; None if it no longer waits for another claim.
    `found`: its return."""
    assert alert.supplier_id is not None
    return_id, _, line_id = alert.subject.partition("/")
    promise = known.names.promise(alert.contract_id, alert.commitment_id or "")
    of = next((each for each in found.shown if each.line.line_id == line_id), None)
    words = None if of is None or found.is_withdrawn or found.is_replaced else _contested(of)
    if of is None or words is None:
        return None
    reported = formats.amount(alert.reported, alert.unit)
    month = formats.month(alert.period) if alert.period else "an unknown month"
    where = known.where(alert.contract_id, alert.supplier_id)
    item = letters.Item(
        headline=f"{promise}: {_named(of.line) or 'a line'} was claimed before: {where}",
        sentences=(f"You reported {reported} in {month}, as line {line_id}.", words.why),
        to_do=_by(words.to_do, _ahead(alert.step_by, known.today)),
        link=f"{known.site}/returns/{return_id}",
    )
    return Piece(f"{promise}: claimed twice", item)


def checked(return_id: object, found: ToldReturn, known: Known) -> Piece | None:
    """A return of which not all lines count; None if all do by now, or if it has ended."""
    bad = found.queried + found.not_counted
    if found.is_withdrawn or found.is_replaced or not bad:
        return None
    count = found.lines - bad
    share = f"{count:,} of {formats.count(found.lines, 'line')}"
    verb = "counts" if count == 1 else "count"
    of = [each for each in found.shown if each.said and each.said.outcome in _NOT_ALL]
    sentences = [_line(each, found, known) for each in of[:LINES_SHOWN]]
    more = bad - len(sentences)
    if more > 0:
        sentences.append(f"And {formats.count(more, 'more line', 'more lines')}.")
    to_do = None
    if any(_to_mend(each) for each in of):
        due_on = due.due_day(found.period, found.emptied_at, found.late)
        is_open = due_on >= known.today
        by = due_on if is_open else calendar.working_day(known.today, MEND_WORKING_DAYS)
        to_do = f"Correct what is wrong by {formats.day(by)}."
    month = formats.month(found.period)
    where = known.where(found.contract_id, found.party_id)
    item = letters.Item(
        headline=f"Return for {month}, {share} {verb}: {where}",
        sentences=tuple(sentences),
        to_do=to_do,
        link=f"{known.site}/returns/{return_id}",
    )
    return Piece(f"{month}: {share} {verb}", item)


def unknown(kind: str, contract_id: str | None, known: Known) -> Piece:
    """A change of which nothing is kept any more: it can be sent again after a long time."""
    what = _UNKNOWN.get(kind, "Something has changed")
    title = known.names.contract(contract_id) if contract_id else "a contract"
    at = f"/contracts/{quote(contract_id, safe='')}" if contract_id else "/"
    item = letters.Item(
        headline=f"{what}: {title}",
        sentences=("The details are on its page.",),
        to_do=None,
        link=f"{known.site}{at}",
    )
    return Piece(f"{what}: {title}", item)


_UNKNOWN: Final = {
    "return_due": "A return is due",
    "return_overdue": "A return is overdue",
    "return_checked": "Not all lines of a return count",
    "duplicate_claim": "A line was claimed before",
}
_NOT_ALL: Final = frozenset({"queried", "not_counted"})


def subject(pieces: list[Piece], count: int, contracts: list[str]) -> str:
    """Of a letter with `count` things, of which these are shown: how many, and the worst.
    `contracts`: those of the shown, by title."""
    if count == 1:
        return pieces[0].subject
    things = formats.count(count, "thing")
    if count > len(pieces):
        return f"{things}: {pieces[0].subject}"
    on = contracts[0] if len(contracts) == 1 else formats.count(len(contracts), "contract")
    return f"{things} on {on}: {pieces[0].subject}"


def day_of(*moments: datetime) -> date:
    """The day on which a letter is read: the latest that is known."""
    return max(map(calendar.london_day, moments))


# --- lines ---------------------------------------------------------------------------------------


def _line(told: ToldLine, found: ToldReturn, known: Known) -> str:
    line, said = told
    assert said is not None
    promise = known.names.promise(found.contract_id, line.commitment_id)
    reported = formats.amount(line.quantity, line.unit)
    words = [_words(told, each) for each in said.findings] or [_WAITS]
    to_do = "" if words[0].to_do == findings.NOTHING else words[0].to_do
    what = f"Line {line.line_id} reports {reported} for {promise}."
    return " ".join(filter(None, (what, words[0].why, to_do)))


_WAITS_FOR_CLAIM: Final = findings.Words(
    "It waits for the council, or for the other claim's withdrawal.", findings.NOTHING
)
_WAITS: Final = findings.Words("It waits for the council.", findings.NOTHING)


def _words(told: ToldLine, finding: events.Finding) -> findings.Words:
    if told.line.person is not None and finding.code in _PLACES:
        finding = msgspec.structs.replace(finding, found=None)
    return findings.words(finding, "supplier", findings.About(_thing(told.line)))


_PLACES: Final = frozenset({"outside_area", "postcode_unknown"})
"""They name a postcode. Of a person it is not named: few people have one postcode."""


def _contested(told: ToldLine) -> findings.Words | None:
    """Why the line waits for another claim; None if it no longer does. The alert may come before
    the check of its line."""
    if told.said is None:
        return _WAITS_FOR_CLAIM
    of = [each for each in told.said.findings if each.code in findings.CONTESTED]
    return _words(told, of[0]) if of and told.said.outcome in _NOT_ALL else None


def _to_mend(told: ToldLine) -> bool:
    """Whether its supplier can do something about it."""
    assert told.said is not None
    return any(_words(told, each).to_do != findings.NOTHING for each in told.said.findings)


def _thing(line: events.Line) -> str | None:
    """What it is about, as it names it. People are not named (rule I7)."""
    if line.person is not None:
        return None
    if line.invoice is not None:
        return line.invoice.number
    if line.session is not None:
        return line.session.start
    return line.place.school if line.place is not None else None


def _named(line: events.Line) -> str | None:
    """The same as part of a headline."""
    thing = _thing(line)
    if thing is None:
        return None
    if line.invoice is not None:
        return f"invoice {thing}"
    return "a session" if line.session is not None else thing


# --- days ----------------------------------------------------------------------------------------


def _ahead(day: date | None, today: date) -> date:
    """The day; the next working day where it has passed."""
    return day if day is not None and day >= today else calendar.working_day(today, 1)


def _by(to_do: str, day: date) -> str | None:
    if to_do in ("", findings.NOTHING):
        return None
    return f"{to_do.removesuffix('.')} by {formats.day(day)}."


def _month(period: str, today: date) -> str:
    """`October`; with its year where it lies further back."""
    first = calendar.first_day(period)
    is_near = calendar.add_months(period, _MONTHS_SAID) >= calendar.period_of(today)
    return f"{first:%B}" if is_near else formats.month(period)
