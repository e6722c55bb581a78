"""`PORT=8000 python -m tests.support.door_app`: a service with nothing behind its door."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any

import fastapi
import pydantic
from fastapi import Depends

from shared import log
from shared.settings import Settings
from shared.web import auth, problems, routes, server

TOKEN = "mg_right"
SECOND = "mg_second"
OTHER = "mg_other"
PARTIES = {TOKEN: "GB-COH-00000001", SECOND: "GB-COH-00000001", OTHER: "GB-COH-00000002"}
FILE_BYTES_MAX = 32 * 1024 * 1024
MUCH = b"x" * 1024


Supplier = Annotated[auth.Caller, Depends(auth.caller("supplier"))]
Manager = Annotated[auth.Caller, Depends(auth.caller("manager"))]


class Sent(pydantic.BaseModel):
    name: str


class Known:
    """Three tokens of two suppliers."""

    async def find(self, token: str) -> auth.Caller | None:
        if token not in PARTIES:
            return None
        return auth.Caller(token, "supplier", "GB-LAE-KWL", PARTIES[token])


async def yes() -> bool:
    return True


@contextlib.asynccontextmanager
async def lifespan(app: fastapi.FastAPI) -> AsyncIterator[None]:
    app.state.tokens = Known()
    yield


def build() -> fastapi.FastAPI:
    app = server.build("a door", "1", lifespan, server.Health(yes, yes))
    router = fastapi.APIRouter(route_class=routes.Route)

    @router.post("/things")
    async def post_thing(body: Sent, who: Supplier) -> Sent:
        return body

    @router.post("/managed")
    async def post_managed(body: Sent, who: Manager) -> Sent:
        return body

    @router.get("/things")
    async def list_things(repeat: int = 1) -> fastapi.Response:
        return fastapi.responses.StreamingResponse(MUCH for _ in range(repeat))

    @router.get("/managed/{name}")
    async def get_managed(name: str, who: Manager) -> str:
        return name

    @router.post("/own")
    async def post_own(who: Supplier) -> None:
        raise problems.Problem(403, "Not your own")

    @router.post("/files")
    async def post_file(request: fastapi.Request, who: Supplier) -> int:
        return len(await request.body())

    async def post_fast(request: fastapi.Request) -> Any:
        await auth.let_in(request, "supplier")
        return fastapi.responses.JSONResponse(len(await request.body()))

    app.include_router(router)
    server.open_fast_path(app, "POST", "/fast", post_fast, 10 * 1024 * 1024)
    server.open_for_files(app, "POST", "/files", FILE_BYTES_MAX)
    return app


if __name__ == "__main__":
    log.configure("door", "INFO")
    settings = Settings(kafka_bootstrap_servers="nowhere:9092", database_url="postgres://nowhere")
    server.serve(build(), settings, int(os.environ["PORT"]))
