"""What every site has: signing out, a page for what goes wrong, and those of `about`.

`open_site` gives an app its pages. A problem of a page is a page; one of the API, or of a program
that does not ask for HTML, stays a problem document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse

from shared import formats
from shared.pages import about, access, sessions, site, statics
from shared.settings import Settings
from shared.web import problems

router = APIRouter(include_in_schema=False)


def open_site(app: FastAPI, name: site.Name, settings: Settings, templates: Path) -> None:
    """Gives the app its site, with style, script, sign-out and problem pages."""
    app.state.site = site.Site(name, settings, templates)
    app.state.problem_page = show_problem
    app.include_router(statics.router)
    app.include_router(router)
    app.include_router(about.router)


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Ends the session in this browser."""
    await access.read_form(request)
    here = site.of(request.app)
    answer = RedirectResponse("signed-out", 303)
    here.forget(answer)
    return answer


@router.get("/signed-out")
async def show_signed_out(request: Request) -> Response:
    """Where signing out ends."""
    return site.show(request, "signed-out.html", SignedOut(), None)


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The page after signing out."""

    title: str = "You have signed out"


# --- what goes wrong -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem as people read it."""

    title: str
    sentences: tuple[str, ...]
    needs_sign_in: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A form that could not be taken: it is kept on the page, to be sent again."""

    title: str
    why: str
    what_to_do: str
    href: str
    kept: tuple[tuple[str, str], ...]
    """What it says: names and values."""


_SORRY: Final = "Sorry, there is a problem"
_NOT_FOUND: Final = Trouble(
    "Page not found",
    (
        "If you typed the address, check that it is right.",
        "If you followed a link, the thing may be another supplier's or another council's.",
    ),
)
_WORDS: Final[Mapping[int, Trouble]] = {
    400: _NOT_FOUND,
    401: Trouble(
        "Sign in to see this page",
        (f"You are not signed in, or you signed in over {sessions.HOURS_MAX} hours ago.",),
        needs_sign_in=True,
    ),
    404: _NOT_FOUND,
    409: Trouble("This has changed", ("Somebody changed it meanwhile. Open the page again.",)),
    422: _NOT_FOUND,
    500: Trouble(_SORRY, ("Nothing was changed. We have written down what happened.",)),
    503: Trouble(_SORRY, ("Nothing was changed. Try again in a few seconds.",)),
}
"""Of a page that was asked for; 400 and 422 mean that its address cannot be."""


def show_problem(problem: problems.Problem, request: Request) -> Response:
    """The page of a problem."""
    status, form = problem.status, getattr(request.state, "form", None)
    if status in (400, 422) and request.method in ("GET", "HEAD"):
        status = 404
    trouble = _WORDS.get(status) or Trouble(
        problem.title or HTTPStatus(status).phrase, (problem.detail,) if problem.detail else ()
    )
    here = site.of(request.app)
    if form is not None and status in (429, 503):
        answer = _show_kept(problem, form, request)
    else:
        answer = site.show(request, "problem.html", trouble, here.session(request), status)
    for name, value in (problem.headers or {}).items():
        answer.headers[name] = value
    return answer


def _show_kept(problem: problems.Problem, form: FormData, request: Request) -> Response:
    seconds = (problem.headers or {}).get("retry-after", str(problems.RETRY_SECONDS))
    is_ours = problem.status == 503
    query = request.url.query
    page = Kept(
        _SORRY if is_ours else "Wait a moment",
        "We cannot take this now." if is_ours else _TOO_MANY,
        "Nothing of it was stored. What you typed is kept on this page: in "
        f"{formats.count(int(seconds), 'second')}, send it again.",
        site.path(request) + (f"?{query}" if query else ""),
        tuple((name, str(value)) for name, value in form.multi_items()),
    )
    session = site.of(request.app).session(request)
    return site.show(request, "kept.html", page, session, problem.status)


_TOO_MANY: Final = f"You sent more than {site.FORMS_A_MINUTE} forms in a minute."
