"""Ports of the local stack: found free, reserved, and remembered for the next start.

A port that was asked for (MAKEGOOD_KAFKA_PORT …) is taken or refused, never exchanged.
"""

import json
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.local import CannotStart
from deploy.local.servers import process

# Below the system's range for outgoing connections: in that range a client that keeps trying a
# dead server can end up connected to itself, and holds the port the server wants back.
FREE: Final = range(20_000, 32_000)


class Taken(CannotStart):
    """A port that was asked for is in use."""


class Ports:
    """The ports of one state folder, reserved against other stacks while this object lives."""

    def __init__(self, state: Path) -> None:
        self._file = state / "ports.json"
        self._reserved: dict[str, tuple[int, socket.socket]] = {}

    def take(self, name: str, *, preferred: int | None = None) -> int:
        """The port for this name: the one asked for, the last one, the preferred, any free one."""
        if name in self._reserved:
            return self._reserved[name][0]
        setting = f"MAKEGOOD_{name.upper()}_PORT"
        if forced := os.environ.get(setting):
            if not forced.isdecimal() or (held := _reserve(int(forced))) is None:
                raise Taken(
                    f"port {forced}, asked for by {setting}, can't be used: something listens "
                    f"there already. End that, or set {setting} to another port, or to none."
                )
            self._reserved[name] = int(forced), held
            return int(forced)
        for port in self._candidates(name, preferred):
            if held := _reserve(port):
                self._reserved[name] = port, held
                self._remember(name, port)
                return port
        raise Taken(f"no free port between {FREE.start} and {FREE.stop} on 127.0.0.1")

    def release(self) -> None:
        """Let others have them."""
        for _, held in self._reserved.values():
            held.close()
        self._reserved.clear()

    def _candidates(self, name: str, preferred: int | None) -> Iterator[int]:
        remembered = self._remembered().get(name)
        yield from (port for port in (remembered, preferred) if port is not None)
        yield from random.sample(FREE, k=200)

    def _remembered(self) -> dict[str, int]:
        try:
            found: dict[str, int] = json.loads(self._file.read_text())
        except (FileNotFoundError, ValueError):  # the first start, or a file torn by a power cut
            return {}
        return found

    def _remember(self, name: str, port: int) -> None:
        process.write(self._file, json.dumps(self._remembered() | {name: port}))


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
        return True


def _reserve(port: int) -> socket.socket | None:
    """Hold the port for a server that will listen later; None if somebody has it.

    An abstract socket is seen by every process that shares our ports, leaves no file, and is
    gone with its holder: two stacks that start together never choose the same port.
    """
    held = socket.socket(socket.AF_UNIX)
    try:
        held.bind(f"\0makegood-port-{port}")
    except OSError:
        held.close()
        return None
    if is_free(port):
        return held
    held.close()
    return None
