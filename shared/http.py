"""HTTP as every house speaks it: the app, its health, its lists; problems and limits are beside.

Promises: whatever goes wrong is answered as `application/problem+json` (`problems`), and every
request is limited and measured (`guard`). Lists are `{items, next}` with an opaque cursor.
Middleware is plain ASGI: accepted posts must stay fast.

Refuses: a cursor that is none of ours (`400`).
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import prometheus_client
import pydantic
import uvicorn
from fastapi import FastAPI, Query, Response

from shared import guard, problems, sql
from shared.problems import Fault, Problem, unavailable
from shared.settings import Settings

__all__ = [  # the problems too: houses say `http.Problem`
    "BODY_BYTES_MAX",
    "CURSOR_CHARACTERS_MAX",
    "ITEMS_DEFAULT",
    "ITEMS_MAX",
    "Fault",
    "Health",
    "Limit",
    "Page",
    "Problem",
    "build",
    "cut",
    "decode_cursor",
    "encode_cursor",
    "open_lane",
    "serve",
    "unavailable",
]

BODY_BYTES_MAX = 1024 * 1024
"""What a body may have where a house sets no limit of its own."""
ITEMS_DEFAULT, ITEMS_MAX = 100, 1000
CURSOR_CHARACTERS_MAX = 2000
HEALTH_SECONDS_MAX = 2
SHUTDOWN_SECONDS_MAX = 5
"""Requests in flight get this long to end after SIGTERM."""
CONNECTIONS_MAX = 1000
"""Connections and requests at once; the next one is answered `503`."""

Item = TypeVar("Item")
Row = TypeVar("Row")
Lifespan: TypeAlias = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Limit = Annotated[int, Query(ge=1, le=ITEMS_MAX)]
"""A list's `limit`, to be used as `limit: http.Limit = http.ITEMS_DEFAULT`."""


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
        responses=problems.DESCRIPTION,
        exception_handlers=problems.HANDLERS,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # else sought each time
    )
    app.state.lanes = {}
    bytes_max = body_bytes_max or BODY_BYTES_MAX
    app.add_middleware(guard.Guard, lanes=app.state.lanes, body_bytes_max=bytes_max)

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


def open_lane(app: FastAPI, method: str, path: str, endpoint: guard.Endpoint) -> None:
    """Leads requests to `endpoint` past the framework's routing and dependencies, which cost more
    than many an endpoint does. It is a route too, for the description: there `endpoint` is declared
    with what it asks for by itself."""
    app.state.lanes[method, path] = endpoint


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
