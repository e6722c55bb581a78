"""Refused requests in the log: who was not let in (`401`), or may not do what it asked for (`403`).

Promises: one line for each, with route, code, address and actor, and never a token or anything else
that the caller has written. At most `SINGLY_MAX` a minute are told by themselves; how many the
others were is told at the end of that minute, by status and code, so that a flood of refusals is no
flood of lines.
"""

from __future__ import annotations

import asyncio
import collections
import time
from collections.abc import Callable
from typing import Final

from starlette.types import Scope

from shared import log

STATUSES: Final = frozenset({401, 403})
SINGLY_MAX: Final = 60
"""Lines a minute: what a person can still read, and 20 KB."""
MINUTE_SECONDS: Final = 60.0
OTHER_CODE: Final = "forbidden"
"""The caller has the role, and may not do this all the same: approve its own proposal, say."""

_CODE: Final = "makegood.refused_code"
_ACTOR: Final = "makegood.actor_id"

_log = log.get(__name__)


def keep_actor(scope: Scope, actor_id: str) -> None:
    """Notes whose token a request has."""
    scope[_ACTOR] = actor_id


def keep_code(scope: Scope, code: str) -> None:
    """Notes why a request is refused."""
    scope[_CODE] = code


class Log:
    """The refusals of one service. `later`: calls a function after so many seconds."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], object] | None = None,
    ) -> None:
        self._now, self._later = now, later or _call_later
        self._until = 0.0
        self._told = 0
        self._untold: collections.Counter[tuple[int, str]] = collections.Counter()

    def tell(self, scope: Scope, route: str, status: int) -> None:
        """Tells of one refused request, or counts it."""
        if self._now() >= self._until:
            self._until, self._told = self._now() + MINUTE_SECONDS, 0
        code = scope.get(_CODE, OTHER_CODE)
        if self._told < SINGLY_MAX:
            self._told += 1
            client = scope.get("client")
            _log.warning(
                "A request was refused.",
                method=scope["method"],
                route=route,
                status=status,
                why=code,
                client=None if client is None else client[0],
                actor_id=scope.get(_ACTOR),
            )
            return
        if not self._untold:
            self._later(self._until - self._now(), self._sum_up)
        self._untold[status, code] += 1

    def _sum_up(self) -> None:
        counts = {f"{status} {code}": count for (status, code), count in self._untold.items()}
        _log.warning(
            "More requests were refused than are told one by one.",
            count=self._untold.total(),
            by_status_and_code=counts,
        )
        self._untold.clear()


def _call_later(seconds: float, call: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, call)
