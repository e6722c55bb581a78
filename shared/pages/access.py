"""Who may open a page, and whose forms are taken.

Promises: a page is for people who are signed in, with a role that may see it; the API never looks
at their cookie. A form is taken only from a page of this service, made for this very session, and
at most `site.FORMS_A_MINUTE` of one session a minute. One that came too early, or while we could
not take it, comes back to be sent again (`everywhere`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final, NamedTuple
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from shared.pages import sessions, site
from shared.web import auth, problems

FORM_FIELDS_MAX: Final = 1000
UPLOAD_FIELDS_MAX: Final = 20
"""Beside the file."""
NAME_CHARACTERS_MAX: Final = 80
"""Of a file's name, as it is shown."""
TOKEN: Final = "form_token"  # noqa: S105  the name of a field
NOT_SIGNED_IN: Final = "You are not signed in"


def visitor(*roles: auth.Role) -> Callable[..., Awaitable[sessions.Session]]:
    """A dependency: who is signed in, with one of `roles`; else a `401` or `403` problem."""

    async def find(request: Request) -> sessions.Session:
        session = site.of(request.app).session(request)
        if session is None:
            raise problems.Problem(401, NOT_SIGNED_IN, headers={"www-authenticate": "Cookie"})
        if session.role not in roles:
            may = " or ".join(site.ROLES[role] for role in roles)
            raise problems.Problem(
                403,
                "You cannot see this page",
                f"You are signed in as {site.ROLES[session.role]}. This page is for: {may}.",
            )
        return session

    return find


Reader = Annotated[sessions.Session, Depends(visitor("supplier", "manager", "approver", "auditor"))]
"""Everyone but operators, who run the system and read nobody's things."""


Supplier = Annotated[sessions.Session, Depends(visitor("supplier"))]
"""Whoever sends returns."""


async def read_form(request: Request) -> FormData:
    """A form of the person who is signed in. Raises a `401` or `403` problem."""
    session = _sender(request)
    here = site.of(request.app)
    form = await request.form(max_files=0, max_fields=FORM_FIELDS_MAX)
    if not here.sealer.is_form_token(session, str(form.get(TOKEN, ""))):
        raise problems.Problem(403, "This form is of another session", _AGAIN)
    request.state.form = form
    wait_seconds = math.ceil(here.forms.spend(session.session_id))
    if wait_seconds:
        raise problems.Problem(429, "Too many forms", headers={"retry-after": str(wait_seconds)})
    return form


class Upload(NamedTuple):
    """A form with a file."""

    name: str
    """The file's, to be shown; of characters that can be seen."""
    body: bytes
    """Empty if no file was chosen."""
    values: Mapping[str, str]
    """The other fields."""


async def read_upload(request: Request, name: str) -> Upload:
    """A form with a file in the field `name`, of the person who is signed in. Raises a `401` or
    `403` problem; `429` for too many files. Where files are large, the address must be open for
    them (`server.open_for_uploads`)."""
    session = _sender(request)
    here = site.of(request.app)
    request.scope.setdefault("state", {})["client"] = ("session", session.session_id)
    wait_seconds = here.uploads.spend(session.session_id)
    if wait_seconds:
        headers = {"retry-after": str(math.ceil(wait_seconds))}
        raise problems.Problem(429, "Too many files", _LATER, headers=headers)
    async with request.form(max_files=1, max_fields=UPLOAD_FIELDS_MAX) as form:
        if not here.sealer.is_form_token(session, str(form.get(TOKEN, ""))):
            raise problems.Problem(403, "This form is of another session", _AGAIN)
        values = {key: each for key, each in form.items() if isinstance(each, str)}
        file = form.get(name)
        if not isinstance(file, UploadFile):
            return Upload("", b"", values)
        shown = "".join(each for each in file.filename or "" if each.isprintable())
        called = re.split(r"[/\\]", shown)[-1][:NAME_CHARACTERS_MAX]
        return Upload(called or "your file", await file.read(), values)


def _sender(request: Request) -> sessions.Session:
    """Who sends a form from a page of this service."""
    session = site.of(request.app).session(request)
    if session is None:
        raise problems.Problem(401, NOT_SIGNED_IN)
    if not is_from_here(request):
        raise problems.Problem(403, "This form came from elsewhere", _AGAIN)
    return session


_LATER: Final = "Nothing was stored. Wait a minute, then send the file again."
_AGAIN: Final = "Nothing was changed. Open the page again and send the form from there."


def is_from_here(request: Request) -> bool:
    """Whether a page of this very service led here, as the browser says."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == request.headers.get("host")
