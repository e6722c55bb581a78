"""The ledger's API: the returns of a contract by month."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.ledger import store
from shared.wire import events, ids
from tests.support import ledger_service as build
from tests.support.ledger_client import OTHER_PARTY, OURS, Client, connect

PATH = "/api/v1/contracts/C1/returns"


def at(day: int) -> datetime:
    """Nine in the morning of a day in November."""
    return datetime(2026, 11, day, 9, tzinfo=UTC)


def reminder(
    day: int, due_on: date, kind: Any = "return_due", party_id: str = build.PARTY
) -> events.AlertRaised:
    return events.AlertRaised(
        event_id=ids.derived("alert", day, kind, party_id),
        authority_id=build.AUTHORITY,
        occurred_at=at(day),
        contract_id="C1",
        kind=kind,
        subject="2026-10",
        supplier_id=party_id,
        period="2026-10",
        due_on=due_on,
        rule_set="2026.1",
    )


[LINE] = build.received(1).lines
FIRST = build.received(
    20,
    occurred_at=at(16),
    lines=(LINE, msgspec.structs.replace(LINE, line_id="2", is_late=True)),
)
SECOND = build.received(21, occurred_at=at(17), revision=2, supersedes=FIRST.return_id)
BACK = msgspec.structs.replace(build.withdrawn(SECOND, 22), occurred_at=at(18))
THIRD = build.received(23, occurred_at=at(19), revision=3)
DUE = date(2026, 11, 13)
SENT: list[events.Event] = [
    reminder(10, DUE),  # 8
    reminder(10, DUE, party_id=OTHER_PARTY),  # 9
    reminder(20, DUE, "return_overdue", OTHER_PARTY),  # 10
    FIRST,  # 11
    SECOND,  # 12
    BACK,  # 13
    THIRD,  # 14
    build.moved(THIRD),  # 15: a case, which is no return
]


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[build.LedgerService]:
    async with build.at_work(database, tmp_path) as made:
        yield made


@pytest.fixture
async def client(service: build.LedgerService) -> Client:
    """A log of eight entries, and of what became of October on one contract."""
    made = await connect(service)
    for event in SENT:
        await service.append(event)
    return made


async def months(client: Client, who: str = "auditor", **asked: Any) -> list[dict[str, Any]]:
    answer = await client.get(PATH, who, **asked)
    assert 200 == answer.status_code, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


class TestReturns:
    async def test_are_counted_by_month(self, client: Client) -> None:
        """What stands, what is missing, what came late. What was due the log does not tell."""
        assert [
            ("2026-01", 1, 0, 0, 0),
            ("2026-02", 1, 0, 0, 0),
            ("2026-03", 1, 0, 0, 0),
            ("2026-10", 1, 0, 1, 1),
        ] == [
            tuple(month[name] for name in ("period", "received", "withdrawn", "missing", "late"))
            for month in await months(client)
        ]
        page = (await client.get(PATH)).json()
        assert {(None, None)} == {(month["due"], month["waived"]) for month in page["items"]}
        assert page["not_told"][0].startswith("The log does not tell which returns were due.")

    async def test_show_each_revision_with_its_receipt(self, client: Client) -> None:
        """When it came, whether it is current, late, and has late lines."""
        october = (await months(client))[-1]
        ours, theirs = october["suppliers"]
        names = ("entry", "revision", "receipt_no", "is_current", "due_on", "is_late", "late_lines")
        assert [
            (11, 1, 20, False, "2026-11-13", True, 1),
            (12, 2, 21, False, None, None, 0),
            (14, 3, 23, True, None, None, 0),
        ] == [tuple(each[name] for name in names) for each in ours["received"]]
        first = ours["received"][0]
        assert (str(FIRST.return_id), "2026-11-16T09:00:00Z", False) == (
            first["return_id"],
            first["received_at"],
            first["is_nil"],
        )
        assert [(13, 2, 22, "2026-11-18T09:00:00Z")] == [
            tuple(each[name] for name in ("entry", "revision", "receipt_no", "withdrawn_at"))
            for each in ours["withdrawals"]
        ]
        assert ("missing", []) == (theirs["state"], theirs["received"])
        assert [(9, "return_due", "2026-11-13"), (10, "return_overdue", "2026-11-13")] == [
            (each["entry"], each["kind"], each["due_on"]) for each in theirs["reminders"]
        ]

    async def test_say_that_one_was_withdrawn(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """And nothing has come since."""
        await service.append(build.withdrawn(OURS[1], 24))
        found = (await months(client))[1]
        assert (0, 1, "withdrawn") == (
            found["received"],
            found["withdrawn"],
            found["suppliers"][0]["state"],
        )

    async def test_are_those_that_the_caller_sees(self, client: Client) -> None:
        """A supplier has its own, another authority none; one supplier can be asked for."""
        (own,) = (await months(client, "supplier"))[-1]["suppliers"]
        assert build.PARTY == own["party_id"]
        (other,) = await months(client, supplier=OTHER_PARTY)
        assert [OTHER_PARTY] == [each["party_id"] for each in other["suppliers"]]
        for who, asked in (
            ("stranger", {}),
            ("supplier", {"supplier": OTHER_PARTY}),
            ("auditor", {"supplier": "GB-COH-00000009"}),
        ):
            assert 404 == (await client.get(PATH, who, **asked)).status_code
        assert 404 == (await client.get("/api/v1/contracts/C9/returns")).status_code

    async def test_come_in_pages(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of months, each whole; also where there are too many entries for one page."""
        for limit, entries_max in ((2, 10_000), (100, 3), (1, 10_000)):
            monkeypatch.setattr(store.reading, "RETURN_ENTRIES_MAX", entries_max)
            found: list[str] = []
            cursor: dict[str, str] = {}
            while True:
                page = (await client.get(PATH, limit=limit, **cursor)).json()
                found += [month["period"] for month in page["items"]]
                if page["next"] is None:
                    break
                cursor = {"cursor": page["next"]}
            assert ["2026-01", "2026-02", "2026-03", "2026-10"] == found
        assert 400 == (await client.get(PATH, cursor="WzFd")).status_code
        assert 422 == (await client.get(PATH, month="2026-10")).status_code
