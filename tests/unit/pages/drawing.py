"""Draws pages without a service: a site of each name, and what a page looks like as text."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, SecretStr

from shared.pages import sessions, site
from shared.settings import Settings
from shared.web import auth
from tests.support import visitors

Model = TypeVar("Model", bound=BaseModel)

SERVICES: Final = Path(__file__).parents[3] / "services"
SITES: Final[dict[str, site.Name]] = {
    "intake": "supplier",
    "verification": "council",
    "ledger": "record",
}
WHO: Final = sessions.start(
    "Asha <Rowntree>",
    auth.Caller("asha", "supplier", "GB-LAE-KWL", "GB-COH-1"),
    datetime.now(UTC),
)


@functools.cache
def a_site(service: str) -> site.Site:
    """The site of a service, at addresses with a path of their own."""
    settings = Settings(
        kafka_bootstrap_servers="nowhere:9092",
        database_url=SecretStr("postgresql://u:p@nowhere/d"),
        council_name="A Council",
        supplier_url="https://makegood.example/supplier",
        council_url="https://makegood.example/council",
        record_url="https://makegood.example/record",
    )
    made = site.Site(SITES[service], settings, SERVICES / service / "pages")
    made.sealer = visitors.SEALER
    return made


def html(service: str, template: str, page: object) -> str:
    """The page as HTML, for somebody who is signed in."""
    return bytes(a_site(service).show(template, page, WHO).body).decode()


def made(model: type[Model], **values: Any) -> Model:
    """A document with only the fields that a test needs."""
    return model.model_construct(**values)


def text(page: str) -> str:
    """What a page says between its tags, with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
