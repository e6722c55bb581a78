"""HTTP as every house speaks it: problem documents, cursors, health, limits.

Promises: whatever goes wrong is answered as `application/problem+json` (RFC 9457) with every fault
at once; nothing of our insides is told; a body above the limit is refused before it is read; a
database that does not answer is a `503` with Retry-After, never a `500`. Lists are `{items, next}`
with an opaque cursor. Middleware is plain ASGI: accepted posts must stay fast.

Refuses: a cursor that is none of ours (`400`), a NUL anywhere in an address (PostgreSQL has none).
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import prometheus_client
import pydantic
import uvicorn
from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import log, sql
from shared.settings import Settings

BODY_BYTES_MAX = 1024 * 1024
"""What a body may have where a house sets no limit of its own."""
ITEMS_DEFAULT, ITEMS_MAX = 100, 1000
CURSOR_CHARACTERS_MAX = 2000
VALUE_CHARACTERS_MAX = 100
"""A wrong value is shown so that its sender finds it; longer ones are cut."""
FAULTS_MAX = 1000
RETRY_SECONDS = 2
HEALTH_SECONDS_MAX = 2
SHUTDOWN_SECONDS_MAX = 5
"""Requests in flight get this long to end after SIGTERM."""
CONNECTIONS_MAX = 1000
"""Connections and requests at once; the next one is answered `503`."""

PROBLEM = "application/problem+json"

Item = TypeVar("Item")
Row = TypeVar("Row")
Lifespan: TypeAlias = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Limit = Annotated[int, Query(ge=1, le=ITEMS_MAX)]
"""A list's `limit`, to be used as `limit: http.Limit = http.ITEMS_DEFAULT`."""

REQUEST_SECONDS = prometheus_client.Histogram(
    "makegood_http_seconds",
    "From a request's head to the end of its answer.",
    ["method", "route", "status"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 1, 5),
)

_log = log.get(__name__)


# --- problems ----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what was sent, and what to do about it. Its place is a JSON pointer into
    the body, a row and column of a file, or a parameter of the address or headers."""

    rule: str
    message: str
    fix: str | None = None
    pointer: str | None = None
    row: int | None = None
    column: str | None = None
    parameter: str | None = None
    value: str | None = None


@dataclasses.dataclass(eq=False)
class Problem(Exception):  # noqa: N818  RFC 9457's own word
    """Raised anywhere below an endpoint; answered as a problem document."""

    status: int
    title: str
    detail: str | None = None
    errors: Sequence[Fault] = ()
    headers: Mapping[str, str] | None = None


def respond(problem: Problem) -> Response:
    """The problem document. Fields that say nothing are left out."""
    document: dict[str, Any] = {"title": problem.title, "status": problem.status}
    if problem.detail is not None:
        document["detail"] = problem.detail
    if problem.errors:
        document["errors"] = [
            {name: said for name, said in dataclasses.asdict(fault).items() if said is not None}
            for fault in problem.errors
        ]
    body = json.dumps(document, ensure_ascii=False).encode(errors="replace")
    return Response(body, problem.status, problem.headers, PROBLEM)


def unavailable() -> Problem:
    """What a broken part below us looks like from outside."""
    words = "A part that this service stands on does not answer. Nothing was stored; try again."
    headers = {"retry-after": str(RETRY_SECONDS)}
    return Problem(503, "Unavailable for the moment", words, headers=headers)


async def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return respond(error)


async def _on_http_exception(_: Request, error: Exception) -> Response:
    """The framework's own refusals: unknown address, wrong method, unreadable form."""
    assert isinstance(error, HTTPException)
    return respond(Problem(error.status_code, str(error.detail), headers=error.headers))


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [_fault(e) for e in error.errors()[:FAULTS_MAX]]
    return respond(Problem(422, "The request is not well formed", errors=faults))


def _fault(error: Mapping[str, Any]) -> Fault:
    place, *path = error["loc"]
    given = error.get("input")
    is_plain = isinstance(given, str | int | float)
    value = str(given)[:VALUE_CHARACTERS_MAX] if is_plain else None
    if place != "body":
        return Fault("form", error["msg"], parameter=str(path[0]) if path else None, value=value)
    steps = () if error["type"] == "json_invalid" else path
    return Fault("form", error["msg"], pointer=pointer(steps), value=value)


def pointer(path: Sequence[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path into the body."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


# --- lists -------------------------------------------------------------------------------------


class Page(pydantic.BaseModel, Generic[Item]):
    """A piece of a list. `next` is the cursor of the piece after it; none where the list ends."""

    items: list[Item]
    next: str | None


def cut(
    rows: Sequence[Row], limit: int, key: Callable[[Row], Sequence[str | int]]
) -> tuple[Sequence[Row], str | None]:
    """The first `limit` of `rows` and the cursor behind them; ask the database for one row more."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], encode_cursor(*key(rows[limit - 1]))


def encode_cursor(*key: str | int) -> str:
    """The last key of a page, opaque. Inverse of `decode_cursor`."""
    text = json.dumps(key, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, *kinds: type[str] | type[int]) -> tuple[Any, ...]:
    """The key in `cursor`, one value for each of `kinds`. Raises a `400` problem."""
    try:
        if len(cursor) > CURSOR_CHARACTERS_MAX:
            raise ValueError("too long")
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if [type(value) for value in key] != list(kinds) or not all(map(_is_bounded, key)):
            raise ValueError("another list's key")
    except (ValueError, TypeError, RecursionError):
        fix = "Give `next` as it was answered, or leave the cursor out."
        fault = Fault("form", "This is no cursor of this list.", fix, parameter="cursor")
        raise Problem(400, "The cursor cannot be read", errors=[fault]) from None
    return tuple(key)


def _is_bounded(value: str | int) -> bool:
    """Whether PostgreSQL has a value for it."""
    if isinstance(value, str):
        return value.isprintable()
    return -(2**63) <= value < 2**63


# --- the app -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Health:
    """Two questions to a house: may it go on running, and may requests be sent to it."""

    is_live: Callable[[], Awaitable[bool]]
    is_ready: Callable[[], Awaitable[bool]]


_ANY_PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem document (RFC 9457)",
        "content": {
            PROBLEM: {
                "schema": {
                    "type": "object",
                    "required": ["title", "status"],
                    "properties": {
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "errors": {"type": "array", "items": {"type": "object"}},
                    },
                }
            }
        },
    }
}


def build(
    title: str, version: str, lifespan: Lifespan, health: Health, body_bytes_max: int | None = None
) -> FastAPI:
    """An app with problem documents, limits, `/health/*`, `/metrics` and `/openapi.json`; routers
    are the house's to include."""
    app = FastAPI(
        title=title,
        version=version,
        lifespan=lifespan,
        docs_url=None,  # the framework's pages pull scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        responses=_ANY_PROBLEM,
        exception_handlers={
            Problem: _on_problem,
            HTTPException: _on_http_exception,
            RequestValidationError: _on_invalid,
        },
    )
    app.add_middleware(_Guard, body_bytes_max=body_bytes_max or BODY_BYTES_MAX)

    @app.get("/health/live", include_in_schema=False)
    async def live() -> Response:
        return await _answer(health.is_live)

    @app.get("/health/ready", include_in_schema=False)
    async def ready() -> Response:
        return await _answer(health.is_ready)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        text = prometheus_client.generate_latest()
        return Response(text, media_type=prometheus_client.CONTENT_TYPE_LATEST)

    return app


async def _answer(is_well: Callable[[], Awaitable[bool]]) -> Response:
    try:
        async with asyncio.timeout(HEALTH_SECONDS_MAX):
            has_said_yes = await is_well()
    except sql.BROKEN:
        has_said_yes = False
    status, word = (200, "yes") if has_said_yes else (503, "no")
    return Response(f'{{"status":"{word}"}}', status, media_type="application/json")


def serve(app: FastAPI, settings: Settings, port: int) -> None:
    """Runs the app until SIGTERM or SIGINT, then lets requests in flight end."""
    uvicorn.run(
        app,
        host=settings.host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
    )


# --- what stands round every request -----------------------------------------------------------

_HEADERS = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
"""Added where an endpoint has not said otherwise."""
_TOO_LARGE = "The body is too large"
_CLOSING = {"connection": "close"}
"""With a body that is too large: the rest of it is never read."""


class _Guard:
    """Limits what comes in, adds headers to what goes out, answers what nobody else caught."""

    def __init__(self, app: ASGIApp, body_bytes_max: int) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        since, status = time.perf_counter(), 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = message["headers"]
                names = {name for name, _ in given}
                message["headers"] = [*given, *(h for h in _HEADERS if h[0] not in names)]
            await send(message)

        try:
            _check_address(scope)
            limited = _limit(scope, receive, self._body_bytes_max)
            await self._app(scope, limited, send_guarded)
        except ClientDisconnect:
            pass
        except Exception as error:
            if status:
                raise
            await respond(_explain(error, scope))(scope, receive, send_guarded)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            seconds = time.perf_counter() - since
            REQUEST_SECONDS.labels(scope["method"], route, status).observe(seconds)
        return None


def _explain(error: Exception, scope: Scope) -> Problem:
    """What may be told of an error that no endpoint expected."""
    if isinstance(error, Problem):
        return error
    where = f"{scope['method']} {scope['path']}"
    if sql.is_broken(error):
        _log.warning("A request met a broken part.", request=where, error=repr(error))
        return unavailable()
    _log.error("A request failed.", request=where, exc_info=error)
    return Problem(500, "Something went wrong here", "It was noted. Trying again may help.")


def _check_address(scope: Scope) -> None:
    if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
        raise Problem(400, "The address holds a NUL character")


def _limit(scope: Scope, receive: Receive, bytes_max: int) -> Receive:
    """`receive`, with an end: what announces more is refused unread, what brings more when it
    does."""
    for name, value in scope["headers"]:
        if name == b"content-length" and int(value) > bytes_max:
            raise Problem(413, _TOO_LARGE, headers=_CLOSING)
    read = 0

    async def receive_limited() -> Message:
        nonlocal read
        message = await receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            if read > bytes_max:  # the framework passes on no other exception while it reads
                raise HTTPException(413, _TOO_LARGE, _CLOSING)
        return message

    return receive_limited
