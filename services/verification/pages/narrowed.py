"""What the lines behind a figure can be narrowed down to: by month and by result, in the address.

Promises: pure. What is left out asks for nothing. What cannot be is not found (`404`), as any other
address that is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.verification.pages import known
from shared import formats
from shared.pages.parts import Choice, Field
from shared.wire import parts

RESULTS: Final = {
    "counted": "Counts",
    "provisional": "Counts for now",
    "queried": "Waits for the council",
    "not_counted": "Does not count",
}
Month = Annotated[str, StringConstraints(pattern=f"^$|{parts.PERIOD_PATTERN}")]


class Asked(BaseModel):
    """The form as it was sent: what is empty is not asked for."""

    model_config = ConfigDict(extra="forbid")

    month: Month = ""
    result: Literal["", "counted", "provisional", "queried", "not_counted"] = ""
    as_at: known.Text = ""
    cursor: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """What the lines are narrowed down to."""
        return {k: v for k, v in (("month", self.month), ("result", self.result)) if v}

    @property
    def kept(self) -> dict[str, str]:
        """What stays in the address from page to page."""
        return self.given | ({known.FIELD: self.as_at} if self.as_at else {})


def form(asked: Asked, periods: Sequence[str]) -> tuple[Field, ...]:
    """The form, filled. `periods`: the months to choose from; the one that is asked for is always
    among them."""
    offered = sorted({*periods, *filter(None, (asked.month,))}, reverse=True)
    months = (Choice("", "All"), *(Choice(each, formats.month(each)) for each in offered))
    results = (Choice("", "All"), *(Choice(*each) for each in RESULTS.items()))
    return (
        Field(name="month", label="Month", value=asked.month, kind="select", choices=months),
        Field(name="result", label="Result", value=asked.result, kind="select", choices=results),
    )
