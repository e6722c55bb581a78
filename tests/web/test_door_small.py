"""Small things at the door: methods, HEAD, and dates and cursors in addresses."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

import fastapi
import httpx
import pydantic
import pytest

from shared import fields
from shared.web import lists, problems, routes, server


async def yes() -> bool:
    return True


@contextlib.asynccontextmanager
async def no_lifespan(_: fastapi.FastAPI) -> AsyncIterator[None]:
    yield


class Asked(pydantic.BaseModel):
    until: fields.Day | None = pydantic.Field(default=None, alias="to")


ROUTER = fastapi.APIRouter(route_class=routes.Route)


@ROUTER.get("/things")
async def list_things(asked: Annotated[Asked, fastapi.Query()]) -> list[int]:
    return [1, 2, 3]


@ROUTER.post("/things")
async def post_thing() -> int:
    return 1


@ROUTER.put("/things/{name}")
async def put_thing(name: str) -> str:
    return name


@ROUTER.get("/things/{name}")
async def get_thing(name: str) -> str:
    return name


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = server.build("a service", "1", no_lifespan, server.Health(yes, yes))
    app.include_router(ROUTER)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


class TestAWrongMethod:
    @pytest.mark.parametrize(
        ("path", "allowed"),
        [("/things", "GET, HEAD, POST"), ("/things/a", "GET, HEAD, PUT"), ("/health", "")],
    )
    async def test_is_told_every_right_one(
        self, client: httpx.AsyncClient, path: str, allowed: str
    ) -> None:
        """Allow has the methods of all routes at the address; an unknown address is 404."""
        answer = await client.delete(path)
        assert (405 if allowed else 404) == answer.status_code
        assert allowed == answer.headers.get("allow", "")
        assert "application/problem+json" == answer.headers["content-type"]


class TestHead:
    async def test_answers_as_get_does_without_a_body(self, client: httpx.AsyncClient) -> None:
        """The same status and headers, and nothing else."""
        for path in ("/things", "/health/live", "/metrics", "/openapi.json"):
            got, head = await client.get(path), await client.head(path)
            assert (200, b"") == (head.status_code, head.content)
            assert got.headers["content-type"] == head.headers["content-type"]


class TestADate:
    @pytest.mark.parametrize("sent", ["0", "1", "20261105", "2026-02-30", "1e3", "2026-11-05T00"])
    async def test_is_a_date(self, client: httpx.AsyncClient, sent: str) -> None:
        """Numbers and days that do not exist are refused, naming the parameter."""
        answer = await client.get("/things", params={"to": sent})
        assert 422 == answer.status_code
        assert "to" == answer.json()["errors"][0]["parameter"]


class TestAMoment:
    @pytest.mark.parametrize(
        "text",
        [
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "9999-12-31T23:59:59+00:00",
            "0001-01-01T00:00:00+00:00",
            "2026-11-05T09:00:00",
            "2026-11-05",
            "now",
        ],
    )
    def test_out_of_range_is_of_no_list(self, text: str) -> None:
        """A moment that no row can have, or without a zone: 400."""
        with pytest.raises(problems.Problem) as raised:
            lists.read_moment(text)
        assert 400 == raised.value.status
