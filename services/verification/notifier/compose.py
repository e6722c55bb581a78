"""The words of what the council's people are told, made when it is sent (rule L1).

Promises: four queries for a batch of dispatches. The worst comes first; each alert has the words of
the pages, its trend and its next step, and leads to the page of its promise or contract. Nothing
personal is in it. Nobody is reminded of an alert that was acknowledged or whose cause has ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

from services.verification import store
from services.verification.domain import meant, telling, wording
from services.verification.notifier import outdated as outdating
from services.verification.reference import age
from services.verification.store.telling import Attained
from shared import calendar, formats, sql
from shared.notifier import dispatches
from shared.notifier.letters import Item, Letter
from shared.notifier.notifier import Now
from shared.wire import events

_AGAIN: Final[dict[str, str]] = {
    step: f"Nobody has acknowledged this in {working_days} working days."
    for working_days, step in telling.UNANSWERED.items()
}
EXPECTED_MIN: Final = 10
"""Below it a part of a unit that was rounded away would show in the share."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What alerts are about, as it is now."""

    alerts: Mapping[UUID, sql.Record]
    titles: Mapping[str, Mapping[str, str]]
    """Of commitments, by contract."""
    attained: Mapping[Attained, str | None]
    outdated: Mapping[UUID, Item]
    """Reference data that is out of date, by what says so."""
    today: date


class Composer:
    """Verification's `notifier.Composer`. `base`: the address of the council's pages. In the demo,
    where months pass in a minute, a letter is of the day on which it was due."""

    def __init__(self, base: str, now: Now, *, is_demo: bool = False) -> None:
        self._base = base
        self._now = now
        self._is_demo = is_demo

    async def compose(
        self, pool: sql.Pool, batch: Sequence[dispatches.Ready]
    ) -> dict[UUID, Letter]:
        """The letters of these dispatches."""
        event_ids = {shown.event_id for each in batch for shown in each.notifications}
        found = await self._gather(pool, event_ids)
        written = ((each, self._letter(each, found)) for each in batch)
        return {each.dispatch_id: letter for each, letter in written if letter is not None}

    async def _gather(self, pool: sql.Pool, event_ids: set[UUID]) -> _Found:
        alerts = {row["event_id"]: row for row in await store.telling.load_alerts(pool, event_ids)}
        raised = [_read(row) for row in alerts.values()]
        contract_ids = sorted({alert.contract_id for alert in raised})
        versions = await store.register.load_commitments(pool, contract_ids)
        titles = {
            contract_id: {row["commitment_id"]: row["title"] for row in rows}
            for contract_id, rows in versions.items()
        }
        before = {each for alert in raised if (each := _before(alert)) is not None}
        attained = await store.telling.load_attained(pool, before) if before else {}
        today = calendar.london_day(await self._now())
        newest = await store.postcodes.find_newest_month(pool) if event_ids - set(alerts) else None
        outdated = {
            outdating.event_id(each): self._outdated(each) for each in age.check(newest, today)
        }
        return _Found(alerts, titles, attained, outdated, today)

    def _letter(self, ready: dispatches.Ready, found: _Found) -> Letter | None:
        told = [
            (shown, found.alerts[shown.event_id])
            for shown in ready.notifications
            if shown.event_id in found.alerts
        ]
        told = [(shown, row) for shown, row in told if shown.step == "raised" or _waits(row)]
        told_of = {shown.event_id for shown in ready.notifications}
        today = calendar.london_day(ready.due_at) if self._is_demo else found.today
        items = (
            *(self._item(shown, row, found, today) for shown, row in told),
            *(item for event_id, item in found.outdated.items() if event_id in told_of),
        )
        if not items:
            return None
        contracts = {shown.contract_id for shown, _ in told}
        more = ready.count - len(ready.notifications)
        return Letter(
            subject=_subject(items, more + len(items), len(contracts)),
            items=items,
            more=more,
            more_link=f"{self._base}/alerts",
            because=_because(len(contracts)),
            body=bytes(told[0][1]["body"]) if told else None,
        )

    def _outdated(self, each: age.OutOfDate) -> Item:
        return Item(
            headline=each.words, sentences=(), to_do=each.to_do, link=f"{self._base}/notifications"
        )

    def _item(self, shown: dispatches.Shown, row: sql.Record, found: _Found, today: date) -> Item:
        alert = _read(row)
        names = wording.names(json.loads(row["words"]), found.titles.get(alert.contract_id, {}))
        seen = wording.Seen(today, is_over=_is_over(row))
        described = wording.describe(alert, names, seen)
        again = _AGAIN.get(shown.step)
        sentences = (again, described.words, _trend(alert, found.attained))
        step = described.next_step
        return Item(
            headline=_headline(alert, described),
            sentences=tuple(each for each in sentences if each),
            to_do=None if step is None else step.words,
            link=f"{self._base}{_path(alert)}",
        )


def _subject(items: Sequence[Item], count: int, contracts: int) -> str:
    """One thing by its headline; of several how many they are, and the worst."""
    if count == 1:
        return items[0].headline
    where = f" on {formats.count(contracts, 'contract')}" if contracts else ""
    return f"{formats.count(count, 'thing')}{where}: {items[0].headline}"


def _because(contracts: int) -> str:
    if not contracts:
        return "you look after this installation"
    what = "this contract" if contracts == 1 else "these contracts"
    return f"you follow {what} for the council"


def _headline(alert: events.AlertRaised, described: wording.Wording) -> str:
    """As on the page; a shortfall by its figure, which says most in a list of mails."""
    if alert.kind not in ("shortfall_opened", "shortfall_worsened") or not alert.gap:
        return described.headline
    where = described.headline.partition(": ")[2]
    gap = formats.amount(alert.gap, alert.unit)
    return f"{described.commitment_title} is {gap} behind: {where}"


def _waits(row: sql.Record) -> bool:
    """Whether an alert still waits for somebody to acknowledge it."""
    return row["acknowledged_at"] is None and not _is_over(row)


def _is_over(row: sql.Record) -> bool:
    """Whether what an alert is about has ended since, as far as is known without its lines."""
    owed = None
    if row["missing"] is not None:
        owed = {(each.period, each.party_id) for each in store.rows.read_missing(row)}
    return meant.is_over(_read(row), row["case_state"], owed, None)


def _before(alert: events.AlertRaised) -> Attained | None:
    """The month before the one that an alert rates."""
    if alert.rating is None or alert.period is None or alert.commitment_id is None:
        return None
    return Attained(alert.contract_id, alert.commitment_id, calendar.previous_period(alert.period))


def _trend(alert: events.AlertRaised, attained: Mapping[Attained, str | None]) -> str | None:
    """`81.5% of what was due by then counts; a month before it was 76.4%.` Nothing where the alert
    has what was due in too few digits for that."""
    wanted = _before(alert)
    if wanted is None or not alert.expected or alert.low is None:
        return None
    if alert.expected < EXPECTED_MIN and alert.expected != alert.expected.to_integral_value():
        return None
    now = formats.share(alert.low * 100 / alert.expected)
    before = attained.get(wanted)
    if before is None:
        return f"{now} of what was due by then counts."
    share = Fraction(before) * 100
    then = formats.share(Decimal(share.numerator) / Decimal(share.denominator))
    return f"{now} of what was due by then counts; a month before it was {then}."


def _path(alert: events.AlertRaised) -> str:
    path = f"/contracts/{alert.contract_id}"
    return f"{path}/commitments/{alert.commitment_id}" if alert.commitment_id else path


def _read(row: sql.Record) -> events.AlertRaised:
    alert = events.read(row["body"])
    assert isinstance(alert, events.AlertRaised)
    return alert
