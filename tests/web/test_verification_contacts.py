"""Contacts of the council over HTTP: entered, listed and forgotten by an operator (rule L3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.verification.register import contacts
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import Caller, VerificationService

OTHER = "GB-LAE-SHN"


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def operator(service: VerificationService) -> Caller:
    return await service.caller("operator")


def account(name: str, authority: str = build.AUTHORITY) -> str:
    return f"{name}@{authority}"


async def enter(caller: Caller, name: str, address: str = "someone@knowsley.example") -> int:
    answer = await caller.post("/contacts", {"person_id": account(name), "address": address})
    return answer.status_code


async def listed(caller: Caller) -> dict[str, str]:
    """The address of each account, on as many pages as there are."""
    found: dict[str, str] = {}
    parameters: dict[str, Any] = {"limit": 2}
    while True:
        page = (await caller.get("/contacts", **parameters)).json()
        assert len(page["items"]) <= 2
        found |= {each["person_id"]: each["address"] for each in page["items"]}
        if page["next"] is None:
            return found
        parameters["cursor"] = page["next"]


class TestAContact:
    async def test_is_entered_changed_and_forgotten(self, operator: Caller) -> None:
        assert 201 == await enter(operator, "priya-nair", "priya@knowsley.example")
        assert 201 == await enter(operator, "priya-nair", "nair@knowsley.example")
        assert {account("priya-nair"): "nair@knowsley.example"} == await listed(operator)
        at = f"/contacts/{account('priya-nair')}"
        answers = [await operator.delete(at), await operator.delete(at)]
        assert [204, 404] == [each.status_code for each in answers]
        assert {} == await listed(operator)

    async def test_is_listed_page_by_page(self, operator: Caller) -> None:
        """By account, two at a time; an odd cursor is refused."""
        for name in ("joe-marsh", "ellen-ford", "ruth-okafor", "dilys-venn", "priya-nair"):
            await enter(operator, name)
        wanted = ["dilys-venn", "ellen-ford", "joe-marsh", "priya-nair", "ruth-okafor"]
        assert [account(name) for name in wanted] == list(await listed(operator))
        assert 400 == (await operator.get("/contacts", cursor="eyJ4IjoxfQ")).status_code

    async def test_is_of_the_operators_own_authority(
        self, service: VerificationService, operator: Caller
    ) -> None:
        """An account of another one is refused, and theirs are not shown."""
        body = {"person_id": account("joe", OTHER), "address": "joe@sthelens.example"}
        answer = await operator.post("/contacts", body)
        assert (422, ["/person_id"]) == (
            answer.status_code,
            [fault["pointer"] for fault in answer.json()["errors"]],
        )
        theirs = await service.caller("operator", authority=OTHER)
        assert 201 == (await theirs.post("/contacts", body)).status_code
        assert {} == await listed(operator)
        assert {account("joe", OTHER): "joe@sthelens.example"} == await listed(theirs)

    async def test_is_refused_where_there_are_very_many(
        self, operator: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever is one already can have a new address."""
        monkeypatch.setattr(contacts, "CONTACTS_MAX", 2)
        entered = [await enter(operator, name) for name in ("ellen-ford", "joe-marsh", "ruth")]
        assert [201, 201, 409] == entered
        assert 201 == await enter(operator, "joe-marsh", "marsh@knowsley.example")
