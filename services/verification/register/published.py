"""Values as publishers write them: JSON of any shape, read strictly.

Promises: pure and total. An absent value is None; one that is there but cannot be read is a Fault
with its place. Texts stay as published, even if their encoding was broken before.
Refuses: a text that no database can keep (rule I13); a date that is not `YYYY-MM-DD`, or a moment
of that day; a day before 1990 or years ahead, which is a default or a slip of the hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from services.verification.register.things import Fault
from shared import calendar, fields

YEARS_AHEAD_RELEASED_MAX: Final = 2
"""A release from far ahead would stand for ever against all that really come later."""
YEARS_AHEAD_STARTS_MAX: Final = 10
YEARS_AHEAD_ENDS_MAX: Final = 50
"""The longest concessions run for some 40 years."""

_DAYS_A_YEAR: Final = 365.25
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_FORM: Final = "Write it as YYYY-MM-DD, or as a moment of that day with its zone."


class Window(NamedTuple):
    """The last days that a date may have, seen from the day of the import."""

    released: date
    starts: date
    ends: date


def window(at: datetime) -> Window:
    """For an import at `at`."""
    today = calendar.london_day(at)
    years = (YEARS_AHEAD_RELEASED_MAX, YEARS_AHEAD_STARTS_MAX, YEARS_AHEAD_ENDS_MAX)
    return Window(*(today + timedelta(days=int(each * _DAYS_A_YEAR)) for each in years))


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: object) -> str | None:
    """A text; one of blanks is none."""
    return value.strip() or None if isinstance(value, str) else None


def identifier(value: object) -> str | None:
    """An id: a text, or an integer, as OCDS 1.1 allows."""
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return text(str(value) if is_integer else value)


def find_unstorable(value: object, place: str) -> Fault | None:
    """A NUL or half a surrogate pair in any text or key."""
    reason, fix = "a text has a NUL or half a character in it", "Remove the character."
    waiting = [(place, value)]
    while waiting:
        where, each = waiting.pop()
        if isinstance(each, str) and _UNSTORABLE.search(each):
            return Fault(where, each, reason, fix)
        if isinstance(each, dict):
            for key, inner in each.items():
                if _UNSTORABLE.search(key):
                    return Fault(where, key, reason, fix)
                step = key.replace("~", "~0").replace("/", "~1")
                waiting.append((f"{where}/{step}", inner))
        elif isinstance(each, list):
            waiting += ((f"{where}/{number}", inner) for number, inner in enumerate(each))
    return None


def too_long(value: str | None, place: str, characters_max: int) -> Fault | None:
    if value is None or len(value) <= characters_max:
        return None
    reason = f"it has more than {characters_max:,} characters"
    return Fault(place, value, reason, "Shorten it.")


def day(value: object, place: str, latest: date, *, is_end: bool = False) -> date | Fault | None:
    """The day that a date or moment lies in. A moment with a zone is London's day, but an end at
    23:59:59 is the day as written."""
    if value is None:
        return None
    read = _day(value, is_end=is_end)
    if read is None:
        return Fault(place, value, "this is no date", _FORM)
    if read < fields.DAY_MIN:
        return Fault(
            place, value, f"the date lies before {fields.DAY_MIN.year}", "Correct the date."
        )
    if read > latest:
        return Fault(place, value, f"the date lies after {latest.year}", "Correct the date.")
    return read


def _day(value: object, *, is_end: bool) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        if _DAY.fullmatch(value):
            return date.fromisoformat(value)
        if not _MOMENT.fullmatch(value):
            return None
        moment = datetime.fromisoformat(value.upper())
        is_day_end = is_end and (moment.hour, moment.minute, moment.second) == (23, 59, 59)
        if moment.tzinfo is None or is_day_end:
            return moment.date()
        return calendar.london_day(moment)
    except OverflowError:  # it exists in its own zone, but not in London
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def moment(value: object, place: str, latest: date) -> datetime | Fault | None:
    """When a release was made. Without a zone it is UTC."""
    read = day(value, place, latest)
    if read is None or isinstance(read, Fault):
        return read
    made = datetime.fromisoformat(str(value).upper())
    return made.replace(tzinfo=UTC) if made.tzinfo is None else made.astimezone(UTC)


class Period(NamedTuple):
    """The first and the last day."""

    starts_on: date
    ends_on: date


def period(place: str, candidates: Mapping[str, object], window: Window) -> Period | Fault:
    """The first period that has both: of `candidates`, by their places. `place`: where
    one is missed."""
    for where, candidate in candidates.items():
        sent_period = mapping(candidate)
        sent = [sent_period.get(name) for name in ("startDate", "endDate")]
        starts_on = day(sent[0], f"{where}/startDate", window.starts)
        ends_on = day(sent[1], f"{where}/endDate", window.ends, is_end=True)
        if isinstance(starts_on, Fault):
            return starts_on
        if starts_on is not None and ends_on is None:
            ends_on = _after(starts_on, sent_period.get("durationInDays"), where, window.ends)
        if isinstance(ends_on, Fault):
            return ends_on
        if starts_on is None or ends_on is None:
            continue
        if starts_on > ends_on:
            return Fault(where, f"{sent[0]} to {sent[1]}", "it ends before it starts", _DATES)
        return Period(starts_on, ends_on)
    return Fault(place, None, "it has no contract period with a start and an end", _DATES)


_DATES: Final = "Correct the period, or register the contract by hand."


def _after(starts_on: date, days: object, place: str, latest: date) -> date | Fault | None:
    if isinstance(days, bool) or not isinstance(days, int):
        return None
    if 0 < days <= (latest - starts_on).days:
        return starts_on + timedelta(days=days - 1)
    return Fault(f"{place}/durationInDays", days, "no contract lasts so long", _DATES)
