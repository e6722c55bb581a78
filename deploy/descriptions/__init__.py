"""Descriptions for programs and people, made from the code: OpenAPI and AsyncAPI of each service, a
page about all of HTTP, the fields of the events, all messages, and how much is built.

Promises: `python -m deploy.descriptions` writes them anew, and tests hold what is kept against what
is made now.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from shared.web import reference

ROOT: Final = Path(__file__).parents[2]
SERVICES: Final = ("intake", "verification", "ledger")


def export() -> dict[Path, str]:
    """The text of each file."""
    from deploy.descriptions import asyncapi, event_fields, messages, openapi, page, rules

    readme, rule_book = ROOT / "README.md", ROOT / "docs/rules.md"
    documents = {service: openapi.export(service) for service in SERVICES}
    files = {
        readme: rules.export(readme.read_text(), rule_book.read_text()),
        ROOT / "docs/event-fields.md": event_fields.export(),
        ROOT / "docs/messages.md": messages.export(ROOT),
        reference.FOLDER / reference.PAGE: page.export(documents),
    }
    for service in SERVICES:
        files[ROOT / "docs/asyncapi" / f"{service}.json"] = _text(asyncapi.export(service))
        files[reference.FOLDER / f"{service}.json"] = _text(documents[service])
    return files


def write() -> None:
    """Writes the files."""
    for file, text in export().items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)


def _text(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
