"""Alerts: what people must hear, and who has seen it. A sentence first, then each alert, the newest
first; a manager acknowledges one, or those that are ticked.

Promises: pure. The words are the API's (`GET /api/v1/alerts`). Who may not acknowledge is offered
no button.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from services.verification.api import alerts as counting
from services.verification.api.documents import alerts as documents
from services.verification.pages import filters
from shared import formats
from shared.notifier import told
from shared.pages import names
from shared.pages.parts import Fault, Field, Pages

TITLE: Final = "Alerts"
TICKS: Final = "alert"
"""The name of the checkboxes."""
ONE: Final = "one"
"""The name of the button of a row."""
PEOPLE_MAX: Final = 4
"""Of one sentence: with more of them a page would weigh over 60 kB."""
TOLD_MAX: Final = 4
"""Sentences of one alert, the last ones: for the same reason."""
NONE_TICKED: Final = Fault(TICKS, "Tick the alerts that you acknowledge.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One alert."""

    alert_id: str
    headline: str
    href: str
    words: str
    to_do: str | None
    """The next step; None: there is nothing to do."""
    raised: str
    tick: str
    """The id of its checkbox. That of the first is where a fault of what is ticked leads."""
    seen: str | None
    """By whom and when; None: nobody has acknowledged it."""
    told: str
    """Who was told, when and how, in sentences; empty: nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list."""

    title: str
    sentences: tuple[str, ...]
    """The first says how many nobody has acknowledged."""
    faults: tuple[Fault, ...]
    form: tuple[Field, ...]
    is_narrowed: bool
    action: str | None
    """Where acknowledgements are sent; None: there is nothing that this person may acknowledge."""
    rows: tuple[Row, ...]
    pages: Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads the page, and what is known to this person."""

    may_acknowledge: bool
    known: names.Names = names.NONE
    told: Mapping[UUID, Sequence[told.Told]] = field(default_factory=dict)
    """By alert. Suppliers are not shown who of the council was told."""
    is_moved: bool = False
    """The service's clock is not the machine's."""


class Listed(NamedTuple):
    """One page of alerts, and the counts of all pages together."""

    alerts: Sequence[documents.Alert]
    counts: counting.Counts
    pages: Pages


def show(
    asked: filters.Alerts, listed: Listed, reader: Reader, faults: tuple[Fault, ...] = ()
) -> Page:
    """The page of these alerts. `faults`: of what was ticked."""
    rows = tuple(_rows(listed.alerts, reader))
    is_open = reader.may_acknowledge and any(each.seen is None for each in rows)
    return Page(
        title=f"Error: {TITLE}" if faults else TITLE,
        sentences=_sentences(listed.counts, asked.given, has_rows=bool(rows)),
        faults=faults,
        form=asked.form(),
        is_narrowed=bool(asked.given),
        action=address("/alerts/acknowledge", asked) if is_open else None,
        rows=rows,
        pages=listed.pages,
    )


def show_faults(asked: filters.Alerts, faults: tuple[Fault, ...]) -> Page:
    """The page of a filter that asks for what cannot be."""
    return Page(
        title=f"Error: {TITLE}",
        sentences=(),
        faults=faults,
        form=asked.form(faults),
        is_narrowed=True,
        action=None,
        rows=(),
        pages=Pages(None, None),
    )


def address(path: str, asked: filters.Alerts) -> str:
    """This path for the same part of the list."""
    kept = asked.given | ({} if asked.cursor is None else {"cursor": asked.cursor})
    return f"{path}?{urlencode(kept)}" if kept else path


# --- what it says --------------------------------------------------------------------------------


def _sentences(
    counts: counting.Counts, given: Mapping[str, str], *, has_rows: bool
) -> tuple[str, ...]:
    if not counts.alerts:
        return ("No alert matches these filters." if given else "There is no alert yet.",)
    if counts.unseen:
        verb = "is" if counts.unseen == 1 else "are"
        first = f"{formats.count(counts.unseen, 'alert')} {verb} not acknowledged."
    else:
        first = "All alerts are acknowledged."
    return (first,) if has_rows else (first, "No alert matches these filters.")


def _rows(alerts: Sequence[documents.Alert], reader: Reader) -> Iterator[Row]:
    ticks = 0
    for alert in alerts:
        ticks += alert.acknowledged_by is None
        yield Row(
            alert_id=str(alert.alert_id),
            headline=alert.headline,
            href=f"/contracts/{alert.contract_id}",
            words=alert.words,
            to_do=None if alert.next_step is None else alert.next_step.words,
            raised=formats.moment(alert.raised_at),
            tick=TICKS if ticks == 1 else f"{TICKS}-{ticks}",
            seen=_seen(alert, reader.known),
            told=" ".join([*_told(reader.told.get(alert.alert_id, ()), reader)][-TOLD_MAX:]),
        )


def _seen(alert: documents.Alert, known: names.Names) -> str | None:
    if alert.acknowledged_by is None or alert.acknowledged_at is None:
        return None
    when = formats.moment(alert.acknowledged_at)
    return f"Acknowledged by {known.person(alert.acknowledged_by)}, {when}"


def _told(notifications: Sequence[told.Told], reader: Reader) -> Iterator[str]:
    """A sentence for all to whom the same happened, in the order in which it was due."""
    same: dict[tuple[str, str], list[str]] = {}
    for each in notifications:
        at = each.due_at if reader.is_moved else each.ended_at
        is_webhook = each.recipient_id.startswith("webhook:")
        when = formats.moment(at) if at is not None and each.state in _SENT else ""
        how = "" if each.state not in _SENT else ", by webhook" if is_webhook else ", by e-mail"
        who = "a program" if is_webhook else reader.known.person(each.recipient_id)
        end = f"{', ' if when else ''}{when}{how}{_UNANSWERED[each.step]}"
        same.setdefault((_STATES[each.state], end), []).append(who)
    for (words, end), people in same.items():
        yield f"{words}: {_listed(people)}{end}."


def _listed(people: list[str]) -> str:
    if len(people) <= PEOPLE_MAX:
        return formats.listed(people)
    return formats.listed([*people[: PEOPLE_MAX - 1], f"{len(people) - PEOPLE_MAX + 1} others"])


_SENT: Final = ("sent", "doubtful")
_STATES: Final[Mapping[str, str]] = {
    "planned": "Will be told",
    "waiting": "Will be told",
    "sending": "Will be told",
    "sent": "Told",
    "refused": "Could not be told",
    "given_up": "Could not be told",
    "doubtful": "Perhaps told",
    "passed": "No longer told",
}
_UNANSWERED: Final[Mapping[str, str]] = {
    "raised": "",
    "unanswered_5": ", unanswered for 5 working days",
    "unanswered_10": ", unanswered for 10 working days",
    "unanswered_20": ", unanswered for 20 working days",
}
