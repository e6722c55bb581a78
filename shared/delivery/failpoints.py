"""Named places where a process can be made to die or freeze, so that fault tests can choose when.

Promises: nothing is armed unless `MAKEGOOD_FAILPOINTS` says so at start, for example
`before_database_commit=kill@3,after_kafka_commit=stop@1`. The process then kills itself the third
time that it passes the first place, and stops (SIGSTOP) the first time that it passes the second,
until it is continued. Each strike is written to `MAKEGOOD_FAILPOINTS_LOG` first, so that a test can
tell that it happened.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
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


@dataclass(slots=True)
class _Failpoint:
    """The signal that strikes the process, and how many more passages it takes."""

    signal: signal.Signals
    passages_left: int


def _armed(text: str) -> dict[str, _Failpoint]:
    points: dict[str, _Failpoint] = {}
    for part in filter(None, text.split(",")):
        name, _, order = part.partition("=")
        action, _, passage = order.partition("@")
        if name not in NAMES or action not in _SIGNALS:
            raise SystemExit(f"MAKEGOOD_FAILPOINTS: {part!r} names none of {', '.join(NAMES)}")
        points[name] = _Failpoint(_SIGNALS[action], int(passage or 1))
    return points


_points = _armed(os.environ.get("MAKEGOOD_FAILPOINTS", ""))


def hit(name: str) -> None:
    """Passes a named place: strikes there if the environment armed it, else does nothing."""
    if not _points or name not in _points:
        return
    point = _points[name]
    point.passages_left -= 1
    if point.passages_left != 0:
        return
    log = os.environ.get("MAKEGOOD_FAILPOINTS_LOG")
    if log:
        with Path(log).open("a") as file:
            file.write(f"{name} {os.getpid()}\n")
            file.flush()
            os.fsync(file.fileno())
    os.kill(os.getpid(), point.signal)
