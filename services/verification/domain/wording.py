"""The words of an alert, made where it is read, from ids and figures (rule L1).

Promises: pure, plain English, and no figure that the event does not carry. Names come from the
contract as registered; where there is none the id is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final, NamedTuple

from shared import calendar
from shared.wire import events

_WHY: Final = {
    "not_delivered": "less was delivered than was due",
    "rejected": "some of what was reported does not count",
    "awaiting_council": "some of it waits for the council's decision",
    "no_return": "a return has not come in",
    "claimed_before": "the same thing was claimed before",
}
_STEPS: Final = {
    "send_return": "Send the return for {period}",
    "chase_return": "Ask {supplier} for the return for {period}",
    "notify_supplier": "Notify {supplier} of the shortfall",
    "decide_line": "Decide which of the claims counts",
}


@dataclass(frozen=True, slots=True)
class Names:
    """Words that stay in this service: titles and names, by id."""

    contract: str
    suppliers: Mapping[str, str | None]
    commitments: Mapping[str, str]


class NextStep(NamedTuple):
    """What somebody should do about it, and by when."""

    code: str
    words: str
    by: date | None


class Wording(NamedTuple):
    """An alert in words."""

    headline: str
    words: str
    gap_share: str | None
    """The gap in per cent of the whole target, with one decimal."""
    next_step: NextStep | None


def describe(alert: events.AlertRaised, names: Names) -> Wording:
    supplier = _supplier(alert, names)
    share = _share(alert)
    return Wording(
        headline=_headline(alert, names, supplier),
        words=_words(alert, supplier, share),
        gap_share=share,
        next_step=_next_step(alert, supplier),
    )


def commitment_title(alert: events.AlertRaised, names: Names) -> str | None:
    """Its title, or its id where the contract has no such commitment."""
    return names.commitments.get(alert.commitment_id or "", alert.commitment_id)


def _supplier(alert: events.AlertRaised, names: Names) -> str:
    if alert.supplier_id is None:
        return "the suppliers"
    return names.suppliers.get(alert.supplier_id) or alert.supplier_id


def _headline(alert: events.AlertRaised, names: Names, supplier: str) -> str:
    month, commitment = _month(alert.period), commitment_title(alert, names)
    about = {
        "return_due": f"The return for {month} is due",
        "return_overdue": f"The return for {month} is overdue",
        "shortfall_opened": f"{commitment} is behind",
        "shortfall_worsened": f"{commitment} has fallen further behind",
        "shortfall_recovered": f"{commitment} is back on course",
        "duplicate_claim": f"{commitment}: the same thing was claimed twice",
    }[alert.kind]
    return f"{about}: {names.contract} ({supplier})"


def _words(alert: events.AlertRaised, supplier: str, share: str | None) -> str:
    if alert.kind in ("return_due", "return_overdue"):
        verb = "is" if alert.kind == "return_due" else "was"
        due_on = _day(alert.due_on)
        return f"The return of {supplier} for {_month(alert.period)} {verb} due on {due_on}."
    if alert.kind == "duplicate_claim":
        return (
            f"{supplier} reported {amount(alert.reported, alert.unit)} in {_month(alert.period)} "
            "for something that an earlier receipt already claims. It does not count until the "
            "council decides, or the earlier claim is withdrawn."
        )
    end = _day(calendar.last_day(alert.period)) if alert.period else "now"
    expected, target = amount(alert.expected, alert.unit), amount(alert.target, alert.unit)
    reported, counted = amount(alert.reported, alert.unit), amount(alert.counted, alert.unit)
    sentences = [
        f"By {end}, {expected} of {target} was due.",
        f"{reported} was reported and {counted} counted.",
    ]
    if alert.gap:
        sentences.append(f"That is {amount(alert.gap, alert.unit)} behind, {share} % of the whole.")
    sentences.append(f"Rated: {alert.rating}.")
    reasons = [_WHY.get(code, code) for code in alert.why]
    if reasons:
        sentences.append(f"Why: {'; '.join(reasons)}.")
    return " ".join(sentences)


def _next_step(alert: events.AlertRaised, supplier: str) -> NextStep | None:
    if alert.step is None:
        return None
    words = _STEPS.get(alert.step, alert.step).format(
        supplier=supplier, period=_month(alert.period)
    )
    if alert.step_by is not None:
        words += f" by {_day(alert.step_by)}"
    return NextStep(alert.step, f"{words}.", alert.step_by)


def _share(alert: events.AlertRaised) -> str | None:
    """The gap in per cent of the whole target, rounded down to one decimal."""
    if alert.gap is None or not alert.target:
        return None
    return str((alert.gap * 100 / alert.target).quantize(Decimal("0.1"), ROUND_DOWN))


def amount(value: Decimal | None, unit: str | None) -> str:
    """`£1,234.50`, `12 visits`, `1.5 FTE`."""
    if value is None:
        return "nothing"
    if unit == "GBP":
        return f"£{value:,.2f}"
    plain = f"{value:,f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return f"{plain} {unit}" if unit else plain


def _month(period: str | None) -> str:
    return f"{calendar.first_day(period):%B %Y}" if period else "an unknown month"


def _day(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else "an unknown day"


def names(words: Mapping[str, Any], commitments: Mapping[str, str]) -> Names:
    """From a contract's stored words."""
    return Names(str(words["title"]), words["suppliers"], commitments)
