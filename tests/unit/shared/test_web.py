"""What all services share over HTTP: problems, cursors, health, limits."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import fastapi
import httpx
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web import lists, problems, server

BYTES_MAX = server.BODY_BYTES_MAX


class Sent(pydantic.BaseModel):
    name: str
    lines: list[int]


@dataclasses.dataclass
class Wellness:
    """A service's health, as a test sets it."""

    says: bool = True
    breaks: bool = False

    async def ask(self) -> bool:
        if self.breaks:
            raise ConnectionRefusedError
        return self.says


@contextlib.asynccontextmanager
async def no_lifespan(_: fastapi.FastAPI) -> AsyncIterator[None]:
    yield


def build(wellness: Wellness | None = None) -> fastapi.FastAPI:
    health = server.Health((wellness or Wellness()).ask, (wellness or Wellness()).ask)
    app = server.build("a service", "1", no_lifespan, health)

    @app.post("/things")
    async def echo(sent: Sent) -> Sent:
        return sent

    @app.post("/bytes")
    async def count(request: fastapi.Request) -> int:
        return len(await request.body())

    server.open_fast_path(app, "POST", "/fast", _count_fast, BYTES_MAX)

    @app.get("/things")
    async def items(limit: lists.Limit = lists.ITEMS_DEFAULT) -> int:
        return limit

    @app.get("/things/{error}")
    async def fail(error: str) -> None:
        raise {
            "refused": problems.Problem(
                409,
                "Not the next one",
                errors=[problems.Fault("I3", "Late", "Send 2", "/revision")],
            ),
            "broken": asyncpg.InterfaceError("the pool is closing"),
            "down": ConnectionRefusedError(),
            "wrong": asyncpg.exceptions._base.DataError("a secret"),
            "bug": RuntimeError("a secret"),
        }[error]

    return app


async def _count_fast(request: fastapi.Request) -> fastapi.Response:
    if not await request.body():
        raise problems.Problem(409, "Empty")
    return fastapi.Response(str(len(await request.body())), 201)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(build()), base_url="http://service"
    ) as one:
        yield one


def document(answer: httpx.Response) -> Any:
    assert "application/problem+json" == answer.headers["content-type"]
    return answer.json()


class TestProblem:
    async def test_says_what_the_service_said(self, client: httpx.AsyncClient) -> None:
        """Status, title and faults are passed on; empty fields are left out."""
        assert {
            "title": "Not the next one",
            "status": 409,
            "errors": [{"rule": "I3", "message": "Late", "fix": "Send 2", "pointer": "/revision"}],
        } == document(await client.get("/things/refused"))

    async def test_lists_all_faults_at_once(self, client: httpx.AsyncClient) -> None:
        """Both faults of a body are in the answer, each with its pointer and value."""
        answer = await client.post("/things", json={"lines": [1, "x"]})
        faults = document(answer)["errors"]
        assert [("/name", None), ("/lines/1", "x")] == [
            (f["pointer"], f.get("value")) for f in faults
        ]

    async def test_names_a_wrong_parameter(self, client: httpx.AsyncClient) -> None:
        """A fault in the address names its parameter."""
        fault = document(await client.get("/things", params={"limit": 0}))["errors"][0]
        assert ("limit", "0") == (fault["parameter"], fault["value"])

    async def test_is_the_answer_to_malformed_json(self, client: httpx.AsyncClient) -> None:
        """That is a fault of the whole body."""
        answer = await client.post(
            "/things", content=b"{", headers={"content-type": "application/json"}
        )
        assert [""] == [f["pointer"] for f in document(answer)["errors"]]

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [("GET", "/nowhere", 404), ("PUT", "/things", 405), ("GET", "/things/%00", 400)],
    )
    async def test_is_the_answer_to_an_odd_request(
        self, client: httpx.AsyncClient, method: str, path: str, status: int
    ) -> None:
        """Unknown addresses and methods are answered with documents too."""
        answer = await client.request(method, path)
        assert (status, status) == (answer.status_code, document(answer)["status"])

    @pytest.mark.parametrize("error", ["broken", "down"])
    async def test_asks_to_try_again(self, client: httpx.AsyncClient, error: str) -> None:
        """If the database does not answer, that is 503 with Retry-After."""
        answer = await client.get(f"/things/{error}")
        assert (503, "2") == (answer.status_code, answer.headers["retry-after"])
        assert 503 == document(answer)["status"]

    @pytest.mark.parametrize("error", ["bug", "wrong"])
    async def test_tells_nothing_of_a_bug(self, client: httpx.AsyncClient, error: str) -> None:
        """An unexpected error is 500; its text goes to the log only."""
        answer = await client.get(f"/things/{error}")
        assert 500 == document(answer)["status"]
        assert "secret" not in answer.text


class TestLimit:
    async def test_refuses_an_announced_body_unread(self) -> None:
        """413 by Content-Length alone: the body is never read."""
        answer = await _post_raw([(b"content-length", b"%d" % (BYTES_MAX + 1))], chunks=None)
        assert (413, b"close") == answer

    async def test_refuses_a_body_that_grows(self) -> None:
        """Without Content-Length, reading stops at the limit."""
        chunks = [b"x" * BYTES_MAX, b"x"]
        assert (413, b"close") == await _post_raw([], chunks)

    async def test_lets_a_body_of_the_limit_pass(self, client: httpx.AsyncClient) -> None:
        """The limit itself is allowed."""
        answer = await client.post("/bytes", content=b"x" * BYTES_MAX)
        assert (200, BYTES_MAX) == (answer.status_code, answer.json())


async def _post_raw(
    headers: list[tuple[bytes, bytes]], chunks: list[bytes] | None, path: str = "/bytes"
) -> tuple[int, bytes | None]:
    """Status and `connection` header of a POST. A body of None must not be read."""
    start: dict[str, Any] = {}
    left = list(chunks or [])

    async def receive() -> dict[str, Any]:
        assert chunks is not None, "the body was read"
        return {"type": "http.request", "body": left.pop(0), "more_body": True}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            start.update(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
    }
    await build()(scope, receive, send)
    return start["status"], dict(start["headers"]).get(b"connection")


class TestAFastPath:
    async def test_is_answered_and_refused_like_a_route(self, client: httpx.AsyncClient) -> None:
        """Problems, limits, headers and metrics are the same; other methods are not covered."""
        answers = [
            await client.post("/fast", content=b"x" * size) for size in (3, 0, BYTES_MAX + 1)
        ]
        assert [201, 409, 413] == [answer.status_code for answer in answers]
        assert ["Empty", "The body is too large"] == [document(a)["title"] for a in answers[1:]]
        assert {"nosniff"} == {answer.headers["x-content-type-options"] for answer in answers}
        assert 404 == (await client.get("/fast")).status_code
        counted = 'makegood_http_seconds_count{method="POST",route="/fast",status="201"}'
        assert counted in (await client.get("/metrics")).text

    async def test_refuses_a_body_that_grows(self) -> None:
        """A body that turns out to be too large is refused while it is read."""
        chunks = [b"x" * BYTES_MAX, b"x"]
        assert (413, b"close") == await _post_raw([], chunks, "/fast")


class TestHeaders:
    async def test_forbid_content_to_do_anything(self, client: httpx.AsyncClient) -> None:
        """Every answer, even a refusal, has the strict policy."""
        for path in ("/things", "/nowhere", "/things/bug", "/health/live"):
            headers = (await client.get(path)).headers
            assert (
                "default-src 'none'; frame-ancestors 'none'" == headers["content-security-policy"]
            )
            assert "nosniff" == headers["x-content-type-options"]


class TestHealth:
    @pytest.mark.parametrize(
        ("wellness", "status"),
        [(Wellness(), 200), (Wellness(says=False), 503), (Wellness(breaks=True), 503)],
    )
    async def test_is_what_the_service_says(self, wellness: Wellness, status: int) -> None:
        """Yes is 200; no, or a database that does not answer, is 503."""
        transport = httpx.ASGITransport(build(wellness))
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            assert status == (await client.get("/health/live")).status_code
            assert status == (await client.get("/health/ready")).status_code


class TestDocument:
    async def test_is_openapi_31_with_problems(self, client: httpx.AsyncClient) -> None:
        """The API's description includes its errors."""
        api = (await client.get("/openapi.json")).json()
        assert "3.1" == api["openapi"][:3]
        answers = api["paths"]["/things"]["post"]["responses"]
        assert {"200", "default"} == set(answers)

    async def test_has_no_page_with_scripts_from_elsewhere(self, client: httpx.AsyncClient) -> None:
        """The framework's own pages are off; `/docs` is ours (`tests/web/test_reference.py`)."""
        assert 404 == (await client.get("/redoc")).status_code
        assert "<script" not in (await client.get("/docs")).text

    async def test_comes_with_metrics(self, client: httpx.AsyncClient) -> None:
        """/metrics is Prometheus text and counts requests by route, never by address."""
        await client.get("/things/refused")
        counted = 'makegood_http_seconds_count{method="GET",route="/things/{error}",status="409"}'
        assert counted in (await client.get("/metrics")).text


class TestCursor:
    @given(st.integers(-(2**63), 2**63 - 1), st.text(alphabet="abc-:. é", max_size=40))
    def test_comes_back_as_it_went(self, number: int, text: str) -> None:
        """Decoding is the inverse of encoding."""
        cursor = lists.encode_cursor(number, text)
        assert (number, text) == lists.decode_cursor(cursor, int, str)

    @pytest.mark.parametrize(
        "cursor",
        [
            "",
            "!",
            "é",
            "x" * 3000,
            lists.encode_cursor("a"),
            lists.encode_cursor(1, 2),
            lists.encode_cursor(2**63),
            lists.encode_cursor(True),
        ],
    )
    def test_of_another_list_is_refused(self, cursor: str) -> None:
        """Anything but a cursor of one integer is a 400 problem."""
        with pytest.raises(problems.Problem) as refusal:
            lists.decode_cursor(cursor, int)
        assert 400 == refusal.value.status

    @pytest.mark.parametrize("text", ['{"x":1}', '"x"'])
    def test_of_no_list_is_refused(self, text: str) -> None:
        """Neither an object's name nor a letter is a key of one text."""
        with pytest.raises(problems.Problem):
            lists.decode_cursor(base64.urlsafe_b64encode(text.encode()).decode(), str)

    def test_with_a_nul_is_refused(self) -> None:
        """PostgreSQL cannot hold such a text."""
        with pytest.raises(problems.Problem):
            lists.decode_cursor(lists.encode_cursor("a\x00"), str)


class TestCut:
    def test_ends_where_the_list_ends(self) -> None:
        """There is no cursor after the last item."""
        assert ([1, 2], None) == lists.cut([1, 2], 2, lambda n: (n,))

    def test_gives_the_cursor_after_a_full_page(self) -> None:
        """One row more than the limit means that there is a next page."""
        rows, cursor = lists.cut([1, 2, 3], 2, lambda n: (n,))
        assert cursor is not None
        assert ([1, 2], (2,)) == (rows, lists.decode_cursor(cursor, int))
