"""What suppliers' people are told of: of which changes, who of them, and how (rules L2, L3).

Promises: pure. A change is told once, whatever it was cut into; of a contract with several
suppliers each is told of its own. How a person is told is that person's choice.
Refuses: what is no news. An alert or a check that is older than `NEWS_DAYS_MAX` comes from a log
that is read anew, and a return for a month that is not asked for is history: neither is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

from shared import calendar
from shared.notifier import kinds
from shared.wire import events

NEWS_DAYS_MAX: Final = 7
"""A topic that is read for the first time begins at its oldest record. What waits longer than this
for intake is on its pages."""
KINDS: Final = ("return_overdue", "return_due", "return_checked", "duplicate_claim")
"""The worst first: what nothing is rated without, what is owed next, what can be mended."""
_ALERTS: Final = frozenset(KINDS) - {"return_checked"}
_DAYS: Final = 10_000_000
"""More than there are: a day never outweighs a kind."""


class Party(NamedTuple):
    """A supplier under an authority."""

    authority_id: str
    party_id: str


class Change(NamedTuple):
    """What one supplier's people are told of."""

    event_id: UUID
    """The alert; of a return that was checked, the return, whose parts are one change."""
    whose: Party
    contract_id: str
    kind: str
    rank: int
    period: str | None


class Person(NamedTuple):
    """Somebody who can be told."""

    recipient_id: str
    choices: Mapping[str, kinds.How]


class Telling(NamedTuple):
    """That one person is to be told of a change."""

    change: Change
    recipient_id: str
    how: Literal["at_once", "daily"]


def changes(said: Iterable[object], now: datetime) -> list[Change]:
    """Of what the other services say, what a supplier is to hear."""
    found: dict[tuple[UUID, Party], Change] = {}
    for event in said:
        if isinstance(event, events.AlertRaised | events.ReturnChecked):
            change = _change(event)
            is_news = now - event.occurred_at <= _NEWS
            if change is not None and is_news:
                found.setdefault((change.event_id, change.whose), change)
    return list(found.values())


_NEWS: Final = timedelta(days=NEWS_DAYS_MAX)


def _change(event: events.AlertRaised | events.ReturnChecked) -> Change | None:
    today = calendar.london_day(event.occurred_at)
    if isinstance(event, events.AlertRaised):
        if event.supplier_id is None or event.kind not in _ALERTS:
            return None
        return Change(
            event_id=event.event_id,
            whose=Party(event.authority_id, event.supplier_id),
            contract_id=event.contract_id,
            kind=event.kind,
            rank=_rank(event.kind, event.due_on or event.step_by or today),
            period=event.period,
        )
    own = [each for each in event.results if each.return_id in (None, event.return_id)]
    if event.withdrawn or not any(each.outcome in _NOT_ALL for each in own):
        return None
    return Change(
        event_id=event.return_id,
        whose=Party(event.authority_id, event.party_id),
        contract_id=event.contract_id,
        kind="return_checked",
        rank=_rank("return_checked", today),
        period=event.period,
    )


_NOT_ALL: Final = frozenset({"queried", "not_counted"})
"""With these not all of a return counts."""


def _rank(kind: str, day: date) -> int:
    return KINDS.index(kind) * _DAYS + day.toordinal()


def is_history(change: Change, asked_from: Mapping[str, str | None]) -> bool:
    """Whether it is of a month before those whose returns are asked for (rule A5). `asked_from`:
    the first of those, by contract, as far as known."""
    first = asked_from.get(change.contract_id)
    return first is not None and change.period is not None and change.period < first


def tellings(found: Iterable[Change], people: Mapping[Party, Sequence[Person]]) -> list[Telling]:
    """Who is told of each change, and how. Whoever chose never is not."""
    told = []
    for change in found:
        for person in people.get(change.whose, ()):
            how = kinds.how(kinds.SUPPLIER, change.kind, person.choices)
            if how != "never":
                told.append(Telling(change, person.recipient_id, how))
    return told
