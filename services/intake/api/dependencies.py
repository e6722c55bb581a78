"""What the endpoints need, made by `app` when it starts; and who may call them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import Depends, Request

from services.intake.acceptance.desk import Desk
from services.intake.acceptance.group_commit import Committer
from services.intake.acceptance.throttle import Throttle
from services.intake.settings import Settings
from services.intake.spreadsheets.kept import Kept
from shared import buckets
from shared.clock import Clock
from shared.delivery import transaction
from shared.web import auth

FILES_A_MINUTE: Final = 30
"""Spreadsheets of one client, also at once. To read one may take a second, and they are read one
after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What every endpoint may use."""

    settings: Settings
    delivery: transaction.Delivery
    desk: Desk
    committer: Committer
    throttle: Throttle
    clock: Clock
    kept_files: Kept = field(default_factory=Kept)
    """Files that were checked and may be used."""
    files: buckets.Buckets = field(
        default_factory=lambda: buckets.Buckets(FILES_A_MINUTE / 60, FILES_A_MINUTE)
    )
    """Spreadsheets that each program may still send."""


async def _of(request: Request) -> Dependencies:
    dependencies: Dependencies = request.app.state.dependencies
    return dependencies


Injected = Annotated[Dependencies, Depends(_of)]
"""The dependencies, as an endpoint's parameter."""

Supplier = Annotated[auth.Caller, Depends(auth.caller("supplier"))]
Operator = Annotated[auth.Caller, Depends(auth.caller("operator"))]
Reader = Annotated[auth.Caller, Depends(auth.caller("supplier", "manager", "approver", "auditor"))]
