"""Routes whose JSON bodies can be read in one way only, the same in every service (rule I13).

Promises: of a request without a token, or with one that may not do this, no body is read. The
framework by itself reads the body first.

Every router is made with `route_class=routes.Route`. An endpoint that reads the bytes by itself (a
file, a return) is not touched.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPBearer

from shared import documents
from shared.web import auth, problems


class _Read(Request):
    """A request whose JSON was read before."""

    def __init__(self, request: Request, body: bytes, value: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._body, self._value = body, value

    async def json(self) -> Any:
        return self._value


class Route(APIRoute):
    """A route that reads a JSON body with `documents`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle
        callers = list(_callers(self.dependant))

        async def read_first(request: Request) -> Response:
            for let_in in callers:
                await let_in(request, await _bearer(request))
            body = await request.body()
            return await handle(_Read(request, body, _read(body)) if body else request)

        return read_first


def every(app: FastAPI) -> Iterator[APIRoute]:
    """All routes of an app, also those of the routers that it includes: `app.routes` has those as
    one thing each."""
    for each in iter_route_contexts(app.routes):
        if isinstance(each.original_route, APIRoute):
            yield each.original_route


def roles(route: APIRoute) -> tuple[auth.Role, ...] | None:
    """Who may use a route; None: anyone, without a token."""
    for each in _callers(route.dependant):
        return auth.ROLES_OF[each]
    return None


_bearer = HTTPBearer(auto_error=False)


def _callers(dependant: Dependant) -> Iterator[Callable[..., Awaitable[auth.Caller]]]:
    """The dependencies of a route that say who may call it (`auth.caller`)."""
    for each in dependant.dependencies:
        if getattr(each.call, "__qualname__", "").startswith(f"{auth.caller.__qualname__}."):
            yield cast(Callable[..., Awaitable[auth.Caller]], each.call)
        yield from _callers(each)


def _read(body: bytes) -> Any:
    document = documents.read(body)
    if isinstance(document, documents.Unreadable):
        fault = problems.Fault("form", document.message, "Send JSON in UTF-8.", pointer="")
        raise problems.Problem(422, problems.INVALID, errors=[fault])
    if document.left_out:
        faults = [
            problems.Fault("I13", each.message, each.fix, pointer=problems.pointer(each.path))
            for each in document.left_out[: problems.FAULTS_MAX]
        ]
        raise problems.Problem(422, problems.INVALID, errors=faults)
    return document.value
