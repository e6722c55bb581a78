"""The pages that every site has for everyone."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from shared.pages import everywhere, parts, site
from shared.settings import Settings
from tests.unit.pages import drawing

CONTACT = "Write to social.value@council.example."


async def opened(path: str, contact: str = "") -> str:
    """What a visitor reads who is not signed in."""
    settings = Settings(
        kafka_bootstrap_servers="nowhere:9092",
        database_url=SecretStr("postgresql://u:p@nowhere/d"),
        help_contact=contact,
    )
    app = FastAPI()
    everywhere.open_site(app, "supplier", settings, drawing.SERVICES / "intake" / "pages")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get(path)
    assert 200 == answer.status_code
    return drawing.text(answer.text)


class TestEverySite:
    @pytest.mark.parametrize("link", site.LINKS)
    async def test_has_what_its_foot_leads_to(self, link: parts.Link) -> None:
        """Open to everyone, under its own heading."""
        assert link.text in await opened(link.href)

    @pytest.mark.parametrize("path", ["/help", "/accessibility", "/privacy"])
    async def test_says_whom_to_ask(self, path: str) -> None:
        """As the council has set it; else the person whom one knows."""
        assert CONTACT in await opened(path, CONTACT)
        assert "Ask the person at the council who manages your contract." in await opened(path)

    async def test_names_its_cookie(self) -> None:
        """The one of TLS outside the demo."""
        assert "one cookie, __Host-makegood. It" in await opened("/cookies")
