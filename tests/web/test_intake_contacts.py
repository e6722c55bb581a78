"""Contacts of suppliers, as an operator enters them (rule L3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.web import auth
from shared.wire import events
from tests.support import intake_builders as build
from tests.web.test_intake_api import RunningSystem, open_system

AT = f"/api/v1/parties/{build.PARTY}/contacts"
ASHA = f"asha@{build.PARTY}"


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    async with open_system(database, tmp_path) as made:
        yield made


def a_contact(**changes: Any) -> dict[str, Any]:
    return {"person_id": ASHA, "address": "asha@brackenfold.example"} | changes


async def delete(system: RunningSystem, person_id: str, **parameters: str) -> int:
    """The status of deleting a contact, as an operator."""
    own = await system.caller("operator")
    answer = await system.client.delete(
        f"{AT}/{person_id}", params=parameters, headers=own._headers
    )
    return answer.status_code


class TestAContact:
    async def test_is_entered_changed_and_deleted(self, system: RunningSystem) -> None:
        """A new address takes the place of the old one."""
        own = await system.caller("operator", actor="an-operator")
        assert 201 == (await own.post(AT, a_contact())).status_code
        changed = await own.post(AT, a_contact(address=" asha@new.example "))
        assert (201, "asha@new.example") == (changed.status_code, changed.json()["address"])
        (listed,) = (await own.get(AT)).json()["items"]
        assert {
            "person_id": ASHA,
            "address": "asha@new.example",
            "is_on": True,
            "set_by": "an-operator",
        } == {name: value for name, value in listed.items() if name != "set_at"}
        assert [204, 404] == [await delete(system, ASHA), await delete(system, ASHA)]
        assert [] == (await own.get(AT)).json()["items"]

    @pytest.mark.parametrize(
        "address",
        [
            "asha",
            "asha@",
            "@brackenfold.example",
            "asha@localhost",
            "asha@@brackenfold.example",
            "asha @brackenfold.example",
            "asha@brackenfold.example\r\nBcc: eve@e.example",
            "asha@brackenfold.example, eve@e.example",
            "Asha <asha@brackenfold.example>",
            "ásha@brackenfold.example",
            "asha@bräckenfold.example",
            "a" * 65 + "@brackenfold.example",
            "asha@" + "b" * 250 + ".example",
            7,
        ],
    )
    async def test_has_one_plain_address(self, system: RunningSystem, address: Any) -> None:
        """Nothing that could be a second address, or another field of a mail."""
        own = await system.caller("operator")
        answer = await own.post(AT, a_contact(address=address))
        assert (422, ["/address"]) == (
            answer.status_code,
            [fault["pointer"] for fault in answer.json()["errors"]],
        )

    async def test_of_a_party_that_no_contract_names_is_refused(
        self, system: RunningSystem
    ) -> None:
        """404, with words; so is one of another authority's contract."""
        own = await system.caller("operator")
        unknown = await own.post("/api/v1/parties/GB-COH-00000099/contacts", a_contact())
        assert (404, "There is no such party") == (unknown.status_code, unknown.json()["title"])
        foreign = await system.caller("operator", authority="GB-LAE-SHN")
        assert 404 == (await foreign.post(AT, a_contact())).status_code

    async def test_of_another_authority_is_not_taken_over(self, system: RunningSystem) -> None:
        """409: somebody is a contact once."""
        own = await system.caller("operator")
        await own.post(AT, a_contact())
        await system.pool.execute("UPDATE recipient SET authority_id = 'GB-LAE-SHN'")
        answer = await own.post(AT, a_contact())
        assert (409, "This person is a contact already") == (
            answer.status_code,
            answer.json()["title"],
        )
        assert 404 == await delete(system, ASHA)

    async def test_is_the_operators_business(self, system: RunningSystem) -> None:
        """403 for every other role, the supplier's own among them."""
        roles: tuple[auth.Role, ...] = ("supplier", "manager", "approver", "auditor")
        for role in roles:
            party = build.PARTY if role == "supplier" else None
            caller = await system.caller(role, party)
            assert 403 == (await caller.get(AT)).status_code
            assert 403 == (await caller.post(AT, a_contact())).status_code

    async def test_is_entered_for_any_authority_by_the_installations_operator(
        self, system: RunningSystem
    ) -> None:
        """It says for which one."""
        installer = await system.caller("operator", authority=events.INSTALLATION)
        missing = await installer.post(AT, a_contact())
        assert (422, "authority") == (
            missing.status_code,
            missing.json()["errors"][0]["parameter"],
        )
        assert 422 == (await installer.get(AT)).status_code
        here = f"{AT}?authority={build.AUTHORITY}"
        assert 201 == (await installer.post(here, a_contact())).status_code
        assert 1 == len((await installer.get(AT, authority=build.AUTHORITY)).json()["items"])
