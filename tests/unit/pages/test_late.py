"""Pages come with the first one that is asked for."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest
from fastapi import FastAPI

from shared.pages import late

ABOUT = "shared.pages.about"


async def status(app: FastAPI, path: str) -> int:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return (await client.get(path)).status_code


def an_app() -> FastAPI:
    """It has the address of a program, and the pages of `about` late: there is no site, so that a
    page that is there breaks."""
    app = FastAPI()
    app.add_middleware(late.LatePages, owner=app, module=ABOUT)
    return app


class TestPages:
    @pytest.mark.parametrize("prefix", late.PROGRAMS)
    async def test_stay_away_while_programs_ask(self, prefix: str) -> None:
        app = an_app()
        assert 404 == await status(app, f"{prefix}x")
        assert ABOUT == app.state.late_pages

    async def test_are_there_for_the_first_person(self) -> None:
        """The very request that brings them finds them."""
        app = an_app()
        with pytest.raises(AttributeError, match="site"):
            await status(app, "/help")
        assert app.state.late_pages is None

    @pytest.mark.parametrize("service", ["intake", "verification"])
    def test_are_not_imported_with_their_service(self, service: str) -> None:
        """Nor is what only they need: the memory is kept for the largest return."""
        code = f"import sys, services.{service}.app; print('services.{service}.web' in sys.modules)"
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
        assert "False" == found.stdout.strip()
