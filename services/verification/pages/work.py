"""Needs you: what lapses first? A sentence first, then what waits, today, this week and later; and
what others are to do.

Promises: pure. An approver is shown what to approve, a manager everything else. What one cannot do
here yet is not offered; each row leads to where one sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.verification.domain import worklist
from services.verification.pages import filters, ratings
from shared import calendar, formats, obligations
from shared.pages.parts import Cell, Head, Link, Table

TITLE: Final = "Needs you"
ROWS: Final = 50
"""On the page, of all kinds together."""
CAPTIONS: Final[Mapping[worklist.Group, str]] = {
    "today": "Today",
    "week": "This week",
    "later": "Later",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The first page of an officer."""

    title: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]
    others: tuple[Link, ...]
    """What waits for others, with how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits of an authority: the first of each kind, and how many there are."""

    lines: worklist.Found
    alerts: worklist.Found
    cases: worklist.Found
    proposed: worklist.Proposed
    owed: worklist.Owed
    words: worklist.Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads the page, and when."""

    actor_id: str
    is_approver: bool
    today: date


def show(waiting: Waiting, reader: Reader) -> Page:
    """The page of what waits for this person."""
    own, total = _own(waiting, reader)
    ordered = worklist.order(own, reader.today)
    flat = [(group, each) for group in worklist.GROUPS for each in ordered[group]][:ROWS]
    tables = [
        _table(CAPTIONS[group], rows, waiting.words, reader.today)
        for group in worklist.GROUPS
        if (rows := [each for at, each in flat if at == group])
    ]
    return Page(
        title=TITLE,
        sentences=_sentences(ordered, total, len(flat), waiting, reader),
        tables=tuple(tables),
        others=_others(waiting, reader),
    )


def _own(waiting: Waiting, reader: Reader) -> tuple[list[worklist.Thing], int]:
    """What this person is to do, as far as it was listed; and how much that is in all."""
    if reader.is_approver:
        mine = [each for each in waiting.proposed.proposals.things if not _is_own(each, reader)]
        left_out = len(waiting.proposed.proposals.things) - len(mine)
        return mine, waiting.proposed.proposals.total - left_out
    kinds = _managers(waiting)
    things = [each for found in kinds for each in found.things]
    return things, sum(found.total for found in kinds)


def _is_own(thing: worklist.Thing, reader: Reader) -> bool:
    """Rule P3: whoever proposed a version does not approve it."""
    return isinstance(thing, worklist.Proposal) and thing.proposed_by == reader.actor_id


def _managers(waiting: Waiting) -> tuple[worklist.Found, ...]:
    return (
        waiting.lines,
        waiting.owed.overdue,
        waiting.cases,
        waiting.alerts,
        waiting.proposed.prose,
    )


# --- what stands first ---------------------------------------------------------------------------


def _sentences(
    ordered: Mapping[worklist.Group, Sequence[worklist.Thing]],
    total: int,
    shown: int,
    waiting: Waiting,
    reader: Reader,
) -> tuple[str, ...]:
    if not total:
        return (f"Nothing needs you. Next: {_next(waiting, reader)}.",)
    verb = "needs" if total == 1 else "need"
    first = f"{formats.count(total, 'thing')} {verb} you"
    if total > shown:
        return (f"{first}.", f"The first {shown:,} are shown here; the lists have all.")
    today = len(ordered["today"])
    if today == total:
        return (f"{first} today.",)
    return (f"{first}, {today:,} of them today." if today else f"{first}.",)


def _next(waiting: Waiting, reader: Reader) -> str:
    if reader.is_approver:
        return "what a contract manager proposes"
    if waiting.owed.next_due_on is not None:
        day = formats.day(waiting.owed.next_due_on)
        return f"{formats.count(waiting.owed.in_time, 'return')} that can come in time, by {day}"
    month = calendar.period_of(reader.today)
    due_on = formats.day(obligations.due_on(month))
    return f"the returns for {formats.month(month)}, due on {due_on}"


def _others(waiting: Waiting, reader: Reader) -> tuple[Link, ...]:
    """What waits for suppliers, and for officers of the other role."""
    counts = [
        (waiting.owed.in_time, "return can", "returns can", " still come in time", "supplier:/")
    ]
    if reader.is_approver:
        counts += [
            (waiting.lines.total, "return has", "returns have", " queried lines", "/queried"),
            (waiting.owed.overdue.total, "return is", "returns are", " overdue", "supplier:/"),
            (waiting.cases.total, "case waits", "cases wait", " for the next step", "/cases"),
            (
                *(waiting.alerts.total, "contract has", "contracts have"),
                *(" alerts that nobody acknowledged", "/alerts?acknowledged=false"),
            ),
        ]
    else:
        proposals = waiting.proposed.proposals.total
        counts += [
            (proposals, "proposal waits", "proposals wait", " for an approver", "/approvals")
        ]
    return tuple(
        Link(f"{formats.count(count, one, many)}{rest}", href)
        for count, one, many, rest, href in counts
        if count
    )


# --- what waits ----------------------------------------------------------------------------------


def _table(
    caption: str, things: Sequence[worklist.Thing], words: worklist.Words, today: date
) -> Table:
    return Table(
        caption=caption,
        heads=(Head("What"), Head("Contract, supplier"), Head("Lapses"), Head("What to do")),
        rows=tuple(_row(each, words, today) for each in things),
    )


def _row(thing: worklist.Thing, words: worklist.Words, today: date) -> tuple[Cell, ...]:
    names = words.suppliers[thing.contract_id]
    party_id = getattr(thing, "party_id", None)
    supplier = (
        names.get(party_id) or party_id
        if party_id is not None
        else ", ".join(name or each for each, name in names.items())
    )
    title = words.titles[thing.contract_id]
    to_do, href = _to_do(thing)
    return (
        _what(thing),
        Cell(title, f"/contracts/{thing.contract_id}", why=(thing.contract_id, supplier)),
        _lapses(thing, today),
        Cell(to_do, href),
    )


def _what(thing: worklist.Thing) -> Cell:
    match thing:
        case worklist.Lines():
            verb = "waits" if thing.lines == 1 else "wait"
            held = (
                (f"{formats.month(thing.held)} cannot be rated till you decide.",)
                if thing.held
                else ()
            )
            month = f"Return for {formats.month(thing.period)}"
            return Cell(f"{formats.count(thing.lines, 'line')} {verb}", why=(month, *held))
        case worklist.Alerts():
            kinds = tuple(
                f"{filters.KINDS.get(kind, kind)}: {count:,}" for kind, count in thing.kinds.items()
            )
            return Cell(f"{formats.count(thing.alerts, 'alert')} not acknowledged", why=kinds)
        case worklist.Case():
            since = f"{thing.title}: behind since {formats.month(thing.period)}"
            return Cell(since, why=(ratings.STATES.get(thing.state, thing.state),))
        case worklist.Proposal():
            what = "New promise" if thing.version == 1 else f"Version {thing.version} of a promise"
            return Cell(thing.title, why=(what,))
        case worklist.Prose():
            verb = "has" if thing.promises == 1 else "have"
            promises = formats.count(thing.promises, "promise")
            return Cell(f"{promises} {verb} no figures yet", why=("Nothing of it can be rated.",))
        case worklist.Return():
            return Cell(f"Return for {formats.month(thing.period)} is overdue", why=_case(thing))


def _case(thing: worklist.Return) -> tuple[str, ...]:
    if thing.has_case:
        return ("A case is open.",)
    return (f"A case opens on {formats.day(worklist.case_opens_on(thing))}.",)


def _lapses(thing: worklist.Thing, today: date) -> Cell:
    day = worklist.lapses(thing, today)
    if day is None:
        return Cell("No day is set")
    words = formats.day(day)
    if day >= today:
        return Cell(words, why=_AHEAD.get(type(thing), ()))
    return Cell(words, why=_LATE.get(type(thing), ()))


_AHEAD: Final[dict[type, tuple[str, ...]]] = {
    worklist.Lines: ("The month is rated.",),
    worklist.Proposal: ("It is to be in force.",),
    worklist.Prose: ("The contract starts.",),
}
_LATE: Final[dict[type, tuple[str, ...]]] = {
    worklist.Lines: ("The rating was due.",),
    worklist.Return: ("It was due.",),
    worklist.Case: ("The notice was due.",),
    worklist.Alerts: ("The review was due.",),
    worklist.Proposal: ("It was to be in force.",),
}
"""What the day was."""


def _to_do(thing: worklist.Thing) -> tuple[str, str]:
    contract = f"/contracts/{thing.contract_id}"
    match thing:
        case worklist.Lines():
            see = "See what it changes" if thing.lines == 1 else "See what they change"
            return see, f"/queried?contract={thing.contract_id}"
        case worklist.Alerts():
            return "Acknowledge", f"/alerts?acknowledged=false&contract={thing.contract_id}"
        case worklist.Case():
            return _STEPS.get(thing.state, "Go on with the case"), f"/cases/{thing.case_id}"
        case worklist.Proposal():
            return "Approve", "/approvals"
        case worklist.Prose():
            return "See what was published", contract
        case worklist.Return():
            return "Ask for it", f"supplier:/?contract={thing.contract_id}"


_STEPS: Final = {
    "opened": "Notify the supplier",
    "replied": "Agree a plan",
    "reassessed": "Resolve the case",
}
