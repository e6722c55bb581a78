"""JSON Schemas of the events, one golden file for each type.

Promises: they are exported from `shared.wire.events` and from nothing else, so that a change of the
wire shows in review as a change of these files. `python -m shared.wire.schemas` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, get_args

import msgspec

from shared.wire import events

FOLDER: Final = Path(__file__).parent
EXAMPLES: Final = FOLDER.parent / "examples"
"""One event of each type, as in the value of a record."""

EVENTS: tuple[type[events.Event], ...] = get_args(events.AnyEvent)


def export() -> dict[str, str]:
    """The text of each golden file, by event type."""
    schemas = {}
    for event in EVENTS:
        schema = msgspec.json.schema(event)
        about = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:makegood:event:{event.__name__}:1",
        }
        schemas[event.__name__] = json.dumps(about | schema, indent=2, ensure_ascii=False) + "\n"
    return schemas


def write() -> None:
    """Writes the golden files, and removes those of events that no longer exist."""
    schemas = export()
    for file in FOLDER.glob("*.json"):
        if file.stem not in schemas:
            file.unlink()
    for name, text in schemas.items():
        (FOLDER / f"{name}.json").write_text(text)
