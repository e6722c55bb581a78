"""A client of the ledger's API for each of its callers, over a log of eight entries."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
from fastapi import FastAPI

from services.ledger import web
from services.ledger.api import changes, entries, export, log, returns, search
from services.ledger.api.dependencies import Dependencies
from services.ledger.web import verify
from shared.pages import everywhere
from shared.web import auth, server
from shared.wire import events
from tests.support import ledger_service as build

OTHER_PARTY, OTHER_AUTHORITY = "GB-COH-00000002", "GB-LAE-LIV"
CALLERS = {
    "supplier": auth.Caller("s", "supplier", build.AUTHORITY, build.PARTY),
    "manager": auth.Caller("m", "manager", build.AUTHORITY),
    "auditor": auth.Caller("a", "auditor", build.AUTHORITY),
    "stranger": auth.Caller("x", "auditor", OTHER_AUTHORITY),
    "installation": auth.Caller("i", "auditor", events.INSTALLATION),
    "operator": auth.Caller("o", "operator", build.AUTHORITY),
}
OURS = [build.received(n, period=f"2026-0{n}") for n in range(1, 4)]
SENT: list[events.Event] = [
    *OURS,  # 0, 1, 2
    build.checked(OURS[0]),  # 3
    build.moved(OURS[0]),  # 4
    build.received(8, "C2", party_id=OTHER_PARTY),  # 5
    build.received(9, "L1", authority_id=OTHER_AUTHORITY),  # 6
    build.parked(1),  # 7
]


class Client:
    """Calls the API as any of the callers."""

    def __init__(self, app: FastAPI, tokens: Mapping[str, str]) -> None:
        self.app, self._tokens = app, tokens
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ledger")

    async def get(self, path: str, who: str | None = "auditor", **asked: Any) -> httpx.Response:
        head = {"authorization": f"Bearer {self._tokens[who]}"} if who else {}
        return await self.http.get(path, params=asked, headers=head)

    async def indexes(self, path: str, who: str = "auditor", **asked: Any) -> list[int]:
        answer = await self.get(path, who, **asked)
        assert 200 == answer.status_code, answer.text
        return [item["index"] for item in answer.json()["items"]]


async def connect(service: build.LedgerService) -> Client:
    """A client of a log of eight entries under a checkpoint."""
    await service.append(*SENT)
    await service.publisher.publish()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    async def yes() -> bool:
        return True

    app = server.build("ledger", "1", lifespan, server.Health(yes, yes))
    for each in (changes, entries, export, log, returns, search):
        app.include_router(each.router)
    server.open_for_files(app, "POST", verify.ADDRESS, verify.BODY_BYTES_MAX)
    everywhere.open_site(app, "record", service.settings, web.TEMPLATES)
    app.include_router(web.router)
    app.state.tokens = auth.Tokens(service.pool)
    app.state.dependencies = Dependencies(service.pool)
    async with service.pool.acquire() as conn:
        tokens = {}
        for name, holder in CALLERS.items():
            tokens[name] = auth.new()
            await auth.keep(conn, tokens[name], holder)
    return Client(app, tokens)
