"""People at the pages of an app: signed in, with the headers that a browser sends."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from shared import sql
from shared.pages import access, sealing, sessions, site
from shared.web import auth

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
SEALER = sealing.Sealer(b"s" * 32)


class Visitor:
    """One person with a browser; nobody signed in if `who` is None."""

    def __init__(self, app: FastAPI, who: auth.Caller | None, name: str = "A. Person") -> None:
        self._app = app
        site.of(app).sealer = SEALER
        self.session = sessions.start(name, who, datetime.now(UTC)) if who else None

    @property
    def headers(self) -> dict[str, str]:
        cookie = site.of(self._app).cookie
        signed_in = {"cookie": f"{cookie}={SEALER.seal(self.session)}"} if self.session else {}
        return {"accept": HTML, **signed_in}

    async def get(self, path: str, **headers: str) -> httpx.Response:
        async with self._client() as client:
            return await client.get(path, headers=self.headers | headers)

    async def post(self, path: str, form: dict[str, Any], **headers: str) -> httpx.Response:
        async with self._client() as client:
            return await client.post(path, data=form, headers=self.headers | headers)

    async def upload(
        self, path: str, files: dict[str, bytes], form: dict[str, str], **headers: str
    ) -> httpx.Response:
        """Sends files with a form of this site."""
        named = {field: (field, content) for field, content in files.items()}
        own = self.headers | {"sec-fetch-site": "same-origin"} | headers
        async with self._client() as client:
            return await client.post(path, data=form, files=named, headers=own)

    async def send_one(self, path: str, name: str, body: bytes) -> httpx.Response:
        """Sends a file with the form of a page of this site."""
        assert self.session is not None, "only those who are signed in are shown a form"
        async with self._client() as client:
            return await client.post(
                path,
                data={access.TOKEN: SEALER.form_token(self.session)},
                files={"file": (name, body)},
                headers=self.headers | {"sec-fetch-site": "same-origin"},
            )

    async def ask(self, method: str, path: str, form: dict[str, Any]) -> httpx.Response:
        """Opens a page, or sends a form of one of this site."""
        if method == "GET":
            return await self.get(path)
        assert self.session is not None, "only those who are signed in are shown a form"
        token = {access.TOKEN: SEALER.form_token(self.session)}
        return await self.post(path, token | form, **{"sec-fetch-site": "same-origin"})

    async def send(self, path: str, **form: Any) -> httpx.Response:
        """Sends a form of a page that this very person opened."""
        return await self.ask("POST", path, form)

    def _client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self._app)
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


@contextlib.asynccontextmanager
async def counted(pool: sql.Pool) -> AsyncIterator[list[str]]:
    """The statements that are sent to the database while the block runs, without those that only
    open and close transactions or set how they run."""
    sent: list[str] = []

    def note(record: Any) -> None:
        if not record.query.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SELECT set_config")):
            sent.append(record.query)

    async with contextlib.AsyncExitStack() as stack:
        for _ in range(pool.get_max_size()):
            connection = await stack.enter_async_context(pool.acquire())
            connection.add_query_logger(note)
    yield sent
