"""Alerts that nobody has acknowledged: of which days they are told again, and which is worst (rules
C2, L3).

Promises: pure. An alert is told again on the morning of the 5th, 10th and 20th working day after
the day on which it was raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from services.verification.domain import telling
from shared import calendar
from shared.notifier.kinds import Step
from shared.wire import events

ESCALATED: Final = (
    "shortfall_opened",
    "shortfall_worsened",
    "correction_changed_rating",
    "contract_ends_with_gap",
    "commitment_without_owner",
)
"""The kinds that somebody must answer for."""
_WORST_FIRST: Final = (
    "contract_ends_with_gap",
    "shortfall_worsened",
    "shortfall_opened",
    "correction_changed_rating",
    "return_overdue",
    "queue_holds_rating",
    "duplicate_claim",
    "commitment_without_owner",
    "shortfall_recovered",
)
_THOUSAND: Final = 1000
_DAY: Final = timedelta(days=1)


class Window(NamedTuple):
    """The days on which what is told again now was raised, both included."""

    step: Step
    first: date
    last: date


def windows(today: date) -> Iterator[Window]:
    """What is told again this morning; nothing on a day that is no working day."""
    if calendar.working_day(today - _DAY, 1) != today:
        return
    for working_days, step in telling.UNANSWERED.items():
        first = calendar.working_day(today, -working_days)
        yield Window(step, first, calendar.working_day(first, 1) - _DAY)


def rank(alert: events.AlertRaised) -> int:
    """Where an alert stands among others: by its kind, then by its gap as a share of the target;
    less is worse."""
    place = _WORST_FIRST.index(alert.kind) if alert.kind in _WORST_FIRST else len(_WORST_FIRST)
    share = Decimal(0)
    if alert.gap and alert.target:
        share = min(alert.gap / alert.target, Decimal(1))
    return place * _THOUSAND + _THOUSAND - 1 - int(share * (_THOUSAND - 1))
