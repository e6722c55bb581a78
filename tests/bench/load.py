"""A load client that costs little: keep-alive connections, and requests prepared as bytes.

Promises: it is a process of its own. Each connection has one request under way, every answer's
status is counted, and the clock runs from the first request to the last answer. `python -m
tests.bench.load` gets its order as JSON on the command line and reports in its last line.
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
    """What a load client is to do."""

    port: int
    path: str
    plan: workload.Plan
    token: str = ""
    connections: int = CONNECTIONS
    is_patient: bool = False
    """Whether it sends a request again, on a new connection, while the server is down."""


@dataclass(frozen=True)
class Report:
    """What a load client has seen: answers by status, and when it began and ended."""

    statuses: dict[str, int]
    began: float
    ended: float
    silence: tuple[float, float] = (0.0, 0.0)
    """Beginning and end of the longest time without an answer."""

    @property
    def rate(self) -> float:
        """Answers per second."""
        return sum(self.statuses.values()) / (self.ended - self.began)


async def run(here: ground.Ground, order: Order) -> Report:
    """Posts the plan's returns from a process of its own. Raises BrokenArmError unless each is
    accepted."""
    return await report(start(here, order), order)


def start(here: ground.Ground, order: Order) -> process.Process:
    """Starts to post. `report` waits for the result."""
    return here.start("load", ("tests.bench.load", json.dumps(asdict(order))))


async def report(client: process.Process, order: Order) -> Report:
    """Waits for the end. Raises BrokenArmError if a return was not accepted."""
    found = Report(**await ground.told(client))
    if found.statuses != {"201": len(order.plan)}:
        raise ground.BrokenArmError(f"not {len(order.plan)} answers 201: {found.statuses}")
    return found


async def patient_report(client: process.Process, returns: int) -> Report:
    """The same for a patient client. It may get `200`, the answer to a return that was accepted
    before the server died and then sent again."""
    found = Report(**await ground.told(client))
    if set(found.statuses) - {"200", "201"} or sum(found.statuses.values()) != returns:
        raise ground.BrokenArmError(f"not {returns} receipts: {found.statuses}")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_open(port: int) -> None:
    """Waits until a server listens on the port."""
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
    """Sends the next request when the answer to the last one is complete."""

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
    """Carries out an order over its connections."""

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
        """A connection was lost. Its request is sent again: the same key gives the same receipt."""
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
    argument = json.loads(sys.argv[1])
    order = Order(**argument | {"plan": workload.Plan(**argument["plan"])})

    async def main() -> None:
        ground.tell(**asdict(await Client(order).run()))

    uvloop.run(main())
