"""Named places where a process can be made to die or freeze: how the fault tests choose a moment.

Promises: nothing is armed unless `MAKEGOOD_FAILPOINTS` asks for it at start; then it is
`name=kill@3,other=stop@1`: at the third passage through `name` the process kills itself; at the
first through `other` it stops (SIGSTOP) until it is continued. Each strike is written to
`MAKEGOOD_FAILPOINTS_LOG` before it falls, so that a test can show that it was struck.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

NAMES: Final = (
    "before_database_commit",
    "after_database_commit",
    "before_kafka_commit",
    "after_kafka_commit",
    "after_send_before_mark",
    "between_sign_and_publish",
)

_SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def _armed(text: str) -> dict[str, list[object]]:
    points: dict[str, list[object]] = {}
    for part in filter(None, text.split(",")):
        name, _, order = part.partition("=")
        action, _, passage = order.partition("@")
        if name not in NAMES or action not in _SIGNALS:
            raise SystemExit(f"MAKEGOOD_FAILPOINTS: {part!r} is none of {', '.join(NAMES)}")
        points[name] = [_SIGNALS[action], int(passage or 1)]
    return points


_points = _armed(os.environ.get("MAKEGOOD_FAILPOINTS", ""))


def is_armed() -> bool:
    return bool(_points)


def hit(name: str) -> None:
    """Passes through a named place; strikes there if the environment armed it."""
    if not _points or name not in _points:
        return
    point = _points[name]
    point[1] = int(str(point[1])) - 1
    if point[1] != 0:
        return
    log = os.environ.get("MAKEGOOD_FAILPOINTS_LOG")
    if log:
        with Path(log).open("a") as file:
            file.write(f"{name} {os.getpid()}\n")
            file.flush()
            os.fsync(file.fileno())
    os.kill(os.getpid(), signal.Signals(int(str(point[0]))))
