"""Every route of every service, tried with somebody else's thing: by every role of another
authority, and by another supplier of the same authority.

The routes are taken from the apps themselves: a new one fails until it is in a table here. Whoever
owns the things finds some in every list, so that an empty one says something.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import httpx
import pytest
from fastapi import FastAPI

from services.verification import app as verification_app
from shared.pages import late
from shared.web import routes as every_route
from shared.wire import events
from tests.support import (
    intake_builders,
    ledger_client,
    ledger_service,
    tellings,
    verification_builders,
    verification_service,
)
from tests.support.callers import ELSEWHERE, INSTALLER, installers, owners, rivals, strangers
from tests.web.test_intake_api import open_system

OWN: Final = {"authority": intake_builders.AUTHORITY}
"""Asked for by name."""

Others: TypeAlias = Callable[[Any], Awaitable[dict[str, str]]]
"""Gives the tokens of those whose the things are not, by role."""

OPEN: Final = {
    "GET /health",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /docs",
    "GET /openapi/{service}.json",
    "GET /api/v1/receipt-key",
    "GET /api/v1/log",
    "GET /api/v1/log/consistency",
    "GET /log",
    "GET /log/consistency",
    "GET /verify",
    "POST /verify",
    "GET /checkpoint",
    "GET /tile/{path}",
    "GET /static/{digest}/{name}",
    "GET /sign-in",
    "GET /signed-out",
    "POST /sign-out",
    "GET /help",
    "GET /accessibility",
    "GET /privacy",
    "GET /cookies",
    *(f"{method} /mail/stop" for method in ("GET", "POST")),
}
"""What shows nobody's things: how the service is, and the published log. The link of a mail is
sealed: who holds it may stop what it names (`test_pages_told`)."""
OF_THE_DEMO: Final = {"GET /api/v1/clock", "POST /api/v1/clock", "GET /sign-in/{key}"}
"""One clock for the local demo, and a choice of people, on loopback only."""
HOMES: Final = {"GET /"}
"""What every site begins with."""
CHECKING: Final = {"GET /check-file", "POST /check-file"}
"""A file of any own contract: somebody else's is none of the choices."""
LISTING: Final = {
    *HOMES,
    *CHECKING,
    "GET /contracts",
    "GET /returns",
    "GET /cases",
    "GET /approvals",
    "GET /promises",
    "GET /queried",
    "GET /alerts",
    "GET /notifications",
}
"""Pages with a list: to a stranger, an empty one."""
_MONTH: Final = "/drafts/{contract_id}/{period}"
_PROMISE: Final = f"{_MONTH}/promises/{{commitment_id}}"
_FORMS: Final = (
    *(f"{_MONTH}/{name}" for name in ("nothing", "delete", "copy", "check")),
    *(f"{_PROMISE}/lines/{name}" for name in ("new", "{number}", "{number}/remove")),
    _PROMISE,
)
DRAFTS: Final = {
    f"GET {_MONTH}",
    f"POST {_MONTH}/invoiced",
    f"GET {_MONTH}/upload",
    f"POST {_MONTH}/upload",
    f"POST {_MONTH}/use-file",
    *(f"{method} {path}" for path in _FORMS for method in ("GET", "POST")),
}
"""What a supplier fills in is its own business until it is sent."""
FILES: Final = {"GET /contracts.csv", "GET /returns.csv"}
"""Lists as files: to a stranger, headings alone."""
BLANKS: Final = {
    "GET /imports",
    "GET /imports/template.xlsx",
    "GET /imports/contracts.csv",
    "GET /imports/promises.csv",
    "POST /imports",
    "POST /imports/{digest}",
    *(f"{method} /me" for method in ("GET", "POST")),
}
"""Forms and templates to fill in. They show nobody's things; what is sent is the sender's own."""
PAGES: Final = {
    *LISTING,
    *DRAFTS,
    "GET /contracts/{contract_id}/template/{period}.{format_}",
    *FILES,
    *BLANKS,
    "GET /imports/{digest}",
    "GET /returns/{return_id}",
    "GET /returns/{return_id}/receipt",
    "GET /returns/{return_id}/receipt.json",
    "GET /returns/{return_id}/withdraw",
    "POST /returns/{return_id}/withdraw",
    "GET /returns/{return_id}/revise",
    "POST /returns/{return_id}/revise",
    "GET /returns/{return_id}/withdrawal",
    "GET /returns/{return_id}/withdrawal.json",
    "GET /contracts/{contract_id}",
    "GET /cases/{case_id}",
    "GET /contracts/{contract_id}/people",
    "POST /contracts/{contract_id}/people",
    "POST /approvals",
    "POST /alerts/acknowledge",
    "POST /notifications/resend",
    "GET /contracts/{contract_id}/commitments/{commitment_id}",
    "GET /entries/{index}",
    "GET /entries/{index}/leaf",
    "GET /entries/{index}/event",
    "GET /entries/{index}/proof",
}
"""For people who are signed in: `test_pages_scope` tries them."""
PACKS: Final = {"GET /export.jsonl"}
"""The published log, with the events within the scope of who is signed in: `test_pages_verify`."""
LISTS: Final = {
    "GET /api/v1/returns",
    "GET /api/v1/due",
    "GET /api/v1/performance",
    "GET /api/v1/performance/contracts",
    "GET /api/v1/contracts",
    "GET /api/v1/lines",
    "GET /api/v1/lines/queried",
    "GET /api/v1/alerts",
    "GET /api/v1/cases",
    "GET /api/v1/proposals",
    "GET /api/v1/entries",
    "GET /api/v1/search",
    "GET /api/v1/changes",
    "GET /api/v1/contracts/{contract_id}/history",
    "GET /api/v1/returns/{return_id}/life",
    "GET /api/v1/parties/{party_id}/credentials",
    "GET /api/v1/parties/{party_id}/contacts",
    "GET /api/v1/webhooks",
    "GET /api/v1/contacts",
    "GET /api/v1/holidays",
    "GET /api/v1/notifications",
}
"""They show what is in scope: to a stranger, nothing."""
EVERYONES: Final = {
    "GET /api/v1/export.jsonl",
    "GET /api/v1/entries/{index}/proof",
    "GET /api/v1/measures",
}
"""Leaves and proofs of the one log, which is published as a whole, events within the scope only;
and the measures, which are part of the program."""
HIDDEN: Final = {404, 403}
"""A stranger is told that it does not exist, or that its role may not do this."""
OWN_ONLY: Final = {
    *("POST /api/v1/returns", "POST /api/v1/contracts", "POST /api/v1/contacts"),
    *("POST /api/v1/webhooks", "POST /api/v1/holidays"),
}
"""They make a thing under a given id, or one's own. That of another authority's is a fault or a
conflict."""
ISSUING: Final = {
    "GET /api/v1/parties/{party_id}/credentials": 200,
    "POST /api/v1/parties/{party_id}/credentials": 503,
    "GET /api/v1/parties/{party_id}/contacts": 200,
    "POST /api/v1/parties/{party_id}/contacts": 201,
    "DELETE /api/v1/parties/{party_id}/contacts/{person_id}": 204,
}
"""What an operator of the installation does for every authority. There is no broker here."""


def routes(app: FastAPI) -> set[str]:
    """Method and path of each, without converters."""
    late.load(app)
    return {
        f"{method} {re.sub(r':path}', '}', route.path)}"
        for route in every_route.every(app)
        for method in route.methods or ()
    }


async def tried(
    client: httpx.AsyncClient, app: FastAPI, tokens: dict[str, str], values: dict[str, Any]
) -> dict[tuple[str, str], httpx.Response]:
    """The answer to each role on each route that is not open, with somebody else's things."""
    answers = {}
    for route in routes(app) - OPEN - OF_THE_DEMO - PAGES - PACKS:
        method, path = route.split(" ")
        for role, token in tokens.items():
            answers[route, role] = await client.request(
                method,
                path.format(**values),
                headers={"authorization": f"Bearer {token}"},
                params=values["asked"].get(route, {}),
                json=values["bodies"].get(route, {}),
            )
    return answers


def check(answers: dict[tuple[str, str], httpx.Response]) -> None:
    """Nothing of anybody else is shown or changed."""
    assert answers, "no route was found"
    for (route, role), answer in answers.items():
        said = (route, role, answer.status_code, answer.text[:300])
        if role == INSTALLER and route in ISSUING:
            assert ISSUING[route] == answer.status_code, said
        elif route in LISTS and answer.status_code == 200:
            assert [] == [each for each in answer.json()["items"] if is_not_theirs(each)], said
        elif route in OWN_ONLY:
            assert answer.status_code in {403, 409, 422}, said
        elif route not in EVERYONES:
            assert answer.status_code in HIDDEN, said


def is_not_theirs(item: Any) -> bool:
    """Whether a list's item is neither the strangers' own (their tokens) nor the installation's,
    which any auditor sees."""
    return not any(each in json.dumps(item) for each in (ELSEWHERE, events.INSTALLATION))


async def check_lists(
    client: httpx.AsyncClient, app: FastAPI, pool: Any, values: dict[str, Any]
) -> None:
    """Every list has something for somebody of the own authority."""
    tokens = await owners(pool)
    for route in routes(app) & LISTS:
        path = route.removeprefix("GET ").format(**values)
        found: list[Any] = []
        for token in tokens.values():
            answer = await client.get(
                path,
                headers={"authorization": f"Bearer {token}"},
                params=values["asked"].get(route, {}),
            )
            found += answer.json()["items"] if answer.status_code == 200 else []
        assert found, f"{route} is empty for everybody"


@pytest.mark.parametrize("others", [strangers, rivals, installers])
class TestEveryRoute:
    async def test_of_intake_keeps_to_its_scope(
        self, others: Others, database: str, tmp_path: Path
    ) -> None:
        """To send, to read and to withdraw."""
        async with open_system(database, tmp_path) as system:
            own = await system.caller("supplier", intake_builders.PARTY)
            sent = (await own.send(intake_builders.a_return())).json()
            operator = await system.caller("operator")
            contact = {"person_id": "asha", "address": "asha@firm.example"}
            at = f"/api/v1/parties/{intake_builders.PARTY}/contacts"
            for each in (contact, contact | {"person_id": "ben"}):
                assert 201 == (await operator.post(at, each)).status_code
            values = {
                "dispatch_id": await tellings.add_dispatch(system.pool, "carol", "refused"),
                "return_id": sent["return_id"],
                "party_id": intake_builders.PARTY,
                "person_id": "asha",
                "contract_id": intake_builders.CONTRACT,
                "asked": {
                    "POST /api/v1/parties/{party_id}/credentials": OWN,
                    "GET /api/v1/parties/{party_id}/contacts": OWN,
                    "POST /api/v1/parties/{party_id}/contacts": OWN,
                    "DELETE /api/v1/parties/{party_id}/contacts/{person_id}": OWN,
                    "POST /api/v1/returns/file": {
                        "contract": intake_builders.CONTRACT,
                        "period": "2026-10",
                    },
                    "GET /api/v1/contracts/{contract_id}/template": {"period": "2026-10"},
                },
                "bodies": {
                    "POST /api/v1/returns": intake_builders.a_return(),
                    "POST /api/v1/returns/{return_id}/withdraw": {"reason": "mischief"},
                    "POST /api/v1/parties/{party_id}/contacts": contact,
                },
            }
            tokens = await others(system.pool)
            answers = await tried(system.client, system.app, tokens, values)
            await check_lists(system.client, system.app, system.pool, values)
        check(answers)

    async def test_of_verification_keeps_to_its_scope(self, others: Others, database: str) -> None:
        """To read, change, approve and import."""
        async with verification_service.at_work(database) as service:
            await service.promise("C1", area=verification_builders.KNOWSLEY)
            short = verification_builders.line("1", "10.00")
            await service.deliver(
                verification_builders.returned(1, "2026-10", short),
                verification_service.day_ended("2026-10-31"),
                verification_service.day_ended("2026-11-14"),
            )
            manager = await service.caller("manager")
            drafted = verification_service.a_commitment("drafted")
            await manager.post("/contracts/C1/commitments", drafted)
            entered = await manager.post("/webhooks", {"url": "https://93.184.215.14/"})
            contact = {"person_id": verification_service.OWNER, "address": "p@knowsley.example"}
            await (await service.caller("operator")).post("/contacts", contact)
            await service.pool.execute(
                "INSERT INTO late_holiday VALUES ($1, '2027-03-05', '2027-02-01', 'r', 'o', now())",
                verification_builders.AUTHORITY,
            )
            app = verification_app.build(verification_service.settings(database))
            terms = verification_service.a_commitment("more")
            values = {
                "dispatch_id": await tellings.add_dispatch(service.pool, "carol", "refused"),
                "contract_id": "C1",
                "commitment_id": "spend",
                "webhook_id": entered.json()["webhook_id"],
                "person_id": verification_service.OWNER,
                "alert_id": await service.pool.fetchval("SELECT min(event_id::text) FROM alert"),
                "case_id": await service.pool.fetchval("SELECT case_id FROM contract_case"),
                "asked": {"POST /api/v1/contracts/import": OWN},
                "bodies": {
                    "POST /api/v1/contracts": verification_service.a_contract(),
                    "PUT /api/v1/contracts/{contract_id}/people": {"owner": "me@" + ELSEWHERE},
                    "POST /api/v1/contacts": {
                        "person_id": verification_service.OWNER,
                        "address": "me@else.example",
                    },
                    "POST /api/v1/contracts/{contract_id}/commitments": terms,
                    "PATCH /api/v1/contracts/{contract_id}/commitments/{commitment_id}": {
                        "target": "1",
                        "reason": "mischief",
                        "from": "2026-12-01",
                    },
                },
            }
            tokens = await others(service.pool)
            answers = await tried(service.client, app, tokens, values)
            await check_lists(service.client, app, service.pool, values)
        check(answers)

    async def test_of_the_ledger_keeps_to_its_scope(
        self, others: Others, database: str, tmp_path: Path
    ) -> None:
        """Lists, single entries and events."""
        async with ledger_service.at_work(database, tmp_path) as service:
            client = await ledger_client.connect(service)
            first = ledger_client.OURS[0]
            values = {
                "contract_id": first.contract_id,
                "return_id": first.return_id,
                "event_id": first.event_id,
                "index": 0,
                "bodies": {},
                "asked": {
                    "GET /api/v1/changes": {"from": "2026-11-02", "to": "2026-11-02"},
                    "GET /api/v1/search": {"q": first.contract_id},
                },
            }
            tokens = await others(service.pool)
            answers = await tried(client.http, client.app, tokens, values)
            await check_lists(client.http, client.app, service.pool, values)
        check(answers)
