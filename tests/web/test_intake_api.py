"""Intake over HTTP: the app as it is served, on a real database, without a broker."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.intake import app, store
from services.intake.domain import line_status, receipts
from services.intake.settings import Settings
from shared import sql
from shared.delivery import outbox, topics
from shared.web import auth
from shared.wire import events
from tests.support import intake_builders as build
from tests.support import intake_service

OTHER = "GB-COH-00000002"


class Caller:
    """A client with the token of one role."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client, self._headers = client, {"authorization": f"Bearer {token}"}

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        return await self._client.get(path, params=parameters, headers=self._headers)

    async def post(self, path: str, document: Any, key: str | None = None) -> httpx.Response:
        body = document if isinstance(document, bytes) else build.written(document)
        headers = self._headers | ({"idempotency-key": key} if key else {})
        headers |= {"content-type": "application/json"}
        return await self._client.post(path, content=body, headers=headers)

    async def send(self, document: Any, key: str | None = None) -> httpx.Response:
        return await self.post("/api/v1/returns", document, key)


class RunningSystem:
    """The running app, and callers of every role."""

    def __init__(self, served: FastAPI, client: httpx.AsyncClient) -> None:
        self.app, self.client = served, client

    @property
    def pool(self) -> sql.Pool:
        pool: sql.Pool = self.app.state.dependencies.delivery.pool
        return pool

    async def caller(
        self,
        role: auth.Role,
        party: str | None = None,
        authority: str = build.AUTHORITY,
        actor: str = "somebody",
    ) -> Caller:
        async with self.pool.acquire() as conn:
            return Caller(self.client, await auth.issue(conn, role, authority, actor, party))


def settings(dsn: str, state: Path, **more: Any) -> Settings:
    values = {
        "kafka_bootstrap_servers": "127.0.0.1:1",
        "database_url": dsn,
        "state": state,
        "demo": True,
        "demo_starts_at": intake_service.NOW,
    }
    return Settings.model_validate(values | more)


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    async with open_system(database, tmp_path, posts_per_second_max=50) as made:
        yield made


@contextlib.asynccontextmanager
async def open_system(dsn: str, folder: Path, **more: Any) -> AsyncIterator[RunningSystem]:
    async with intake_service.at_work(dsn):
        pass
    served = app.build(settings(dsn, folder, **more))
    async with (
        served.router.lifespan_context(served),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(served), base_url="http://intake"
        ) as client,
    ):
        yield RunningSystem(served, client)


class TestPostingAReturn:
    async def test_gives_a_receipt_that_can_be_checked_alone(self, system: RunningSystem) -> None:
        """201, then 200 with the same receipt. The key is public."""
        supplier = await system.caller("supplier", build.PARTY)
        first = await supplier.send(build.a_return(), key="k1")
        again = await supplier.send(build.a_return(), key="k1")
        assert [201, 200] == [first.status_code, again.status_code]
        assert first.json() == again.json()
        key = (await supplier.get("/api/v1/receipt-key")).json()["public_key"]
        issued = receipts.verify(first.json(), base64.b64decode(key))
        assert 1 == issued.receipt.receipt_no
        assert first.headers["location"] == first.json()["links"]["self"]

    async def test_that_is_refused_names_every_fault(self, system: RunningSystem) -> None:
        """422, with pointer, value, rule, message and fix of each."""
        supplier = await system.caller("supplier", build.PARTY)
        line = build.a_line(unit="weeks", person__ref="Jane Smith")
        answer = await supplier.send(build.a_return(line, declaration=None))
        assert (422, "application/problem+json") == (
            answer.status_code,
            answer.headers["content-type"],
        )
        faults = {fault["pointer"]: fault for fault in answer.json()["errors"]}
        assert {"/declaration", "/lines/0/unit", "/lines/0/person/ref"} == set(faults)
        assert {"pointer", "value", "rule", "message", "fix"} == set(faults["/lines/0/unit"])
        assert "Jane" not in answer.text

    async def test_that_conflicts_is_told_the_current_revision(self, system: RunningSystem) -> None:
        """409, for a revision and for a key."""
        supplier = await system.caller("supplier", build.PARTY)
        await supplier.send(build.a_return(), key="k1")
        other = await supplier.send(build.a_return(build.VISIT))
        key = await supplier.send(build.a_return(build.VISIT), key="k1")
        assert [409, 409] == [other.status_code, key.status_code]
        assert "revision 1" in other.json()["errors"][0]["message"]

    async def test_needs_a_suppliers_token(self, system: RunningSystem) -> None:
        """401 without a token, 403 for other roles."""
        manager = await system.caller("manager")
        nobody = await system.client.post("/api/v1/returns", content=b"{}")
        assert [401, 403] == [nobody.status_code, (await manager.send({})).status_code]

    async def test_that_is_too_large_is_refused_unread(self, system: RunningSystem) -> None:
        """Rule I12: at most 10 MB."""
        supplier = await system.caller("supplier", build.PARTY)
        answer = await supplier.send(b" " * (10 * 1024 * 1024 + 1))
        assert 413 == answer.status_code

    async def test_too_often_is_told_how_long_to_wait(self, database: str, tmp_path: Path) -> None:
        """429 with Retry-After, for this supplier only, however many tokens and actors it has."""
        async with open_system(database, tmp_path, posts_per_second_max=1) as system:
            own = [await system.caller("supplier", build.PARTY, actor=f"{n}") for n in range(10)]
            other = await system.caller("supplier", OTHER)
            answers = await asyncio.gather(*(each.send(b"{") for each in own for _ in range(5)))
            refused = [answer for answer in answers if answer.status_code == 429]
            assert {422, 429} == {answer.status_code for answer in answers}
            assert len(answers) - len(refused) < 2 * len(own)  # each actor might send two at once
            assert {"1"} == {answer.headers["retry-after"] for answer in refused}
            assert 422 == (await other.send(b"{")).status_code

    async def test_is_refused_while_old_messages_wait(self, system: RunningSystem) -> None:
        """503 with Retry-After. Nothing is stored."""
        supplier = await system.caller("supplier", build.PARTY)
        assert 201 == (await supplier.send(build.a_return())).status_code
        await system.pool.execute("UPDATE outbox_unsent SET since = now() - interval '25 hours'")
        await system.app.state.dependencies.throttle.pressure.measure()
        answer = await supplier.send(build.a_return(build.VISIT, revision=2, reason="more"))
        assert (503, "60") == (answer.status_code, answer.headers["retry-after"])
        assert 1 == await system.pool.fetchval("SELECT count(*) FROM accepted_return")

    async def test_goes_on_while_old_messages_are_published_again(
        self, system: RunningSystem
    ) -> None:
        """After a loss of the broker: they were posted long ago, but have waited only a moment."""
        supplier = await system.caller("supplier", build.PARTY)
        assert 201 == (await supplier.send(build.a_return())).status_code
        await system.pool.execute("UPDATE outbox SET posted_at = now() - interval '90 days'")
        async with system.pool.acquire() as conn:
            await conn.execute("DELETE FROM outbox_unsent")
            assert 1 == await outbox.republish(conn, topics.RETURNS.name)
        await system.app.state.dependencies.throttle.pressure.measure()
        answer = await supplier.send(build.a_return(build.VISIT, revision=2, reason="more"))
        assert 201 == answer.status_code


class TestReadingReturns:
    async def test_shows_each_line(self, system: RunningSystem) -> None:
        """With what was sent, and its status."""
        supplier = await system.caller("supplier", build.PARTY)
        sent = (await supplier.send(build.a_return())).json()
        shown = (await supplier.get(sent["links"]["self"])).json()
        assert sent == shown["receipt"]
        assert ["received"] * 4 == [line["status"] for line in shown["lines"]]
        assert ("18250.00", "GBP", "2026-10-20") == tuple(
            shown["lines"][1][name] for name in ("quantity", "unit", "from")
        )

    async def test_shows_the_status_of_a_line(self, system: RunningSystem) -> None:
        """With outcome, figures and reasons, and the entry of the event that set it."""
        supplier = await system.caller("supplier", build.PARTY)
        sent = (await supplier.send(build.a_return())).json()
        finding = events.Finding(rule="V3", code="postcode_gone", found="2025-05")
        status = line_status.LineStatus(
            event_id=uuid.uuid4(),
            outcome="queried",
            counted=Decimal(0),
            provisional=Decimal("1.50"),
            queried=Decimal("1E+2"),
            findings=(finding,),
        )
        async with system.pool.acquire() as conn:
            await store.projections.apply_line_statuses(
                conn, {uuid.UUID(sent["return_id"]): {"2": status}}
            )
            await store.projections.apply_entries(
                conn, [events.Entry(event_id=status.event_id, index=7)]
            )
        shown = (await supplier.get(sent["links"]["self"])).json()
        assert ("checked", "received") == (shown["status"], shown["lines"][0]["status"])
        assert {
            "status": "queried",
            "counted": "0",
            "provisional": "1.50",
            "queried": "100",
            "reasons": [
                {
                    "rule": "V3",
                    "code": "postcode_gone",
                    "found": "2025-05",
                    "words": "This postcode ended in May 2025. The council will look at the line.",
                    "what_to_do": "Give the postcode of today: that is quicker.",
                }
            ],
            "entry": 7,
        }.items() <= shown["lines"][1].items()

    async def test_shows_that_a_nil_return_was_checked(self, system: RunningSystem) -> None:
        """It has no line that could have a status."""
        supplier = await system.caller("supplier", build.PARTY)
        sent = (await supplier.send(build.a_return(nil=True, lines=[]))).json()
        assert "received" == (await supplier.get(sent["links"]["self"])).json()["status"]
        checked = events.ReturnChecked(
            event_id=uuid.uuid4(),
            authority_id=build.AUTHORITY,
            occurred_at=intake_service.NOW,
            contract_id=build.CONTRACT,
            return_id=uuid.UUID(sent["return_id"]),
            receipt_no=1,
            party_id=build.PARTY,
            period="2026-10",
            revision=1,
            results=(),
            rule_set="2026.1",
        )
        async with system.pool.acquire() as conn:
            await store.projections.apply_line_statuses(conn, line_status.latest([checked]))
        assert "checked" == (await supplier.get(sent["links"]["self"])).json()["status"]

    async def test_is_for_its_party_and_its_authority(self, system: RunningSystem) -> None:
        """Anyone else who guesses an id gets 404, and an empty list."""
        supplier = await system.caller("supplier", build.PARTY)
        path = (await supplier.send(build.a_return())).json()["links"]["self"]
        seen = {
            await system.caller("manager"): (200, 1),
            await system.caller("auditor"): (200, 1),
            await system.caller("supplier", OTHER): (404, 0),
            await system.caller("manager", authority="GB-LAE-SFT"): (404, 0),
        }
        for caller, (status, count) in seen.items():
            items = (await caller.get("/api/v1/returns")).json()["items"]
            assert (status, count) == ((await caller.get(path)).status_code, len(items))

    async def test_comes_in_pages(self, system: RunningSystem) -> None:
        """Newest first. The cursors lead through all of them."""
        supplier = await system.caller("supplier", build.PARTY)
        for n in range(1, 6):
            line = build.a_line(build.VISIT, line_id=str(n))
            await supplier.send(build.a_return(line, revision=n, reason="more"))
        revisions: list[int] = []
        more: dict[str, Any] = {}
        while more is not None:
            page = (await supplier.get("/api/v1/returns", limit=2, **more)).json()
            revisions += [item["revision"] for item in page["items"]]
            more = {"cursor": page["next"]} if page["next"] else None  # type: ignore[assignment]
        assert [5, 4, 3, 2, 1] == revisions


class TestWithdrawing:
    async def test_is_refused_while_the_database_must_not_be_written(
        self, system: RunningSystem
    ) -> None:
        """An older copy was restored: to go on would issue a receipt number a second time."""
        supplier = await system.caller("supplier", build.PARTY)
        path = (await supplier.send(build.a_return())).json()["links"]["withdraw"]
        system.app.state.dependencies.delivery.alarm = "database_behind_broker: a test says so"
        assert 503 == (await supplier.post(path, {"reason": "wrong month"})).status_code
        system.app.state.dependencies.delivery.alarm = None
        assert 201 == (await supplier.post(path, {"reason": "wrong month"})).status_code

    async def test_is_receipted_in_the_same_order(self, system: RunningSystem) -> None:
        """Again, it gets the same receipt. The next return of the month is revision 2."""
        supplier = await system.caller("supplier", build.PARTY)
        path = (await supplier.send(build.a_return())).json()["links"]["withdraw"]
        first = await supplier.post(path, {"reason": "wrong month"})
        again = await supplier.post(path, {"reason": "wrong month"})
        assert [201, 200] == [first.status_code, again.status_code]
        assert first.json() == again.json()
        key = system.app.state.dependencies.desk.signer.public_key
        issued = receipts.verify(first.json(), key)
        assert ("withdrawal", 2) == (issued.receipt.kind, issued.receipt.receipt_no)
        shown = (await supplier.get(path.removesuffix("/withdraw"))).json()
        assert ("withdrawn", "wrong month") == (shown["status"], shown["withdrawal"]["reason"])
        following = await supplier.send(build.a_return(build.VISIT, revision=2, reason="mended"))
        assert (201, 3) == (following.status_code, following.json()["receipt_no"])

    async def test_is_refused_if_it_is_not_possible(self, system: RunningSystem) -> None:
        """For returns of others, for replaced revisions, and without a reason."""
        supplier = await system.caller("supplier", build.PARTY)
        other = await system.caller("supplier", OTHER)
        path = (await supplier.send(build.a_return())).json()["links"]["withdraw"]
        await supplier.send(build.a_return(build.VISIT, revision=2, reason="mended"))
        assert [404, 409, 422, 422] == [
            (await other.post(path, {"reason": "x"})).status_code,
            (await supplier.post(path, {"reason": "x"})).status_code,
            (await supplier.post(path, {"reason": " "})).status_code,
            (await supplier.post(path, {})).status_code,
        ]


class TestTheDemoClock:
    async def test_moves_forwards_and_ends_days(self, system: RunningSystem) -> None:
        """An operator moves it. The answer comes when the days have ended."""
        operator = await system.caller("operator")
        await operator.get("/api/v1/clock")  # installs the desk before it moves
        moved = await operator.post("/api/v1/clock", {"day": "2026-11-20"})
        assert (200, "2026-11-19") == (moved.status_code, moved.json()["day_ended"])
        again = await operator.post("/api/v1/clock", {"day": "2026-11-20"})
        assert (200, "2026-11-19") == (again.status_code, again.json()["day_ended"])
        ended = "SELECT count(*) FROM outbox WHERE topic = 'makegood.returns.v1'"
        assert 15 * 12 == await system.pool.fetchval(ended)
        back = await operator.post("/api/v1/clock", {"now": "2026-11-19T00:00:00Z"})
        odd = await operator.post("/api/v1/clock", {})
        assert [409, 409] == [back.status_code, odd.status_code]

    async def test_goes_on_from_where_it_was(
        self, system: RunningSystem, database: str, tmp_path: Path
    ) -> None:
        """A restart does not take it back."""
        operator = await system.caller("operator")
        await operator.post("/api/v1/clock", {"day": "2026-11-20"})
        again = app.build(settings(database, tmp_path))
        async with again.router.lifespan_context(again):
            assert "2026-11-20" == f"{again.state.dependencies.clock.now():%Y-%m-%d}"

    async def test_is_for_operators(self, system: RunningSystem) -> None:
        """Other roles get 403."""
        supplier = await system.caller("supplier", build.PARTY)
        answer = await supplier.post("/api/v1/clock", {"day": "2026-11-20"})
        assert 403 == answer.status_code


class TestHealth:
    async def test_is_ready_without_kafka(self, system: RunningSystem) -> None:
        """Intake goes on accepting: ready means that the database answers."""
        answers = [await system.client.get(f"/health/{word}") for word in ("live", "ready")]
        assert [200, 200] == [answer.status_code for answer in answers]

    async def test_has_metrics(self, system: RunningSystem) -> None:
        """Returns are counted by route and result."""
        supplier = await system.caller("supplier", build.PARTY)
        await supplier.send(build.a_return())
        text = (await system.client.get("/metrics")).text
        assert 'makegood_returns_total{result="accepted",route="http"}' in text

    def test_describes_itself(self, tmp_path: Path) -> None:
        """The OpenAPI document has every endpoint, and the clock only in the demo."""
        no_demo = settings("postgresql://nowhere", tmp_path, demo=False, demo_starts_at=None)
        paths = set(app.build(no_demo).openapi()["paths"])
        assert {
            "/health",
            "/api/v1/returns",
            "/api/v1/returns/file",
            "/api/v1/contracts/{contract_id}/template",
            "/api/v1/returns/{return_id}",
            "/api/v1/returns/{return_id}/withdraw",
            "/api/v1/due",
            "/api/v1/measures",
            "/api/v1/receipt-key",
            "/api/v1/parties/{party_id}/credentials",
            "/api/v1/parties/{party_id}/contacts",
            "/api/v1/parties/{party_id}/contacts/{person_id}",
            "/api/v1/notifications",
            "/api/v1/notifications/{dispatch_id}/resend",
        } == paths
