"""The door: one HTTP connection, before there is a request.

Promises: whatever a client sends or holds back, a connection costs little and ends. A head has at
most `HEAD_BYTES_MAX` and `FIELDS_MAX`, and `HEAD_SECONDS_MAX` to arrive. Above `CONNECTIONS_MAX`
the one that has waited longest for a request is closed, so that a new one is always let in. What is
refused here is a problem document too. An answer that comes before the body has ended can be read:
what still comes is dropped for a while before the connection is closed.
Refuses: what is no HTTP, or can be read in two ways (`400`); a head that is too large (`431`) or
too slow (`408`).

It adds bounds to uvicorn's connection, and nothing else (docs/decisions/0010). What a request may
cost is in `bodies` and `middleware`.
"""

from __future__ import annotations

import asyncio
import collections
import resource
from http import HTTPStatus
from typing import Any, Final, cast

import httptools
from uvicorn.protocols.http import httptools_impl

from shared.web import middleware, problems

HEAD_BYTES_MAX: Final = 64 * 1024
FIELDS_MAX: Final = 100
"""Of one head, and of its trailers."""
HEAD_SECONDS_MAX: Final = 10.0
"""From the moment when a connection waits for a request until its head is there."""
WRITE_SECONDS_MAX: Final = 20.0
"""How long a client may take nothing of an answer that is waiting for it."""
LINGER_SECONDS: Final = 30.0
"""So long we read and drop what still comes after an answer: to close at once would take the answer
away again. 40 MB at 10 Mbit/s take as long."""
LINGER_SILENT_SECONDS: Final = 2.0
"""So long, if nothing comes."""
LINGER_BYTES_MAX: Final = 64 * 1024 * 1024
"""So much. Twice the largest file."""
CONNECTIONS_MAX: Final = 1000
PIPELINED_MAX: Final = 16
"""Requests that wait on one connection behind the one that is being answered."""
FILES_KEPT: Final = 128
"""File descriptors that are not for clients: database, broker, object store."""
PIECE_BYTES: Final = 16 * 1024
"""What is parsed at once. The bounds are looked at between two pieces."""
RECEIVED_BYTES_MAX: Final = 64 * 1024
"""What the system keeps of a connection until we read it, and so what one read can bring."""
_FRAMING_PER_BYTE: Final = 8
"""The smallest chunk has one byte, and five more around it."""
_SWEEP_SECONDS: Final = 0.5


class House:
    """All connections of one server."""

    def __init__(self, connections_max: int = CONNECTIONS_MAX) -> None:
        self.connections_max = min(connections_max, _open_files() - FILES_KEPT)
        self.waiting: collections.OrderedDict[Connection, None] = collections.OrderedDict()
        """Those without a request, the longest wait first."""
        self._all: set[Connection] = set()
        self._sweeping: asyncio.TimerHandle | None = None

    def enter(self, connection: Connection) -> None:
        """Lets a connection in, in place of the one that has waited longest if there are too
        many."""
        if len(self._all) >= self.connections_max:
            oldest = next(iter(self.waiting), connection)
            self.leave(oldest)
            oldest.transport.abort()
            if oldest is connection:
                return
        self._all.add(connection)
        if self._sweeping is None:
            self._sweep()

    def leave(self, connection: Connection) -> None:
        """Forgets a connection."""
        self._all.discard(connection)
        self.waiting.pop(connection, None)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for each in [each for each in self._all if each.ends_at < now]:
            each.expire()
        self._sweeping = loop.call_later(_SWEEP_SECONDS, self._sweep) if self._all else None


class _Transport:
    """A transport that is closed in our way; everything else is its own."""

    def __init__(self, own: asyncio.Transport, connection: Connection) -> None:
        self._own, self._connection = own, connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def is_closing(self) -> bool:
        return self._connection.is_over or self._own.is_closing()

    def close(self) -> None:
        if self.is_closing() or not self._connection.is_in_body:
            self._own.close()
        else:
            self._connection.linger()


class Connection(httptools_impl.HttpToolsProtocol):
    """One connection."""

    def __init__(self, house: House, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._house = house
        self.ends_at = float("inf")
        """When it is cut off, if nothing happens before; by the clock of the loop."""
        self.is_over = False
        """Nothing more is taken: what comes is dropped."""
        self._linger_ends_at = float("inf")
        self._dropped_bytes = 0
        self._is_in_head = True
        self._wire_bytes = 0  # of the head, or of the body with its framing
        self._head_bytes = 0
        self._fields = 0
        self._body_bytes = 0

    # --- time -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, _Transport(transport, self)))
        self._wait()
        self._house.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._house.leave(self)
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and not self.is_over:
            self._wait()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.ends_at = self.loop.time() + WRITE_SECONDS_MAX

    def resume_writing(self) -> None:
        super().resume_writing()
        if self not in self._house.waiting:
            self.ends_at = float("inf")

    def _wait(self) -> None:
        """For the next request."""
        self._house.waiting[self] = None
        self._house.waiting.move_to_end(self)
        seconds = LINGER_SECONDS if self.is_in_body else HEAD_SECONDS_MAX
        self.ends_at = self.loop.time() + seconds

    @property
    def is_in_body(self) -> bool:
        """Whether more is to come of the request that is answered, or was."""
        return self.cycle is not None and self.cycle.more_body

    def linger(self) -> None:
        """Ends our side. The client may go on sending for a while, so that it comes to read."""
        self.is_over = True
        self.transport.write_eof()
        self.flow.resume_reading()
        self._house.waiting[self] = None
        self._linger_ends_at = self.loop.time() + LINGER_SECONDS
        self._drop(0)

    def _drop(self, count: int) -> None:
        self._dropped_bytes += count
        if self._dropped_bytes > LINGER_BYTES_MAX:
            self.transport.abort()
        self.ends_at = min(self.loop.time() + LINGER_SILENT_SECONDS, self._linger_ends_at)

    def expire(self) -> None:
        """Ends it, with a word if it is in the middle of a head."""
        if self._is_in_head and self._wire_bytes and not self.is_over:
            self._refuse(408, "The head of the request did not come in time")
        else:
            self.transport.abort()

    # --- size -----------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self.is_over:
            self._drop(len(data))
        for start in range(0, len(data), PIECE_BYTES):
            if self.transport.is_closing():
                return
            piece = data[start : start + PIECE_BYTES]
            try:
                self.parser.feed_data(piece)
            except httptools.HttpParserUpgrade:
                return  # we speak no other protocol: the request is answered as it is
            except httptools.HttpParserError:
                self._refuse(400, "This is not HTTP that can be read in one way only")
                return
            self._measure(len(piece))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True
        self._wire_bytes = self._head_bytes = self._fields = self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._head_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        self._head_bytes += len(name) + len(value) + len(": \r\n")
        if self._is_in_head and self._fields <= FIELDS_MAX:  # nobody reads trailers
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._wire_bytes = 0
        if self._is_large() or len(self.pipeline) >= PIPELINED_MAX:
            self._refuse_head()
        if not self.is_over:
            self._house.waiting.pop(self, None)
            self.ends_at = float("inf")
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self.is_over:
            return
        super().on_body(body)
        if self.cycle.response_complete and self._body_bytes > LINGER_BYTES_MAX:
            self.transport.abort()

    def on_message_complete(self) -> None:
        self._wire_bytes = 0
        if self.is_over:
            return
        super().on_message_complete()
        if self.cycle.response_complete:
            self.cycle.more_body = False
            self._wait()

    def _measure(self, count: int) -> None:
        self._wire_bytes += count
        if self._is_in_head:
            if self._is_large() or self._wire_bytes > HEAD_BYTES_MAX + PIECE_BYTES:
                self._refuse_head()
        elif (
            self._wire_bytes > HEAD_BYTES_MAX + self._body_bytes * _FRAMING_PER_BYTE
            or self._fields > FIELDS_MAX
        ):
            self._refuse(400, "The body has more around it than in it")

    def _is_large(self) -> bool:
        return self._head_bytes > HEAD_BYTES_MAX or self._fields > FIELDS_MAX

    def _refuse_head(self) -> None:
        limits = f"{HEAD_BYTES_MAX >> 10} KiB and {FIELDS_MAX} fields"
        self._refuse(431, "The head of the request is too large", f"It may have {limits}.")

    def _refuse(self, status: int, title: str, detail: str | None = None) -> None:
        """Says why, if no other answer is on its way, and takes nothing more."""
        if self.is_over:
            return
        self.is_over = True
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if self.pipeline or (is_answering and self.cycle.response_started):
            self.transport.abort()
            return
        if is_answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(_written(problems.Problem(status, title, detail)))
        self.linger()


def _written(problem: problems.Problem) -> bytes:
    answer = problems.respond(problem)
    status = HTTPStatus(problem.status)
    lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode())]
    headers = [*answer.raw_headers, *middleware.HEADERS, (b"connection", b"close")]
    lines += [b"%s: %s" % header for header in headers]
    return b"\r\n".join([*lines, b"", bytes(answer.body)])


def _open_files() -> int:
    """How many file descriptors the process may have; as many as it may ask for, if few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MAX + FILES_KEPT
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft
