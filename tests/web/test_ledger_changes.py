"""The ledger's API: what changed between two days."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.ledger.api.dependencies import Dependencies
from shared.wire import events, ids
from tests.support import ledger_service as build
from tests.support.ledger_client import OTHER_AUTHORITY, OTHER_PARTY, Client, connect

PATH = "/api/v1/changes"
NOVEMBER = datetime(2026, 11, 5, 9, tzinfo=UTC)
FIRST = build.received(20, occurred_at=NOVEMBER)
REVISED = build.received(
    21, occurred_at=NOVEMBER + timedelta(days=1), revision=2, supersedes=FIRST.return_id
)
BACK = build.withdrawn(REVISED, 22)
OCTOBER = build.assessment("visits", "2026-10", "9", "Requires improvement", high=Decimal(12))
AGAIN = build.assessment("visits", "2026-10", "12", replaces=True)
GONE = build.assessment("visits", "2026-10", "0", "Other", reason="data_missing", replaces=True)
JOBS = build.assessment("jobs", "2026-10", "1")
"""`jobs` stay as they are: they are stated again, and do not change."""
JOBS_AGAIN = build.assessment("jobs", "2026-10", "1", replaces=True)
SENT: list[events.Event] = [
    build.promised(1, "12", occurred_at=NOVEMBER - timedelta(days=2)),  # 8: 3 November
    FIRST,  # 9: 5 November
    build.checked(FIRST, assessments=(OCTOBER, JOBS)),  # 10
    REVISED,  # 11: 6 November
    build.checked(REVISED, assessments=(AGAIN, JOBS_AGAIN)),  # 12
    BACK,  # 13: 6 November
    build.checked(
        REVISED,
        event_id=ids.derived("back"),
        caused_by=BACK.event_id,
        receipt_no=22,
        withdrawn=True,
        results=(),
        assessments=(GONE,),
    ),  # 14
    build.promised(2, "24", state="draft", occurred_at=NOVEMBER + timedelta(days=2)),  # 15: 7
    build.promised(2, "24", occurred_at=NOVEMBER + timedelta(days=3)),  # 16: 8 November
    build.assessed(date(2026, 11, 13), build.assessment("visits", "2026-09", "4")),  # 17: 14
    build.assessed(
        date(2026, 11, 14),
        build.assessment("visits", "2026-09", "3", replaces=True),
        step="claim:1",
    ),  # 18: 15 November
]


class StoppedClock:
    """It is noon on 20 November."""

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[build.LedgerService]:
    async with build.at_work(database, tmp_path) as made:
        yield made


@pytest.fixture
async def client(service: build.LedgerService) -> Client:
    """A log of eight entries, and of what changed on one contract after them."""
    made = await connect(service)
    await service.append(*SENT)
    made.app.state.dependencies = Dependencies(service.pool, StoppedClock())
    return made


async def changes(client: Client, who: str = "auditor", **asked: Any) -> list[dict[str, Any]]:
    """From the first day of November, if nothing else is asked."""
    days = {"from": "2026-11-03", "to": "2026-11-20"}
    answer = await client.get(PATH, who, **days | asked)
    assert 200 == answer.status_code, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


class TestChanges:
    async def test_say_what_was_before_and_what_did_it(self, client: Client) -> None:
        """Each decision with its cause. A figure that is stated again as it was has not changed."""
        found = [
            (
                each["entry"],
                each["cause"]["kind"],
                each["cause"]["entry"],
                [
                    (
                        figure["commitment_id"],
                        figure["period"],
                        figure["before"]
                        and (figure["before"]["entry"], figure["before"]["rating"]),
                        (figure["after"]["rating"], figure["after"]["counted"]),
                    )
                    for figure in each["figures"]
                ],
            )
            for each in await changes(client)
        ]
        assert [
            (8, "commitment_changed", 8, []),
            (
                10,
                "return_received",
                9,
                [
                    ("visits", "2026-10", None, ("Requires improvement", "9")),
                    ("jobs", "2026-10", None, ("Good", "1")),
                ],
            ),
            (
                12,
                "return_revised",
                11,
                [("visits", "2026-10", (10, "Requires improvement"), ("Good", "12"))],
            ),
            (
                14,
                "return_withdrawn",
                13,
                [("visits", "2026-10", (12, "Good"), ("Other", "0"))],
            ),
            (15, "commitment_changed", 15, []),
            (16, "commitment_changed", 16, []),
            (17, "day_ended", None, [("visits", "2026-09", None, ("Good", "4"))]),
            (18, "line_elsewhere", None, [("visits", "2026-09", (17, "Good"), ("Good", "3"))]),
        ] == found

    async def test_say_every_part_of_a_figure(self, client: Client) -> None:
        """In the commitment's unit; why a rating is Other."""
        before = {
            "entry": 12,
            "commitment_version": 1,
            "target": "12",
            "expected": "10/1",
            "counted": "12",
            "low": "12",
            "high": "12",
            "attainment": None,
            "rating": "Good",
            "reason": None,
        }
        after = before | {"entry": 14, "counted": "0", "low": "0", "high": "0"}
        after |= {"rating": "Other", "reason": "data_missing"}
        (figure,) = (await changes(client))[3]["figures"]
        assert (before, after) == (figure["before"], figure["after"])

    async def test_say_what_returns_count(self, client: Client) -> None:
        """Before and after a revision and a withdrawal; of a day there is no return."""
        found = await changes(client)
        counted = {"lines": 1, "provisional": "0", "queried": "0", "rules": []}
        twenty, more = counted | {"counted": "20"}, counted | {"counted": "21"}
        assert [
            None,
            [{"commitment_id": "visits", "before": None, "after": twenty}],
            [{"commitment_id": "visits", "before": twenty, "after": more}],
            [{"commitment_id": "visits", "before": more, "after": None}],
        ] == [each["lines"] for each in found[:4]]
        assert [None, None] == [each["lines"] for each in found[-2:]]

    async def test_say_how_commitments_changed(self, client: Client) -> None:
        """Against what was approved last: a proposal changes nothing by itself."""
        found = [each["commitment"] for each in await changes(client) if each["commitment"]]
        assert [
            (None, (1, "active", "12")),
            ((1, "12"), (2, "draft", "24")),
            ((1, "12"), (2, "active", "24")),
        ] == [
            (
                each["before"] and (each["before"]["version"], each["before"]["target"]),
                (each["after"]["version"], each["after"]["state"], each["after"]["target"]),
            )
            for each in found
        ]

    async def test_say_which_other_lines_changed(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """Lines of other returns of the contract, as they count now."""
        sent = build.received(30, revision=2, occurred_at=NOVEMBER + timedelta(days=12))
        other = events.LineResult(
            return_id=FIRST.return_id,
            line_id="1",
            commitment_id="visits",
            outcome="queried",
            counted=Decimal(0),
            queried=Decimal(5),
        )
        await service.append(sent, build.checked(sent, changed=(other,)))
        (found,) = await changes(client, **{"from": "2026-11-17"})
        now = {"lines": 1, "counted": "0", "provisional": "0", "queried": "5", "rules": []}
        assert [{"commitment_id": "visits", "now": now}] == found["lines_elsewhere"]

    async def test_are_those_of_the_days(self, client: Client) -> None:
        """Both days are included; days begin at midnight in London."""
        asked = {"from": "2026-11-06", "to": "2026-11-06"}
        assert [12, 14] == [each["entry"] for each in await changes(client, **asked)]
        asked = {"from": "2026-11-14", "to": "2026-11-14"}
        assert [17] == [each["entry"] for each in await changes(client, **asked)]
        asked = {"from": "2026-11-09", "to": "2026-11-13"}
        assert [] == await changes(client, **asked)

    async def test_come_in_pages(self, client: Client) -> None:
        """Each once, in the order of occurrence."""
        found: list[int] = []
        cursor: dict[str, str] = {}
        while True:
            asked: dict[str, Any] = {"from": "2026-11-02", "to": "2026-11-20", "limit": 2} | cursor
            page = (await client.get(PATH, **asked)).json()
            found += [each["entry"] for each in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert [3, 8, 10, 12, 14, 15, 16, 17, 18] == found

    async def test_are_of_those_entries_that_the_caller_sees(self, client: Client) -> None:
        """A supplier has the checks of its own returns, another authority nothing of it."""
        assert [10, 12, 14] == [each["entry"] for each in await changes(client, "supplier")]
        assert [] == await changes(client, "stranger")
        assert 8 == len(await changes(client, "manager", contract="C1"))
        assert [10, 12, 14] == [
            each["entry"] for each in await changes(client, supplier=build.PARTY)
        ]
        assert [] == await changes(client, supplier=OTHER_PARTY)

    async def test_have_figures_that_do_not_fit_into_a_leaf(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """They are read from the event, also as what was before; also what only an event in between
        does not state."""
        many = [build.assessment(f"c{n}", "2026-08", "1") for n in range(400)]
        between = [
            build.assessment(f"c{n}", "2026-07" if n == 7 else "2026-06", "1") for n in range(400)
        ]
        later = [build.assessment("c7", "2026-08", "5", replaces=True)]
        for number, stated in enumerate((many, between, later)):
            ended = date(2026, 11, 16) + timedelta(days=number)
            await service.append(build.assessed(ended, *stated))
        first, _, last = await changes(client, **{"from": "2026-11-17"})
        assert (400, "day_ended") == (len(first["figures"]), first["cause"]["kind"])
        (figure,) = last["figures"]
        assert (19, "1", "5") == (
            figure["before"]["entry"],
            figure["before"]["counted"],
            figure["after"]["counted"],
        )
        await service.superuser("UPDATE payload_key SET key = sha256('lost') WHERE idx = 19")
        first, _, last = await changes(client, **{"from": "2026-11-17"})
        assert ([], True) == (first["figures"], first["is_damaged"])
        assert True is last["is_damaged"]

    async def test_know_nothing_of_another_authority(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """Not even of a contract with the same id, of the same party."""
        theirs = build.received(50, authority_id=OTHER_AUTHORITY)
        ninety = build.assessment("visits", "2026-10", "99")
        ours = build.received(51, revision=3, occurred_at=NOVEMBER + timedelta(days=12))
        again = build.assessment("visits", "2026-10", "7", replaces=True)
        await service.append(theirs, build.checked(theirs, assessments=(ninety,)))
        await service.append(ours, build.checked(ours, assessments=(again,)))
        (found,) = await changes(client, **{"from": "2026-11-17"})
        assert (14, "0") == tuple(
            found["figures"][0]["before"][name] for name in ("entry", "counted")
        )
        assert [None] == [line["before"] for line in found["lines"]]

    async def test_leave_out_no_entry_that_is_damaged(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """Somebody changed the bytes of a leaf: the list says so, and goes on."""
        leaf = """convert_to(replace(convert_from(leaf, 'UTF8'), '"v":1', '"v":2'), 'UTF8')"""
        await service.superuser(f"UPDATE entry SET leaf = {leaf} WHERE idx = 12")
        damaged = (await changes(client))[2]
        assert (12, None, True, "2026-11-06T09:00:00Z") == (
            damaged["entry"],
            damaged["cause"],
            damaged["is_damaged"],
            damaged["occurred_at"],
        )
        assert "damaged" in damaged["words"]


class TestRefusal:
    @pytest.mark.parametrize(
        ("asked", "parameter"),
        [
            ({}, "from"),
            ({"from": "2026-11-03"}, "to"),
            ({"from": "2026-11-04", "to": "2026-11-03"}, "from"),
            ({"from": "2026-11-03", "to": "2026-11-21"}, "to"),
            ({"from": "2026-11-31", "to": "2026-11-20"}, "from"),
            ({"from": "2026-11-03", "to": "2026-11-20", "until": "x"}, "until"),
        ],
    )
    async def test_names_the_parameter(
        self, client: Client, asked: dict[str, str], parameter: str
    ) -> None:
        """Missing, reversed, to come, no day, unknown."""
        answer = await client.get(PATH, **asked)
        assert 422 == answer.status_code
        assert parameter == answer.json()["errors"][0]["parameter"]

    async def test_lets_a_day_pass_that_something_occurred_on(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """The clock of a demo may be ahead: what has occurred has begun."""
        ahead = datetime(2026, 12, 1, 9, tzinfo=UTC)
        await service.append(build.received(40, occurred_at=ahead))
        asked = {"from": "2026-11-03", "to": "2026-12-01"}
        assert 200 == (await client.get(PATH, **asked)).status_code
        asked = {"from": "2026-11-03", "to": "2026-12-02"}
        answer = await client.get(PATH, **asked)
        assert "Ask up to 2026-12-01." == answer.json()["errors"][0]["fix"]

    async def test_of_what_is_unknown(self, client: Client) -> None:
        """A contract and a supplier of which nothing is recorded, or nothing that one may see."""
        days = {"from": "2026-11-03", "to": "2026-11-20"}
        for who, asked in (
            ("auditor", {"contract": "C9"}),
            ("supplier", {"contract": "C2"}),
            ("auditor", {"supplier": "GB-COH-00000009"}),
            ("stranger", {"contract": "C1"}),
        ):
            assert 404 == (await client.get(PATH, who, **days, **asked)).status_code
        assert 401 == (await client.get(PATH, None, **days)).status_code
        assert 403 == (await client.get(PATH, "operator", **days)).status_code

    async def test_of_another_lists_cursor(self, client: Client) -> None:
        """It is no place in time."""
        days = {"from": "2026-11-03", "to": "2026-11-20", "cursor": "WzFd"}
        assert 400 == (await client.get(PATH, **days)).status_code
