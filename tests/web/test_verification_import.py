"""Importing what was published: the real releases of two months, and broken files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.verification.consumer import replay
from services.verification.register import commitments, imports, ocds, publication
from shared.delivery import topics
from tests.support import reference, verification_service
from tests.support import verification_builders as build
from tests.support.verification_service import Caller, VerificationService, day_ended
from tests.unit.verification import test_ocds as published

RELEASES = reference.DATA / "contracts-finder" / "releases.jsonl"
PATH = "/contracts/import"


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def manager(service: VerificationService) -> Caller:
    return await service.caller("manager")


async def imported(manager: Caller, body: bytes, *, commit: bool = True) -> dict[str, Any]:
    answer = await manager.upload(PATH, body, authority=build.AUTHORITY, commit=commit)
    assert 200 == answer.status_code, answer.text
    summary: dict[str, Any] = answer.json()
    return summary


def package(*releases: dict[str, Any]) -> bytes:
    return json.dumps({"uri": "https://example.org/1", "releases": releases}).encode()


@reference.needed
class TestTheRealReleases:
    async def test_are_71_awards_and_116_reasons(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """190 releases: 74 are of awards, of which three update another one of them."""
        body = RELEASES.read_bytes()
        dry = await imported(manager, body, commit=False)
        assert [] == await service.rows("contract")
        done = await imported(manager, body)
        assert dry | {"committed": True} == done
        assert (190, {"new": 71, "updated": 0, "unchanged": 0}) == (
            done["releases"],
            done["contracts"],
        )
        assert {
            "a tender: nothing is awarded yet": 113,
            "a plan: nothing is awarded yet": 3,
        } == Counter(each["reason"] for each in done["skipped"])
        assert ([], 0) == (done["faults"], done["drafts"])
        assert 71 == len(await service.rows("contract"))

    async def test_again_change_nothing(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The second import finds all unchanged: no message, no new version."""
        await imported(manager, RELEASES.read_bytes())
        before = await service.messages()
        again = await imported(manager, RELEASES.read_bytes())
        assert {"new": 0, "updated": 0, "unchanged": 71} == again["contracts"]
        assert before == await service.messages()

    async def test_keep_the_buyer_as_published(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The authority monitors; the buyer is the one that the notice names."""
        await imported(manager, RELEASES.read_bytes())
        name = "ocds-b5fd17-6de1440b-85d0-40f1-9c76-5aad5ca0ab5e-1"
        contract = (await manager.get(f"/contracts/{name}")).json()
        assert {"id": "GB-CFS-257613", "name": "City of Doncaster Council"} == contract["buyer"]
        assert (build.AUTHORITY, [], "Surface Dressing 2025") == (
            contract["authority_id"],
            contract["commitments"],
            contract["title"],
        )


class TestAnUpdate:
    async def test_changes_the_contract_of_the_same_award(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """A later release applies; an older one that comes late changes nothing."""
        first = published.release()
        later = published.release(
            "awardUpdate", date="2026-09-05T10:00:00Z", tender={"title": "Community hub, renamed"}
        )
        await imported(manager, package(first))
        updated = await imported(manager, package(later))
        older = await imported(manager, package(first))
        assert [1, 0] == [each["contracts"]["updated"] for each in (updated, older)]
        contract = (await manager.get("/contracts/ocds-abc123-7-1")).json()
        assert (2, "Community hub, renamed") == (contract["version"], contract["title"])

    async def test_with_the_same_words_counts_as_later(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """September's words are published again in December: October's, imported last, change
        nothing. No message is sent."""
        await imported(manager, package(published.release()))
        before = await service.messages()
        again = published.release("awardUpdate", date="2026-12-05T10:00:00Z")
        other = published.release(
            "awardUpdate", date="2026-10-05T10:00:00Z", tender={"title": "Community hub, renamed"}
        )
        for body in (package(again), package(other)):
            assert 1 == (await imported(manager, body))["contracts"]["unchanged"]
        assert before == await service.messages()
        contract = (await manager.get("/contracts/ocds-abc123-7-1")).json()
        assert (1, "Community hub") == (contract["version"], contract["title"])

    async def test_of_a_contract_registered_by_hand_adds_its_award(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The next import finds the contract unchanged."""
        await manager.post("/contracts", verification_service.a_contract("ocds-abc123-7-1"))
        body = package(published.release())
        fates = [(await imported(manager, body))["contracts"] for _ in range(2)]
        assert [(1, 0), (0, 1)] == [(each["updated"], each["unchanged"]) for each in fates]
        contract = (await manager.get("/contracts/ocds-abc123-7-1")).json()
        assert ("ocds-abc123-7", "1") == (contract["ocid"], contract["award_id"])

    async def test_of_an_award_that_another_contract_has_is_refused(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """It is listed as a fault, and the contract stays as it was."""
        for contract_id in ("C1", "ocds-abc123-7-1"):
            await manager.post("/contracts", verification_service.a_contract(contract_id))
        award = (
            "UPDATE contract SET ocid = 'ocds-abc123-7', award_id = '1' WHERE contract_id = 'C1'"
        )
        await service.pool.execute(award)
        done = await imported(manager, package(published.release()))
        assert ["A contract for this award is registered already"] == [
            each["reason"] for each in done["faults"]
        ]
        assert 1 == (await manager.get("/contracts/ocds-abc123-7-1")).json()["version"]

    async def test_ends_what_a_replaced_supplier_owed(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Rule O1: only suppliers owe returns. The case of the missing return is withdrawn; that is
        announced like any move."""
        await imported(manager, package(published.release()))
        name = "ocds-abc123-7-1"
        days = ("2026-10-31", "2026-11-10", "2026-11-13", "2026-11-20", "2026-12-04")
        await service.deliver(*(day_ended(day, name) for day in days))
        service.clock.move_to(build.at("2026-12-05"))
        other = {"id": "org-3", "name": "Other Builders (fictional)"}
        award = published.award(suppliers=[other])
        await imported(
            manager,
            package(published.release("awardUpdate", date="2026-12-05T10:00:00Z", awards=[award])),
        )
        moved = [each for each in await service.messages() if each.type == "CaseMoved"]
        assert [("opened", "no_return"), ("withdrawn", "owed_no_more")] == [
            (each.moved_to, each.reason) for each in moved
        ]
        stored = await service.pool.fetch("SELECT state, reason FROM contract_case")
        assert [("withdrawn", "owed_no_more")] == [tuple(row) for row in stored]
        alerts = len(await service.messages(topics.ALERTS))
        await service.deliver(day_ended("2026-12-10", name))
        assert alerts == len(await service.messages(topics.ALERTS))
        assert [] == (await replay.run(service.pool)).differences


class TestAgreedMetrics:
    async def test_are_drafted_once_and_structured_by_people(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Another person approves the drafts; prose waits for its measure and figures."""
        prose = {"id": "spirit", "title": "Delight residents"}
        award = published.award(agreedMetrics=[published.metric(), prose])
        body = package(published.release(awards=[award]))
        first, again = await imported(manager, body), await imported(manager, body)
        assert [(1, 1), (0, 0)] == [(s["drafts"], s["needs_structuring"]) for s in (first, again)]
        path = "/contracts/ocds-abc123-7-1/commitments"
        approver = await service.caller("approver")
        early = await approver.post(f"{path}/spirit/activate")
        figures = {"measure": "training-places", "target": "12", "profile": {"kind": "linear"}}
        structured = await manager.patch(f"{path}/spirit", figures | {"reason": "agreed"})
        assert [409, 200] == [early.status_code, structured.status_code]
        done = [
            await approver.post(f"{path}/{each}/activate") for each in ("school-visits", "spirit")
        ]
        assert ["active", "active"] == [each.json()["state"] for each in done]

    async def test_are_drafted_once_by_two_imports_at_once(
        self, service: VerificationService
    ) -> None:
        """Both planned with no such contract; the second finds the commitment when it locks."""
        award = published.award(agreedMetrics=[published.metric()])
        (read,) = ocds.read(published.release(awards=[award]))
        assert isinstance(read, ocds.ImportedContract)
        acting = publication.Acting("manager@here", build.AUTHORITY, service.clock.now())
        drafted = []
        for _ in range(2):
            async with service.pool.acquire() as conn, conn.transaction():
                drafted.append((await imports._keep_locked(conn, read, acting)).metrics)
        assert [list(read.metrics), []] == drafted
        assert 1 == await service.pool.fetchval("SELECT count(*) FROM commitment")

    async def test_are_refused_with_their_contract_if_there_are_too_many(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The contract is listed as a fault, and nothing of it is stored."""
        metrics = [{"id": f"kpi-{n}"} for n in range(commitments.COMMITMENTS_MAX + 1)]
        award = published.award(agreedMetrics=metrics)
        done = await imported(manager, package(published.release(awards=[award])))
        assert ["A contract has at most 200 commitments"] == [
            each["reason"] for each in done["faults"]
        ]
        assert (0, 0) == (done["contracts"]["new"], done["needs_structuring"])
        for table in ("contract", "commitment", "journal", "outbox"):
            assert [] == await service.rows(table)


class TestABrokenFile:
    async def test_is_imported_but_for_what_is_broken(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Line by line; bytes that are not UTF-8 do not hide the other lines."""
        good = json.dumps(published.release()).encode()
        summary = await imported(manager, b"\n".join((b"{half", good, b"\xff\xfe", b"[" * 5000)))
        assert 1 == summary["contracts"]["new"]
        assert 3 == len(summary["faults"])


class TestWhoMayImport:
    async def test_is_a_manager_of_the_authority_or_an_operator(
        self, service: VerificationService
    ) -> None:
        """A manager of another authority is refused, and so is a supplier."""
        body = package(published.release())
        stranger = await service.caller("manager", authority="GB-LAE-SHN")
        supplier = await service.caller("supplier", build.SUPPLIER)
        operator = await service.caller("operator")
        statuses = [
            (await who.upload(PATH, body, authority=build.AUTHORITY)).status_code
            for who in (stranger, supplier, operator)
        ]
        assert [403, 403, 200] == statuses
