"""An HTTP server on a free port of this machine, which keeps what it gets and answers as a test
tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import NamedTuple


class Request(NamedTuple):
    """What came in."""

    method: str
    target: str
    headers: Mapping[str, str]
    """Their names in lower case."""
    body: bytes


class Answer(NamedTuple):
    """What goes out."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Silent(NamedTuple):
    """No answer: the connection is closed, or stays open without a word."""

    is_closed: bool


Behave = Callable[[Request], Awaitable[Answer | Silent]]


@contextlib.asynccontextmanager
async def running(behave: Behave, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The server, on the port that is given. Every answer ends its connection."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            await _answer(await _read(reader), behave, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


async def _answer(request: Request, behave: Behave, writer: asyncio.StreamWriter) -> None:
    answer = await behave(request)
    if isinstance(answer, Silent):
        if not answer.is_closed:
            await asyncio.Event().wait()
    else:
        headers = {
            "content-length": str(len(answer.body)),
            "content-type": "application/json",
            "connection": "close",
        } | dict(answer.headers)
        lines = [f"HTTP/1.1 {answer.status} Said", *(f"{k}: {v}" for k, v in headers.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body)
        await writer.drain()
    writer.close()
