"""`makegood behind` and `makegood alerts` as people run them, against the real service."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import uvicorn

from shared.web import auth
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import (
    OWNER,
    VerificationService,
    a_commitment,
    a_contract,
    day_ended,
)
from tests.support.waiting import until

COLUMNS = 80
LONG = "KMBC-2026-" + "0123456789" * 9
"""A contract's id that is longer than a line."""
TITLE = "Apprentices, and firms of the borough, in the works at the hub of the community"


class Printed(NamedTuple):
    status: int
    lines: list[str]

    @property
    def text(self) -> str:
        """As one line."""
        return " ".join(" ".join(self.lines).split())

    @property
    def packed(self) -> str:
        """Without blanks: what is folded is whole again."""
        return "".join("".join(self.lines).split())


class Desk:
    """The service at an address, and somebody who types."""

    def __init__(self, service: VerificationService, url: str) -> None:
        self.service, self.url = service, url

    async def run(self, *arguments: str) -> Printed:
        async with self.service.pool.acquire() as conn:
            token = await auth.issue(conn, "manager", build.AUTHORITY, "manager@here")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", "from deploy.cli import app; app()", *arguments),
            env=os.environ
            | {
                "MAKEGOOD_URL": self.url,
                "MAKEGOOD_TOKEN": token,
                "COLUMNS": str(COLUMNS),
                "NO_COLOR": "1",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode is not None
        return Printed(process.returncode, output.decode().splitlines())


@pytest.fixture
async def desk(database: str) -> AsyncIterator[Desk]:
    async with verification_service.at_work(database) as service:
        with contextlib.closing(socket.socket()) as listener:
            listener.bind(("127.0.0.1", 0))
            app = service.client._transport.app  # type: ignore[attr-defined]  # an ASGITransport
            server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error"))
            serving = asyncio.create_task(server.serve([listener]))
            await until(lambda: server.started)
            try:
                yield Desk(service, f"http://127.0.0.1:{listener.getsockname()[1]}")
            finally:
                server.should_exit = True
                await serving


@pytest.fixture
async def two(desk: Desk) -> None:
    """One contract with a long id is £7,194.60 behind, another on course."""
    service = desk.service
    manager, approver = await service.caller("manager"), await service.caller("approver")
    for contract_id, title in ((LONG, TITLE), ("C2", "Depot")):
        await manager.post("/contracts", a_contract(contract_id, title=title))
        await manager.post(f"/contracts/{contract_id}/commitments", a_commitment())
        await approver.post(f"/contracts/{contract_id}/commitments/spend/activate")
        await manager.put(f"/contracts/{contract_id}/people", {"owner": OWNER})
    for number, (contract_id, amount) in enumerate(((LONG, "18250.00"), ("C2", "26000.00")), 1):
        paid = build.line("1", amount, invoice=build.invoice(f"INV-{number}", "30000.00"))
        await service.deliver(
            day_ended("2026-10-31", contract_id),
            build.returned(number, "2026-10", paid, contract_id=contract_id, day="2026-11-10"),
        )


class TestBehind:
    async def test_prints_the_worst_first_and_cuts_no_identifier(
        self, two: None, desk: Desk
    ) -> None:
        """At 80 columns a long id goes on in the next line."""
        printed = await desk.run("behind")
        assert (0, "1 commitment, the worst first.") == (printed.status, printed.lines[0])
        assert all(len(line) <= COLUMNS for line in printed.lines)
        assert LONG in printed.packed
        for words in (
            "Spend in the borough is £7,194.60 behind",
            "Inadequate",
            TITLE,
            f"Example Builders (fictional) {build.SUPPLIER}",
            "By 31 October 2026, £25,444.60 of £600,000 was due.",
            "open since 10 November 2026.",
        ):
            assert words in printed.text

    async def test_prints_what_is_on_course_where_it_is_asked_for(
        self, two: None, desk: Desk
    ) -> None:
        """After what is behind."""
        printed = await desk.run("behind", "--all", "--limit", "1")
        assert "2 commitments, the worst first." == printed.lines[0]
        assert "… and 1 more: --limit 2." == printed.lines[-1]
        found = json.loads("\n".join((await desk.run("behind", "--all", "--json")).lines))
        assert [LONG, "C2"] == [each["contract_id"] for each in found["items"]]

    async def test_prints_which_return_is_missing(self, desk: Desk) -> None:
        """Whose, of which month, and when it was due."""
        await desk.service.promise("C1")
        await desk.service.deliver(day_ended("2026-10-31"), day_ended("2026-11-13"))
        printed = await desk.run("behind", "--missing")
        assert (
            "Missing: the return of Example Builders (fictional) for October 2026, due 13 November "
            "2026." in printed.text
        )

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (
                (),
                "No commitment is active yet. Contracts come in with `makegood import-contracts`.",
            ),
            (
                ("--rating", "Good"),
                "No commitment is like this. Leave an option out to see more.",
            ),
        ],
    )
    async def test_says_what_an_empty_answer_means(
        self, desk: Desk, arguments: tuple[str, ...], words: str
    ) -> None:
        """In a sentence, and with status 0."""
        printed = await desk.run("behind", *arguments)
        assert (0, words) == (printed.status, printed.text)

    async def test_says_that_nobody_is_behind(self, desk: Desk) -> None:
        """What is there is not yet due."""
        await desk.service.promise("C1")
        printed = await desk.run("behind")
        assert (
            "Nobody is behind. `makegood behind --all` shows what is on course or not due yet."
            == printed.text
        )

    async def test_prints_a_refusal_with_what_to_do(self, desk: Desk) -> None:
        """A rating that there is not; exit code 1."""
        printed = await desk.run("behind", "--rating", "Bad")
        assert 1 == printed.status
        assert "(422)" in printed.text


class TestAlerts:
    async def test_prints_what_happened_and_what_to_do(self, two: None, desk: Desk) -> None:
        """With the line, its return and the alert, uncut."""
        printed = await desk.run("alerts")
        assert (0, "1 alert, the worst first.") == (printed.status, printed.lines[0])
        assert all(len(line) <= COLUMNS for line in printed.lines)
        (alert,) = json.loads("\n".join((await desk.run("alerts", "--json")).lines))["items"]
        for identifier in (LONG, alert["alert_id"], alert["lines"][0]["return_id"]):
            assert identifier in printed.packed
        for words in (
            "Spend in the borough is behind",
            "Next: Notify Example Builders (fictional) of the shortfall by 17 November 2026.",
            "Line 1 of October 2026: £18,250 reported, £18,250 counts.",
        ):
            assert words in printed.text

    async def test_prints_the_worst_first(self, desk: Desk) -> None:
        """A shortfall before a return that is due, whatever came last."""
        await desk.service.promise("C1", "C2")
        paid = build.line("1", "18250.00")
        await desk.service.deliver(
            day_ended("2026-10-31"),
            build.returned(1, "2026-10", paid, day="2026-11-03"),
            *(day_ended(day, "C2") for day in ("2026-10-31", "2026-11-19")),
        )
        found = json.loads("\n".join((await desk.run("alerts", "--json")).lines))["items"]
        assert ["shortfall_opened", "return_overdue"] == [each["kind"] for each in found]

    async def test_leaves_out_what_somebody_has_acknowledged(self, two: None, desk: Desk) -> None:
        """`--all` prints it, with the name."""
        manager = await desk.service.caller("manager", actor="joe@here")
        (alert,) = (await manager.get("/alerts")).json()["items"]
        await manager.post(f"/alerts/{alert['alert_id']}/acknowledge")
        assert "No alert waits for anybody." == (await desk.run("alerts")).text
        assert "Acknowledged by joe@here." in (await desk.run("alerts", "--all")).text

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ((), "No alert waits for anybody."),
            (("--all",), "There are no alerts."),
            (("--kind", "return_due"), "No alert waits for anybody of this kind or contract."),
        ],
    )
    async def test_says_what_an_empty_answer_means(
        self, desk: Desk, arguments: tuple[str, ...], words: str
    ) -> None:
        """In a sentence."""
        assert words == (await desk.run("alerts", *arguments)).text
