"""The JSON of bank holidays that were declared late."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from shared import fields


class HolidayRequest(BaseModel):
    """A bank holiday that was declared late."""

    model_config = ConfigDict(extra="forbid", strict=True)

    day: fields.Day
    """The day that is a holiday: a working day by the calendar, after `known_from`."""
    known_from: fields.Day
    """Due days that are counted on this day or later are counted with it. It lies ahead."""
    reason: fields.Words
    """What was declared, and by whom."""


class Holiday(BaseModel):
    """A bank holiday as it was entered."""

    authority_id: str
    """`installation`: it is for every authority."""
    day: date
    known_from: date
    reason: str
    entered_by: str
    entered_at: datetime
    published: bool
    """Whether all contracts have told intake of it."""
