"""Stopping mails by the link in them: what stops, and a button. Nobody needs to sign in.

Promises: pure. To open the page stops nothing: programs that look at links in mails open it too.
What may not be stopped says so, and has no button.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.notifier.kinds import Kind
from shared.notifier.stops import Stop

TITLE: Final = "Stop these mails"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the link stops, or has stopped."""

    title: str
    sentences: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    """In words."""
    token: str | None = None
    """What the button sends; None: there is no button."""


UNREADABLE: Final = Page(
    title="This link does not work",
    sentences=(
        "Nothing was changed. The link may have been cut off: open it from the mail again.",
        "Or sign in, and choose there what you are told.",
    ),
)


def show(asked: Stop, token: str, kinds: Mapping[str, Kind]) -> Page:
    """What the link would stop."""
    stopped = asked.kinds(kinds)
    if not stopped:
        return _refuse(asked, kinds)
    return Page(
        title=TITLE,
        sentences=("You will get no more mails about:",),
        kinds=tuple(kinds[each].words for each in stopped),
        token=token,
    )


def show_done(asked: Stop, kinds: Mapping[str, Kind]) -> Page:
    """What it has stopped."""
    stopped = asked.kinds(kinds)
    if not stopped:
        return _refuse(asked, kinds)
    return Page(
        title="These mails have stopped",
        sentences=("You get no more mails about:",),
        kinds=tuple(kinds[each].words for each in stopped),
    )


def _refuse(asked: Stop, kinds: Mapping[str, Kind]) -> Page:
    known = kinds.get(asked.kind)
    what = "This" if known is None else f"“{known.words}”"
    return Page(
        title="These mails cannot be stopped",
        sentences=(f"Nothing was changed. {what} is told to everybody whom it concerns.",),
    )
