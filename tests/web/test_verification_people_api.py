"""The council's people of a contract over HTTP, on a real database (rule P6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.verification import store
from services.verification.domain.telling import Officers
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import Caller, VerificationService, a_contract, officer

OTHER = "GB-LAE-SHN"
PRIYA, JOE, ELLEN, RUTH, NOOR, DILYS = (
    f"{name}@{build.AUTHORITY}" for name in ("priya", "joe", "ellen", "ruth", "noor", "dilys")
)
PEOPLE = "/contracts/C1/people"


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """C1, and the officers of two councils; Dilys was never named."""
    async with verification_service.at_work(database) as made:
        await (await made.caller("manager")).post("/contracts", a_contract())
        await made.deliver(
            officer("priya", "Priya Nair"),
            officer("joe", "Joe Marsh"),
            officer("ellen", "Ellen Ford"),
            officer("ruth", "Ruth Okafor", "approver"),
            officer("noor", "Noor Aziz", "auditor"),
            officer("gone", "Sam Pike"),
            officer("gone", None, None),
            officer("lee", "Lee Shaw", authority=OTHER),
        )
        yield made


@pytest.fixture
async def manager(service: VerificationService) -> Caller:
    return await service.caller("manager", actor=PRIYA)


async def held(who: Caller, **parameters: Any) -> list[tuple[str, str, bool]]:
    """Part, officer, and whether the part is held now."""
    answer = await who.get(PEOPLE, **parameters)
    assert 200 == answer.status_code, answer.text
    return [(one["part"], one["officer_id"], one["until"] is None) for one in answer.json()["held"]]


async def faults(who: Caller, **parts: Any) -> list[tuple[str, str]]:
    """What is refused, and why."""
    answer = await who.put(PEOPLE, parts)
    assert 422 == answer.status_code, answer.text
    return [(fault["pointer"], fault["message"]) for fault in answer.json()["errors"]]


class TestThePeopleOfAContract:
    async def test_are_set_by_part(self, service: VerificationService, manager: Caller) -> None:
        """With names, as far as they are known, and who set them."""
        assert [] == await held(manager)
        parts = {"owner": PRIYA, "deputy": ELLEN, "category_lead": RUTH, "director": DILYS}
        answer = await manager.put(PEOPLE, parts)
        assert 200 == answer.status_code, answer.text
        assert {
            "owner": (PRIYA, "Priya Nair", PRIYA),
            "deputy": (ELLEN, "Ellen Ford", PRIYA),
            "category_lead": (RUTH, "Ruth Okafor", PRIYA),
            "director": (DILYS, None, PRIYA),
        } == {
            one["part"]: (one["officer_id"], one["name"], one["set_by"])
            for one in answer.json()["held"]
        }
        async with service.pool.acquire() as conn:
            assert {"C1": Officers(**parts), "C2": Officers()} == (
                await store.people.load_officers(conn, ["C1", "C2"])
            )

    async def test_the_same_again_change_nothing(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """No new row; also if another person says so."""
        first = (await manager.put(PEOPLE, {"owner": PRIYA})).json()
        approver = await service.caller("approver", actor=RUTH)
        assert first == (await approver.put(PEOPLE, {"owner": PRIYA})).json()

    async def test_of_before_are_kept(self, service: VerificationService, manager: Caller) -> None:
        """From when to when, and who ended it: what is held now first, then the newest."""
        await manager.put(PEOPLE, {"owner": PRIYA, "deputy": ELLEN})
        service.clock.move_to(service.clock.now() + timedelta(days=1))
        joe = await service.caller("manager", actor=JOE)
        await joe.put(PEOPLE, {"owner": JOE, "deputy": ELLEN})
        service.clock.move_to(service.clock.now() + timedelta(days=1))
        await joe.put(PEOPLE, {"deputy": ELLEN})
        assert [("deputy", ELLEN, True), ("owner", JOE, False), ("owner", PRIYA, False)] == (
            await held(manager)
        )
        _, second, first = (await manager.get(PEOPLE)).json()["held"]
        assert (JOE, JOE, PRIYA) == (first["ended_by"], second["set_by"], first["set_by"])
        assert first["until"] == second["from"]

    async def test_of_a_day_are_told(self, service: VerificationService, manager: Caller) -> None:
        """Everybody who held a part at any time of it: 1 October Priya, 2 October both."""
        await manager.put(PEOPLE, {"owner": PRIYA})
        service.clock.move_to(service.clock.now() + timedelta(days=1))
        await manager.put(PEOPLE, {"owner": JOE})
        service.clock.move_to(service.clock.now() + timedelta(days=1))
        assert [("owner", PRIYA, False)] == await held(manager, on="2026-10-01")
        assert [("owner", JOE, True), ("owner", PRIYA, False)] == (
            await held(manager, on="2026-10-02")
        )
        assert [("owner", JOE, True)] == await held(manager, on="2026-10-03")
        assert [] == await held(manager, on="2026-09-30")
        assert 422 == (await manager.get(PEOPLE, on="2026-10-04")).status_code

    @pytest.mark.parametrize(
        "account", [NOOR, f"gone@{build.AUTHORITY}", f"lee@{OTHER}", f"new@{OTHER}", "new", "@"]
    )
    async def test_are_managers_and_approvers_of_the_authority(
        self, manager: Caller, account: str
    ) -> None:
        """No auditor, nobody who was forgotten, nobody of elsewhere. Then nothing is changed."""
        why = "No manager or approver of the authority has this account"
        assert [("/deputy", why)] == await faults(manager, owner=PRIYA, deputy=account)
        assert [] == await held(manager)

    async def test_stay_though_their_names_are_forgotten(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Only who is new is looked at."""
        await manager.put(PEOPLE, {"owner": JOE})
        await service.deliver(officer("joe", None, None))
        answer = await manager.put(PEOPLE, {"owner": JOE, "deputy": ELLEN})
        assert 200 == answer.status_code
        assert {"owner": None, "deputy": "Ellen Ford"} == {
            one["part"]: one["name"] for one in answer.json()["held"]
        }

    async def test_are_two_as_owner_and_deputy(self, manager: Caller) -> None:
        """Nobody stands in for himself. Other parts one person may hold together."""
        said = [("/deputy", "Owner and deputy are two people")]
        assert said == await faults(manager, owner=PRIYA, deputy=PRIYA)
        both = {"category_lead": RUTH, "director": RUTH}
        assert 200 == (await manager.put(PEOPLE, both)).status_code

    async def test_are_the_officers_business(self, service: VerificationService) -> None:
        """An auditor reads them; a supplier does not; another authority finds nothing."""
        auditor = await service.caller("auditor")
        assert [] == await held(auditor)
        assert 403 == (await auditor.put(PEOPLE, {})).status_code
        supplier = await service.caller("supplier", build.SUPPLIER)
        assert 403 == (await supplier.get(PEOPLE)).status_code
        stranger = await service.caller("manager", authority=OTHER)
        assert [404, 404] == [
            (await stranger.get(PEOPLE)).status_code,
            (await stranger.put(PEOPLE, {})).status_code,
        ]


class TestTheManagersOfAnAuthority:
    async def test_are_those_with_a_name(self, service: VerificationService) -> None:
        """By account id, for each authority that is asked for."""
        async with service.pool.acquire() as conn:
            assert {build.AUTHORITY: (ELLEN, JOE, PRIYA), OTHER: (f"lee@{OTHER}",), "X": ()} == (
                await store.people.load_managers(conn, [build.AUTHORITY, OTHER, "X"])
            )
