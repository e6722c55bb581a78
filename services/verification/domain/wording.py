"""The words of an alert, made where it is read, from ids and figures (rule L1).

Promises: pure, plain English, and no figure that the event does not carry. Names come from the
contract as registered; the id is shown if there is none.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final, NamedTuple

from shared import calendar, findings, formats
from shared.wire import events

WHY: Final = {
    "not_delivered": "less was delivered than was due",
    "rejected": "some of what was reported does not count",
    "awaiting_council": "some of it waits for the council's decision",
    "no_return": "a return is missing",
    "claimed_before": "the same thing was claimed before",
    "corrected": "what was reported was corrected after the due day",
}
_STEPS: Final[dict[str, dict[findings.Reader, str]]] = {
    "send_return": {
        "supplier": "Send the return for {month}",
        "council": "Wait for {supplier} to send the return for {month}",
    },
    "chase_return": {
        "supplier": "Send the return for {month}",
        "council": "Ask {supplier} for the return for {month}",
    },
    "notify_supplier": {
        "supplier": "Wait for the council's notice",
        "council": "Notify {supplier} of the shortfall",
    },
    "decide_line": {
        "supplier": "Withdraw one of the claims, or wait for the council's decision",
        "council": "Decide which of the claims counts",
    },
    "decide_lines": {
        "supplier": "Wait for the council's decision on the lines that wait",
        "council": "Decide the lines that wait",
    },
    "review_rating": {
        "supplier": "Wait for the council's decision on the rating for {month}",
        "council": "Decide whether the rating for {month} is to be reissued",
    },
    "review_contract": {
        "supplier": "Tell the council how you will deliver the rest before the contract ends",
        "council": "Ask {supplier} how the rest will be delivered before the contract ends",
    },
    "name_owner": {
        "supplier": "Wait for the council to name who follows the contract",
        "council": "Name an owner of the contract",
    },
}
_OVER: Final = {
    "return_due": "It is in by now, or no longer asked for.",
    "return_overdue": "It is in by now, or no longer asked for.",
    "shortfall_opened": "Its case has ended since.",
    "shortfall_worsened": "Its case has ended since.",
    "duplicate_claim": "The line no longer waits for another claim.",
    "queue_holds_rating": "None of its lines waits any more.",
    "commitment_without_owner": "The contract has an owner now.",
}
"""What is said of an alert whose cause has ended, by kind."""
NAMED_MAX: Final = 3
"""So many suppliers are named together."""


@dataclass(frozen=True, slots=True)
class Names:
    """What stays in this service: titles and names, by id."""

    contract: str
    suppliers: Mapping[str, str | None]
    commitments: Mapping[str, str]


def names(words: Mapping[str, Any], commitments: Mapping[str, str]) -> Names:
    """The names of a contract. `words`: as they are stored; `commitments`: titles by id."""
    return Names(str(words["title"]), words["suppliers"], commitments)


@dataclass(frozen=True, slots=True)
class Seen:
    """Who reads an alert, and when."""

    today: date
    is_over: bool = False
    """What the alert is about has ended since (`meant.is_over`)."""
    reader: findings.Reader = "council"
    about: findings.About = findings.UNKNOWN
    """Of a duplicate: what is claimed, and the claim that goes first."""


class NextStep(NamedTuple):
    """What to do about it, and by when."""

    code: str
    words: str
    by: date | None
    """A day that lies ahead: where the day has passed, the next working day."""
    is_late: bool = False
    """The day has passed by which it was to be done."""


class Wording(NamedTuple):
    """An alert in words."""

    supplier_name: str | None
    commitment_title: str | None
    """The id, if the contract has no such commitment."""
    headline: str
    words: str
    gap_share: str | None
    """The gap in per cent of the whole target, rounded down to one decimal."""
    next_step: NextStep | None


def describe(alert: events.AlertRaised, known: Names, seen: Seen) -> Wording:
    """The words of an alert."""
    supplier_name = known.suppliers.get(alert.supplier_id or "")
    supplier = supplier_name or alert.supplier_id or _together(known)
    title = known.commitments.get(alert.commitment_id or "", alert.commitment_id)
    share = _share(alert)
    return Wording(
        supplier_name=supplier_name,
        commitment_title=title,
        headline=f"{_subject(alert, title, seen)}: {known.contract} ({supplier})",
        words=_words(alert, supplier, share, seen) + _ended(alert, seen),
        gap_share=share,
        next_step=_next_step(alert, supplier, seen),
    )


def _together(known: Names) -> str:
    """The suppliers of a contract."""
    named = [name or supplier_id for supplier_id, name in known.suppliers.items()]
    if not named or len(named) > NAMED_MAX:
        return "the suppliers"
    return formats.listed(named)


def _subject(alert: events.AlertRaised, title: str | None, seen: Seen) -> str:
    month, thing = _month(alert.period), seen.about.thing or "the same thing"
    gap, end = formats.amount(alert.gap, alert.unit), _day(alert.ends_on)
    return {
        "return_due": f"The return for {month} is due",
        "return_overdue": f"The return for {month} is overdue",
        "shortfall_opened": f"{title} is behind",
        "shortfall_worsened": f"{title} has fallen further behind",
        "shortfall_recovered": f"{title} is back on course",
        "duplicate_claim": f"{title}: {thing} was claimed twice",
        "correction_changed_rating": f"{title}: a correction changes the rating for {month}",
        "queue_holds_rating": f"{title} cannot be rated for {month} till the council decides",
        "contract_ends_with_gap": f"{title} is {gap} behind, and the contract ends on {end}",
        "commitment_without_owner": f"{title or 'What was promised'} has no owner",
    }[alert.kind]


def _words(alert: events.AlertRaised, supplier: str, share: str | None, seen: Seen) -> str:
    if alert.kind in ("return_due", "return_overdue"):
        verb = "is" if alert.kind == "return_due" else "was"
        due_on = _day(alert.due_on)
        return f"The return of {supplier} for {_month(alert.period)} {verb} due on {due_on}."
    if alert.kind == "commitment_without_owner":
        return "Nobody at the council is named to follow it."
    figure = functools.partial(formats.amount, unit=alert.unit)
    if alert.kind == "duplicate_claim":
        return _duplicate(f"{supplier} reported {figure(alert.reported)}", alert, seen)
    return _figures(alert, share)


def _figures(alert: events.AlertRaised, share: str | None) -> str:
    """What was due, reported and counted, and what follows."""
    figure = functools.partial(formats.amount, unit=alert.unit)
    end = _day(calendar.last_day(alert.period)) if alert.period else "now"
    were = functools.partial(formats.were, unit=alert.unit)
    due = formats.part_of(alert.expected, alert.target, alert.unit)
    reported, counted = figure(alert.reported), figure(alert.counted)
    sentences = [
        f"By {end}, {due} {were(alert.target)} due.",
        f"{reported} {were(alert.reported)} reported and {counted} counted.",
    ]
    if alert.queried:
        verb = "waits" if were(alert.queried) == "was" else "wait"
        sentences.append(f"{figure(alert.queried)} {verb} for the council's decision.")
    if alert.gap:
        gap = figure(alert.gap)
        sentences.append(f"That is {gap} behind: {share}% of the whole target.")
    if alert.kind == "queue_holds_rating":
        return " ".join([*sentences, f"{_month(alert.period)} cannot be rated till then."])
    if alert.rating_before is None:
        sentences.append(f"Rated: {alert.rating}.")
    else:
        sentences.append(
            f"Rated: {alert.rating_before}. By what is known now it would be {alert.rating}; the "
            "rating stands until it is reissued."
        )
    if alert.why:
        sentences.append(f"Why: {'; '.join(WHY.get(code, code) for code in alert.why)}.")
    return " ".join(sentences)


def _ended(alert: events.AlertRaised, seen: Seen) -> str:
    return f" {_OVER[alert.kind]}" if seen.is_over and alert.kind in _OVER else ""


def _duplicate(reported: str, alert: events.AlertRaised, seen: Seen) -> str:
    about, month = seen.about, _month(alert.period)
    thing = about.thing or "something that was claimed before"
    said = [f"{reported} in {month} for {thing}."]
    if about.other is not None:
        first = findings.named(about.other, seen.reader)
        said.append(f"{first[0].upper()}{first[1:]} goes first.")
    said.append("It does not count until the council decides or the earlier claim is withdrawn.")
    return " ".join(said)


def _next_step(alert: events.AlertRaised, supplier: str, seen: Seen) -> NextStep | None:
    if alert.step is None or seen.is_over:
        return None
    step = _STEPS[alert.step][seen.reader] if alert.step in _STEPS else alert.step
    words = step.format(supplier=supplier, month=_month(alert.period))
    if alert.step_by is None:
        return NextStep(alert.step, f"{words}.", None)
    if alert.step_by >= seen.today:
        return NextStep(alert.step, f"{words} by {_day(alert.step_by)}.", alert.step_by)
    by = calendar.working_day(seen.today, 1)
    late = f"{words} by {_day(by)}. It was to be done by {_day(alert.step_by)}."
    return NextStep(alert.step, late, by, is_late=True)


def _share(alert: events.AlertRaised) -> str | None:
    if alert.gap is None or not alert.target:
        return None
    return str((alert.gap * 100 / alert.target).quantize(Decimal("0.1"), ROUND_DOWN))


def _month(period: str | None) -> str:
    return formats.month(period) if period else "an unknown month"


def _day(day: date | None) -> str:
    return formats.day(day) if day else "an unknown day"
