"""Checked files between the page that shows them and the button that uses them.

Promises: what is used is what was checked, whoever sends the form: the page carries a random name
of it, never its content. It is kept in memory, for the session that sent it. Bounded in number,
bytes and time; what is gone is asked for again.
"""

from __future__ import annotations

import collections
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from services.intake.domain import drafts

KEPT_MAX: Final = 200
BYTES_MAX: Final = 8 * 1024 * 1024
"""Of all. Most files mean 20 kB, one of 5,000 lines 2 MB."""
KEPT_FOR: Final = timedelta(hours=1)


class Owner(NamedTuple):
    """Who may use a file: one session, for one month."""

    session_id: str
    place: drafts.Place


class Checked(NamedTuple):
    """A file without faults."""

    owner: Owner
    body: bytes
    """The return that it means, as JSON."""
    answers: Mapping[str, drafts.Answer]
    at: datetime

    @property
    def content(self) -> drafts.Content:
        """The draft that it becomes."""
        document: dict[str, Any] = msgspec.json.decode(self.body)
        return drafts.Content(document, self.answers)


class Kept:
    """The files that were checked last."""

    def __init__(self) -> None:
        self._by_name: collections.OrderedDict[str, Checked] = collections.OrderedDict()
        self._bytes = 0

    def put(self, checked: Checked) -> str:
        """Keeps a file; the oldest ones make room. Returns the name that the page carries."""
        name = secrets.token_urlsafe(16)
        self._by_name[name] = checked
        self._bytes += len(checked.body)
        while len(self._by_name) > 1 and (len(self._by_name) > KEPT_MAX or self._bytes > BYTES_MAX):
            self._forget(next(iter(self._by_name)))
        return name

    def find(self, name: str, owner: Owner, at: datetime) -> Checked | None:
        """The file of this name, if it is this owner's and not too old."""
        found = self._by_name.get(name)
        if found is None or found.owner != owner:
            return None
        if at - found.at > KEPT_FOR:
            self._forget(name)
            return None
        return found

    def _forget(self, name: str) -> None:
        self._bytes -= len(self._by_name.pop(name).body)
