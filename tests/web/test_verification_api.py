"""Verification over HTTP: the application as it is served, on a real database, without a broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from services.verification.register import commitments
from shared import clock
from shared.delivery import topics
from shared.web import lists, problems
from shared.wire import events, ids
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import Caller, House, a_commitment, a_contract, day_ended

OTHER = "GB-LAE-SHN"


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def manager(house: House) -> Caller:
    return await house.caller("manager")


@pytest.fixture
async def approver(house: House) -> Caller:
    return await house.caller("approver")


def figure(answer: httpx.Response, name: str = "counted") -> str:
    assert 200 == answer.status_code, answer.text
    (only,) = answer.json()["commitments"]
    return str(only[name])


class TestRegisteringAContract:
    async def test_tells_the_ledger_and_intake(self, house: House, manager: Caller) -> None:
        """ContractRegistered with a digest of the words, and the contract as intake needs it."""
        answer = await manager.post("/contracts", a_contract())
        assert (201, False) == (answer.status_code, answer.json()["published"])
        registered, published = await house.letters()
        assert isinstance(registered, events.ContractRegistered)
        assert registered.words_digest
        assert "Community hub" not in events.write(registered).decode()
        assert isinstance(published, events.ContractPublished)
        assert (1, registered.event_id) == (published.version, published.caused_by)

    async def test_says_when_intake_can_know_it(self, house: House, manager: Caller) -> None:
        """Published once the broker has acknowledged the newest version."""
        await manager.post("/contracts", a_contract())
        await house.pool.execute("DELETE FROM outbox_unsent")
        one = (await manager.get("/contracts/C1")).json()
        (listed,) = (await manager.get("/contracts")).json()["items"]
        assert [True, True] == [one["published"], listed["published"]]
        await manager.post("/contracts/C1/commitments", a_commitment())
        assert (await manager.get("/contracts/C1")).json()["published"] is False

    async def test_twice_changes_nothing_and_otherwise_is_refused(
        self, house: House, manager: Caller
    ) -> None:
        """201, 200; 409 where it is another contract, or another authority's."""
        stranger = await house.caller("manager", authority=OTHER)
        answers = [
            await manager.post("/contracts", a_contract()),
            await manager.post("/contracts", a_contract()),
            await manager.post("/contracts", a_contract(title="Another hub")),
            await stranger.post("/contracts", a_contract()),
        ]
        assert [201, 200, 409, 409] == [answer.status_code for answer in answers]
        assert 1 == len(await house.rows("journal"))

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
        self, house: House, manager: Caller, approver: Caller
    ) -> None:
        """Draft, then active; both are told, and each gives the contract a new version (P3)."""
        await manager.post("/contracts", a_contract())
        drafted = await manager.post("/contracts/C1/commitments", a_commitment())
        activated = await approver.post("/contracts/C1/commitments/spend/activate", {})
        assert ["draft", "active"] == [each.json()["state"] for each in (drafted, activated)]
        said = [
            (each.commitment.state, each.proposed_by, each.approved_by)
            for each in await house.letters(topics.OUTCOMES)
            if isinstance(each, events.CommitmentChanged)
        ]
        people = ("manager@GB-LAE-KWL", "approver@GB-LAE-KWL")
        assert [("draft", people[0], None), ("active", *people)] == said
        published = await house.letters(topics.CONTRACTS)
        assert [1, 2, 3] == [each.version for each in published]
        assert "active" == published[-1].commitments[0].state

    async def test_may_not_be_approved_by_whoever_proposed_it(
        self, house: House, manager: Caller
    ) -> None:
        """403, though the same person also holds the role (rule P3)."""
        same = await house.caller("approver", actor="manager@GB-LAE-KWL")
        await manager.post("/contracts", a_contract())
        await manager.post("/contracts/C1/commitments", a_commitment())
        answer = await same.post("/contracts/C1/commitments/spend/activate")
        assert 403 == answer.status_code

    async def test_changes_by_a_new_version(
        self, house: House, manager: Caller, approver: Caller
    ) -> None:
        """What is active stays so until the change is approved; a draft gives way to the next."""
        await house.promise("C1")
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

    async def test_never_begins_before_the_version_before_it(
        self, house: House, manager: Caller, approver: Caller
    ) -> None:
        """409 at the approval."""
        await house.promise("C1")
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
        self, house: House, manager: Caller, wrong: dict[str, Any], pointer: str
    ) -> None:
        """422, and where; nothing is stored."""
        await manager.post("/contracts", a_contract())
        answer = await manager.post("/contracts/C1/commitments", a_commitment(**wrong))
        assert (422, [pointer]) == (
            answer.status_code,
            [each["pointer"] for each in answer.json()["errors"]],
        )
        assert [] == await house.rows("commitment")

    def test_is_refused_a_target_that_nothing_can_be_counted_with(self) -> None:
        """As from a notice, whose figures no form has bounded."""
        days = {"starts_on": date(2026, 10, 1), "ends_on": date(2028, 9, 30)}
        figures = {"target": Decimal("1e-25"), "profile": {"kind": "linear"}}
        with pytest.raises(problems.Problem) as refused:
            commitments.structure(days, "spend", "local-spend", figures)  # type: ignore[arg-type]
        assert ["/target"] == [each.pointer for each in refused.value.errors]


class TestWhoMaySee:
    @pytest.fixture
    async def paths(self, house: House) -> list[str]:
        await house.promise("C1")
        await house.deliver(build.returned(1, "2026-10", build.line("1", "1.00")))
        return ["/contracts/C1", "/contracts/C1/performance"]

    async def test_the_supplier_sees_its_own(self, house: House, paths: list[str]) -> None:
        """Its contract, figures and lines."""
        supplier = await house.caller("supplier", build.SUPPLIER)
        assert [200, 200] == [(await supplier.get(path)).status_code for path in paths]
        for listed in ("/contracts", "/lines"):
            assert 1 == len((await supplier.get(listed)).json()["items"])

    @pytest.mark.parametrize(
        ("role", "party", "authority"),
        [
            ("supplier", "GB-COH-00000009", build.AUTHORITY),
            ("supplier", build.SUPPLIER, OTHER),
            ("manager", None, OTHER),
            ("auditor", None, OTHER),
        ],
    )
    async def test_others_see_nothing(
        self, house: House, paths: list[str], role: Any, party: str | None, authority: str
    ) -> None:
        """404 and empty lists, as if there were none."""
        stranger = await house.caller(role, party, authority)
        assert [404, 404] == [(await stranger.get(path)).status_code for path in paths]
        for listed in ("/contracts", "/lines", "/alerts", "/cases"):
            assert [] == (await stranger.get(listed)).json()["items"]

    async def test_only_managers_draft_and_only_approvers_approve(
        self, house: House, paths: list[str]
    ) -> None:
        """403 for every other role, 404 for another authority's."""
        supplier = await house.caller("supplier", build.SUPPLIER)
        auditor, approver = await house.caller("auditor"), await house.caller("approver")
        stranger = await house.caller("manager", authority=OTHER)
        drafts = [
            await who.post("/contracts/C1/commitments", a_commitment("other"))
            for who in (supplier, auditor, approver, stranger)
        ]
        assert [403, 403, 403, 404] == [each.status_code for each in drafts]
        manager = await house.caller("manager")
        activated = await manager.post("/contracts/C1/commitments/spend/activate")
        assert 403 == activated.status_code


class TestPerformance:
    async def test_shows_what_was_known_on_each_day(self, house: House, manager: Caller) -> None:
        """Example 15: 18,250 at 30 November, 15,250 at 31 December, 14,250 at 28 February."""
        await house.promise("C1")
        paid = build.invoice("INV-1", "18250.00")
        line = build.line("1", "18250.00", invoice=paid)
        revised = build.line("1", "15250.00", invoice=build.invoice("INV-1", "15250.00"))
        credit = build.line(
            "1", "-1000.00", invoice=build.invoice("CR-1", "-1000.00", credit_of="INV-1")
        )
        await house.deliver(
            build.returned(1, "2026-10", line, day="2026-11-10"),
            build.returned(2, "2026-10", revised, day="2026-12-09", revision=2),
            build.returned(3, "2027-01", credit, day="2027-02-10"),
        )
        path = "/contracts/C1/performance"
        told = [
            figure(await manager.get(path, as_at=day))
            for day in ("2026-11-30", "2026-12-31", "2027-02-28")
        ]
        assert ["18250.00", "15250.00", "14250.00"] == told
        now = (await manager.get(path)).json()["commitments"][0]
        assert "14250.00" == now["counted"]
        months = {each["period"]: each["counted"] for each in now["by_period"]}
        assert {"2026-10": "15250.00", "2027-01": "-1000.00"} == months

    async def test_as_at_today_is_what_it_shows_now(self, house: House, manager: Caller) -> None:
        """Folding the journal again gives what the tables say."""
        await house.promise("C1")
        await house.deliver(
            build.returned(1, "2026-10", build.line("1", "9000.00"), day="2026-11-03"),
            day_ended("2026-11-13"),
        )
        path = "/contracts/C1/performance"
        now = (await manager.get(path)).json()
        then = (await manager.get(path, as_at="2027-01-01")).json()
        assert now | {"as_at": "2027-01-01"} == then

    async def test_rounds_down_what_it_shows_beside_the_exact_fraction(
        self, house: House, manager: Caller
    ) -> None:
        """£600,000 over 731 days: 31 of them by 31 October."""
        await house.promise("C1")
        await house.deliver(build.returned(1, "2026-10", build.line("1", "22886.00")))
        path = "/contracts/C1/performance"
        answer = await manager.get(path)
        shown = (figure(answer, "expected"), figure(answer, "attainment"), figure(answer, "rating"))
        assert ("25444.60", "89.9", "Requires improvement") == shown

    async def test_of_a_day_before_the_contract_is_not_there(
        self, house: House, manager: Caller
    ) -> None:
        """404, not an empty answer."""
        await house.promise("C1")
        answer = await manager.get("/contracts/C1/performance", as_at="2026-09-01")
        assert 404 == answer.status_code

    @pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "never"])
    async def test_of_no_day_of_any_contract_is_refused(
        self, house: House, manager: Caller, day: str
    ) -> None:
        """422: such a day has no end that a clock could say."""
        await house.promise("C1")
        answer = await manager.get("/contracts/C1/performance", as_at=day)
        assert 422 == answer.status_code


class TestAlerts:
    async def test_say_in_plain_words_what_is_behind(self, house: House, manager: Caller) -> None:
        """Rule L1: contract, supplier, commitment, figures, gap, why, the next step and its day."""
        await house.promise("C1")
        await house.deliver(
            build.returned(1, "2026-10", build.line("1", "18250.00"), day="2026-11-10")
        )
        (alert,) = (await manager.get("/alerts")).json()["items"]
        assert (
            "Spend in the borough is behind: Community hub (Example Builders (fictional))"
            == alert["headline"]
        )
        assert (
            "By 31 October 2026, £25,444.60 of £600,000.00 was due. £18,250.00 was reported and "
            "£18,250.00 counted. That is £7,194.60 behind, 1.1 % of the whole. Rated: Inadequate. "
            "Why: less was delivered than was due." == alert["words"]
        )
        assert (
            "Notify Example Builders (fictional) of the shortfall by 17 November 2026."
            == alert["next_step"]["words"]
        )
        (case,) = (await manager.get("/cases")).json()["items"]
        assert ("shortfall", "opened", alert["subject"]) == (
            case["kind"],
            case["state"],
            case["case_id"],
        )

    async def test_come_page_by_page_the_newest_first(self, house: House, manager: Caller) -> None:
        """Each once, filtered by contract and kind."""
        await house.promise("C1", "C2")
        await house.deliver(
            *(
                day_ended(day, contract_id)
                for contract_id in ("C1", "C2")
                for day in ("2026-10-31", "2026-11-10", "2026-11-12", "2026-11-19")
            )
        )
        seen: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await manager.get("/alerts", limit=2, **cursor)).json()
            seen += page["items"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert 6 == len(seen) == len({each["alert_id"] for each in seen})
        assert seen == sorted(seen, key=lambda each: (each["raised_at"], each["alert_id"]))[::-1]
        only = (await manager.get("/alerts", contract="C2", kind="return_overdue")).json()["items"]
        assert [("C2", "return_overdue")] == [(each["contract_id"], each["kind"]) for each in only]

    @pytest.mark.parametrize(
        "cursor",
        [
            "x",
            "WyJhIiwiYiJd",
            lists.encode_cursor("2026-11-10T12:00:00", str(ids.derived("no zone"))),
            lists.encode_cursor("0001-01-01T00:00:00+14:00", str(ids.derived("before all"))),
        ],
    )
    async def test_refuse_a_cursor_that_is_none_of_theirs(
        self, manager: Caller, cursor: str
    ) -> None:
        """400, never a failure."""
        for path in ("/alerts", "/cases"):
            assert 400 == (await manager.get(path, cursor=cursor)).status_code


class TestTheDemosClock:
    async def test_goes_along_with_what_arrives(self, house: House) -> None:
        """Intake's operator moves the day; here it is moved by the day's end."""
        await house.deliver(day_ended("2026-12-31"))
        assert "2027-01-01" == str(clock.london_day(house.clock.now()))
