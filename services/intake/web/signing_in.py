"""Signing in: the demonstration's choice of people."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.intake.acceptance import officers
from services.intake.api.dependencies import Injected
from services.intake.pages import people, sign_in
from shared.pages import sessions, site
from shared.settings import LOOPBACK
from shared.web import problems

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
async def show_sign_in(request: Request) -> Response:
    """Who may sign in, and how."""
    here = site.of(request.app)
    page = sign_in.show(is_demo=here.is_demo)
    return site.show(request, "sign_in.html", page, here.session(request))


@router.get("/sign-in/{key}")
async def choose(request: Request, key: str, dependencies: Injected) -> Response:
    """Signs a person of the demonstration in: a link of the page above, on this machine alone."""
    here, person = site.of(request.app), people.BY_KEY.get(key)
    if not here.is_demo or person is None or request.url.hostname not in LOOPBACK:
        raise problems.Problem(404, "There is no such person")
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return RedirectResponse(here.address("/sign-in"), 303)
    delivery, now = dependencies.delivery, dependencies.clock.now()
    await officers.name(delivery, person.who.actor_id, person.named, now)
    answer = RedirectResponse(here.address(person.begins), 303)
    here.remember(answer, sessions.start(person.name, person.who, datetime.now(UTC)))
    return answer
