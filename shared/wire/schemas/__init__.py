"""JSON Schemas of the events, one golden file for each type.

Promises: they are exported from `shared.wire.events` and `shared.wire.replies` and from nothing
else, so that a change of the wire shows in review as a change of these files. Every field is
described. `python -m shared.wire.schemas` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from shared.wire import events, replies
from shared.wire.schemas import fields

FOLDER: Final = Path(__file__).parent
EXAMPLES: Final = FOLDER.parent / "examples"
"""One event of each type, as in the value of a record."""

EVENTS: tuple[type[events.Event], ...] = get_args(events.AnyEvent)
REPLIES: Final[tuple[type[events.Event], ...]] = (replies.ReturnAnswered,)
"""What goes to outsiders; no service reads them."""

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def export() -> dict[str, str]:
    """The text of each golden file, by event type."""
    schemas = {}
    for event in (*EVENTS, *REPLIES):
        schema = msgspec.json.schema(event)
        describe(schema["$defs"])
        about = {"$schema": DIALECT, "$id": f"urn:makegood:event:{event.__name__}:1"}
        schemas[event.__name__] = json.dumps(about | schema, indent=2, ensure_ascii=False) + "\n"
    return schemas


def describe(definitions: dict[str, dict[str, Any]]) -> None:
    """Adds its description to each field of these schemas, which are given by struct."""
    for name, schema in definitions.items():
        struct = next(getattr(m, name) for m in fields.SOURCES if hasattr(m, name))
        in_python = {each.encode_name: each.name for each in msgspec.structs.fields(struct)}
        for field, property_ in schema["properties"].items():
            property_["description"] = fields.describe(name, in_python.get(field, field))


def write() -> None:
    """Writes the golden files, and removes those of events that no longer exist."""
    schemas = export()
    for file in FOLDER.glob("*.json"):
        if file.stem not in schemas:
            file.unlink()
    for name, text in schemas.items():
        (FOLDER / f"{name}.json").write_text(text)
