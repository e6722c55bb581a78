"""What the endpoints stand on, made by `app` when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.intake.acceptance import desk, group_commit, throttle
from services.intake.settings import IntakeSettings
from shared import clock
from shared.delivery import transaction


@dataclass(frozen=True, slots=True)
class Parts:
    settings: IntakeSettings
    delivery: transaction.Delivery
    desk: desk.Desk
    committer: group_commit.Committer
    door: throttle.Door
    clock: clock.Clock


async def _of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Given = Annotated[Parts, Depends(_of)]
"""The parts, as an endpoint's parameter."""
