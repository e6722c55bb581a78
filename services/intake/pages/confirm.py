"""A question before something is taken away.

Promises: pure. The question says what goes; nothing goes before the button is pressed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.intake.domain import drafts
from services.intake.drafts import months
from services.intake.pages import addresses, promise
from services.intake.pages import month as month_page
from shared import formats


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A question, and the button that answers it with yes."""

    title: str
    caption: str
    sentences: tuple[str, ...]
    button: str
    is_warning: bool
    action: str
    back: str
    seen: str
    """The mark of what would go."""


def delete(month: months.Month, draft: drafts.Draft) -> Page:
    """Whether to delete a draft."""
    here = addresses.month(*_slot(month))
    lines = formats.count(len(draft.content.lines), "line")
    return Page(
        title="Delete this draft?",
        caption=month_page.heading(month),
        sentences=(
            f"It has {lines}. {month_page.saved(draft)}",
            "What was sent before stays as it is.",
        ),
        button="Delete draft",
        is_warning=True,
        action=f"{here}/delete",
        back=here,
        seen=str(draft.version),
    )


def nothing(month: months.Month) -> Page:
    """Whether there is nothing to report of any promise."""
    here = addresses.month(*_slot(month))
    lines = month.content.lines
    gone = f"{formats.count(len(lines), 'line')} of the draft would be removed." if lines else ""
    name = formats.month(month.place.period)
    sentences = (f"Every promise is answered with “Nothing this month” for {name}.", gone, _CHECK)
    return Page(
        title=f"Nothing to report for {name}?",
        caption=month_page.heading(month),
        sentences=tuple(filter(None, sentences)),
        button="Nothing to report",
        is_warning=bool(lines),
        action=f"{here}/nothing",
        back=here,
        seen=drafts.mark(lines),
    )


_CHECK: Final = "You check and send the return after that."


def remove(month: months.Month, task: drafts.Task, index: int) -> Page:
    """Whether to remove a line."""
    line = month.content.lines[index]
    told = (promise.when(line), promise.what(line), promise.quantity(line, task.measure))
    here = addresses.promise(*_slot(month), task.commitment_id)
    return Page(
        title=f"Remove line {line.get('line_id') or '?'}?",
        caption=month_page.heading(month),
        sentences=(f"{'; '.join(filter(None, told))}.",),
        button="Remove line",
        is_warning=True,
        action=f"{addresses.line(*_slot(month), task.commitment_id, index)}/remove",
        back=here,
        seen=drafts.mark(line),
    )


def _slot(month: months.Month) -> tuple[str, str]:
    return month.place.contract_id, month.place.period
