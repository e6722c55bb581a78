"""Every door of every service: what it is asked is one type for each thing (rule I13).

The models of all requests are put behind one app, as each service has them, without a database.
"""

from __future__ import annotations

import contextlib
import copy
import json
import re
import typing
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import fastapi
import httpx
import pydantic
import pytest
from fastapi.routing import APIRoute

from services.intake.api import contacts as intake_contacts
from services.intake.api import demo_clock, due, measures, parties, receipts, returns
from services.intake.api import documents as intake
from services.ledger.api import changes, entries, export, log, search
from services.ledger.api import documents as ledger
from services.ledger.api import returns as ledger_returns
from services.verification.api import (
    alerts,
    cases,
    commitments,
    contracts,
    figures,
    people,
    proposals,
    standings,
)
from services.verification.api import documents as verification
from services.verification.api.documents import alerts as alerts_documents
from services.verification.api.documents import proposals as proposals_documents
from services.verification.api.documents import standings as standings_documents
from shared.web import auth, lists, problems, routes, server

FIRM = "GB-COH-01234567"
AREA = {"gss": ["E08000011"], "edition": "sample-1"}
PROFILE = {"kind": "linear", "from": "2026-10-06", "to": "2028-10-05"}
PROMISED: dict[str, Any] = {
    "title": "Spend",
    "measure": "local-spend",
    "target": "600000",
    "profile": PROFILE,
    "area": AREA,
    "from": "2026-10-06",
    "reason": "as tendered",
}
KIND = {"kind": "sum", "unit": "GBP"}
BODIES: dict[type[pydantic.BaseModel], dict[str, Any]] = {
    intake.WithdrawalRequest: {"reason": "wrong month"},
    intake.ContactRequest: {"person_id": "a@B", "address": "a.person@firm.example"},
    intake.ClockRequest: {"now": "2026-11-05T09:00:00Z", "day": "2026-11-05"},
    verification.ContractRequest: {
        "contract_id": "C1",
        "title": "Community hub",
        "supplier_ids": [FIRM],
        "supplier_names": {FIRM: "Example Builders"},
        "starts_on": "2026-10-06",
        "ends_on": "2028-10-05",
        "ocid": "ocds-1",
        "buyer": {"id": "GB-LAE-KWL", "name": "Knowsley"},
    },
    verification.CommitmentRequest: PROMISED | {"commitment_id": "spend", **KIND},
    verification.CommitmentChange: PROMISED,
    verification.Activation: {"version": 1},
    verification.PeopleRequest: dict.fromkeys(
        ("owner", "deputy", "category_lead", "director"), "priya-nair@GB-LAE-KWL"
    ),
}
QUERIES: dict[type[pydantic.BaseModel], dict[str, str]] = {
    intake.ReturnsQuery: {
        "contract": "C1",
        "party": FIRM,
        "period": "2026-10",
        "period_from": "2026-10",
        "period_to": "2026-11",
        "status": "checked",
        "late": "true",
    },
    intake.DueQuery: {
        "contract": "C1",
        "party": FIRM,
        "state": "open",
        "from": "2026-10",
        "to": "2026-11",
    },
    verification.LinesQuery: {
        "contract": "C1",
        "state": "queried",
        "period": "2026-10",
        "commitment": "spend",
    },
    alerts_documents.AlertsQuery: {"contract": "C1", "kind": "return_due", "acknowledged": "false"},
    alerts_documents.CasesQuery: {"contract": "C1", "state": "opened"},
    proposals_documents.ProposalsQuery: {"contract": "C1"},
    standings_documents.StandingsQuery: {
        "contract": "C1",
        "rating": "Good",
        "supplier": FIRM,
        "missing": "true",
        "case": "open",
        "format": "csv",
    },
    ledger.EntriesQuery: {
        "receipt": "24",
        "digest": "ab" * 32,
        "contract": "C1",
        "supplier": FIRM,
        "commitment": "spend",
        "type": "ReturnReceived",
        "period": "2026-10",
        "from": "2026-10-06",
        "to": "2026-10-07",
    },
    ledger.ChangesQuery: {
        "from": "2026-10-06",
        "to": "2026-10-07",
        "contract": "C1",
        "supplier": FIRM,
    },
    ledger.ReturnsQuery: {"supplier": FIRM},
    ledger.HistoryQuery: {"as_at": "2026-10-06"},
    ledger.SearchQuery: {"q": "24"},
    ledger.ConsistencyQuery: {"from": "50", "to": "104"},
}
PAGE = {"cursor": "WzFd", "limit": "7"}
ODD = {"nul": "a\x00b", "surrogate": "a\ud800b", "control": "a\x01b", "long": "7" * 2_001}
ROUTERS = [demo_clock, intake_contacts, due, measures, parties, receipts, returns]
ROUTERS += [changes, entries, export, log, ledger_returns, search]
ROUTERS += [alerts, cases, commitments, contracts, figures, people, proposals, standings]


def address(model: type[pydantic.BaseModel]) -> str:
    """Where a model is asked for. Two services may have models of one name."""
    return f"{model.__module__}.{model.__name__}"


@contextlib.asynccontextmanager
async def no_lifespan(_: fastapi.FastAPI) -> AsyncIterator[None]:
    yield


async def yes() -> bool:
    return True


def build() -> fastapi.FastAPI:
    app = server.build("all", "1", no_lifespan, server.Health(yes, yes))
    for model in BODIES:
        app.post(f"/{address(model)}")(_echo_of(model))
    for query in QUERIES:
        app.get(f"/{address(query)}")(_asked_of(query))
    return app


def _echo_of(model: type[pydantic.BaseModel]) -> Any:
    async def echo(body: Any) -> str:
        return type(body).__name__

    echo.__annotations__["body"] = model
    return echo


def _asked_of(model: type[pydantic.BaseModel]) -> Any:
    async def asked(query: Any) -> str:
        return type(query).__name__

    asked.__annotations__["query"] = Annotated[model, fastapi.Query()]
    return asked


@pytest.fixture(scope="module")
def app() -> fastapi.FastAPI:
    return build()


@pytest.fixture
async def client(app: fastapi.FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://all") as one:
        yield one


Path = tuple[str | int, ...]


def texts(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, str):
        yield path
    for step, each in value.items() if isinstance(value, dict) else ():
        yield from texts(each, (*path, step))
    for index, each in enumerate(value if isinstance(value, list) else ()):
        yield from texts(each, (*path, index))


FIELDS = [(model, path) for model, body in BODIES.items() for path in texts(body)]
PARAMETERS = [(model, name) for model, sent in QUERIES.items() for name in sent]


async def post(
    client: httpx.AsyncClient, model: type[pydantic.BaseModel], body: bytes
) -> httpx.Response:
    headers = {"content-type": "application/json"}
    return await client.post(f"/{address(model)}", content=body, headers=headers)


class TestABody:
    @pytest.mark.parametrize("model", BODIES)
    async def test_is_taken_and_has_every_field(
        self, client: httpx.AsyncClient, model: type[pydantic.BaseModel]
    ) -> None:
        """Else the tables below would say nothing."""
        names = {field.alias or name for name, field in model.model_fields.items()}
        assert names == set(BODIES[model])
        assert 200 == (await post(client, model, json.dumps(BODIES[model]).encode())).status_code

    @pytest.mark.parametrize("sort", ODD)
    @pytest.mark.parametrize(("model", "path"), FIELDS)
    async def test_with_an_odd_text_is_told_the_field(
        self, client: httpx.AsyncClient, model: type[pydantic.BaseModel], path: Path, sort: str
    ) -> None:
        """422, at the text itself or at the structure that it is in; never 500."""
        body: Any = copy.deepcopy(BODIES[model])
        *above, last = path
        place = body
        for step in above:
            place = place[step]
        place[last] = ODD[sort]
        answer = await post(client, model, json.dumps(body).encode())
        (fault,) = answer.json()["errors"]
        assert 422 == answer.status_code
        assert fault["pointer"] in {problems.pointer(path), problems.pointer(path[:1])}

    @pytest.mark.parametrize("model", BODIES)
    async def test_with_a_key_given_twice_is_told_the_key(
        self, client: httpx.AsyncClient, model: type[pydantic.BaseModel]
    ) -> None:
        """It could be read in two ways."""
        name, value = next(iter(BODIES[model].items()))
        twice = json.dumps(BODIES[model])[:-1] + f", {json.dumps(name)}: {json.dumps(value)}}}"
        answer = await post(client, model, twice.encode())
        assert [("I13", f"/{name}")] == [
            (fault["rule"], fault["pointer"]) for fault in answer.json()["errors"]
        ]

    async def test_may_begin_with_a_byte_order_mark(self, client: httpx.AsyncClient) -> None:
        """It is passed over; another encoding is named."""
        body = json.dumps({"reason": "wrong month"})
        answers = [
            await post(client, intake.WithdrawalRequest, body.encode(encoding))
            for encoding in ("utf-8-sig", "utf-16")
        ]
        assert [200, 422] == [answer.status_code for answer in answers]
        assert "UTF-16" in answers[1].json()["errors"][0]["message"]

    @pytest.mark.parametrize(
        ("model", "path", "value"),
        [
            (verification.ContractRequest, "starts_on", 1783296000),
            (verification.ContractRequest, "starts_on", "1783296000"),
            (verification.ContractRequest, "starts_on", "2026-10-06T00:00:00"),
            (verification.ContractRequest, "ends_on", "9999-12-31"),
            (verification.ContractRequest, "supplier_ids", ["GB-COH-N/A"]),
            (verification.ContractRequest, "supplier_ids", ["Example Builders"]),
            (verification.ContractRequest, "buyer", {"id": "GB-COH-0"}),
            (
                verification.ContractRequest,
                "supplier_names",
                {"GB-COH-1234567": "A", "GB-COH-01234567": "B"},
            ),
            (verification.CommitmentRequest, "target", 600000.1),
            (verification.CommitmentRequest, "target", "6e5"),
            (verification.CommitmentRequest, "target", True),
            (verification.Activation, "version", "1"),
            (intake.ClockRequest, "now", "1783296000"),
        ],
    )
    async def test_has_things_in_their_own_form(
        self, client: httpx.AsyncClient, model: type[pydantic.BaseModel], path: str, value: Any
    ) -> None:
        """A library's leniency is none of ours."""
        answer = await post(client, model, json.dumps(BODIES[model] | {path: value}).encode())
        assert 422 == answer.status_code
        assert answer.json()["errors"][0]["pointer"].startswith(f"/{path}")


class TestAQuery:
    @pytest.mark.parametrize("model", QUERIES)
    async def test_is_taken_and_has_every_parameter(
        self, client: httpx.AsyncClient, model: type[pydantic.BaseModel]
    ) -> None:
        """Else the tables below would say nothing."""
        names = {field.alias or name for name, field in model.model_fields.items()}
        sent = QUERIES[model] | (PAGE if issubclass(model, lists.PageQuery) else {})
        assert names - {"contract"} == set(sent) - {"contract"}
        assert 200 == (await client.get(f"/{address(model)}", params=sent)).status_code

    @pytest.mark.parametrize("odd", ["%00", "%01", "%ED%A0%80", "%FF", "7" * 2_001])
    @pytest.mark.parametrize(("model", "name"), PARAMETERS)
    async def test_with_an_odd_text_is_told_the_parameter(
        self, client: httpx.AsyncClient, model: type[pydantic.BaseModel], name: str, odd: str
    ) -> None:
        """422 with its name; never 500."""
        needed = {
            field.alias or own for own, field in model.model_fields.items() if field.is_required()
        }
        others = "".join(f"&{each}={QUERIES[model][each]}" for each in sorted(needed - {name}))
        answer = await client.get(f"/{address(model)}?{name}=a{odd}{others}")
        assert [name] == [fault["parameter"] for fault in answer.json()["errors"]]
        assert 422 == answer.status_code

    @pytest.mark.parametrize(
        "query", ["limit=1&limit=2", "limit=1_0", "limit=%2B1", "limit=1.0", "limit=%D9%A1"]
    )
    async def test_has_one_reading(self, client: httpx.AsyncClient, query: str) -> None:
        """A parameter is given once, and a number has its own form."""
        answer = await client.get(f"/{address(verification.LinesQuery)}?{query}")
        assert ["limit"] == [fault["parameter"] for fault in answer.json()["errors"]]
        assert 422 == answer.status_code


class Anyone:
    """Takes the name of a role for a token that has it."""

    async def find(self, token: str) -> auth.Caller:
        role = typing.cast("auth.Role", token)
        return auth.Caller("somebody", role, "GB-LAE-KWL", FIRM if role == "supplier" else None)


ROUTES = [
    (method, route.path)
    for module in ROUTERS
    for route in typing.cast("list[APIRoute]", module.router.routes)
    for method in sorted(route.methods or ())
]


class TestARoute:
    @pytest.mark.parametrize(("method", "path"), ROUTES)
    async def test_refuses_a_parameter_that_it_does_not_know(self, method: str, path: str) -> None:
        """422 with its name, to whoever may use the route: passed over, a misspelt filter would
        show too much."""
        app = server.build("all", "1", no_lifespan, server.Health(yes, yes))
        app.state.tokens = Anyone()
        for module in ROUTERS:
            app.include_router(module.router)
        address = re.sub(r"\{[^}]*\}", "1", path)
        said = set()
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://all"
        ) as client:
            for role in auth.ROLES:
                answer = await client.request(
                    method,
                    f"{address}?unheard=1",
                    headers={"authorization": f"Bearer {role}"},
                )
                errors = answer.json().get("errors", [])
                said.add((answer.status_code, *(fault["parameter"] for fault in errors)))
        assert (422, "unheard") in said
        assert said <= {(422, "unheard"), (403,)}


class TestARouter:
    @pytest.mark.parametrize("module", ROUTERS)
    def test_reads_bodies_in_one_way(self, module: Any) -> None:
        """Each is made with the route that reads them so."""
        assert {routes.Route} == {
            type(route) for route in module.router.routes if isinstance(route, APIRoute)
        }

    def test_is_in_the_table(self) -> None:
        """So is every model of a request."""
        asked: set[type] = set()
        for module in ROUTERS:
            for route in typing.cast("list[APIRoute]", module.router.routes):
                hints = typing.get_type_hints(route.endpoint)
                asked |= {hints[name] for name in ("body", "query") if name in hints}
        named = {each for kind in asked for each in (kind, *typing.get_args(kind))}
        models = {each for each in named if isinstance(each, type) and each is not type(None)}
        assert models == {*BODIES, *QUERIES}
