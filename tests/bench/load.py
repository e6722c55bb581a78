"""A load client that costs little: keep-alive connections, requests made beforehand as bytes.

Promises: one process of its own; each connection has one request under way; every answer's status
is counted, and the clock runs from the first request to the last answer. `python -m
tests.bench.load` takes its orders as JSON on the command line and reports with its last line.
"""

from __future__ import annotations

import asyncio
import collections
import json
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import cast

import uvloop

from deploy.local.servers import process

from . import ground, workload

CONNECTIONS = 64
OPEN_S_MAX = 30.0


@dataclass(frozen=True)
class Order:
    port: int
    path: str
    plan: workload.Plan
    token: str = ""
    connections: int = CONNECTIONS
    is_patient: bool = False
    """Tries a request again on a new connection while the server is down."""


@dataclass(frozen=True)
class Report:
    statuses: dict[str, int]
    began: float
    ended: float
    silence: tuple[float, float] = (0.0, 0.0)
    """From when to when no answer came for longest."""

    @property
    def rate(self) -> float:
        return sum(self.statuses.values()) / (self.ended - self.began)


async def run(here: ground.Ground, order: Order) -> Report:
    """Posts the plan's returns from a process of its own. Each must be accepted."""
    return await report(start(here, order), order)


def start(here: ground.Ground, order: Order) -> process.Process:
    """Begins to post; `report` tells how it went."""
    return here.start("load", ("tests.bench.load", json.dumps(asdict(order))))


async def report(client: process.Process, order: Order) -> Report:
    """Waits for the end. Raises BrokenArmError where a return was not accepted."""
    found = Report(**await ground.told(client))
    if found.statuses != {"201": len(order.plan)}:
        raise ground.BrokenArmError(f"not {len(order.plan)} answers 201: {found.statuses}")
    return found


async def patient_report(client: process.Process, returns: int) -> Report:
    """The same of a client that was told to be patient: `200` is the answer to a return that was
    accepted before the server died, and sent again."""
    found = Report(**await ground.told(client))
    if set(found.statuses) - {"200", "201"} or sum(found.statuses.values()) != returns:
        raise ground.BrokenArmError(f"not {returns} receipts: {found.statuses}")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_open(port: int) -> None:
    """Waits for a server to listen."""
    async with asyncio.timeout(OPEN_S_MAX):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


# --- the client process ------------------------------------------------------------------------


class Connection(asyncio.Protocol):
    """Sends the next request when the answer to the one before is whole."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._answer = b""
        self._under_way: bytes | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        self._under_way = self._client.next_request()
        if self._under_way is None:
            self._transport.close()
        else:
            self._transport.write(self._under_way)

    def data_received(self, data: bytes) -> None:
        self._answer = answer = self._answer + data
        head, blank, body = answer.partition(b"\r\n\r\n")
        if not blank or len(body) < _length(head):
            return
        self._answer, self._under_way = b"", None
        self._client.count(head[9:12].decode())
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._client.lost(self._under_way)


def _length(head: bytes) -> int:
    at = head.lower().index(b"content-length:")
    return int(head[at + 15 : (head + b"\r\n").index(b"\r\n", at)])


class Client:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._requests = list(_requests(order))[::-1]
        self._left = len(self._requests)
        self._ended = ground.now()
        self._statuses: collections.Counter[str] = collections.Counter()
        self._silence = (0.0, 0.0)
        self._is_over = asyncio.Event()
        self._dialling: set[asyncio.Task[None]] = set()

    async def run(self) -> Report:
        began = ground.now()
        for _ in range(self._order.connections):
            await self._dial()
        await self._is_over.wait()
        return Report(dict(self._statuses), began, self._ended, self._silence)

    def next_request(self) -> bytes | None:
        return self._requests.pop() if self._requests else None

    def count(self, status: str) -> None:
        self._statuses[status] += 1
        before, self._ended = self._ended, ground.now()
        if self._ended - before > self._silence[1] - self._silence[0]:
            self._silence = before, self._ended
        self._left -= 1
        if self._left == 0:
            self._is_over.set()

    def lost(self, under_way: bytes | None) -> None:
        """What was under way is sent again: the same key gives the same receipt."""
        if under_way is None:
            return
        if not self._order.is_patient:
            self._statuses["lost"] += 1
            self._is_over.set()
            return
        self._requests.append(under_way)
        again = asyncio.ensure_future(self._dial())
        self._dialling.add(again)
        again.add_done_callback(self._dialling.discard)

    async def _dial(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._is_over.is_set():
            try:
                await loop.create_connection(
                    lambda: Connection(self), "127.0.0.1", self._order.port
                )
            except OSError:
                if not self._order.is_patient:
                    raise
                await asyncio.sleep(0.005)
            else:
                return


def _requests(order: Order) -> Iterator[bytes]:
    for each in workload.returns(order.plan):
        body = workload.post(each)
        head = (
            f"POST {order.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"authorization: Bearer {order.token}\r\nidempotency-key: {each.return_id}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


if __name__ == "__main__":
    spoken = json.loads(sys.argv[1])
    given = Order(**spoken | {"plan": workload.Plan(**spoken["plan"])})

    async def main() -> None:
        ground.tell(**asdict(await Client(given).run()))

    uvloop.run(main())
