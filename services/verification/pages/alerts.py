"""Alerts: what people must hear, and who has seen it. A sentence first, then each alert, the newest
first; a manager acknowledges one, or those that are ticked.

Promises: pure. The words are the API's (`GET /api/v1/alerts`). Who may not acknowledge is offered
no button.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlencode

from services.verification.api import alerts as counting
from services.verification.api.documents import alerts as documents
from services.verification.pages import filters
from shared import formats
from shared.pages import names
from shared.pages.parts import Fault, Field, Pages

TITLE: Final = "Alerts"
TICKS: Final = "alert"
"""The name of the checkboxes."""
ONE: Final = "one"
"""The name of the button of a row."""
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


class Listed(NamedTuple):
    """One page of alerts, and the counts of all pages together."""

    alerts: Sequence[documents.Alert]
    counts: counting.Counts
    pages: Pages


def show(
    asked: filters.Alerts, listed: Listed, reader: Reader, faults: tuple[Fault, ...] = ()
) -> Page:
    """The page of these alerts. `faults`: of what was ticked."""
    rows = tuple(_rows(listed.alerts, reader.known))
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


def _rows(alerts: Sequence[documents.Alert], known: names.Names) -> Iterator[Row]:
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
            seen=_seen(alert, known),
        )


def _seen(alert: documents.Alert, known: names.Names) -> str | None:
    if alert.acknowledged_by is None or alert.acknowledged_at is None:
        return None
    when = formats.moment(alert.acknowledged_at)
    return f"Acknowledged by {known.person(alert.acknowledged_by)}, {when}"
