"""What every request passes: limits, security headers, error handling, and the fast paths.

Promises: what a request may cost is bounded (`bodies`), and so is their number; `/health/live` is
always answered. HEAD works where GET does. Every answer has the strict headers and is measured; a
refusal of the caller is logged (`refused`). An error that no endpoint handled becomes a problem
document that tells nothing about our internals; if the database does not answer, that is `503` with
Retry-After, never `500`.

Refuses: an address that can be read in two ways, or not as a text: a parameter given twice, control
characters, bytes that are not UTF-8 (rule I13).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias
from urllib import parse

import prometheus_client
from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import log, sql
from shared.web import bodies, problems, refused

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
FastPaths: TypeAlias = Mapping[tuple[str, str], Endpoint]
"""Endpoints by method and path that bypass the framework (`server.open_fast_path`)."""
BytesMax: TypeAlias = Mapping[tuple[str, str], int]
"""The largest body, by method and path (`server.open_for_files`, `server.open_fast_path`); by the
last step of the path, where that is all that is known (`server.open_for_uploads`)."""

REQUEST_SECONDS: Final = prometheus_client.Histogram(
    "makegood_http_seconds",
    "From the head of a request to the end of its answer.",
    ["method", "route", "status"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 1, 5),
)
_seconds = functools.lru_cache(1000)(REQUEST_SECONDS.labels)

_log = log.get(__name__)

REQUESTS_MAX: Final = 500
"""At the same time. The next one is answered `503`: requests are counted, never connections."""
ALWAYS: Final = "/health/live"
"""Answered in any case: a probe must not restart a service because it has much to do."""

HEADERS: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
"""Added unless the endpoint has set the header itself."""


class Middleware:
    """Limits requests, adds headers to answers, and handles the errors that nobody else did."""

    def __init__(
        self,
        app: ASGIApp,
        fast_paths: FastPaths,
        files: BytesMax,
        large: BytesMax,
        body_bytes_max: int,
    ) -> None:
        self._app = app
        self._fast_paths, self._files, self._large = fast_paths, files, large
        self._body_bytes_max = body_bytes_max
        self._budget = bodies.Budget()
        self._requests = 0
        self._refused = refused.Log()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        since, status = time.perf_counter(), 0
        is_head = scope["method"] == "HEAD"
        if is_head:
            scope = {**scope, "method": "GET"}  # a copy: the server must know what was asked for
        address = scope["method"], scope["path"]
        fast_path = self._fast_paths.get(address)
        is_file = address in self._files
        last = scope["method"], f"*/{scope['path'].rpartition('/')[2]}"
        own_max = self._files.get(address) or self._large.get(address) or self._large.get(last)

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"]
                names = {name for name, _ in headers}
                message["headers"] = [*headers, *(h for h in HEADERS if h[0] not in names)]
            elif is_head:
                message["body"] = b""
            await send(message)

        self._requests += 1
        try:
            if self._requests > REQUESTS_MAX and scope["path"] != ALWAYS:
                raise problems.busy()
            _check_address(scope)
            with bodies.limited(
                scope,
                receive,
                own_max or self._body_bytes_max,
                self._budget,
                is_file=is_file,
            ) as limited:
                if fast_path is None:
                    await self._app(scope, limited, send_with_headers)
                else:
                    answer = await fast_path(Request(scope, limited))
                    await answer(scope, limited, send_with_headers)
        except ClientDisconnect:
            pass
        except Exception as error:
            if status:
                raise
            answer = problems.answer(_explain(error, scope), Request(scope))
            await answer(scope, receive, send_with_headers)
        finally:
            self._requests -= 1
            route = scope["path"] if fast_path else getattr(scope.get("route"), "path", "none")
            if status in refused.STATUSES:
                self._refused.tell(scope, route, status)
            method = "HEAD" if is_head else scope["method"]
            _seconds(method, route, status).observe(time.perf_counter() - since)
        return None


def _explain(error: Exception, scope: Scope) -> problems.Problem:
    """What the caller may learn about an error that no endpoint handled."""
    if isinstance(error, problems.Problem):
        return error
    if isinstance(error, HTTPException):  # raised in a fast path
        return problems.of_framework(error)
    where = f"{scope['method']} {scope['path']}"
    if sql.is_broken(error):
        _log.warning("The database did not answer a request.", request=where, error=repr(error))
        return problems.unavailable()
    _log.error("A request failed.", request=where, exc_info=error)
    return problems.Problem(
        500, "Something went wrong on our side", "The error was logged. Trying again may help."
    )


def _check_address(scope: Scope) -> None:
    raw_path = scope.get("raw_path") or scope["path"].encode(errors="surrogateescape")
    if why := _why_odd(parse.unquote_to_bytes(raw_path)):
        raise problems.Problem(400, f"The address {why}")
    query: bytes = scope["query_string"]
    if not query:
        return
    names: set[str] = set()
    faults = []
    for pair in query.split(b"&"):
        name, _, value = map(parse.unquote_to_bytes, pair.replace(b"+", b" ").partition(b"="))
        shown = name.decode(errors="replace")
        why = _why_odd(name) or _why_odd(value)
        if why is None and shown in names:
            why = "is given twice"
        names.add(shown)
        if why is not None:
            fault = problems.Fault("I13", f"This {why}", "Send it once, as text.", parameter=shown)
            faults.append(fault)
    if faults:
        raise problems.Problem(422, problems.INVALID, errors=faults[: problems.FAULTS_MAX])


def _why_odd(text: bytes) -> str | None:
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        return "holds bytes that are not UTF-8"
    is_odd = any(character < " " or character == "\x7f" for character in decoded)
    return "holds control characters" if is_odd else None
