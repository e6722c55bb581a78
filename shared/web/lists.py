"""Lists, the same in every service: `{items, next}` with an opaque cursor.

Refuses: a cursor that does not come from this list (`400`).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

import pydantic
from fastapi import Query

from shared import fields
from shared.web.problems import INVALID, Fault, Problem

ITEMS_DEFAULT: Final = 100
ITEMS_MAX: Final = 1000
CURSOR_CHARACTERS_MAX: Final = 2000

Item = TypeVar("Item")
Row = TypeVar("Row")
Day = TypeVar("Day", date | None, str | None)
"""A day, or a month."""
Limit = Annotated[fields.Whole, Query(ge=1, le=ITEMS_MAX)]
Cursor = Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX)]
"""A list's parameters: `limit: lists.Limit = lists.ITEMS_DEFAULT, cursor: lists.Cursor = None`."""


class PageQuery(pydantic.BaseModel):
    """Which page of a list. The models of lists that can be narrowed down derive from it."""

    model_config = pydantic.ConfigDict(extra="forbid")  # a misspelt filter would show too much

    limit: Limit = ITEMS_DEFAULT
    cursor: Cursor = None


def assert_in_order(first_name: str, first: Day, last_name: str, last: Day) -> None:
    """Raises Problem (`422`) if a list is asked to end before it begins: nothing could be in it."""
    if first is not None and last is not None and first > last:
        fault = Fault(
            "form",
            f"This is before {first_name}, {first}",
            f"Give a later one, or exchange {first_name} and {last_name}.",
            parameter=last_name,
            value=str(last),
        )
        raise Problem(422, INVALID, errors=[fault])


def assert_begun(name: str, day: date | None, today: date) -> None:
    """Raises Problem (`422`) for a day that has not begun: nothing is known of it."""
    if day is not None and day > today:
        fault = Fault(
            "form",
            f"This day lies ahead: it is {today}",
            "Give today or an earlier day.",
            parameter=name,
            value=str(day),
        )
        raise Problem(422, INVALID, errors=[fault])


class Page(pydantic.BaseModel, Generic[Item]):
    """One page of a list. `next` is the cursor of the next page; null on the last."""

    items: list[Item]
    next: str | None


def cut(
    rows: Sequence[Row], limit: int, key: Callable[[Row], Sequence[str | int]]
) -> tuple[Sequence[Row], str | None]:
    """The first `limit` of `rows`, and the cursor of the next page. Query `limit` + 1 rows: the
    extra one shows that there is a next page."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], encode_cursor(*key(rows[limit - 1]))


def encode_cursor(*key: str | int) -> str:
    """A cursor from the last key of a page. Inverse of `decode_cursor`."""
    text = json.dumps(key, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, *kinds: type[str] | type[int]) -> tuple[Any, ...]:
    """The key in `cursor`, one value for each of `kinds`. Raises Problem (`400`)."""
    try:
        if len(cursor) > CURSOR_CHARACTERS_MAX:
            raise ValueError("too long")
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        of_this_list = isinstance(key, list) and [type(value) for value in key] == list(kinds)
        if not of_this_list or not all(map(_is_bounded, key)):
            raise ValueError("another list's key")
    except (ValueError, TypeError, RecursionError):
        raise odd_cursor() from None
    return tuple(key)


def read_moment(text: str) -> datetime:
    """A moment of a cursor's key, in UTC. Raises Problem (`400`)."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("a moment needs its offset from UTC")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise odd_cursor() from None
    if not fields.DAY_MIN <= moment.date() <= fields.DAY_MAX:
        raise odd_cursor()
    return moment


def odd_cursor() -> Problem:
    fix = "Send `next` exactly as you received it, or leave the cursor out."
    fault = Fault("form", "This cursor is not from this list.", fix, parameter="cursor")
    return Problem(400, "The cursor is invalid", errors=[fault])


def _is_bounded(value: str | int) -> bool:
    """Whether PostgreSQL can hold the value."""
    if isinstance(value, str):
        return value.isprintable()
    return -(2**63) <= value < 2**63
