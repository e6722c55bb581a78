"""The door of a running service against clients that send too much, too slowly, or nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator

import httpx
import pytest

from shared.web import bodies, door, middleware
from tests.support import door_client
from tests.support.door_app import FILE_BYTES_MAX, OTHER, SECOND, TOKEN
from tests.support.door_client import Door
from tests.support.waiting import until

PEAK_MB_MAX = 150
MB = 1024 * 1024
BODY_SECONDS_MAX = 2 * (bodies.SECONDS_MAX + MB / bodies.BYTES_PER_SECOND_MIN)


@pytest.fixture(scope="module")
def running() -> Iterator[Door]:
    with door_client.opened("tests.support.door_app") as door:
        yield door


@pytest.fixture
def opened(running: Door) -> Iterator[Door]:
    yield running
    assert running.peak_mb() <= PEAK_MB_MAX


def head(
    path: str,
    *fields: str,
    method: str = "POST",
    token: str | None = TOKEN,
    connection: str = "close",
) -> bytes:
    """The head of a request."""
    holder = [] if token is None else [f"authorization: Bearer {token}"]
    lines = [
        f"{method} {path} HTTP/1.1",
        "host: x",
        f"connection: {connection}",
        *holder,
        *fields,
        "",
        "",
    ]
    return "\r\n".join(lines).encode()


async def send(writer: asyncio.StreamWriter, size: int) -> None:
    for _ in range(size // MB):
        writer.write(b"x" * MB)
        await writer.drain()


class TestAnIdleConnection:
    async def test_keeps_nobody_out(self, opened: Door) -> None:
        """With more of them than there is room for, silent or with half a head, liveness and every
        other address answer, and the oldest are closed."""
        silent = [await opened.open() for _ in range(door.CONNECTIONS_MAX // 2)]
        half = [await opened.open() for _ in range(door.CONNECTIONS_MAX // 2 + 100)]
        for _, writer in half:
            with contextlib.suppress(ConnectionError):
                writer.write(b"GET /things HTTP/1.1\r\nhost: x\r\nx-half: ")
        assert await opened.is_live()
        assert 200 == await opened.status(head("/things", method="GET"))
        await until(lambda: silent[0][0].at_eof() or silent[0][0].exception() is not None)
        for _, writer in silent + half:
            writer.close()

    async def test_is_closed_in_time(self, opened: Door) -> None:
        """Half a head is answered with 408 when its time is over."""
        said = await opened.say(b"GET /things HTTP/1.1\r\nhost: x\r\nx-half: ")
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b"application/problem+json" in said


class TestAHead:
    @pytest.mark.parametrize(
        "pieces",
        [
            [head("/things", *["a: b"] * 101, method="GET")],
            [head("/things", "a: " + "x" * 70_000, method="GET")],
            [head("/things?" + "x" * 70_000, method="GET")],
            [b"GET / HTTP/1.1\r\na: ", *[b"x" * 8192] * 2000],
            [b"GET / HTTP/1.1\r\n", *[b"a: " + b"x" * 500 + b"\r\n"] * 40_000],
        ],
        ids=["fields", "value", "address", "endless value", "endless fields"],
    )
    async def test_that_is_too_large_is_refused(
        self, opened: Door, pieces: Iterable[bytes]
    ) -> None:
        """More than 64 KiB or 100 fields, finished or without end: 431, as a problem document."""
        said = await opened.say(*pieces)
        assert said.startswith(b"HTTP/1.1 431 ")
        assert b"application/problem+json" in said

    async def test_of_the_limit_is_let_in(self, opened: Door) -> None:
        """A hundred fields, or a value of 60,000 characters, are answered."""
        for fields in (["a: b"] * 97, ["a: " + "x" * 60_000]):
            sent = head("/things", *fields, method="GET")
            assert 200 == await opened.status(sent)

    @pytest.mark.parametrize(
        "sent",
        [
            b"what is this\r\n\r\n",
            b"GET /things HTTP/1.1\r\na b: c\r\n\r\n",
            head("/fast", "content-length: 3", "transfer-encoding: chunked") + b"0\r\n\r\n",
            head("/fast", "content-length: 3", "content-length: 4") + b"abc",
            head("/fast", "transfer-encoding: chunked") + b"zz\r\n",
        ],
    )
    async def test_that_can_be_read_in_two_ways_is_refused(self, opened: Door, sent: bytes) -> None:
        """What is no HTTP, or announces its body twice: 400, as a problem document."""
        said = await opened.say(sent)
        assert said.startswith(b"HTTP/1.1 400 ")
        assert b"application/problem+json" in said


class TestABody:
    @pytest.mark.parametrize("path", ["/things", "/fast", "/files", "/managed"])
    @pytest.mark.parametrize("token", [None, "mg_wrong"])
    async def test_is_not_read_without_a_token(
        self, opened: Door, path: str, token: str | None
    ) -> None:
        """401 comes before a byte of the body was sent; 100-continue is not said."""
        sent = head(path, "content-length: 9000", "expect: 100-continue", token=token)
        assert (await opened.say(sent)).startswith(b"HTTP/1.1 401 ")

    async def test_is_not_read_of_a_role_that_may_not(self, opened: Door) -> None:
        """403 comes before a byte of the body was sent."""
        assert 403 == await opened.status(head("/managed", "content-length: 9000"))

    async def test_is_awaited_with_a_token(self, opened: Door) -> None:
        """`100 Continue` is said to a client that asks, and then the answer."""
        reader, writer = await opened.open()
        writer.write(head("/fast", "content-length: 3", "expect: 100-continue"))
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == await reader.readuntil(b"\r\n\r\n")
        writer.write(b"abc")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        writer.close()

    async def test_of_many_strangers_costs_nothing(self, opened: Door) -> None:
        """Many posts of 9 MB without a token, all at once: liveness answers meanwhile."""
        sent = head("/things", f"content-length: {9 * MB}", token=None)
        posts = [asyncio.create_task(opened.status(sent, *[b"x" * 65536] * 144)) for _ in range(20)]
        assert await opened.is_live()
        assert {401} == set(await asyncio.gather(*posts))

    async def test_of_one_client_is_bounded(self, opened: Door) -> None:
        """While a supplier sends 9 MB, its second post of 9 MB is 429, with any of its tokens, and
        another supplier's is taken."""
        first, other = await opened.open(), await opened.open()
        size = f"content-length: {9 * MB}"
        for (_, writer), token in ((first, TOKEN), (other, OTHER)):
            writer.write(head("/fast", size, "expect: 100-continue", token=token))
        for reader, _ in (first, other):
            assert b"HTTP/1.1 100 Continue\r\n\r\n" == await reader.readuntil(b"\r\n\r\n")
        for token in (TOKEN, SECOND):
            said = await opened.say(head("/fast", size, token=token))
            assert said.startswith(b"HTTP/1.1 429 ")
            assert b"retry-after: " in said
        for reader, writer in (first, other):
            writer.write(b"x" * 9 * MB)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            writer.close()

    async def test_that_is_a_file_comes_alone(self, opened: Door) -> None:
        """A second file is 503 with Retry-After while the first is read; other requests go on."""
        reader, writer = await opened.open()
        size = f"content-length: {FILE_BYTES_MAX}"
        writer.write(head("/files", size, "expect: 100-continue"))
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == await reader.readuntil(b"\r\n\r\n")
        said = await opened.say(head("/files", size, token=OTHER))
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: " in said
        assert await opened.is_live()
        for _ in range(FILE_BYTES_MAX // MB):
            writer.write(b"x" * MB)
            await writer.drain()
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        writer.close()

    async def test_that_is_compressed_is_refused(self, opened: Door) -> None:
        """415 with a text that says what is taken."""
        for path in ("/things", "/fast", "/files"):
            said = await opened.say(
                head(path, "content-length: 3", "content-encoding: gzip") + b"abc"
            )
            assert said.startswith(b"HTTP/1.1 415 ")
            assert b"without Content-Encoding" in said

    @pytest.mark.parametrize("endless", [b"1;" + b"x" * 8190, b"0\r\n" + b"a: b\r\n" * 2000])
    async def test_has_bounded_framing(self, opened: Door, endless: bytes) -> None:
        """An extension of a chunk, or trailers, without end: 400."""
        pieces = [endless, *[endless[-6000:]] * 200]
        sent = head("/fast", "transfer-encoding: chunked")
        assert 400 == await opened.status(sent, *pieces)
        assert await opened.is_live()

    async def test_in_the_smallest_chunks_is_read(self, opened: Door) -> None:
        """A body in chunks of one byte is a body like any other."""
        sent = head("/fast", "transfer-encoding: chunked")
        said = await opened.say(sent + b"1\r\na\r\n" * 50_000 + b"0\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 200 ")
        assert said.endswith(b"50000")

    async def test_that_stops_coming_is_refused(self, opened: Door) -> None:
        """408 when its time is over, whether it says how long it is or not; others are served
        meanwhile."""
        half = head("/fast", "content-length: 10") + b"abc"
        small = head("/things", "transfer-encoding: chunked") + b"3\r\nabc\r\n"
        waiting = [
            asyncio.create_task(opened.say(sent, seconds_max=BODY_SECONDS_MAX))
            for sent in (half, small)
        ]
        assert 200 == await opened.status(head("/things", method="GET"))
        for said in await asyncio.gather(*waiting):
            assert said.startswith(b"HTTP/1.1 408 ")
            assert b"application/problem+json" in said


class TestARefusedUpload:
    @pytest.mark.parametrize(
        ("path", "size", "token", "status"),
        [
            ("/things", 5 * MB, TOKEN, 413),
            ("/fast", 40 * MB, TOKEN, 413),
            ("/files", 40 * MB, TOKEN, 413),
            ("/files", 40 * MB, None, 401),
            ("/managed", 5 * MB, TOKEN, 403),
            ("/nowhere", 5 * MB, TOKEN, 404),
        ],
    )
    @pytest.mark.parametrize("is_chunked", [False, True])
    async def test_reads_its_answer(
        self,
        opened: Door,
        path: str,
        size: int,
        token: str | None,
        status: int,
        *,
        is_chunked: bool,
    ) -> None:
        """Each time, with a client that sends all before it reads."""
        url = f"http://127.0.0.1:{opened.port}{path}"
        headers = {"content-type": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        if not is_chunked:
            headers["content-length"] = str(size)

        async def body() -> AsyncIterator[bytes]:
            for _ in range(size // MB):
                yield b"x" * MB

        async with httpx.AsyncClient(timeout=60) as client:
            for _ in range(5):
                answer = await client.post(url, content=body(), headers=headers)
                assert status == answer.status_code
                assert "application/problem+json" == answer.headers["content-type"]
                assert status == answer.json()["status"]

    async def test_goes_on_for_a_while(self, opened: Door) -> None:
        """The server ends its side at once, takes and drops what still comes, and closes when it
        was enough: a socket that sends without end is reset."""
        reader, writer = await opened.open()
        writer.write(head("/things", f"content-length: {9 * MB}"))
        assert (await reader.read()).startswith(b"HTTP/1.1 413 ")
        half = door.LINGER_BYTES_MAX // 2
        await send(writer, half)
        assert 1 == opened.open_connections(half_closed=True)
        with pytest.raises(ConnectionError):
            await send(writer, 2 * half)
        writer.close()

    async def test_that_falls_silent_is_closed(self, opened: Door) -> None:
        """Nobody keeps a connection by sending nothing more."""
        reader, writer = await opened.open()
        writer.write(head("/things", f"content-length: {9 * MB}"))
        assert (await reader.read()).startswith(b"HTTP/1.1 413 ")
        await until(lambda: opened.open_connections(half_closed=True) == 0)
        writer.close()


class TestManyRequests:
    async def test_are_bounded(self, opened: Door) -> None:
        """While 500 are answered the next is 503 with Retry-After, and liveness is answered; then
        others are taken again."""
        waiting = [await opened.open() for _ in range(middleware.REQUESTS_MAX)]
        for reader, writer in waiting:
            writer.write(head("/fast", "content-length: 3", "expect: 100-continue"))
            assert b"HTTP/1.1 100 Continue\r\n\r\n" == await reader.readuntil(b"\r\n\r\n")
        said = await opened.say(head("/things", method="GET"))
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: " in said
        assert b"application/problem+json" in said
        assert await opened.is_live()
        for reader, writer in waiting:
            writer.write(b"abc")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            writer.close()
        assert 200 == await opened.status(head("/things", method="GET"))


class TestPipelining:
    async def test_is_bounded(self, opened: Door) -> None:
        """Ten are answered in order; of thousands at once the connection is closed."""
        ten = head("/things", method="GET", token=None, connection="keep-alive") * 9
        last = head("/things", method="GET", token=None)
        assert 10 == (await opened.say(ten + last)).count(b"HTTP/1.1 200 ")
        assert (await opened.say(ten * 1000)).count(b"HTTP/1.1 200 ") < 9000
        assert await opened.is_live()


class TestASlowReader:
    async def test_is_cut_off(self, opened: Door) -> None:
        """Who asks for much and takes nothing is cut off, and costs no memory."""
        _, writer = await opened.open()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(head("/things?repeat=100000", method="GET", token=None))
        await until(lambda: opened.open_connections() == 0)
        writer.close()
