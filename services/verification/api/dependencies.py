"""What the endpoints need, made by `app` when it starts; and who may call them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.verification.register.publication import Acting
from services.verification.settings import Settings
from shared import clock
from shared.delivery import transaction
from shared.web import auth


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What every endpoint may use."""

    delivery: transaction.Delivery
    clock: clock.Clock
    settings: Settings

    def acting(self, who: auth.Caller) -> Acting:
        """The caller changes something now, for its own authority."""
        return Acting(who.actor_id, who.authority_id, self.clock.now())


async def _of(request: Request) -> Dependencies:
    dependencies: Dependencies = request.app.state.dependencies
    return dependencies


Injected = Annotated[Dependencies, Depends(_of)]
"""The dependencies, as an endpoint's parameter."""

Manager = Annotated[auth.Caller, Depends(auth.caller("manager"))]
Keeper = Annotated[auth.Caller, Depends(auth.caller("manager", "operator"))]
"""Who may have programs called."""
Operator = Annotated[auth.Caller, Depends(auth.caller("operator"))]
Approver = Annotated[auth.Caller, Depends(auth.caller("approver"))]
Responsible = Annotated[auth.Caller, Depends(auth.caller("manager", "approver"))]
"""Whoever answers for contracts."""
Staff = Annotated[auth.Caller, Depends(auth.caller("manager", "approver", "auditor", "operator"))]
Officer = Annotated[auth.Caller, Depends(auth.caller("manager", "approver", "auditor"))]
Reader = Annotated[auth.Caller, Depends(auth.caller("supplier", "manager", "approver", "auditor"))]
