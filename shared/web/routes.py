"""Routes whose JSON bodies can be read in one way only, the same in every service (rule I13).

Every router is made with `route_class=routes.Route`. An endpoint that reads the bytes by itself (a
file, a return) is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from shared import documents
from shared.web import problems


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

        async def read_first(request: Request) -> Response:
            body = await request.body()
            return await handle(_Read(request, body, _read(body)) if body else request)

        return read_first


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
