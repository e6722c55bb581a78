"""Routes whose parameters and JSON bodies can be read in one way only, the same in every service
(rule I13).

Promises: of a request without a token, or with one that may not do this, no body is read. The
framework by itself reads the body first. A parameter of the address that the route does not know,
or that is given twice, is refused: the framework by itself would pass over it, and a misspelt
filter would show too much.

Every router is made with `route_class=routes.Route`. An endpoint that reads the bytes by itself (a
file, a return) is not touched.
"""

from __future__ import annotations

import collections
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from typing import Any, cast

import pydantic
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
    """A route that knows its parameters, and reads a JSON body with `documents`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        callers, known = list(_callers(self.dependant)), _parameters(self.dependant)
        has_body = self.body_field is not None

        async def look_first(request: Request) -> Response:
            for let_in in callers:
                await let_in(request, await _bearer(request))
            assert_known(request, known)
            body = await request.body() if has_body else b""
            return await handle(_Read(request, body, _read(body)) if body else request)

        return look_first


def assert_known(request: Request, known: Collection[str] = ()) -> None:
    """Raises Problem (`422`) for each parameter of the address that is not `known`, or is given
    twice."""
    if not request.scope["query_string"]:
        return
    counts = collections.Counter(name for name, _ in request.query_params.multi_items())
    faults = [
        *(_unknown(name, known) for name in counts if name not in known),
        *(_twice(name) for name, count in counts.items() if count > 1 and name in known),
    ]
    if faults:
        raise problems.Problem(422, problems.INVALID, errors=faults[: problems.FAULTS_MAX])


def _unknown(name: str, known: Collection[str]) -> problems.Fault:
    choices = ", ".join(sorted(known))
    fix = f"Leave it out, or use one of: {choices}." if choices else "Leave it out."
    shown = name[: problems.VALUE_CHARACTERS_MAX]
    return problems.Fault("form", "There is no such parameter here", fix, parameter=shown)


def _twice(name: str) -> problems.Fault:
    return problems.Fault("I13", "This is given twice", "Give it once.", parameter=name)


def _parameters(dependant: Dependant) -> frozenset[str]:
    """The names of a route's parameters in the address; those of a model are its fields."""
    names: set[str] = set()
    for each in dependant.dependencies:
        names |= _parameters(each)
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
            fields = kind.model_fields.items()
            names |= {field_of.alias or name for name, field_of in fields}
        else:
            names.add(field.alias)
    return frozenset(names)


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
