"""Pages that every site has and everyone may open: help, accessibility, privacy, cookies.

Their text is in the templates, and says what is so today: by docs/rules.md, and by docs/ledger.md,
What is personal. Whom to ask is the council's to say (`MAKEGOOD_HELP_CONTACT`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response

from shared.pages import sessions, site

router = APIRouter(include_in_schema=False)

ASK: Final = "Ask the person at the council who manages your contract."
"""Whom to ask, where the council has not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One of the four."""

    title: str
    contact: str
    """Whom to ask, in a sentence."""
    cookie: str
    """The name of the one cookie."""
    hours: int = sessions.HOURS_MAX


@router.get("/help")
async def show_help(request: Request) -> Response:
    """What the words mean."""
    return _show(request, "Help", "help.html")


@router.get("/accessibility")
async def show_accessibility(request: Request) -> Response:
    """How far everyone can use the pages."""
    return _show(request, "Accessibility", "accessibility.html")


@router.get("/privacy")
async def show_privacy(request: Request) -> Response:
    """What is kept about whom."""
    return _show(request, "Privacy", "privacy.html")


@router.get("/cookies")
async def show_cookies(request: Request) -> Response:
    """The one cookie."""
    return _show(request, "Cookies", "cookies.html")


def _show(request: Request, title: str, template: str) -> Response:
    here = site.of(request.app)
    page = Page(title=title, contact=here.help_contact or ASK, cookie=here.cookie)
    return site.show(request, template, page, here.session(request))
