"""What a return and its lines are said to be, from their receipt to their end."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.intake import store
from services.intake.domain import line_status, return_status
from shared.wire import events
from tests.support import intake_builders as build
from tests.support import intake_service
from tests.web.test_intake_api import Caller, RunningSystem, open_system

NOTHING = {"counted": "0", "provisional": "0", "queried": "0"}


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    async with open_system(database, tmp_path, posts_per_second_max=50) as made:
        yield made


@pytest.fixture
async def supplier(system: RunningSystem) -> Caller:
    return await system.caller("supplier", build.PARTY)


async def say_counted(system: RunningSystem, sent: dict[str, Any]) -> None:
    """Verification has counted the visit of a return of one line."""
    checked = events.ReturnChecked(
        event_id=uuid.uuid4(),
        authority_id=build.AUTHORITY,
        occurred_at=intake_service.NOW,
        contract_id=build.CONTRACT,
        return_id=uuid.UUID(sent["return_id"]),
        receipt_no=sent["receipt_no"],
        party_id=build.PARTY,
        period="2026-10",
        revision=sent["revision"],
        results=(
            events.LineResult(
                line_id="3",
                commitment_id="schools",
                outcome="counted",
                counted=events.WHOLE,
            ),
        ),
        rule_set="rules-1",
    )
    async with system.pool.acquire() as conn:
        await store.projections.apply_line_statuses(conn, line_status.latest([checked]))


async def tell(system: RunningSystem, *told: Any) -> None:
    async with system.pool.acquire() as conn:
        await store.projections.apply_parked(conn, told)


def parked(record_id: Any, return_id: Any) -> events.RecordParked:
    """Verification cannot take a record about the return."""
    return events.RecordParked(
        event_id=uuid.uuid4(),
        authority_id=events.INSTALLATION,
        occurred_at=intake_service.NOW,
        service="verification",
        topic="makegood.returns.v1",
        incarnation=1,
        partition=0,
        offset=7,
        digest="ab" * 32,
        reason="handler_failed_ValueError",
        record_id=uuid.UUID(str(record_id)),
        return_id=uuid.UUID(str(return_id)),
    )


def taken_up(record_id: Any, return_id: Any) -> events.RecordTakenUp:
    return events.RecordTakenUp(
        event_id=uuid.uuid4(),
        authority_id=events.INSTALLATION,
        occurred_at=intake_service.NOW,
        service="verification",
        record_id=uuid.UUID(str(record_id)),
        return_id=uuid.UUID(str(return_id)),
    )


async def send(
    system: RunningSystem, supplier: Caller, revision: int = 1, **more: Any
) -> dict[str, Any]:
    """A return of one visit, which verification has counted."""
    line = build.a_line(build.VISIT, note=f"revision {revision}")
    answer = await supplier.send(build.a_return(line, revision=revision, **more))
    sent: dict[str, Any] = answer.json()
    await say_counted(system, sent)
    return sent


async def listed(supplier: Caller) -> list[str]:
    """The statuses in the list, the newest return first."""
    items = (await supplier.get("/api/v1/returns")).json()["items"]
    return [item["status"] for item in items]


class TestALineOfAReturn:
    async def test_counts_while_its_return_is_current(
        self, system: RunningSystem, supplier: Caller
    ) -> None:
        """As verification has said."""
        sent = await send(system, supplier)
        shown = (await supplier.get(sent["links"]["self"])).json()
        assert ("checked", "counted", "1") == (
            shown["status"],
            shown["lines"][0]["status"],
            shown["lines"][0]["counted"],
        )

    async def test_that_was_withdrawn_no_longer_counts(
        self, system: RunningSystem, supplier: Caller
    ) -> None:
        """Whatever was said of it before; the list says it of the return."""
        sent = await send(system, supplier)
        await supplier.post(sent["links"]["withdraw"], {"reason": "wrong month"})
        shown = (await supplier.get(sent["links"]["self"])).json()
        reason = {
            "rule": "I3",
            "code": "return_withdrawn",
            "words": "You withdrew this return. Nothing of it counts.",
            "what_to_do": "If the month is still owed, send it again.",
        }
        wanted = {"status": "withdrawn", "reasons": [reason], **NOTHING}
        assert wanted.items() <= shown["lines"][0].items()
        assert ["withdrawn"] == await listed(supplier)

    async def test_that_was_replaced_no_longer_counts(
        self, system: RunningSystem, supplier: Caller
    ) -> None:
        """The answer names the revision that took its place, which counts."""
        first = await send(system, supplier)
        second = await send(system, supplier, revision=2, reason="one more")
        shown = (await supplier.get(first["links"]["self"])).json()
        reason = {
            "rule": "I3",
            "code": "return_superseded",
            "found": second["return_id"],
            "words": f"A later revision took the place of this return: {second['return_id']}. "
            "Nothing of this one counts.",
            "what_to_do": "Nothing to do.",
        }
        wanted = {"status": "superseded", "reasons": [reason], **NOTHING}
        assert wanted.items() <= shown["lines"][0].items()
        current = (await supplier.get(second["links"]["self"])).json()
        assert "counted" == current["lines"][0]["status"]
        assert ["checked", "superseded"] == await listed(supplier)


class TestAHeldReturn:
    async def test_says_so_until_it_is_taken_up(
        self, system: RunningSystem, supplier: Caller
    ) -> None:
        """To its supplier and to the manager, alone and in the list."""
        sent = (await supplier.send(build.a_return())).json()
        own = sent["return_id"]
        await tell(system, parked(own, own))
        for caller in (supplier, await system.caller("manager")):
            shown = (await caller.get(sent["links"]["self"])).json()
            assert ("held", return_status.HELD[False]) == (shown["status"], shown["held"])
            assert ["held"] == await listed(caller)
        await tell(system, parked(own, own), taken_up(own, own))
        shown = (await supplier.get(sent["links"]["self"])).json()
        assert ("received", None) == (shown["status"], shown["held"])

    async def test_still_counts_while_its_withdrawal_is_held(
        self, system: RunningSystem, supplier: Caller
    ) -> None:
        """Its lines count until verification has taken the withdrawal."""
        sent = await send(system, supplier)
        await supplier.post(sent["links"]["withdraw"], {"reason": "wrong month"})
        withdrawal = uuid.uuid4()
        await tell(system, parked(withdrawal, sent["return_id"]))
        shown = (await supplier.get(sent["links"]["self"])).json()
        assert ("held", return_status.HELD[True]) == (shown["status"], shown["held"])
        assert "counted" == shown["lines"][0]["status"]
        await tell(system, taken_up(withdrawal, sent["return_id"]))
        shown = (await supplier.get(sent["links"]["self"])).json()
        assert ("withdrawn", "withdrawn") == (shown["status"], shown["lines"][0]["status"])

    async def test_does_not_replace_the_revision_before_it_yet(
        self, system: RunningSystem, supplier: Caller
    ) -> None:
        """While the new revision is held, what verification counts is still the old one."""
        first = await send(system, supplier)
        line = build.a_line(build.VISIT, quantity="2")
        answer = await supplier.send(build.a_return(line, revision=2, reason="two"))
        second = answer.json()["return_id"]
        await tell(system, parked(second, second))
        shown = (await supplier.get(first["links"]["self"])).json()
        assert ("superseded", "counted") == (shown["status"], shown["lines"][0]["status"])


class TestHealth:
    async def test_says_how_many_records_are_held(self, system: RunningSystem) -> None:
        """By name, with the alarm; the service stays ready."""
        well = {"status": "ok", "alarm": None, "held": 0}
        assert well == (await system.client.get("/health")).json()
        await system.pool.execute(
            """
            INSERT INTO parked (topic, incarnation, partition, "offset", reason, salt, sealed,
                event_id, return_id)
            VALUES ('t', 1, 0, 1, 'r', '', '', gen_random_uuid(), gen_random_uuid()),
                ('t', 1, 0, 2, 'r', '', '', gen_random_uuid(), NULL)
            """
        )
        said = (await system.client.get("/health")).json()
        assert ("held", 1) == (said["status"], said["held"])
        assert said["alarm"].startswith("receipted_parked: 1 ")
        assert 200 == (await system.client.get("/health/ready")).status_code

    async def test_says_why_the_service_has_stopped(self, system: RunningSystem) -> None:
        """In words, to everyone."""
        system.app.state.service.consumer.alarm = "record_changed: a test says so"
        said = (await system.client.get("/health")).json()
        assert ("stopped", "record_changed: a test says so") == (said["status"], said["alarm"])


class TestAReturnThatWasChangedByHand:
    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            (
                "body = replace(convert_from(body, 'UTF8'), 'visits', 'visit')::bytea",
                "the stored bytes are not those of the receipt",
            ),
            ("body = 'junk'", "the stored bytes are not those of the receipt"),
            ("merge_by = merge_by + interval '1 day'", "intake did not sign this receipt"),
        ],
    )
    async def test_says_so(
        self, system: RunningSystem, supplier: Caller, change: str, fault: str
    ) -> None:
        """Instead of lines that nobody sent."""
        sent = await send(system, supplier)
        assert None is (await supplier.get(sent["links"]["self"])).json()["differs"]
        await system.pool.execute("RESET ROLE")
        await system.pool.execute(f"UPDATE accepted_return SET {change}")
        answer = await supplier.get(sent["links"]["self"])
        words = f"Something was changed here by hand: {fault}. Keep your own file and receipt."
        assert (200, words, []) == (
            answer.status_code,
            answer.json()["differs"],
            answer.json()["lines"],
        )
