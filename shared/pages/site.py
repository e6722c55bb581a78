"""A site: the pages of one service, and what stands around every one of them.

Promises: a page is made of one value, `page`, which templates cannot change; what it does not have
is an error, not a gap. Whatever stands in it is escaped. No page holds script or style of its own,
and none can be framed (`HEADERS`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response

from shared import buckets, calendar, formats, keys
from shared.clock import Clock
from shared.pages import navigation, sessions, statics
from shared.pages.parts import Link
from shared.settings import Settings
from shared.web import auth

if TYPE_CHECKING:
    import jinja2

    from shared.pages import sealing

FORMS_A_MINUTE: Final = 60
"""Of one session; also at once. Nobody types faster."""
UPLOADS_A_MINUTE: Final = 6
"""Of one session; also at once. To read one may take a second."""
STOPS_A_MINUTE: Final = 10
"""Of one reader of mails, without signing in; also at once. Once is enough."""

Name: TypeAlias = Literal["supplier", "council", "record"]

HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",  # without a referrer, browsers hide a form's origin too
    "vary": "cookie",
}
ROLES: Final[Mapping[auth.Role, str]] = {
    "supplier": "supplier",
    "manager": "contract manager",
    "approver": "approver",
    "auditor": "auditor",
    "operator": "operator",
}
"""As pages say them."""


LINKS: Final = (
    Link("Help", "/help"),
    Link("Accessibility", "/accessibility"),
    Link("Privacy", "/privacy"),
    Link("Cookies", "/cookies"),
)
"""At the foot of every page (`about`)."""


class Addresses(NamedTuple):
    """Where the pages of each service begin."""

    supplier: str
    council: str
    record: str


class Way(NamedTuple):
    """A link of the navigation."""

    text: str
    href: str
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around a page."""

    council: str
    ways: tuple[Way, ...]
    who: str | None
    """`Priya Nair, contract manager`; None if nobody is signed in."""
    me: str | None
    """Where this person chooses what to be told; None: there is nothing to choose."""
    form_token: str | None
    demo: str | None
    """What the demonstration says on every page."""
    links: tuple[Link, ...] = LINKS
    """At its foot."""


class Site:
    """The pages of one service. One of these lives in `app.state.site`."""

    def __init__(self, name: Name, settings: Settings, templates: Path) -> None:
        self.name = name
        self.addresses = Addresses(settings.supplier_url, settings.council_url, settings.record_url)
        self.is_demo = settings.demo
        self.cookie: Final = "makegood" if settings.demo else "__Host-makegood"
        """On loopback, where the demo is, there is no TLS and one cookie for all ports."""
        self.clock: Clock | None = None
        """The demo's clock, where the service has one. Sessions go by the machine's."""
        self.forms = buckets.Buckets(FORMS_A_MINUTE / 60, FORMS_A_MINUTE)
        """What each session may still send. It goes by the machine's clock."""
        self.uploads = buckets.Buckets(UPLOADS_A_MINUTE / 60, UPLOADS_A_MINUTE)
        self.stops = buckets.Buckets(STOPS_A_MINUTE / 60, STOPS_A_MINUTE)
        """How often the links of each reader's mails may still be used."""
        self.digest_hour = settings.digest_hour
        self.help_contact = settings.help_contact
        self._council = settings.council_name
        self._key_path = settings.session_key_path
        self._templates = templates
        self._base = urlsplit(self.addresses._asdict()[name]).path
        self._static = self._base + statics.path()

    @functools.cached_property
    def key(self) -> bytes:
        """Of sessions, and of links in mails. It is read, or made, when it is first needed."""
        return keys.load_or_create(self._key_path)

    @functools.cached_property
    def sealer(self) -> sealing.Sealer:
        """Seals and opens sessions."""
        from shared.pages import sealing

        return sealing.Sealer(self.key)

    @functools.cached_property
    def _environment(self) -> jinja2.Environment:
        from shared.pages import templates

        made = templates.environment(self._templates)
        made.globals["static"] = self._static
        made.filters["address"] = self.address
        return made

    def address(self, href: str) -> str:
        """Where a link of a page leads (`parts`)."""
        name, _, path = href.partition(":")
        known = self.addresses._asdict()
        return f"{known[name]}{path}" if name in known else f"{self._base}{href}"

    def session(self, request: Request) -> sessions.Session | None:
        """Who is signed in; None if nobody is."""
        value = request.cookies.get(self.cookie)
        return None if value is None else self.sealer.open(value, datetime.now(UTC))

    def show(
        self,
        template: str,
        page: object,
        who: sessions.Session | None,
        status: int = 200,
        *,
        path: str = "/",
    ) -> Response:
        """The page as HTML. `path`: where it stands, below the site's own."""
        frame = self._frame(who, path)
        text = self._environment.get_template(template).render(page=page, frame=frame)
        return Response(text, status, HEADERS, "text/html; charset=utf-8")

    def remember(self, answer: Response, session: sessions.Session) -> None:
        """Signs the person in, with this answer."""
        answer.set_cookie(
            self.cookie,
            self.sealer.seal(session),
            max_age=sessions.HOURS_MAX * 3600,
            secure=not self.is_demo,
            httponly=True,
            samesite="lax",
        )

    def forget(self, answer: Response) -> None:
        """Signs the person out, with this answer."""
        answer.delete_cookie(self.cookie, secure=not self.is_demo, httponly=True, samesite="lax")

    def _frame(self, who: sessions.Session | None, path: str) -> Frame:
        return Frame(
            council=self._council,
            ways=self._ways(who.role, path) if who else (),
            who=f"{who.name}, {ROLES[who.role]}" if who else None,
            me=navigation.ME.get(who.role) if who else None,
            form_token=self.sealer.form_token(who) if who else None,
            demo=self._demo() if self.is_demo else None,
        )

    def _ways(self, role: auth.Role, path: str) -> tuple[Way, ...]:
        ways = navigation.BY_ROLE[role]
        at = navigation.here(ways, self.name, path)
        return tuple(Way(each.text, each.href, is_here=each is at) for each in ways)

    def _demo(self) -> str:
        fictional = "All suppliers, contracts and people here are fictional."
        if self.clock is None:
            return fictional
        return f"Here it is {formats.day(calendar.london_day(self.clock.now()))}. {fictional}"


def of(app: FastAPI) -> Site:
    """The site of an app."""
    site: Site = app.state.site
    return site


def show(
    request: Request,
    template: str,
    page: object,
    who: sessions.Session | None,
    status: int = 200,
) -> Response:
    """The page as HTML, where it was asked for."""
    return of(request.app).show(template, page, who, status, path=path(request))


def path(request: Request) -> str:
    """What was asked for, below the site's own address."""
    return str(request.scope["path"]).removeprefix(str(request.scope.get("root_path", "")))
