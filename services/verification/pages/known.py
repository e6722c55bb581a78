"""As it was known at the end of a day: the form that asks for one, and what is said above the page.

Promises: pure. A day is read as people write it. One that lies ahead, or before the contract was
registered, is explained, and the page shows today.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared import fields, formats
from shared.pages import parts

FIELD: Final = "as_at"
CHARACTERS_MAX: Final = 40
PLACE_MAX: Final = 10_000
"""More than any contract has promises."""
_FORMS: Final = ("%Y-%m-%d", "%d %B %Y", "%d %b %Y", "%d/%m/%Y")
"""How people write a day. Digits of other scripts are not among them."""
_WRITTEN: Final = re.compile(r"[0-9A-Za-z/ -]+")


Text = Annotated[str, StringConstraints(max_length=CHARACTERS_MAX, strip_whitespace=True)]


class Asked(BaseModel):
    """What is asked of the page of a contract."""

    model_config = ConfigDict(extra="forbid")

    as_at: Text = ""
    """As a person wrote it: what is wrong with it is said on the page."""
    first: Annotated[fields.Whole, Field(ge=0, le=PLACE_MAX, alias="from")] = 0
    """The place of the first promise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a page says of the day that it shows."""

    banner: str | None
    """None: it shows today."""
    today: parts.Link | None
    """To the same page as it is now."""
    action: str
    """Where the form leads."""
    field: parts.Field
    faults: tuple[parts.Fault, ...]

    def title(self, heading: str) -> str:
        """Of the page, which says whether something is wrong."""
        return f"Error: {heading}" if self.faults else heading


def read(text: str) -> date | None:
    """A day as people write it; None if it is none, or none that can be."""
    cleaned = " ".join(text.split())
    if not _WRITTEN.fullmatch(cleaned):
        return None
    for form in _FORMS:
        try:
            day = datetime.strptime(cleaned, form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
        return day if fields.DAY_MIN <= day <= fields.DAY_MAX else None
    return None


def check(text: str, today: date) -> str | None:
    """What is wrong with a day that was asked for, as a sentence."""
    day = read(text)
    if day is None:
        return "Give a day, such as 31 August 2026."
    if day > today:
        return f"This day lies ahead: it is {formats.day(today)}."
    return None


def too_early(first: date) -> str:
    """Of a day on which nothing was known."""
    return f"The contract was registered on {formats.day(first)}: give that day or a later one."


def show(path: str, text: str, day: date | None, fault: str | None) -> Known:
    """The form, filled as it was sent; `day` is the one that the page shows, None for today."""
    return Known(
        banner=None
        if day is None
        else f"This is what was known at the end of {formats.day(day)}. Titles and names are "
        "today's.",
        today=None if day is None else parts.Link("See it as it is now", path),
        action=path,
        field=parts.Field(
            name=FIELD,
            label="As known on",
            value=text,
            hint="A day, such as 31 August 2026",
            width=20,
            characters_max=CHARACTERS_MAX,
            fault=fault,
        ),
        faults=(parts.Fault(FIELD, fault),) if fault else (),
    )


def at(path: str, day: date | None, **asked: str) -> str:
    """The address of a page as it was known on that day."""
    known = {**asked, **({FIELD: day.isoformat()} if day else {})}
    known = {name: value for name, value in known.items() if value}
    return f"{path}?{urlencode(known)}" if known else path
