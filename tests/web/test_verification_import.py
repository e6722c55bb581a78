"""Importing what was published: the real releases of two months, and broken files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from services.verification.consumer import replay
from services.verification.register import commitments, entries, imports, publication
from shared.delivery import topics
from tests.support import published, published_any, reference, verification_service
from tests.support import verification_builders as build
from tests.support.published import PATH, imported, outcomes, package
from tests.support.verification_service import Caller, VerificationService, day_ended

RELEASES = reference.DATA / "contracts-finder" / "releases.jsonl"


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def manager(service: VerificationService) -> Caller:
    return await service.caller("manager")


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
        assert {"new": 71, "changed": 0, "unchanged": 0} == done["contracts"]
        assert {
            "release": {"read": 74, "skipped": 116},
            "award": {"new": 71, "skipped": 3},
            "contract": {},
            "metric": {},
        } == done["counts"]
        assert {
            ("skipped", "a tender: nothing is awarded yet"): 113,
            ("skipped", "a plan: nothing is awarded yet"): 3,
            ("read", None): 74,
        } == Counter(outcomes(done, "release"))
        assert {("new", None): 71, ("skipped", "a later release tells of it"): 3} == Counter(
            outcomes(done)
        )
        assert 71 == len(await service.rows("contract"))

    async def test_again_change_nothing(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The second import finds all unchanged: no message, no new version."""
        await imported(manager, RELEASES.read_bytes())
        before = await service.messages()
        again = await imported(manager, RELEASES.read_bytes())
        assert {"new": 0, "changed": 0, "unchanged": 71} == again["contracts"]
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
        assert [1, 0] == [each["contracts"]["changed"] for each in (updated, older)]
        contract = (await manager.get("/contracts/ocds-abc123-7-1")).json()
        assert (2, "Community hub, renamed") == (contract["version"], contract["title"])

    async def test_without_a_date_comes_before_any_other(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Imported twice, then with a date, then without one again."""
        undated = published.release(date=None)
        dated = published.release("awardUpdate", tender={"title": "Community hub, renamed"})
        changed = [
            (await imported(manager, package(each)))["contracts"]["changed"]
            for each in (undated, undated, dated, undated)
        ]
        assert [0, 0, 1, 0] == changed

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

    @pytest.mark.parametrize("order", [("r1", "r2"), ("r2", "r1")])
    async def test_of_the_same_date_applies_by_its_id(
        self, service: VerificationService, manager: Caller, order: tuple[str, str]
    ) -> None:
        """In whichever order the two files are imported."""
        for each in order:
            await imported(manager, package(published.release(id=each, tender={"title": each})))
        assert "r2" == (await manager.get("/contracts/ocds-abc123-7-1")).json()["title"]

    async def test_of_a_contract_registered_by_hand_adds_its_award(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The next import finds the contract unchanged."""
        await manager.post("/contracts", verification_service.a_contract("ocds-abc123-7-1"))
        body = package(published.release())
        fates = [(await imported(manager, body))["contracts"] for _ in range(2)]
        assert [(1, 0), (0, 1)] == [(each["changed"], each["unchanged"]) for each in fates]
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
        assert [("faulty", "A contract for this award is registered already")] == outcomes(done)
        assert 1 == (await manager.get("/contracts/ocds-abc123-7-1")).json()["version"]

    async def test_ends_what_a_replaced_supplier_owed(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Rule O1: only suppliers owe returns. The case of the missing return is withdrawn; that is
        announced like any move."""
        await imported(manager, package(published.release()))
        name = "ocds-abc123-7-1"
        await manager.post(f"/contracts/{name}/commitments", verification_service.a_commitment())
        approver = await service.caller("approver")
        await approver.post(f"/contracts/{name}/commitments/spend/activate")
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


class TestContractsThatPromiseNothing:
    async def test_are_asked_for_no_returns(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Rule O1: nothing is promised, so nobody is reminded and no case opens."""
        releases = [published.release(ocid=f"ocds-abc123-{number}") for number in range(1, 6)]
        done = await imported(manager, package(*releases))
        assert 5 == done["contracts"]["new"]
        for day in ("2026-10-31", "2026-11-10", "2026-11-13", "2026-11-20", "2026-12-04"):
            await service.deliver(*(build.day_ended(day, partition) for partition in range(12)))
        assert [] == await service.messages(topics.ALERTS)
        assert [] == await service.rows("contract_case")


class TestAgreedMetrics:
    async def test_are_drafted_once_and_structured_by_people(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Another person approves the drafts; prose waits for its measure and figures."""
        prose = {"id": "spirit", "title": "Delight residents"}
        award = published.award(agreedMetrics=[published.metric(), prose])
        body = package(published.release(awards=[award]))
        first, again = await imported(manager, body), await imported(manager, body)
        assert [{"draft": 1, "needs_structuring": 1}, {"unchanged": 2}] == [
            each["counts"]["metric"] for each in (first, again)
        ]
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
        file = imports.read(package(published.release(awards=[award])), published.AT)
        assert isinstance(file, imports.File)
        acting = publication.Acting("manager@here", build.AUTHORITY, service.clock.now())
        ((entry, _),) = imports.decide(file, {}, {}, acting)
        drafted = []
        for _ in range(2):
            plan = await entries.keep(service.pool, entry, acting, is_committed=True)
            assert isinstance(plan, entries.Plan)
            drafted.append(plan.metrics)
        assert [entry.metrics, ()] == drafted
        assert 1 == await service.pool.fetchval("SELECT count(*) FROM commitment")

    async def test_are_refused_with_their_contract_if_there_are_too_many(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The contract is listed as a fault, and nothing of it is stored."""
        metrics = [{"id": f"kpi-{n}"} for n in range(commitments.COMMITMENTS_MAX + 1)]
        award = published.award(agreedMetrics=metrics)
        done = await imported(manager, package(published.release(awards=[award])))
        assert [("faulty", "A contract has at most 200 commitments")] == outcomes(done)
        assert {("skipped", "its contract is faulty")} == set(outcomes(done, "metric"))
        assert 0 == done["contracts"]["new"]
        for table in ("contract", "commitment", "journal", "outbox"):
            assert [] == await service.rows(table)

    async def test_say_when_their_commitment_says_something_else(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """What people made of a metric stays, until they change it to the same."""
        first = published.award(agreedMetrics=[published.metric(), {"id": "spirit"}])
        await imported(manager, package(published.release(awards=[first])))
        metrics = [published.metric(measure="24"), {"id": "spirit", "description": "Delight."}]
        later = published.release(
            "awardUpdate",
            date="2026-10-05T10:00:00Z",
            awards=[published.award(agreedMetrics=metrics)],
        )
        told = await imported(manager, package(later))
        assert [
            ("faulty", "its commitment has other terms: those stay"),
            ("skipped", "its commitment has other words: those stay"),
        ] == outcomes(told, "metric")
        path = "/contracts/ocds-abc123-7-1/commitments/school-visits"
        change = {"target": "24", "reason": "agreed in October"}
        assert 200 == (await manager.patch(path, change)).status_code
        again = await imported(manager, package(later))
        assert ("unchanged", None) == outcomes(again, "metric")[0]

    async def test_whose_figures_the_register_refuses_need_structuring(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The words are kept with the reason, and the contract is registered. A dry run says so."""
        share = published.metric("local-spend-share", value={"amount": 30, "currency": "GBP"})
        body = package(published.release(awards=[published.award(agreedMetrics=[share])]))
        dry = await imported(manager, body, commit=False)
        done = await imported(manager, body)
        reason = "Shares of a total are not assessed yet"
        assert [("needs_structuring", reason)] == outcomes(done, "metric")
        assert dry["outcomes"] == done["outcomes"]


class TestAnyFile:
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(published_any.FILES)
    async def test_comes_out_thing_by_thing_and_repeats_without_harm(
        self, manager: Caller, releases: list[Any]
    ) -> None:
        """A dry run says what the import does; a second import makes nothing."""
        body = package(*releases)
        dry = await imported(manager, body, commit=False)
        done = await imported(manager, body)
        assert dry | {"committed": True} == done
        again = await imported(manager, body)
        assert (0, 0) == (again["contracts"]["new"], again["contracts"]["changed"])
        for summary in (done, again):
            counts = {kind: sum(fates.values()) for kind, fates in summary["counts"].items()}
            assert published_any.count(releases) == Counter(counts)
            assert sum(counts.values()) == len(summary["outcomes"])


class TestABrokenFile:
    async def test_is_imported_but_for_the_lines_that_are_broken(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Each of them is told with its place."""
        good = json.dumps(published.release()).encode()
        summary = await imported(manager, b"\n".join((good, b"{half", b"[" * 5000, b"7")))
        assert 1 == summary["contracts"]["new"]
        assert [None, "line 2", "line 3", "line 4"] == [
            each["place"] if each["fate"] == "faulty" else None
            for each in summary["outcomes"]
            if each["kind"] == "release"
        ]

    async def test_is_refused_whole_if_it_cannot_be_read(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """One sentence says where and why, and nothing is stored."""
        body = package(published.release()).replace(b"Community", b"Communit\xe9")
        answer = await manager.upload(PATH, body, authority=build.AUTHORITY, commit=True)
        assert (422, "application/problem+json") == (
            answer.status_code,
            answer.headers["content-type"],
        )
        assert answer.json()["title"].startswith("The file is not UTF-8: line 1, byte ")
        assert [] == await service.rows("contract")


class TestWhoMayImport:
    async def test_is_a_manager_of_the_authority(self, service: VerificationService) -> None:
        """An operator changes no contract, not even as a draft; nobody that of others."""
        body = package(published.release())
        stranger = await service.caller("manager", authority="GB-LAE-SHN")
        supplier = await service.caller("supplier", build.SUPPLIER)
        operator = await service.caller("operator")
        statuses = [
            (await who.upload(PATH, body, authority=build.AUTHORITY)).status_code
            for who in (stranger, supplier, operator)
        ]
        assert [403, 403, 403] == statuses
