"""Lists as pages: fifty rows, and the way on."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from shared.pages.parts import Pages

ROWS: Final = 50
"""On one page."""


def pages(path: str, cursor: str | None, next_cursor: str | None, **kept: str | None) -> Pages:
    """The way through a list at `path`, from the page at `cursor`. `kept`: what it is narrowed down
    to."""
    known = {name: value for name, value in kept.items() if value is not None}

    def at(to: str | None) -> str:
        asked = known if to is None else known | {"cursor": to}
        return f"{path}?{urlencode(asked)}" if asked else path

    return Pages(
        first=None if cursor is None else at(None),
        next=None if next_cursor is None else at(next_cursor),
    )
