"""The fields of all events, as a page: docs/event-fields.md.

Promises: made from the JSON Schemas. Each struct stands once, in the order of the events that have
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from shared.wire import schemas

_HEAD: Final = """\
# Fields of the events

Made by `python -m deploy.descriptions` from the code. [What goes over the wire](events.md) tells
what all events share.

The fields `type`, `event_id`, `authority_id`, `occurred_at` and `caused_by` stand in every event
and are not repeated. A field in **bold** is always there. The others are left out when they say
nothing, or no more than their default.
"""
_IN_EVERY_EVENT: Final = ("type", "event_id", "authority_id", "occurred_at", "caused_by")


def export() -> str:
    """The page."""
    _, definitions = msgspec.json.schema_components(schemas.EVENTS, ref_template="#{name}")
    schemas.describe(definitions)
    names = [event.__name__ for event in schemas.EVENTS]
    parts = [name for name in definitions if name not in names]
    text = [_HEAD, "## Events\n"]
    text += [_section(name, definitions[name]) for name in names]
    text += ["## Parts of events\n"]
    text += [_section(name, definitions[name]) for name in sorted(parts)]
    return "\n".join(text)


def _section(name: str, schema: dict[str, Any]) -> str:
    rows = list(_rows(schema))
    table = "\n".join(["| field | form | meaning |", "| --- | --- | --- |", *rows])
    about = " ".join(schema.get("description", "").split())
    return f"### {name}\n\n{about}\n\n{table}\n" if about else f"### {name}\n\n{table}\n"


def _rows(schema: dict[str, Any]) -> Iterator[str]:
    is_event = "type" in schema["properties"]
    for field, about in schema["properties"].items():
        if is_event and field in _IN_EVERY_EVENT:
            continue
        is_needed = field in schema.get("required", ())
        shown = f"**`{field}`**" if is_needed else f"`{field}`"
        yield f"| {shown} | {_form(about)} | {about['description']} |"


def _form(schema: dict[str, Any]) -> str:
    """What a value looks like, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#")
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_form(each) for each in schema["anyOf"] if each.get("type") != "null")
    if schema.get("type") == "array":
        return f"list of {_form(schema['items'])}"
    return _FORMS[schema["type"], schema.get("format")]


_FORMS: Final[dict[tuple[str, str | None], str]] = {
    ("string", "uuid"): "id",
    ("string", "date-time"): "moment",
    ("string", "date"): "day",
    ("string", "decimal"): "decimal",
    ("string", None): "text",
    ("integer", None): "number",
    ("boolean", None): "true or false",
    ("object", None): "object",
}
