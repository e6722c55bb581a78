"""Returns and refusals as they are read: narrowed down, in full, and by whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from services.intake import store
from shared import clock
from shared.wire import events
from tests.support import intake_builders as build
from tests.web.test_intake_api import OTHER, Caller, RunningSystem, open_system

AT = "/api/v1/returns"
SHARED = "KMBC-2026-0200"


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    """On 5 November 2026, with a second contract of two suppliers."""
    async with open_system(database, tmp_path, posts_per_second_max=500) as made:
        suppliers = (build.PARTY, OTHER)
        both = build.a_contract_published(
            SHARED, supplier_ids=suppliers, starts_on=date(2026, 8, 1)
        )
        async with made.pool.acquire() as conn:
            row = store.rows.contract_row(both, events.write(both))
            await store.projections.apply_contracts(conn, [row])
        yield made


@pytest.fixture
async def supplier(system: RunningSystem) -> Caller:
    return await system.caller("supplier", build.PARTY)


@pytest.fixture
async def manager(system: RunningSystem) -> Caller:
    return await system.caller("manager")


def nil(period: str, **changes: Any) -> dict[str, Any]:
    return build.a_return(period=period, nil=True, contract_id=SHARED, **changes) | {"lines": []}


async def numbers(caller: Caller, **asked: Any) -> list[int]:
    """The receipt numbers of what is listed."""
    answer = await caller.get(AT, **asked)
    assert 200 == answer.status_code, answer.text
    return [each["receipt_no"] for each in answer.json()["items"]]


@pytest.fixture
async def sent(system: RunningSystem, supplier: Caller) -> dict[int, dict[str, Any]]:
    """By receipt number: 1 August, late; 2 September, late; 3 October, in time; 4 October again;
    5 October of the other party, withdrawn with 6."""
    found = {}
    for document in (
        nil("2026-08"),
        nil("2026-09"),
        nil("2026-10"),
        nil("2026-10", revision=2, reason="checked again"),
    ):
        receipt = (await supplier.send(document)).json()
        found[receipt["receipt_no"]] = receipt
    other = await system.caller("supplier", OTHER)
    receipt = (await other.send(nil("2026-10"))).json()
    await other.post(receipt["links"]["withdraw"], {"reason": "too early"})
    return found | {5: receipt}


class TestTheListOfReturns:
    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, [5, 4, 3, 2, 1]),
            ({"party": OTHER}, [5]),
            ({"period": "2026-09"}, [2]),
            ({"period_from": "2026-09"}, [5, 4, 3, 2]),
            ({"period_to": "2026-09"}, [2, 1]),
            ({"period_from": "2026-09", "period_to": "2026-09"}, [2]),
            ({"status": "received"}, [4, 2, 1]),
            ({"status": "superseded"}, [3]),
            ({"status": "withdrawn"}, [5]),
            ({"status": "held"}, []),
            ({"late": "true"}, [2, 1]),
            ({"late": "false"}, [5, 4, 3]),
            ({"late": "true", "period": "2026-08"}, [1]),
            ({"contract": build.CONTRACT}, []),
        ],
    )
    async def test_is_narrowed_down(
        self,
        manager: Caller,
        sent: dict[int, dict[str, Any]],
        asked: dict[str, str],
        found: list[int],
    ) -> None:
        """August's return was due on 14 September, September's on 14 October; October's is due on
        13 November."""
        assert 5 == len(sent)
        assert found == await numbers(manager, **asked)

    async def test_comes_page_by_page(
        self, manager: Caller, sent: dict[int, dict[str, Any]]
    ) -> None:
        """Also narrowed down by what only the domain knows."""
        assert 5 == len(sent)
        page = (await manager.get(AT, late="false", limit=2)).json()
        assert [5, 4] == [each["receipt_no"] for each in page["items"]]
        assert [3] == await numbers(manager, late="false", limit=2, cursor=page["next"])

    async def test_says_when_each_was_due(
        self, manager: Caller, sent: dict[int, dict[str, Any]]
    ) -> None:
        assert 5 == len(sent)
        items = (await manager.get(AT, period_to="2026-09")).json()["items"]
        assert [("2026-10-14", True), ("2026-09-14", True)] == [
            (each["due_on"], each["late"]) for each in items
        ]

    @pytest.mark.parametrize(
        ("asked", "status", "parameter"),
        [
            ({"contract": "KMBC-9999"}, 404, None),
            ({"party": "GB-COH-00000009"}, 404, None),
            ({"status": "lost"}, 422, "status"),
            ({"late": "yes"}, 422, "late"),
            ({"period": "2026-13"}, 422, "period"),
            ({"period_from": "2026-10", "period_to": "2026-09"}, 422, "period_to"),
            ({"period": "2026-10", "period_to": "2026-11"}, 422, "period"),
            ({"status": "refused", "late": "true"}, 422, "late"),
            ({"stauts": "held"}, 422, "stauts"),
        ],
    )
    async def test_is_not_asked_for_what_cannot_be(
        self, manager: Caller, asked: dict[str, str], status: int, parameter: str | None
    ) -> None:
        """Never an empty list for a misspelt name."""
        answer = await manager.get(AT, **asked)
        assert status == answer.status_code
        if parameter is not None:
            assert [parameter] == [each["parameter"] for each in answer.json()["errors"]]


class TestARefusal:
    async def test_can_be_read_later(
        self, system: RunningSystem, supplier: Caller, manager: Caller
    ) -> None:
        """By the party and its authority: when, by which door, of what, and why; never what."""
        wrong = build.a_return(build.a_line(unit="weeks", note="Jane Smith started"))
        assert 422 == (await supplier.send(wrong)).status_code
        for caller in (supplier, manager):
            (shown,) = (await caller.get(AT, status="refused")).json()["items"]
            assert {
                "status": "refused",
                "party_id": build.PARTY,
                "contract_id": build.CONTRACT,
                "period": "2026-10",
                "route": "http",
                "rules": ["I4"],
                "faults_count": 1,
                "count": 1,
                "faults": [
                    {
                        "pointer": "/lines/0/unit",
                        "rule": "I4",
                        "message": "The unit of this measure (Apprentices started) is FTE",
                        "fix": "Give the quantity in FTE, or correct the commitment; nothing is "
                        "converted.",
                        "header": None,
                    }
                ],
            }.items() <= shown.items()
            assert "2026-11-05" == shown["refused_at"][:10]
            assert "Jane" not in str(shown)
        other = await system.caller("supplier", OTHER)
        assert [] == (await other.get(AT, status="refused")).json()["items"]
        assert [] == (await supplier.get(AT)).json()["items"]

    async def test_is_found_by_month_and_page_by_page(self, supplier: Caller) -> None:
        """The newest first; one whose month cannot be read is in the whole list only."""
        for period in ("2026-09", "2026-10", "many"):
            faulty = build.a_return(period=period, declaration=None)
            assert 422 == (await supplier.send(faulty)).status_code
        whole = (await supplier.get(AT, status="refused")).json()["items"]
        assert [None, "2026-10", "2026-09"] == [each["period"] for each in whole]
        page = (await supplier.get(AT, status="refused", limit=2)).json()
        rest = await supplier.get(AT, status="refused", limit=2, cursor=page["next"])
        assert whole == page["items"] + rest.json()["items"]
        later = (await supplier.get(AT, status="refused", period_from="2026-10")).json()["items"]
        assert ["2026-10"] == [each["period"] for each in later]

    async def test_is_told_with_others_beyond_a_number_a_day(
        self, system: RunningSystem, supplier: Caller
    ) -> None:
        """103 on one day: 100 each with its faults, and three as one when the day has ended."""
        for _ in range(103):
            await supplier.send(b"{}")
        ticking = system.app.state.dependencies.clock
        assert isinstance(ticking, clock.MovedClock)
        operator = await system.caller("operator")
        await operator.post("/api/v1/clock", {"day": "2026-11-06"})
        assert datetime(2026, 11, 6, tzinfo=UTC) <= ticking.now()
        items = (await supplier.get(AT, status="refused", limit=1000)).json()["items"]
        assert 101 == len(items)
        (together,) = [each for each in items if each["count"] > 1]
        assert (3, []) == (together["count"], together["faults"])
        assert all(each["faults"] for each in items if each["count"] == 1)


class TestAReturn:
    async def test_is_shown_as_it_was_sent(self, supplier: Caller) -> None:
        """All of it, to the party that sent it."""
        late = build.a_line(
            build.VISIT, line_id="5", from_="2026-09-14", late="The school was slow"
        )
        late["session"]["start"] = "2026-09-14T09:30"
        evidence = [{"reference": "file 12", "sha256": "ab" * 32}]
        document = build.a_return(
            build.a_line(evidence=evidence), build.SPEND, build.VISIT, build.TRAINING, late
        )
        receipt = (await supplier.send(document)).json()
        shown = (await supplier.get(receipt["links"]["self"])).json()
        for name in ("nil", "invoiced_to_date", "declaration", "reason"):
            assert document[name] == shown[name], name
        for line, found in zip(document["lines"], shown["lines"], strict=True):
            for name, value in line.items():
                wanted = value
                if isinstance(value, dict):
                    wanted = {inner: each for inner, each in value.items() if each is not None}
                assert wanted == found[name], name

    async def test_shows_the_council_no_references_to_people(
        self, system: RunningSystem, supplier: Caller
    ) -> None:
        """Rule I7: what was reported of a person, and not who it is. Notes, evidence and the
        declaration are the council's too."""
        line = build.a_line(person__shared_id="1234567890")
        receipt = (await supplier.send(build.a_return(line))).json()
        for role in ("manager", "approver", "auditor"):
            caller = await system.caller(role)
            answer = await caller.get(receipt["links"]["self"])
            (shown,) = answer.json()["lines"]
            assert {
                "employer_id": build.PARTY,
                "weekly_hours": "37",
                "in_post_on": "2026-10-31",
            } == shown["person"]
            assert "Level 3 electrical" == shown["note"]
            assert "A. Signatory" == answer.json()["declaration"]["name"]
            assert [] == [word for word in ("APP-014", "1234567890") if word in answer.text]
