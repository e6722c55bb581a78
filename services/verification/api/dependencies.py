"""What the endpoints stand on, made by `app` when it starts, and who may ask them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from shared import clock
from shared.delivery import transaction
from shared.web import auth


@dataclass(frozen=True, slots=True)
class Parts:
    delivery: transaction.Delivery
    clock: clock.Clock


async def _of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Given = Annotated[Parts, Depends(_of)]
"""The parts, as an endpoint's parameter."""

Manager = Annotated[auth.Caller, Depends(auth.caller("manager"))]
Approver = Annotated[auth.Caller, Depends(auth.caller("approver"))]
Importer = Annotated[auth.Caller, Depends(auth.caller("manager", "operator"))]
Reader = Annotated[auth.Caller, Depends(auth.caller("supplier", "manager", "approver", "auditor"))]
