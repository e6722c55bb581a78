"""A service's HTTP described for programs and people: OpenAPI 3.1 at `/openapi.json`.

Promises: every address says who may use it; every parameter and every field has a description, and
every body an example. A description is the text below the field in `documents.py`; else the one
that the service lists under `Model.field` or under `field`; else that of the field of this name in
the events, for each thing has one meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from fastapi import FastAPI

from shared import docstrings
from shared.web import auth, problems, routes
from shared.wire.schemas import fields

_ERROR: Final = {"$ref": "#/components/responses/Problem"}
_FRAMEWORKS: Final = "Successful Response"
"""What the framework says of an answer that nobody described."""
_METHODS: Final = ("get", "post", "patch", "put", "delete")

SHARED: Final = {
    "limit": "How many the page has at most.",
    "cursor": "`next` of the page before; left out for the first page.",
    "next": "The cursor of the next page; null on the last.",
    "items": "The things of this page.",
    "contract": "Only of this contract.",
    "status": "The state that it is in.",
    "dispatch_id": "The mail, or the call of a webhook.",
    "recipient": "Only those to this person or webhook.",
    "alarm": "What is wrong, in words; null if nothing is.",
    "held": "How many records about returns with a receipt wait to be taken up.",
}


@dataclass(frozen=True, slots=True)
class Texts:
    """What a service adds to what its code says."""

    documents: tuple[ModuleType, ...]
    """The modules with its models."""
    fields: Mapping[str, str]
    """Descriptions by `Model.field`, by `field`, or by the name of a parameter."""
    examples: Mapping[str, Mapping[str, Any]]
    """Examples of bodies, by the name of the endpoint: title and value of each."""
    schemas: Callable[[], dict[str, Any]] = dict
    """Of what endpoints read by themselves."""


def describe(app: FastAPI, texts: Texts) -> None:
    """Lets the app answer `/openapi.json` with everything described. It is made when it is first
    asked for: the running service does not need it."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            _complete(app, document, texts)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # the framework's way to extend it


def _complete(app: FastAPI, document: dict[str, Any], texts: Texts) -> None:
    document["servers"] = [{"url": "/", "description": "This service."}]
    words = _Words(texts)
    document["components"]["schemas"] |= texts.schemas()
    for name, schema in document["components"]["schemas"].items():
        for field, about in schema.get("properties", {}).items():
            about.setdefault("description", words.of_field(name, field))
    document["components"]["responses"] = {"Problem": problems.DESCRIPTION["default"]}
    document["components"]["schemas"] |= problems.SCHEMAS
    roles = {
        (re.sub(r":\w+}", "}", route.path), method): routes.roles(route)
        for route in routes.every(app)
        for method in route.methods or ()
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in _METHODS:
                _complete_operation(operation, path, roles[path, method.upper()], words)


def _complete_operation(
    operation: dict[str, Any], path: str, roles: tuple[auth.Role, ...] | None, words: _Words
) -> None:
    steps = [step for step in path.removeprefix("/api/v1").split("/") if step]
    operation["tags"] = [steps[0].partition(".")[0]]
    operation["description"] = f"{operation.get('description', '').strip()}\n\n{_who(roles)}"
    for answer in operation["responses"].values():
        if answer.get("description") == _FRAMEWORKS:
            answer["description"] = "What was asked for."
    operation["responses"]["default"] = _ERROR
    for parameter in operation.get("parameters", ()):
        parameter.setdefault("description", words.of_parameter(parameter["name"]))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    examples = words.texts.examples.get(operation["operationId"])
    if body is not None and examples:
        body["examples"] = {title: {"value": value} for title, value in examples.items()}


def _who(roles: tuple[auth.Role, ...] | None) -> str:
    if roles is None:
        return "For anyone; no token is needed."
    if set(roles or auth.ROLES) == set(auth.ROLES):
        return "For every role."
    return f"For the roles {', '.join(roles)}." if len(roles) > 1 else f"For the role {roles[0]}."


class _Words:
    """Descriptions by name."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self._below = docstrings.below_fields(*texts.documents)
        self._bases = {
            name: [base.__name__ for base in made.__mro__]
            for module in texts.documents
            for name, made in vars(module).items()
            if isinstance(made, type)
        }

    def of_field(self, model: str, field: str) -> str:
        """Raises KeyError if it has none."""
        for name in (field, f"{field}_"):
            for base in self._bases.get(model, (model,)):
                found = self._below.get((base, name)) or self.texts.fields.get(f"{base}.{field}")
                if found:
                    return found
        return self.of_parameter(field)

    def of_parameter(self, name: str) -> str:
        """Raises KeyError if it has none."""
        found = self.texts.fields.get(name) or SHARED.get(name)
        return found or fields.LISTED.get(name) or fields.LISTED[f"{name}_"]
