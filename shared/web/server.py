"""What the HTTP side of every service shares: the app, its health and metrics, and the server.

Promises: every error is answered as `application/problem+json` (`problems`). Every connection
(`door`), body (`bodies`) and request (`middleware`) is bounded, by plain ASGI, since accepting
returns must stay fast.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import FrameType
from typing import Any, Final, TypeAlias, cast

import prometheus_client
import uvicorn
from fastapi import FastAPI, Response

from shared import command_line, sql
from shared.settings import Settings
from shared.web import door, middleware, problems, reference, routes

BODY_BYTES_MAX: Final = 1024 * 1024
"""The largest body, unless a route takes more (`open_fast_path`, `open_for_files`,
`open_for_uploads`)."""
HEALTH_SECONDS_MAX: Final = 2
SHUTDOWN_SECONDS_MAX: Final = 5
"""How long requests in flight may take to finish after SIGTERM."""
BACKLOG: Final = 1024
"""Connections that the system keeps for us until we take them."""

Lifespan: TypeAlias = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@dataclasses.dataclass(frozen=True)
class Health:
    """Whether a service may go on running (live), and may be sent requests (ready)."""

    is_live: Callable[[], Awaitable[bool]]
    is_ready: Callable[[], Awaitable[bool]]


def build(title: str, version: str, lifespan: Lifespan, health: Health) -> FastAPI:
    """An app with problem documents, limits, `/health/*`, `/metrics`, `/openapi.json` and `/docs`.
    The service adds its own routers."""
    app = FastAPI(
        title=title,
        version=version,
        lifespan=lifespan,
        docs_url=None,  # the framework's pages load scripts from other sites
        redoc_url=None,
        redirect_slashes=False,
        responses=problems.DESCRIPTION,
        generate_unique_id_function=lambda route: route.name,
        exception_handlers=problems.HANDLERS,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # else looked up each time
    )
    app.router.route_class = routes.Route
    app.state.fast_paths, app.state.files, app.state.large = {}, {}, {}
    app.add_middleware(
        middleware.Middleware,
        fast_paths=app.state.fast_paths,
        files=app.state.files,
        large=app.state.large,
        body_bytes_max=BODY_BYTES_MAX,
    )

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

    app.include_router(reference.router)
    return app


def open_fast_path(
    app: FastAPI, method: str, path: str, endpoint: middleware.Endpoint, bytes_max: int
) -> None:
    """Sends requests to `endpoint` past the framework's routing and dependencies, which cost more
    than most endpoints do; with bodies of at most so many bytes. `endpoint` must be declared as a
    route as well, so that the API's description has it, with all that it reads from the request
    itself."""
    app.state.fast_paths[method, path] = endpoint
    app.state.large[method, path] = bytes_max


def open_for_files(app: FastAPI, method: str, path: str, bytes_max: int) -> None:
    """Lets files of up to `bytes_max` in at this address, one at a time."""
    app.state.files[method, path] = bytes_max


def open_for_uploads(app: FastAPI, method: str, last: str, bytes_max: int) -> None:
    """Lets bodies of up to `bytes_max` in at every address whose last step is `last`."""
    app.state.large[method, f"*/{last}"] = bytes_max


async def _answer(is_well: Callable[[], Awaitable[bool]]) -> Response:
    try:
        async with asyncio.timeout(HEALTH_SECONDS_MAX):
            has_said_yes = await is_well()
    except sql.BROKEN:
        has_said_yes = False
    status, word = (200, "yes") if has_said_yes else (503, "no")
    return Response(f'{{"status":"{word}"}}', status, media_type="application/json")


def serve(app: FastAPI, settings: Settings, port: int) -> None:
    """Runs the app until SIGTERM or SIGINT, then lets requests in flight finish."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=cast(Any, functools.partial(door.Connection, door.House())),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
    )
    server = _Server(config)
    try:
        server.run(sockets=[_listen(settings.host, port)])
    finally:
        if server.ended_by is not None:  # whatever the start has made of that
            raise SystemExit(128 + server.ended_by)


class _Server(uvicorn.Server):
    """Ends also while it starts: it may be waiting for a database that never answers."""

    ended_by: int | None = None
    """The signal that came before it had started."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.started:
            self.ended_by = sig
            logging.getLogger("uvicorn.error").disabled = True  # it would log what is cut off
            raise SystemExit(128 + sig)
        super().handle_exit(sig, frame)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, door.RECEIVED_BYTES_MAX)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        raise command_line.CannotGoOn(
            f"Nothing can be served at {host}:{port}: {error.strerror}. Stop the program that uses "
            "this address, or choose another one in the settings."
        ) from error
    listener.setblocking(False)
    return listener
