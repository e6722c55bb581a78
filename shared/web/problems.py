"""Problem documents (RFC 9457): the answer to every error, with all faults at once.

Promises: a document has a title, the status, and each fault with its place and its fix, and tells
nothing about our internals. The framework's own errors are answered in the same way (`HANDLERS`).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from shared import log

_log = log.get(__name__)

VALUE_CHARACTERS_MAX: Final = 100
"""A wrong value is shown, so that its sender can find it, but cut to this length."""
FAULTS_MAX: Final = 1000
RETRY_SECONDS: Final = 2

INVALID: Final = "The request is invalid"
"""The title of a request that has faults of form."""
PROBLEM: Final = "application/problem+json"
API: Final = "/api/"
"""What the addresses for programs begin with."""

Handler: TypeAlias = Callable[[Request, Any], Coroutine[Any, Any, Response]]


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request, and how to fix it. Its place is a JSON pointer into
    the body, a cell, or row and column, of a file, or a parameter of the address or headers."""

    rule: str
    message: str
    fix: str | None = None
    pointer: str | None = None
    row: int | None = None
    column: str | None = None
    cell: str | None = None
    parameter: str | None = None
    value: str | None = None


@dataclasses.dataclass(eq=False)
class Problem(Exception):  # noqa: N818  RFC 9457's own word
    """May be raised anywhere below an endpoint. The answer is a problem document."""

    status: int
    title: str
    detail: str | None = None
    errors: Sequence[Fault] = ()
    headers: Mapping[str, str] | None = None


def respond(problem: Problem) -> Response:
    """The problem document. Empty fields are left out."""
    document: dict[str, Any] = {"title": problem.title, "status": problem.status}
    if problem.detail is not None:
        document["detail"] = problem.detail
    if problem.errors:
        document["errors"] = [
            {name: value for name, value in dataclasses.asdict(fault).items() if value is not None}
            for fault in problem.errors
        ]
    body = json.dumps(document, ensure_ascii=False).encode(errors="replace")
    return Response(body, problem.status, problem.headers, PROBLEM)


def answer(problem: Problem, request: Request) -> Response:
    """The problem as a page, for whoever asks for HTML outside of the API, where the service has
    pages (`app.state.problem_page`); else the problem document."""
    show = getattr(request.app.state, "problem_page", None)
    wants_page = "text/html" in request.headers.get("accept", "")
    if show is None or not wants_page or request.url.path.startswith(API):
        return respond(problem)
    try:
        page: Response = show(problem, request)
    except Exception as error:  # whatever it is, the caller must learn of the first problem
        _log.error("The page of a problem failed.", problem=problem.title, exc_info=error)
        return respond(problem)
    return page


def unavailable() -> Problem:
    """The answer while database or broker does not answer us."""
    detail = "A system that this service needs does not answer. Nothing was stored; try again."
    headers = {"retry-after": str(RETRY_SECONDS)}
    return Problem(503, "Temporarily unavailable", detail, headers=headers)


def busy() -> Problem:
    """The answer while there are too many requests at the same time."""
    detail = "Nothing was stored; try again."
    return Problem(
        503, "Too many requests at once", detail, headers={"retry-after": str(RETRY_SECONDS)}
    )


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return answer(error, request)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problem = of_framework(error)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        problem.headers = {"allow": ", ".join(_allowed(request))}
    return answer(problem, request)


def _allowed(request: Request) -> Sequence[str]:
    """What may be done at this address. The framework names the methods of one route only."""
    found = {
        method
        for method in _METHODS
        for route in request.app.router.routes
        if route.matches({**request.scope, "method": method})[0] is Match.FULL
    }
    return sorted(found | {"HEAD"} if "GET" in found else found)


_METHODS: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")


def of_framework(error: HTTPException) -> Problem:
    """The framework's own errors: unknown address, wrong method, unreadable form."""
    return Problem(error.status_code, str(error.detail), headers=error.headers)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [_fault(e) for e in error.errors()[:FAULTS_MAX]]
    return answer(Problem(422, INVALID, errors=faults), request)


def _fault(error: Mapping[str, Any]) -> Fault:
    place, *path = error["loc"]
    sent = error.get("input")
    is_plain = isinstance(sent, str | int | float)
    value = str(sent)[:VALUE_CHARACTERS_MAX] if is_plain else None
    if place != "body":
        return Fault("form", error["msg"], parameter=str(path[0]) if path else None, value=value)
    steps = () if error["type"] == "json_invalid" else path
    return Fault("form", error["msg"], pointer=pointer(steps), value=value)


def pointer(path: Sequence[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path into the body."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


HANDLERS: Final[dict[int | type[Exception], Handler]] = {
    Problem: _on_problem,
    HTTPException: _on_http_exception,
    RequestValidationError: _on_invalid,
}
"""How the framework answers exceptions of endpoints and its own."""
DESCRIPTION: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "A problem document (RFC 9457): what is wrong, and what to do.",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""The problem document in a service's API description: any endpoint may answer with one."""
_PLACES: Final[dict[str, dict[str, Any]]] = {
    "rule": {"description": "The rule that is broken, as in docs/rules.md; `form` if none."},
    "message": {"description": "What is wrong."},
    "fix": {"description": "What to do."},
    "pointer": {"description": "Where in the body, as a JSON pointer."},
    "row": {"type": "integer", "minimum": 1, "description": "The row of a file."},
    "column": {"description": "The column of a file."},
    "cell": {"description": "The cell of a spreadsheet, such as B7."},
    "parameter": {"description": "Which parameter of the address, or which header."},
    "value": {"description": "What was sent, cut to 100 characters; never about a person."},
}
SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "Problem": {
        "type": "object",
        "description": "Why a request was refused, or could not be answered.",
        "required": ["title", "status"],
        "properties": {
            "title": {"type": "string", "description": "What is wrong, in a few words."},
            "status": {"type": "integer", "description": "The status of the answer."},
            "detail": {"type": "string", "description": "More about it."},
            "errors": {
                "type": "array",
                "maxItems": FAULTS_MAX,
                "items": {"$ref": "#/components/schemas/Fault"},
                "description": "Every fault at once.",
            },
        },
    },
    "Fault": {
        "type": "object",
        "description": "One thing that is wrong with a request.",
        "required": ["rule", "message"],
        "properties": {name: {"type": "string"} | about for name, about in _PLACES.items()},
    },
}
"""What the description refers to."""
