"""Who is to be told of alerts: written in the transaction that raises them (rules C2, L3). Gather,
decide, apply.

Promises: a handful of queries, however many alerts there are, and none where there is no alert. One
that is older than `HISTORY_DAYS` tells nobody: history that is loaded later sends no mails.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.verification import store
from services.verification.domain import telling, unanswered
from services.verification.domain.telling import Officers
from services.verification.store import rows
from shared import calendar, sql
from shared.notifier import kinds, notifications, recipients
from shared.notifier.kinds import Step
from shared.notifier.notifications import Notification
from shared.notifier.recipients import Recipient
from shared.wire import events

HISTORY_DAYS: Final = 30
"""Longer than any outage that alerts may wait out."""
AT_ONCE: Final = 1_000
"""Notifications in one statement."""
_DAY: Final = timedelta(days=1)


async def tell(
    conn: sql.Connection, alerts: Sequence[rows.AlertRow], now: datetime, digest_hour: int
) -> None:
    """Notifications of these alerts, which were raised just now."""
    since = now - timedelta(days=HISTORY_DAYS)
    raised = (each for each in alerts if each.raised_at > since and each.kind in telling.KINDS)
    told = (_Told("raised", each) for each in raised)
    await _tell(conn, {each.contract_id for each in alerts}, told, _Moment(now, digest_hour))


async def tell_unanswered(
    conn: sql.Connection, days: Sequence[rows.DayRow], now: datetime, digest_hour: int
) -> None:
    """Notifications of alerts that nobody has acknowledged by the mornings after these days; of
    days that are history, none."""
    since = calendar.london_day(now) - timedelta(days=HISTORY_DAYS)
    windows = [
        (each.partition, window)
        for each in days
        if each.day > since
        for window in unanswered.windows(each.day + _DAY)
    ]
    if windows:
        found = await store.telling.list_unanswered(conn, windows, unanswered.ESCALATED)
        told = (_Told(each.step, each.alert) for each in found)
        contract_ids = {each.alert.contract_id for each in found}
        await _tell(conn, contract_ids, told, _Moment(now, digest_hour))


@dataclass(frozen=True, slots=True)
class _Known:
    """What tells whom to tell."""

    authorities: Mapping[str, str]
    """By contract."""
    officers: Mapping[str, Officers]
    """By contract."""
    managers: Mapping[str, Sequence[str]]
    """By authority."""
    people: Mapping[str, Recipient]
    webhooks: Sequence[Recipient]


class _Told(NamedTuple):
    """An alert, and why it is told now."""

    step: Step
    alert: rows.AlertRow


class _Moment(NamedTuple):
    """What time it is, and at which hour in London digests are sent."""

    now: datetime
    digest_hour: int


async def _tell(
    conn: sql.Connection, contract_ids: set[str], told: Iterable[_Told], moment: _Moment
) -> None:
    """Alerts are taken one by one, since there may be many and nobody to tell."""
    if not contract_ids:
        return
    known = await _gather(conn, contract_ids)
    if not known.people and not known.webhooks:
        return
    made = (notification for each in told for notification in _notifications(each, known, moment))
    while some := list(itertools.islice(made, AT_ONCE)):
        await notifications.add_notifications(conn, some)


async def _gather(conn: sql.Connection, contract_ids: set[str]) -> _Known:
    authorities = await store.telling.load_authorities(conn, contract_ids)
    officers = await store.people.load_officers(conn, contract_ids)
    managers = await store.people.load_managers(conn, set(authorities.values()))
    holders = {
        held for each in officers.values() for part in telling.PARTS if (held := each.holder(part))
    }
    everybody = holders.union(*managers.values())
    people = await recipients.load_recipients(conn, everybody)
    return _Known(
        authorities,
        officers,
        managers,
        {each: found for each, found in people.items() if found.is_on},
        await recipients.list_webhooks(conn, set(authorities.values())),
    )


def _notifications(told: _Told, known: _Known, moment: _Moment) -> Iterator[Notification]:
    step, row = told
    authority_id = known.authorities.get(row.contract_id)
    if authority_id is None:
        return
    officers = known.officers.get(row.contract_id, telling.NOBODY)
    people = telling.told(row.kind, step, officers, known.managers.get(authority_id, ()))
    rank = unanswered.rank(_read(row))
    for who in _recipients(step, people, known, authority_id):
        kind = row.kind if step == "raised" else kinds.UNANSWERED
        if who.channel == "webhook":
            how: kinds.How = who.choices.get(kind, "at_once")
        else:
            how = kinds.how(kinds.COUNCIL, kind, who.choices)
        if how != "never":
            yield Notification(
                event_id=row.event_id,
                step=step,
                recipient_id=who.recipient_id,
                authority_id=authority_id,
                contract_id=row.contract_id,
                kind=row.kind,
                how=how,
                rank=rank,
                due_at=notifications.due_at(how, moment.now, moment.digest_hour),
            )


def _recipients(
    step: Step, told: Sequence[str], known: _Known, authority_id: str
) -> Iterator[Recipient]:
    """People are reminded; a program is called once for each alert."""
    for officer_id in told:
        if officer_id in known.people:
            yield known.people[officer_id]
    if step == "raised":
        yield from (each for each in known.webhooks if each.authority_id == authority_id)


def _read(row: rows.AlertRow) -> events.AlertRaised:
    alert = events.read(row.body)
    assert isinstance(alert, events.AlertRaised)
    return alert
