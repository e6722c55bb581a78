"""Checked files between the page that shows them and the button that uses them.

Promises: what is used is what was checked, whoever sends the form: the page carries a random name
of it, never its content. It is kept in memory, for the session that sent it. Bounded in number,
bytes and time; what is gone is asked for again.
"""

from __future__ import annotations

import collections
import secrets
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from services.intake.domain import drafts

KEPT_MAX: Final = 200
BYTES_MAX: Final = 32 * 1024 * 1024
"""Of all. Most files are of 20 kB; one of 5,000 lines becomes 3 MB."""
KEPT_FOR: Final = timedelta(hours=1)


class Checked(NamedTuple):
    """A file without faults, as the draft that it becomes."""

    session_id: UUID
    place: drafts.Place
    content: drafts.Content
    size: int
    name: str
    at: datetime


class Kept:
    """The files that were checked last."""

    def __init__(self) -> None:
        self._by_name: collections.OrderedDict[str, Checked] = collections.OrderedDict()
        self._bytes = 0

    def put(self, checked: Checked) -> str:
        """Keeps a file; the oldest ones make room. Returns the name that the page carries."""
        name = secrets.token_urlsafe(16)
        self._by_name[name] = checked
        self._bytes += checked.size
        while len(self._by_name) > KEPT_MAX or (self._bytes > BYTES_MAX and len(self._by_name) > 1):
            self._forget(next(iter(self._by_name)))
        return name

    def find(
        self, name: str, session_id: UUID, place: drafts.Place, at: datetime
    ) -> Checked | None:
        """The file of this name, if this session sent it for this very month, and lately."""
        found = self._by_name.get(name)
        if found is None or (found.session_id, found.place) != (session_id, place):
            return None
        if at - found.at > KEPT_FOR:
            self._forget(name)
            return None
        return found

    def _forget(self, name: str) -> None:
        self._bytes -= self._by_name.pop(name).size
