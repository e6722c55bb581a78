"""What the endpoints need, made by `app` when it starts, and who may call them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from shared import sql
from shared.clock import Clock, WallClock
from shared.web import auth


@dataclass(frozen=True, slots=True)
class Dependencies:
    pool: sql.Pool
    clock: Clock = field(default_factory=WallClock)
    """Tells only which days have begun."""


async def _of(request: Request) -> Dependencies:
    dependencies: Dependencies = request.app.state.dependencies
    return dependencies


Injected = Annotated[Dependencies, Depends(_of)]
"""The dependencies, as an endpoint's parameter."""

Reader = Annotated[auth.Caller, Depends(auth.caller("supplier", "manager", "approver", "auditor"))]


def may_open(who: auth.Caller) -> bool:
    """Whether the caller is shown the events of the entries that it sees."""
    return who.role in ("auditor", "supplier")
