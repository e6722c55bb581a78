"""A real server process on a free port, and clients that do not keep to HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.waiting import until_true

ANSWER_SECONDS_MAX: Final = 20.0
LIVE: Final = b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


@dataclasses.dataclass(frozen=True)
class Door:
    """A running server."""

    port: int
    pid: int

    def peak_mb(self) -> int:
        """The most memory that the process ever had, in kB / 1000."""
        status = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        (line,) = (line for line in status if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1000

    def open_connections(self, *, half_closed: bool = False) -> int:
        """How many connections the process has accepted and not closed; or has closed on its side
        only."""
        # a socket that the process has closed has no inode, but stays in the table for a minute
        states = ("04", "05") if half_closed else ("01",)
        wanted = f":{self.port:04X}"
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sum(row[1].endswith(wanted) and row[3] in states and row[9] != "0" for row in rows)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def say(self, *pieces: bytes, seconds_max: float = ANSWER_SECONDS_MAX) -> bytes:
        """Sends the pieces, and returns all that comes until the server closes."""
        async with asyncio.timeout(seconds_max):
            reader, writer = await self.open()
            try:
                with contextlib.suppress(ConnectionError):
                    for piece in pieces:
                        writer.write(piece)
                        await writer.drain()
                said = bytearray()
                with contextlib.suppress(ConnectionError):
                    while piece := await reader.read(65536):
                        said += piece
                return bytes(said)
            finally:
                writer.close()

    async def status(self, *pieces: bytes) -> int:
        """The status of the first answer."""
        said = await self.say(*pieces)
        return int(said.split(b" ", 2)[1]) if said else 0

    async def is_live(self) -> bool:
        return await self.status(LIVE) == 200


@contextlib.contextmanager
def opened(*program: str, log: Path | None = None, **env: str) -> Iterator[Door]:
    """Runs `python -m program…` with PORT in its environment while the block runs. `log` gets what
    it writes to standard output."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command, folder = [sys.executable, "-m", *program], Path(__file__).parents[2]
    with contextlib.ExitStack() as files:
        output = None if log is None else files.enter_context(log.open("wb"))
        environment = os.environ | env | {"PORT": str(port)}
        child = subprocess.Popen(command, cwd=folder, env=environment, stdout=output)
    door = Door(port, child.pid)

    async def is_up() -> bool:
        try:
            return await door.status(LIVE) in (200, 503)
        except OSError:
            return False

    try:
        asyncio.run(until_true(is_up))
        yield door
    finally:
        child.terminate()
        child.wait()
