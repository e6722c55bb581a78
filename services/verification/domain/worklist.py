"""What waits for the council: what lapses first stands first (rules A5, C2, L3, O1, P3).

Promises: pure. Each thing has the day on which it lapses, as far as a rule sets one: a return is
late from its due day on, a rating is due on that day, a supplier is notified of a case within five
working days, and a promise should be approved before it is in force. What no rule sets a day for
stands last. Nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

from services.verification.domain import announcements, periods
from shared import calendar, obligations

Group: TypeAlias = Literal["today", "week", "later"]
GROUPS: Final[tuple[Group, ...]] = ("today", "week", "later")
TO_MANAGE: Final = frozenset({"opened", "replied", "reassessed"})
"""The states of a case in which the next step is the council's (rule C2)."""
_SUNDAY: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Lines of one return that wait."""

    contract_id: str
    period: str
    party_id: str
    lines: int
    held: str | None
    """The last month that cannot be rated because of them; None: they hold no rating."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Alerts of one contract that nobody has acknowledged."""

    contract_id: str
    alerts: int
    kinds: Mapping[str, int]
    review_by: date | None
    """By when somebody is to decide whether a rating is reissued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case whose next step is the council's."""

    contract_id: str
    case_id: UUID
    title: str
    """Of the commitment that is behind."""
    period: str
    state: str
    opened_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A version of a commitment that waits for a second person."""

    contract_id: str
    title: str
    version: int
    proposed_by: str
    from_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Commitments of one contract that have no figures yet."""

    contract_id: str
    promises: int
    starts_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A return that is overdue."""

    contract_id: str
    period: str
    party_id: str
    due_on: date
    has_case: bool


Thing: TypeAlias = Lines | Alerts | Case | Proposal | Prose | Return


class Found(NamedTuple):
    """The first things of a kind, and how many there are."""

    things: Sequence[Thing]
    total: int


class Proposed(NamedTuple):
    """What was proposed and is not in force."""

    proposals: Found
    prose: Found


class Owed(NamedTuple):
    """Returns that are overdue, and those that can still come in time."""

    overdue: Found
    in_time: int
    next_due_on: date | None
    """The first day on which one of these is due."""


@dataclass(slots=True)
class Words:
    """Titles and suppliers of the contracts that things are of."""

    titles: dict[str, str] = field(default_factory=dict)
    suppliers: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """Names by org-id, by contract."""


def order(things: Iterable[Thing], today: date) -> dict[Group, list[Thing]]:
    """What waits, by when it lapses; in each group what lapses first."""
    found: dict[Group, list[Thing]] = {each: [] for each in GROUPS}
    for thing in sorted(things, key=lambda each: _key(each, today)):
        found[group(thing, today)].append(thing)
    return found


def group(thing: Thing, today: date) -> Group:
    """When it lapses: today or before, by Sunday, or later, also if no rule sets a day."""
    day = lapses(thing, today)
    if day is None:
        return "later"
    sunday = today + timedelta(days=_SUNDAY - today.weekday())
    return "today" if day <= today else "week" if day <= sunday else "later"


def lapses(thing: Thing, today: date) -> date | None:
    """The day by which it is to be done, or was; None: no rule sets one."""
    match thing:
        case Lines():
            due_on = obligations.due_on(thing.period if thing.held is None else thing.held)
            return due_on if thing.held is not None or due_on >= today else None
        case Alerts():
            return thing.review_by
        case Case():
            if thing.state != "opened":
                return None
            return calendar.working_day(thing.opened_on, announcements.NOTICE_WORKING_DAYS)
        case Proposal():
            return thing.from_on
        case Prose():
            return thing.starts_on if thing.starts_on >= today else None
        case Return():
            return thing.due_on


def case_opens_on(thing: Return) -> date:
    """The day on which an overdue return becomes a case (rule O1)."""
    return periods.ladder(thing.due_on)[-1].on


_FIRST: Final[tuple[type, ...]] = (Lines, Return, Case, Proposal, Alerts, Prose)
"""What lapses on the same day, in this order."""


def _key(thing: Thing, today: date) -> tuple[date, int, str, str]:
    day = lapses(thing, today) or date.max
    return (day, _FIRST.index(type(thing)), thing.contract_id, getattr(thing, "period", ""))
