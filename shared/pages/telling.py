"""What people are told: the routes of their choices, of what was sent, and of the link in mails.

Intake has them for people of suppliers, verification for those of the council.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.responses import RedirectResponse

from shared import sql
from shared.notifier import kinds, recipients, resending, stops
from shared.notifier.kinds import Kind
from shared.notifier.recipients import Recipient
from shared.pages import about, access, choices, listing, notifications, sessions, site, stop
from shared.pages.parts import Fault
from shared.web import auth, problems
from shared.web import notifications as sent

router = APIRouter(include_in_schema=False)

_KINDS: Final[Mapping[site.Name, Mapping[str, Kind]]] = {
    "supplier": kinds.SUPPLIER,
    "council": kinds.COUNCIL,
    "record": {},
}
"""What the people of each site are told."""
_ROLES: Final[Mapping[site.Name, tuple[auth.Role, ...]]] = {
    "supplier": ("supplier",),
    "council": ("manager", "approver", "operator"),
    "record": (),
}
"""Who is told anything there. Auditors are not: they read what they want to."""
_GONE: Final = "Nothing was sent: this recipient gets nothing any more. Enter an address first."


async def _reader(request: Request) -> sessions.Session:
    return await access.visitor(*_ROLES[site.of(request.app).name])(request)


Reader = Annotated[sessions.Session, Depends(_reader)]
"""Whoever is told something here."""
Operator = Annotated[sessions.Session, Depends(access.visitor("operator"))]


@router.get("/me")
async def show_choices(request: Request, who: Reader, saved: bool = False) -> Response:
    """How this person is told of each kind."""
    found = await _find(sent.pool_of(request), who)
    page = choices.show(found, _chosen_by(request, who), _said(request), is_saved=saved)
    return site.show(request, "choices.html", page, who)


@router.post("/me")
async def choose(request: Request, who: Reader) -> Response:
    """Stores what this person chose, and drops what waits of the kinds that are to stop."""
    form = await access.read_form(request)
    values = {name: each for name, each in form.items() if isinstance(each, str)}
    known, pool = _chosen_by(request, who), sent.pool_of(request)
    found = await _find(pool, who)
    if found is None or choices.check(values, known):
        page = choices.show(found, known, _said(request), values)
        return site.show(request, "choices.html", page, who, 422)
    chosen = choices.read(values, known)
    async with pool.acquire() as conn, conn.transaction():
        await recipients.set_choices(conn, who.actor_id, {**found.choices, **chosen})
        never = [kind for kind, how in chosen.items() if how == "never"]
        await stops.drop_waiting(conn, who.actor_id, never)
    return RedirectResponse(site.of(request.app).address("/me?saved=true"), 303)


async def _find(pool: sql.Pool, who: sessions.Session) -> Recipient | None:
    found = await recipients.find_recipient(pool, who.actor_id)
    if found is None or (found.authority_id, found.party_id) != (who.authority_id, who.party_id):
        return None
    return found


# --- what was sent -------------------------------------------------------------------------------


@router.get("/notifications")
async def show_notifications(
    request: Request, who: Operator, query: Annotated[notifications.Asked, Query()]
) -> Response:
    """What was sent to people and programs of this operator's authority."""
    faults = query.check()
    if faults:
        page = notifications.show_faults(query, faults)
        return site.show(request, "notifications.html", page, who, 422)
    return await _show_sent(request, who, query)


@router.post("/notifications/resend")
async def resend(
    request: Request, who: Operator, query: Annotated[notifications.Asked, Query()]
) -> Response:
    """Sends one again: pressed twice, it is sent once more."""
    form = await access.read_form(request)
    try:
        dispatch_id = UUID(str(form.get(notifications.BUTTON)))
    except ValueError:
        raise problems.Problem(404, "There is no such dispatch") from None
    refusal = await sent.resend(sent.pool_of(request), dispatch_id, who.caller)
    if refusal == resending.Refusal("dispatch_unknown"):
        raise sent.problem(refusal)
    if refusal == resending.Refusal("recipient_off"):
        return await _show_sent(request, who, query, (Fault("", _GONE),))
    at = site.of(request.app).address(query.address(notifications.PATH))
    return RedirectResponse(at, 303)


async def _show_sent(
    request: Request,
    who: sessions.Session,
    query: notifications.Asked,
    faults: tuple[Fault, ...] = (),
) -> Response:
    pool, caller = sent.pool_of(request), who.caller
    shown, further = await sent.find(pool, caller, query.wanted(), query.cursor, listing.ROWS)
    undelivered = await resending.count_undelivered(pool, caller.authority_id)
    pages = listing.pages(notifications.PATH, query.cursor, further, **query.given)
    listed = notifications.Listed(shown, undelivered, pages)
    page = notifications.show(query, listed, _kinds(request), faults)
    return site.show(request, "notifications.html", page, who, 409 if faults else 200)


# --- the link in mails ---------------------------------------------------------------------------


@router.get("/mail/stop")
async def show_stop(request: Request, token: str = "") -> Response:
    """What the link of a mail would stop."""
    asked, known = _read(request, token), _kinds(request)
    page = stop.UNREADABLE if asked is None else stop.show(asked, token, known)
    return _show_stop(request, page, 404 if asked is None else 200)


@router.post("/mail/stop")
async def stop_mails(request: Request, token: str = "") -> Response:
    """Stops it: by the button, or by a mail program (RFC 8058). Who holds the link may do so: there
    is no session, and no token of a form."""
    asked, known = _read(request, token), _kinds(request)
    if asked is None:
        return _show_stop(request, stop.UNREADABLE, 404)
    stopped = asked.kinds(known)
    async with sent.pool_of(request).acquire() as conn, conn.transaction():
        if stopped:
            await stops.stop(conn, asked.recipient_id, stopped)
    return _show_stop(request, stop.show_done(asked, known), 200 if stopped else 409)


def _read(request: Request, token: str) -> stops.Stop | None:
    """What a link stops. Raises a `429` problem if its reader's links are used too often."""
    here = site.of(request.app)
    asked = stops.read(here.key, token)
    wait_seconds = 0.0 if asked is None else here.stops.spend(asked.recipient_id)
    if wait_seconds:
        headers = {"retry-after": str(math.ceil(wait_seconds))}
        raise problems.Problem(429, "Too many requests", _LATER, headers=headers)
    return asked


_LATER: Final = "Nothing was changed. Wait a minute, then open the link again."


def _show_stop(request: Request, page: stop.Page, status: int) -> Response:
    here = site.of(request.app)
    return site.show(request, "stop.html", page, here.session(request), status)


def _kinds(request: Request) -> Mapping[str, Kind]:
    return _KINDS[site.of(request.app).name]


def _chosen_by(request: Request, who: sessions.Session) -> Mapping[str, Kind]:
    return kinds.of(_kinds(request), is_operator=who.role == "operator")


def _said(request: Request) -> choices.Said:
    here = site.of(request.app)
    return choices.Said(here.help_contact or about.ASK, here.digest_hour)
