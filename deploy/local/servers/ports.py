"""The ports of the local stack: free ones are found, reserved, and remembered for the next start.

A port that a setting asks for (MAKEGOOD_KAFKA_PORT …) is used or refused, never replaced.
"""

import json
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from deploy.local import CannotStart
from deploy.local.servers import process

# Below the system's range for outgoing connections. In that range, a client that keeps trying a
# dead server can connect to itself, and then blocks the port that the server needs.
FREE: Final = range(20_000, 32_000)


class InUse(CannotStart):
    """A port that a setting asks for is in use, or no port is free."""


class _Reservation(NamedTuple):
    """A port, and the socket whose name reserves it."""

    port: int
    token: socket.socket


class Ports:
    """The ports of one state folder, reserved against other stacks until they are released."""

    def __init__(self, state: Path) -> None:
        self._file = state / "ports.json"
        self._reserved: dict[str, _Reservation] = {}

    def reserve(self, name: str, *, preferred: int | None = None) -> int:
        """The port for this name, always the same: the one that the setting asks for, else the last
        one, the preferred one, or any free one. Raises InUse."""
        if name in self._reserved:
            return self._reserved[name].port
        setting = f"MAKEGOOD_{name.upper()}_PORT"
        if forced := os.environ.get(setting):
            if not forced.isdecimal() or (token := _reserve(int(forced))) is None:
                raise InUse(
                    f"Port {forced}, set by {setting}, cannot be used: something already listens "
                    f"there. Stop that program, or change or remove {setting}."
                )
            self._reserved[name] = _Reservation(int(forced), token)
            return int(forced)
        for port in self._candidates(name, preferred):
            if token := _reserve(port):
                self._reserved[name] = _Reservation(port, token)
                self._remember(name, port)
                return port
        raise InUse(f"No port between {FREE.start} and {FREE.stop} is free on 127.0.0.1.")

    def release(self) -> None:
        """Gives up all reservations."""
        for reservation in self._reserved.values():
            reservation.token.close()
        self._reserved.clear()

    def _candidates(self, name: str, preferred: int | None) -> Iterator[int]:
        remembered = self._remembered().get(name)
        yield from (port for port in (remembered, preferred) if port is not None)
        yield from random.sample(FREE, k=200)

    def _remembered(self) -> dict[str, int]:
        try:
            found: dict[str, int] = json.loads(self._file.read_text())
        except (FileNotFoundError, ValueError):  # the first start, or a file cut by a power failure
            return {}
        return found

    def _remember(self, name: str, port: int) -> None:
        process.write(self._file, json.dumps(self._remembered() | {name: port}))


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
        return True


def _reserve(port: int) -> socket.socket | None:
    """Reserves the port for a server that will listen later. None if it is in use or reserved.

    Every process that shares our ports sees the abstract socket. It leaves no file and ends with
    its process, so two stacks that start at the same time never choose the same port.
    """
    token = socket.socket(socket.AF_UNIX)
    try:
        token.bind(f"\0makegood-port-{port}")
    except OSError:
        token.close()
        return None
    if is_free(port):
        return token
    token.close()
    return None
