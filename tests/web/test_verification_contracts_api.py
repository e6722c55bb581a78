"""Verification over HTTP: contracts and commitments, on a real database, without a broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pytest

from services.verification.api import refusals
from services.verification.register import commitments, contracts, publication, terms
from services.verification.register.refusals import Code, Refusal
from shared.delivery import topics
from shared.wire import events
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import (
    Caller,
    VerificationService,
    a_commitment,
    a_contract,
)
from tests.support.waiting import eventually

OTHER = "GB-LAE-SHN"


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def manager(service: VerificationService) -> Caller:
    return await service.caller("manager")


@pytest.fixture
async def approver(service: VerificationService) -> Caller:
    return await service.caller("approver")


class TestRegisteringAContract:
    async def test_tells_the_ledger_and_intake(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """ContractRegistered with a digest of the words, and the contract as intake needs it."""
        answer = await manager.post("/contracts", a_contract())
        assert (201, False) == (answer.status_code, answer.json()["published"])
        registered, published = await service.messages()
        assert isinstance(registered, events.ContractRegistered)
        assert registered.words_digest
        assert "Community hub" not in events.write(registered).decode()
        assert isinstance(published, events.ContractPublished)
        assert (1, registered.event_id) == (published.version, published.caused_by)
        assert published.obligations is not None
        assert () == published.obligations.active  # nothing is promised yet

    async def test_shows_when_intake_can_know_it(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """`published` is true once the broker has acknowledged the newest version."""
        await manager.post("/contracts", a_contract())
        await service.pool.execute("DELETE FROM outbox_unsent")
        one = (await manager.get("/contracts/C1")).json()
        (listed,) = (await manager.get("/contracts")).json()["items"]
        assert [True, True] == [one["published"], listed["published"]]
        await manager.post("/contracts/C1/commitments", a_commitment())
        assert (await manager.get("/contracts/C1")).json()["published"] is False

    async def test_twice_changes_nothing_and_with_other_values_is_refused(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """201, then 200; 409 with another title, or from another authority."""
        stranger = await service.caller("manager", authority=OTHER)
        answers = [
            await manager.post("/contracts", a_contract()),
            await manager.post("/contracts", a_contract()),
            await manager.post("/contracts", a_contract(title="Another hub")),
            await stranger.post("/contracts", a_contract()),
        ]
        assert [201, 200, 409, 409] == [answer.status_code for answer in answers]
        assert 1 == len(await service.rows("journal"))

    async def test_names_each_firm_once_however_it_is_spelt(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """One firm owes one return, and its token says the same id."""
        spellings = ["GB-COH-1234567", "gb-coh-01234567", "GB-COH-SC123456", "GB-COH-sc123456"]
        names = {"GB-COH-1234567": "Example Builders"}
        sent = a_contract(supplier_ids=spellings, supplier_names=names)
        answer = await manager.post("/contracts", sent)
        assert [
            {"id": "GB-COH-01234567", "name": "Example Builders"},
            {"id": "GB-COH-SC123456", "name": None},
        ] == answer.json()["suppliers"]
        for placeholder in ("GB-COH-N/A", "GB-COH-123", "none"):
            answer = await manager.post("/contracts", a_contract(supplier_ids=[placeholder]))
            assert ["/supplier_ids/0"] == [e["pointer"] for e in answer.json()["errors"]]

    async def test_is_refused_if_someone_else_is_quicker(
        self, service: VerificationService
    ) -> None:
        """Both see no such contract and add it: the second is refused once the first commits."""
        wanted = contracts.Registration(
            contract_id="C1",
            supplier_ids=("GB-COH-1",),
            starts_on=date(2026, 10, 1),
            ends_on=date(2028, 9, 30),
            words={"title": "Community hub", "suppliers": {"GB-COH-1": None}, "buyer": None},
        )
        acting = publication.Acting("manager@here", OTHER, service.clock.now())
        async with service.pool.acquire() as one, service.pool.acquire() as other:
            async with one.transaction():
                assert "new" == await contracts.register(one, wanted, acting)
                late = asyncio.create_task(contracts.register(other, wanted, acting))
                waiting = (
                    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
                    "WHERE NOT granted AND datname = current_database()"
                )
                await eventually(lambda: service.pool.fetchval(waiting), 1)
            assert Refusal("contract_known") == await late
        assert 1 == len(await service.rows("journal"))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"ends_on": "2026-09-30"},
            {"supplier_ids": []},
            {"contract_id": "a/b"},
            {"contract_id": ""},
            {"title": " "},
            {"starts_on": "yesterday"},
            {"surprise": 1},
        ],
    )
    async def test_refuses_what_it_cannot_read(
        self, manager: Caller, wrong: dict[str, Any]
    ) -> None:
        """422 as a problem document."""
        answer = await manager.post("/contracts", a_contract(**wrong))
        assert (422, "application/problem+json") == (
            answer.status_code,
            answer.headers["content-type"],
        )


class TestACommitment:
    async def test_binds_when_a_second_person_has_approved_it(
        self, service: VerificationService, manager: Caller, approver: Caller
    ) -> None:
        """A draft, then active: both are announced, and each gives the contract a new version (rule
        P3)."""
        await manager.post("/contracts", a_contract())
        drafted = await manager.post("/contracts/C1/commitments", a_commitment())
        activated = await approver.post("/contracts/C1/commitments/spend/activate", {})
        assert ["draft", "active"] == [each.json()["state"] for each in (drafted, activated)]
        announced = [
            (each.commitment.state, each.proposed_by, each.approved_by)
            for each in await service.messages(topics.OUTCOMES)
            if isinstance(each, events.CommitmentChanged)
        ]
        people = ("manager@GB-LAE-KWL", "approver@GB-LAE-KWL")
        assert [("draft", people[0], None), ("active", *people)] == announced
        published = await service.messages(topics.CONTRACTS)
        assert [1, 2, 3] == [each.version for each in published]
        assert "active" == published[-1].commitments[0].state

    async def test_may_not_be_approved_by_the_person_who_proposed_it(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """403, even if the same person also is an approver (rule P3)."""
        same = await service.caller("approver", actor="manager@GB-LAE-KWL")
        await manager.post("/contracts", a_contract())
        await manager.post("/contracts/C1/commitments", a_commitment())
        answer = await same.post("/contracts/C1/commitments/spend/activate")
        assert 403 == answer.status_code

    async def test_changes_by_a_new_version(
        self, service: VerificationService, manager: Caller, approver: Caller
    ) -> None:
        """What is active stays active until the change is approved; the next draft replaces a
        draft."""
        await service.promise("C1")
        path = "/contracts/C1/commitments/spend"
        change = {"target": "700000", "from": "2027-01-01", "reason": "extended"}
        await manager.patch(path, change)
        last = await manager.patch(path, change | {"target": "650000"})
        assert ["active", "replaced", "draft"] == [v["state"] for v in last.json()["versions"]]
        stale = await approver.post(f"{path}/activate", {"version": 2})
        done = await approver.post(f"{path}/activate", {"version": 3})
        again = await approver.post(f"{path}/activate")
        assert [409, 200, 409] == [each.status_code for each in (stale, done, again)]
        targets = [v["target"] for v in done.json()["versions"] if v["state"] == "active"]
        assert ["600000", "650000"] == targets

    async def test_changes_from_the_day_on_which_that_is_proposed(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Commitments and versions: unless another day is given; an earlier one is pointed out to
        whoever approves."""
        await service.promise("C1")
        service.clock.move_to(build.at("2027-01-15"))
        path = "/contracts/C1/commitments/spend"
        shown = []
        for more in ({}, {"from": "2026-12-01"}, {"from": "2027-02-01"}):
            answer = await manager.patch(path, {"target": "700000", "reason": "more"} | more)
            newest = answer.json()["versions"][-1]
            shown.append((newest["from"], newest["is_backdated"]))
        assert [("2027-01-15", False), ("2026-12-01", True), ("2027-02-01", False)] == shown

    async def test_has_a_limited_number_of_versions(
        self, service: VerificationService, manager: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Proposals that were replaced are among them; the answer says what to do."""
        monkeypatch.setattr(commitments, "VERSIONS_MAX", 2)
        await service.promise("C1")
        path = "/contracts/C1/commitments/spend"
        change = {"target": "700000", "reason": "more"}
        answers = [await manager.patch(path, change) for _ in range(2)]
        assert [200, 422] == [each.status_code for each in answers]
        assert "draft another commitment" in answers[-1].json()["title"]

    async def test_says_what_its_lines_are_checked_for(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """What is not built is not passed off as checked: in the contract's answer, and beside its
        figures."""
        await service.promise("C1")
        (commitment,) = (await manager.get("/contracts/C1")).json()["commitments"]
        (figures,) = (await manager.get("/contracts/C1/performance")).json()["commitments"]
        for answer in (commitment, figures):
            assert ["V1", "V2", "V6"] == [each["rule"] for each in answer["checks"]]
            missing = [each["rule"] for each in answer["checks_not_built"]]
            assert ["V7", "V9", "V10", "V11"] == missing

    async def test_never_begins_before_the_version_before_it(
        self, service: VerificationService, manager: Caller, approver: Caller
    ) -> None:
        """409 at the approval."""
        await service.promise("C1")
        path = "/contracts/C1/commitments/spend"
        for start, status in (("2027-03-01", 200), ("2027-01-01", 409)):
            await manager.patch(path, {"from": start, "reason": "moved"})
            answer = await approver.post(f"{path}/activate")
            assert status == answer.status_code

    @pytest.mark.parametrize(
        ("wrong", "pointer"),
        [
            ({"measure": "happiness"}, "/measure"),
            ({"unit": "visits"}, "/unit"),
            ({"profile": {"kind": "wavy"}}, "/profile"),
            ({"profile": {"kind": "steps", "steps": [["2027-01-31", "5"]]}}, "/profile"),
            (
                {
                    "profile": {
                        "kind": "steps",
                        "steps": [["2026-10-15", "1E-5000"], ["2027-01-31", "600000"]],
                    }
                },
                "/profile",
            ),
            ({"area": {"gss": [], "edition": "sample-1"}}, "/area"),
            ({"target": "0"}, "/target"),
            ({"target": "NaN"}, "/target"),
        ],
    )
    async def test_refuses_what_the_fold_cannot_read(
        self, service: VerificationService, manager: Caller, wrong: dict[str, Any], pointer: str
    ) -> None:
        """422 with the field; nothing is stored."""
        await manager.post("/contracts", a_contract())
        answer = await manager.post("/contracts/C1/commitments", a_commitment(**wrong))
        assert (422, [pointer]) == (
            answer.status_code,
            [each["pointer"] for each in answer.json()["errors"]],
        )
        assert [] == await service.rows("commitment")

    @pytest.mark.parametrize(
        ("edition", "pointer"), [("a\x00", "/area/edition"), ("a\x01", "/area")]
    )
    async def test_refuses_a_text_that_cannot_be_kept(
        self, service: VerificationService, manager: Caller, edition: str, pointer: str
    ) -> None:
        """Rule I13: 422 with the field; nothing is drafted, and no contract is registered."""
        answer = await manager.post("/contracts", a_contract(ocid="a\x00"))
        assert ["/ocid"] == [each["pointer"] for each in answer.json()["errors"]]
        assert [] == await service.rows("contract")
        await manager.post("/contracts", a_contract())
        area = {"gss": ["E08000011"], "edition": edition}
        answer = await manager.post("/contracts/C1/commitments", a_commitment(area=area))
        assert (422, [pointer]) == (
            answer.status_code,
            [each["pointer"] for each in answer.json()["errors"]],
        )
        assert [] == await service.rows("commitment")

    def test_is_refused_with_a_target_that_cannot_be_counted_with(self) -> None:
        """As an import may have it: only the API bounds figures beforehand."""
        life = terms.Life(date(2026, 10, 1), date(2028, 9, 30))
        wanted = terms.Terms(
            measure="local-spend", target=Decimal("1e-25"), profile={"kind": "linear"}
        )
        refused = terms.structure("spend", 1, wanted, life)
        assert isinstance(refused, Refusal)
        assert "/target" == refused.pointer


class TestARefusal:
    def test_has_its_status_and_words_in_the_table(self) -> None:
        """Every code has an answer, and there is no answer without a code."""
        assert set(get_args(Code)) == refusals.ANSWERS.keys()
