"""The letters of dispatches to suppliers' people, in a handful of queries for the batch.

Promises: a letter says what is so when it is written. What has ended since (the return came, or
all of it counts by now) is not told, and a dispatch with nothing left to tell has no letter. At
most `letters.ITEMS_MAX` things, the worst first; the others are a number and a link.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.intake import store
from services.intake.domain import due
from services.intake.notifier import wording
from services.intake.store.told import Asked, ToldReturn
from shared import sql
from shared.notifier import dispatches, letters
from shared.notifier.recipients import Recipient
from shared.pages import names
from shared.wire import events

_REMINDERS: Final = ("return_due", "return_overdue")


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the letters of a batch are written of."""

    alerts: Mapping[UUID, events.AlertRaised]
    returns: Mapping[UUID, ToldReturn]
    filled: frozenset[Asked]
    names: names.Names
    latest_at: datetime | None
    """The latest time that intake knows: a mail may have waited."""


class Composer:
    """Writes letters. `site`: where the suppliers' pages are. In the demo, where months pass in a
    minute, a letter is of the day on which it was due."""

    def __init__(self, site: str, *, is_demo: bool = False) -> None:
        self._site = site
        self._is_demo = is_demo

    async def compose(
        self, pool: sql.Pool, batch: Sequence[dispatches.Ready]
    ) -> dict[UUID, letters.Letter]:
        """The letter of each dispatch whose recipient is still there."""
        known = [(ready, ready.recipient) for ready in batch if ready.recipient is not None]
        if not known:
            return {}
        facts = await _load(pool, [each for ready, _ in known for each in ready.notifications])
        if self._is_demo:
            facts = dataclasses.replace(facts, latest_at=None)
        written = ((ready, _write(ready, who, facts, self._site)) for ready, who in known)
        return {ready.dispatch_id: letter for ready, letter in written if letter is not None}


async def _load(pool: sql.Pool, shown: Sequence[dispatches.Shown]) -> _Facts:
    checked = {each.event_id for each in shown if each.kind == "return_checked"}
    others = {each.event_id for each in shown} - checked
    alerts = await store.told.load_alerts(pool, others)
    line_ids: dict[UUID, set[str]] = {return_id: set() for return_id in checked}
    for line in filter(None, map(_duplicate, alerts.values())):
        line_ids.setdefault(line.return_id, set()).add(line.line_id)
    contract_ids = {each.contract_id for each in shown if each.contract_id is not None}
    return _Facts(
        alerts=alerts,
        returns=await store.told.load_returns(pool, line_ids),
        filled=frozenset(await store.told.load_filled(pool, _asked(alerts.values()))),
        names=await store.told.load_names(pool, contract_ids),
        latest_at=await store.desk.find_latest_at(pool),
    )


class _Line(NamedTuple):
    return_id: UUID
    line_id: str


def _duplicate(alert: events.AlertRaised) -> _Line | None:
    """The line that an alert is about, if it is about one."""
    if alert.kind != "duplicate_claim" or not alert.returns:
        return None
    return _Line(alert.returns[0], alert.subject.partition("/")[2])


def _asked(alerts: Iterable[events.AlertRaised]) -> set[Asked]:
    return {
        Asked(each.contract_id, due.Slot(each.period, each.supplier_id))
        for each in alerts
        if each.kind in _REMINDERS and each.period is not None and each.supplier_id is not None
    }


def _write(
    ready: dispatches.Ready, recipient: Recipient, facts: _Facts, site: str
) -> letters.Letter | None:
    moments = (ready.due_at, *([facts.latest_at] if facts.latest_at else []))
    known = wording.Known(today=wording.day_of(*moments), site=site, names=facts.names)
    shown = ready.notifications[: letters.ITEMS_MAX]
    told = [(each, _piece(each, facts, known)) for each in shown]
    pieces = [piece for _, piece in told if piece is not None]
    if not pieces:
        return None
    contract_ids = {each.contract_id for each, piece in told if piece is not None}
    contracts = sorted(facts.names.contract(each) for each in contract_ids if each)
    more = ready.count - len(shown)
    return letters.Letter(
        subject=wording.subject(pieces, len(pieces) + more, contracts),
        items=tuple(each.item for each in pieces),
        more=more,
        more_link=f"{site}/",
        because=f"you are a contact of {facts.names.party(recipient.party_id or 'a supplier')}",
    )


def _piece(shown: dispatches.Shown, facts: _Facts, known: wording.Known) -> wording.Piece | None:
    """What is said of one change; None if it has ended since."""
    if shown.kind == "return_checked":
        found = facts.returns.get(shown.event_id)
        if found is not None:
            return wording.checked(shown.event_id, found, known)
    alert = facts.alerts.get(shown.event_id)
    if alert is None:
        return wording.unknown(shown.kind, shown.contract_id, known)
    line = _duplicate(alert)
    if line is not None and line.return_id in facts.returns:
        return wording.duplicate(alert, known, facts.returns[line.return_id])
    if alert.kind in _REMINDERS and alert.period is not None and alert.supplier_id is not None:
        slot = due.Slot(alert.period, alert.supplier_id)
        is_in = Asked(alert.contract_id, slot) in facts.filled
        return None if is_in else wording.reminder(alert, known)
    return wording.unknown(shown.kind, shown.contract_id, known)
