"""All three services' HTTP on one page for people, without script and without network.

Promises: made from the OpenAPI documents alone. Headings are in order, every address can be linked
to, and tables scroll within themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

_STYLE: Final = """\
body { font: 1rem/1.5 Arial, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem;
  color: #0b0c0c; background: #fff; }
h2 { border-top: 4px solid #0b0c0c; padding-top: .5rem; margin-top: 3rem; }
h3 { border-top: 1px solid #b1b4b6; padding-top: .75rem; margin-top: 2rem;
  overflow-wrap: anywhere; }
h4 { margin: 1.5rem 0 .5rem; }
a { color: #1a65a6; } a:focus, summary:focus, .table:focus { outline: 3px solid #ffdd00;
  background: #ffdd00; color: #0b0c0c; }
code, pre { font-family: monospace; font-size: .95em; }
pre { background: #f3f2f1; padding: .75rem; overflow-x: auto; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0;
  border-bottom: 1px solid #b1b4b6; }
nav ul { list-style: none; padding: 0; } nav li { margin: .25rem 0; overflow-wrap: anywhere; }
summary { cursor: pointer; }
"""
_HEAD: Final = """\
<p>What programs can ask of Makegood. The same as OpenAPI 3.1:
{links}.</p>
<p>Send a token as <code>Authorization: Bearer …</code>. Errors are
<code>application/problem+json</code> with every fault at once. Lists are
<code>{{"items", "next"}}</code>: send <code>next</code> as <code>cursor</code> for the next page.
Times are UTC, days are London's, quantities are decimals as text.</p>
"""


def export(documents: Mapping[str, dict[str, Any]]) -> str:
    """The page about these services."""
    links = ", ".join(f'<a href="/openapi/{name}.json">{name}</a>' for name in documents)
    body = "".join(_Service(name, document).show() for name, document in documents.items())
    contents = "".join(_contents(name, document) for name, document in documents.items())
    return (
        '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Makegood for programs</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n"
        f"<main>\n<h1>Makegood for programs</h1>\n{_HEAD.format(links=links)}"
        f'<nav aria-label="Contents">\n{contents}</nav>\n{body}</main>\n</body>\n</html>\n'
    )


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _contents(service: str, document: dict[str, Any]) -> str:
    items = "".join(
        f'<li><a href="#{service}-{operation["operationId"]}">'
        f"<code>{method} {escape(path)}</code></a></li>\n"
        for method, path, operation in _operations(document)
    )
    title = f'<a href="#{service}"><strong>{service.capitalize()}</strong></a>'
    return f"<p>{title}</p>\n<ul>\n{items}</ul>\n"


class _Service:
    """One service's part of the page."""

    def __init__(self, name: str, document: dict[str, Any]) -> None:
        self._name, self._document = name, document
        self._schemas: dict[str, Any] = document["components"]["schemas"]

    def show(self) -> str:
        operations = "".join(
            self._operation(method, path, operation)
            for method, path, operation in _operations(self._document)
        )
        objects = "".join(
            self._schema(name, schema)
            for name, schema in sorted(self._schemas.items())
            if "properties" in schema and not name.startswith("Page_")
        )
        return (
            f'<h2 id="{self._name}">{self._name.capitalize()}</h2>\n{operations}'
            f'<h3 id="{self._name}-objects">Objects of {self._name}</h3>\n{objects}'
        )

    def _operation(self, method: str, path: str, operation: dict[str, Any]) -> str:
        parts = [
            f'<h3 id="{self._name}-{operation["operationId"]}">{_code(f"{method} {path}")}</h3>\n',
            *(f"<p>{_prose(text)}</p>\n" for text in operation["description"].split("\n\n")),
        ]
        if operation.get("parameters"):
            rows = [
                (_code(each["name"]), self._where(each), _prose(each["description"]))
                for each in operation["parameters"]
            ]
            parts.append(_table(("parameter", "where", "meaning"), rows))
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body:
            parts.append(f"<p>Body: {self._form(body['schema'])}</p>\n")
            for title, example in body.get("examples", {}).items():
                text = json.dumps(example["value"], indent=2, ensure_ascii=False)
                parts.append(
                    f"<details>\n<summary>Example: {escape(title)}</summary>\n"
                    f'<pre tabindex="0">{escape(text)}</pre>\n</details>\n'
                )
        answers = [
            (status, self._answer(each), _prose(each["description"]))
            for status, each in sorted(self._answers(operation))
        ]
        parts.append(_table(("answer", "with", "meaning"), answers))
        return "".join(parts)

    def _answers(self, operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        for status, answer in operation["responses"].items():
            if status != "default":
                yield f"<code>{status}</code>", answer

    def _answer(self, answer: dict[str, Any]) -> str:
        for about in answer.get("content", {}).values():
            return self._form(about.get("schema", {}))
        return "–"

    def _where(self, parameter: dict[str, Any]) -> str:
        where = {"path": "in the path", "query": "in the address", "header": "header"}
        needed = ", required" if parameter.get("required") and parameter["in"] != "path" else ""
        return where[parameter["in"]] + needed

    def _schema(self, name: str, schema: dict[str, Any]) -> str:
        needed = schema.get("required", ())
        rows = [
            (
                _code(field) + ("" if field in needed else " (may be absent)"),
                self._form(about),
                _prose(about["description"]),
            )
            for field, about in schema["properties"].items()
        ]
        about = f"<p>{_prose(schema['description'])}</p>\n" if "description" in schema else ""
        heading = f'<h4 id="{self._name}-object-{name}">{escape(name)}</h4>\n'
        return heading + about + _table(("field", "form", "meaning"), rows)

    def _form(self, schema: dict[str, Any]) -> str:
        """What a value looks like, in a few words."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name.startswith("Page_"):
                return f"a page of {self._form(self._schemas[name]['properties']['items'])}"
            return f'<a href="#{self._name}-object-{name}">{escape(name)}</a>'
        if "enum" in schema or "const" in schema:
            values = schema.get("enum", [schema.get("const")])
            return ", ".join(_code(str(value)) for value in values)
        if "anyOf" in schema:
            return " or ".join(dict.fromkeys(map(self._form, schema["anyOf"])))
        if schema.get("type") == "array":
            return f"list of {self._form(schema.get('items', {}))}"
        if "properties" in schema:
            return "an object: " + ", ".join(map(_code, schema["properties"]))
        kind = schema.get("format") or schema.get("type", "anything")
        return escape(_FORMS.get(kind, kind))


_FORMS: Final = {
    "uuid": "id",
    "date-time": "moment",
    "date": "day",
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
}


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _prose(text: str) -> str:
    """A text in which backticks mark code."""
    return _CODE.sub(r"<code>\1</code>", escape(" ".join(text.split())))


_CODE: Final = re.compile(r"`([^`]+)`")


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return (
        f'<div class="table" tabindex="0" role="region" aria-label="{heads[0]}s">\n<table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n"
    )
