"""Every page of every service, opened by every role with somebody else's thing.

The routes are taken from the apps, as in `test_scope`, which has the table of pages.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI

from shared.web import auth
from tests.support import (
    intake_builders,
    ledger_client,
    ledger_service,
    tellings,
    verification_builders,
    verification_service,
    visitors,
)
from tests.support.callers import ELSEWHERE
from tests.web.test_intake_api import open_system
from tests.web.test_scope import BLANKS, DRAFTS, FILES, HIDDEN, HOMES, LISTING, PAGES, routes


async def check(app: FastAPI, values: dict[str, Any], callers: Iterable[auth.Caller]) -> None:
    """Pages show nothing of what is not theirs."""
    pages = routes(app) & PAGES
    assert HOMES < pages
    for route, who in itertools.product(pages, callers):
        visitor, (method, path) = visitors.Visitor(app, who), route.split(" ")
        form = values.get("forms", {}).get(route, {})
        answer = await visitor.ask(method, path.format(**values), form)
        said = (route, who, answer.status_code, answer.text[-300:])
        if route in HOMES and answer.status_code == 303:
            assert f"GET {urlsplit(answer.headers['location']).path}" in pages & LISTING, said
            continue
        if route in FILES and answer.status_code == 200:
            assert 1 == len(answer.text.splitlines()), said
            continue
        if route in BLANKS:
            assert answer.status_code in {200, 403, 422}, said
            assert not re.search(r"C1|Community hub", answer.text), said
            continue
        assert answer.headers["content-type"].startswith("text/html"), said
        if route in LISTING and answer.status_code in (200, 422):
            assert not re.search(r'href="[^"]*/(returns|contracts|entries)/', answer.text), said
        else:
            assert answer.status_code in HIDDEN, said


def others(party_id: str) -> list[auth.Caller]:
    """Each role in another authority; there, and in ours, a supplier that is another one."""
    officers = [auth.Caller(role, role, ELSEWHERE) for role in auth.ROLES if role != "supplier"]
    return [
        *officers,
        auth.Caller("same-party", "supplier", ELSEWHERE, party_id),
        auth.Caller("other-party", "supplier", intake_builders.AUTHORITY, "GB-COH-77777777"),
    ]


OFFICERS: Final = [role for role in auth.ROLES if role != "supplier"]


async def drafted(app: FastAPI) -> dict[str, Any]:
    """The values of the addresses of a draft with one line, which a supplier has begun."""
    values = {
        "contract_id": intake_builders.CONTRACT,
        "period": "2026-10",
        "commitment_id": "schools",
        "number": 1,
    }
    who = auth.Caller("s", "supplier", intake_builders.AUTHORITY, intake_builders.PARTY)
    path = "/drafts/{contract_id}/{period}/promises/{commitment_id}/lines/new"
    form = {"from": "14 October 2026", "quantity": "1"}
    visitor = visitors.Visitor(app, who)
    assert 303 == (await visitor.ask("POST", path.format(**values), form)).status_code
    return values


async def check_drafts(
    app: FastAPI, values: dict[str, Any], callers: Iterable[auth.Caller]
) -> None:
    """The council sees no draft: not even that there is one."""
    for route, who in itertools.product(DRAFTS, callers):
        method, path = route.split(" ")
        answer = await visitors.Visitor(app, who).ask(method, path.format(**values), {})
        assert 403 == answer.status_code, (route, who)


class TestEveryPage:
    async def test_of_intake_keeps_to_its_scope(self, database: str, tmp_path: Path) -> None:
        """And shows the return to those whose it is."""
        async with open_system(database, tmp_path) as system:
            own = await system.caller("supplier", intake_builders.PARTY)
            values = await drafted(system.app) | {"format_": "csv"}
            sent = (await own.send(intake_builders.a_return())).json()
            strangers = others(intake_builders.PARTY)
            officers = [auth.Caller(role, role, intake_builders.AUTHORITY) for role in OFFICERS]
            reason = {"reason": "mischief"}
            at = "POST /returns/{return_id}"
            dispatch_id = str(await tellings.add_dispatch(system.pool, "asha", "refused"))
            forms = {f"{at}/withdraw": reason, f"{at}/revise": reason}
            forms["POST /notifications/resend"] = {"dispatch": dispatch_id}
            await check(system.app, values | sent | {"forms": forms}, strangers)
            await check_drafts(system.app, values, officers)
            for who in (
                auth.Caller("s", "supplier", intake_builders.AUTHORITY, intake_builders.PARTY),
                auth.Caller("m", "manager", intake_builders.AUTHORITY),
            ):
                visitor = visitors.Visitor(system.app, who)
                assert f"/returns/{sent['return_id']}" in (await visitor.get("/")).text
                assert 200 == (await visitor.get(f"/returns/{sent['return_id']}")).status_code

    async def test_of_verification_keeps_to_its_scope(self, database: str) -> None:
        """And shows the contract to those whose it is."""
        async with verification_service.at_work(database) as service:
            await service.promise("C1", area=verification_builders.KNOWSLEY)
            supplier_id = verification_service.a_contract()["supplier_ids"][0]
            await service.deliver(
                verification_builders.returned(
                    1, "2026-10", verification_builders.line("1", "10.00")
                ),
                verification_service.day_ended("2026-10-31"),
                verification_service.day_ended("2026-11-14"),
            )
            case_id = await service.pool.fetchval("SELECT case_id FROM contract_case")
            alert_id = await service.pool.fetchval("SELECT min(event_id::text) FROM alert")
            manager = await service.caller("manager")
            drafted = verification_service.a_commitment("drafted")
            await manager.post("/contracts/C1/commitments", drafted)
            dispatch_id = await tellings.add_dispatch(service.pool, "priya", "refused")
            values = {
                "contract_id": "C1",
                "commitment_id": "spend",
                "case_id": case_id,
                "digest": "ab" * 32,
                "forms": {
                    "POST /approvals": {"approve": "C1/drafted/1"},
                    "POST /alerts/acknowledge": {"one": alert_id},
                    "POST /notifications/resend": {"dispatch": str(dispatch_id)},
                },
            }
            await check(service.app, values, others(supplier_id))
            assert 1 == await service.pool.fetchval(
                "SELECT count(*) FROM commitment WHERE state = 'draft'"
            )
            assert 0 == await service.pool.fetchval("SELECT count(acknowledged_by) FROM alert")
            assert "refused" == await service.pool.fetchval("SELECT state FROM dispatch")
            who = auth.Caller("s", "supplier", intake_builders.AUTHORITY, supplier_id)
            visitor = visitors.Visitor(service.app, who)
            for page in ("/promises", "/contracts", "/queried", "/alerts"):
                assert "/contracts/C1" in (await visitor.get(page)).text
            promise = "/contracts/C1/commitments/spend"
            for page in ("/contracts/C1", promise, f"/cases/{case_id}"):
                assert 200 == (await visitor.get(page)).status_code
            assert f"/cases/{case_id}" in (await visitor.get("/cases")).text

    async def test_of_the_ledger_keeps_to_its_scope(self, database: str, tmp_path: Path) -> None:
        """Auditors of any authority see what belongs to the installation: here entry 7."""
        async with ledger_service.at_work(database, tmp_path) as service:
            client = await ledger_client.connect(service)
            callers = [who for who in others(ledger_service.PARTY) if who.role != "auditor"]
            first = ledger_client.OURS[0]
            values = {"index": 0, "contract_id": first.contract_id, "return_id": first.return_id}
            await check(client.app, values, callers)
            auditor = auth.Caller("auditor", "auditor", ELSEWHERE)
            visitor = visitors.Visitor(client.app, auditor)
            assert ["7"] == re.findall(r'href="[^"]*/entries/(\d+)"', (await visitor.get("/")).text)
            assert 404 == (await visitor.get("/entries/0")).status_code
            assert 200 == (await visitor.get("/entries/7")).status_code
