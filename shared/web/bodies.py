"""What bodies may cost: their bytes, their time, and all of them together.

Promises: nothing of a body is read before the endpoint asks for it, and none asks before it knows
the caller. Bytes are charged to the client (`auth.Client`) and to the service before they are read,
and given back with the answer. Files (`open_for_files`) come one at a time.
Refuses: a body that is compressed (`415`), too large (`413`) or too slow (`408`); what one client
(`429`) or all clients together (`503`) send above the bound.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
from collections.abc import Iterator
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

from shared.web.auth import Client

BYTES_MAX_OF_ALL: Final = 24 * 1024 * 1024
"""Bodies that are read or held at the same time. Each costs about three times its size while it is
checked."""
BYTES_MAX_OF_CLIENT: Final = 12 * 1024 * 1024
"""The largest return fits."""
SECONDS_MAX: Final = 20.0
BYTES_PER_SECOND_MIN: Final = 64 * 1024
"""A body may take `SECONDS_MAX`, and longer if it is longer than this allows."""
RETRY_SECONDS: Final = 2
NOBODY: Final = "", ""
"""Who sends to an address that asks for no token. All of them are one client."""

_TOO_LARGE: Final = "The body is too large"
_CLOSING: Final = {"connection": "close"}
"""Sent when the rest of a body is never read."""
_LATER: Final = {"retry-after": str(RETRY_SECONDS)} | _CLOSING


class Budget:
    """The bodies that a service holds."""

    def __init__(
        self, of_all: int = BYTES_MAX_OF_ALL, of_client: int = BYTES_MAX_OF_CLIENT
    ) -> None:
        self._of_all, self._of_client = of_all, of_client
        self._held = 0
        self._held_by: collections.Counter[Client] = collections.Counter()
        self._has_file = False

    def charge(self, client: Client, count: int) -> None:
        """Raises HTTPException if that is more than the client, or all together, may send. The
        first body is always taken, however large."""
        if self._held_by[client] and self._held_by[client] + count > self._of_client:
            raise HTTPException(429, "You are sending too much at once", _LATER)
        if self._held and self._held + count > self._of_all:
            raise HTTPException(503, "Too much is being sent at once", _LATER)
        self._held += count
        self._held_by[client] += count

    def give_back(self, client: Client, count: int) -> None:
        self._held -= count
        self._held_by[client] -= count
        if not self._held_by[client]:
            del self._held_by[client]

    def take_file(self) -> None:
        """Raises HTTPException while there is another."""
        if self._has_file:
            raise HTTPException(503, "Another file is being read: send yours later", _LATER)
        self._has_file = True

    def give_file_back(self) -> None:
        self._has_file = False


class _Body:
    """One request's body."""

    def __init__(
        self, scope: Scope, receive: Receive, bytes_max: int, budget: Budget, *, is_file: bool
    ) -> None:
        self._receive, self._bytes_max, self._budget = receive, bytes_max, budget
        headers = dict(scope["headers"])
        self._encoding = headers.get(b"content-encoding", b"").strip().lower()
        self._announced = int(headers.get(b"content-length", 0))
        self._state = scope.setdefault("state", {})
        self._client: Client = NOBODY
        self._is_file = is_file
        self._has_file = False
        self._ends_at: float | None = None
        self._charged = self._read = 0
        self._is_over = False

    async def receive(self) -> Message:
        """The next piece. Raises HTTPException, the only exception that the framework passes on
        while it reads."""
        if self._is_over:
            return await self._receive()
        if self._ends_at is None:
            self._begin()
        try:
            async with asyncio.timeout_at(self._ends_at):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, "The body did not come in time", _CLOSING) from None
        self._is_over = not message.get("more_body", False)
        self._read += len(message.get("body", b""))
        if self._read > self._bytes_max:
            raise HTTPException(413, _TOO_LARGE, _CLOSING)
        self._charge(self._read)
        return message

    def end(self) -> None:
        """Gives back what was charged."""
        if self._charged:
            self._budget.give_back(self._client, self._charged)
        if self._has_file:
            self._budget.give_file_back()

    def _begin(self) -> None:
        if self._encoding not in (b"", b"identity"):
            title = "The body is compressed. Send it as it is, without Content-Encoding"
            raise HTTPException(415, title, {"accept-encoding": "identity"} | _CLOSING)
        if self._announced > self._bytes_max:
            raise HTTPException(413, _TOO_LARGE, _CLOSING)
        if self._is_file:
            self._budget.take_file()
            self._has_file = True
        self._client = self._state.get("client", NOBODY)
        seconds = SECONDS_MAX + (self._announced or self._bytes_max) / BYTES_PER_SECOND_MIN
        self._ends_at = asyncio.get_running_loop().time() + seconds
        self._charge(self._announced)

    def _charge(self, count: int) -> None:
        more = count - self._charged
        if more > 0 and not self._has_file:
            self._budget.charge(self._client, more)
            self._charged = count


@contextlib.contextmanager
def limited(
    scope: Scope, receive: Receive, bytes_max: int, budget: Budget, *, is_file: bool
) -> Iterator[Receive]:
    """`receive` within the bounds, while the request is answered."""
    body = _Body(scope, receive, bytes_max, budget, is_file=is_file)
    try:
        yield body.receive
    finally:
        body.end()
