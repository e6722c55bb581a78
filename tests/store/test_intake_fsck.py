"""Intake's fsck: it passes books that are whole, and finds every kind of change by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from services.intake import store
from services.intake.acceptance import withdrawals
from services.intake.audit import fsck
from services.intake.domain import admission, receipts
from shared.web.scope import Scope
from shared.wire import events
from tests.support import intake_builders as build
from tests.support import intake_service
from tests.support.intake_service import IntakeService

PERIODS = ("2026-10", "2026-09", "2026-08")


@pytest.fixture
async def service(database: str) -> AsyncIterator[IntakeService]:
    """Receipts 1 to 4: three returns, the last of which is withdrawn. The log has all four, and a
    day later each is due."""
    async with intake_service.at_work(database) as made:
        await made.publish(build.a_contract_published(version=2, starts_on=date(2026, 8, 1)))
        for period in PERIODS:
            session = dict(build.VISIT["session"]) | {"start": f"{period}-06T09:30"}
            line = build.a_line(build.VISIT, **{"from": f"{period}-06", "session": session})
            decided = await made.submit(build.a_return(line, period=period))
        assert isinstance(decided, admission.Accepted), decided
        return_id = decided.issued.receipt.return_id
        async with made.pool.acquire() as conn, conn.transaction():
            await withdrawals.withdraw(
                conn, made.desk, Scope(build.AUTHORITY, build.PARTY), return_id, "the wrong month"
            )
        sent = await made.messages()
        await tell(made, *(event.event_id for event in sent if hasattr(event, "receipt_no")))
        made.clock.move_to(intake_service.NOW + timedelta(days=1, seconds=1))
        await made.submit(b"{}")  # refused: now the desk knows the time
        yield made


async def tell(service: IntakeService, *event_ids: UUID, first: int = 0) -> list[events.Entry]:
    """The ledger tells which events became which entries. Returns what contradicts itself."""
    entries = [
        events.Entry(event_id=event_id, index=index)
        for index, event_id in enumerate(event_ids, first)
    ]
    async with service.pool.acquire() as conn:
        return list((await store.projections.apply_entries(conn, entries)).contested)


async def failures(service: IntakeService, *statements: str) -> list[tuple[str, str]]:
    """What fsck finds after a superuser has changed the tables by hand."""
    conn = await asyncpg.connect(service.dsn, server_settings={"search_path": "intake"})
    try:
        await conn.execute("SET session_replication_role = replica")
        for statement in statements:
            assert not (await conn.execute(statement)).endswith(" 0"), statement
        report = await fsck.check(conn, intake_service.SIGNER.public_key, None)
    finally:
        await conn.close()
    return [(place, what) for place, what in report.failures]


async def test_passes_books_that_are_whole(service: IntakeService) -> None:
    """Three returns and a withdrawal."""
    async with service.pool.acquire() as conn:
        report = await fsck.check(conn, intake_service.SIGNER.public_key, None)
    assert [] == report.failures
    assert {"returns": 3, "withdrawals": 1} == report.seen


async def test_passes_empty_books(database: str) -> None:
    """Nothing was ever received."""
    async with intake_service.at_work(database) as made:
        assert [] == await failures(made)


OTHER_BODY = "the stored bytes are not those of the receipt"
NOT_SIGNED = "intake did not sign this receipt"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "body = replace(convert_from(body, 'UTF8'), '2026-10-06', '2026-10-07')::bytea",
            [OTHER_BODY, "the words_digest that was posted of it differs"],
        ),
        (
            "party_id = 'GB-COH-09999999'",
            [NOT_SIGNED, "the party_id that was posted of it differs"],
        ),
        ("authority_id = 'GB-LAE-SHN'", ["the authority_id that was posted of it differs"]),
        ("period = '2026-07'", [NOT_SIGNED, "the period that was posted of it differs"]),
        ("merge_by = merge_by + interval '1 year'", [NOT_SIGNED]),
        ("signature = sha256('a') || sha256('b')", [NOT_SIGNED]),
        (
            "salt = '0123456789abcdef'",
            [NOT_SIGNED, "the words_digest that was posted of it differs"],
        ),
    ],
)
async def test_finds_a_return_that_was_changed(
    service: IntakeService, change: str, found: list[str]
) -> None:
    """Its bytes, its party, its authority, its month, its promise, its signature."""
    said = await failures(service, f"UPDATE accepted_return SET {change} WHERE receipt_no = 1")
    assert [("receipt 1", what) for what in found] == said


async def test_finds_a_receipt_that_someone_else_signed(service: IntakeService) -> None:
    """With a key of its own in the row, the receipt agrees with itself."""
    forger = receipts.Signer(bytes(32))
    (row,) = await service.pool.fetch("SELECT * FROM accepted_return WHERE receipt_no = 2")
    honest = store.rows.read_receipt(row)
    forged = forger.issue(honest.receipt)
    assert [("receipt 2", NOT_SIGNED)] == await failures(
        service,
        f"UPDATE accepted_return SET signature = '\\x{forged.signature.hex()}', "
        f"public_key = '\\x{forged.public_key.hex()}' WHERE receipt_no = 2",
    )


async def test_finds_a_return_that_was_deleted(service: IntakeService) -> None:
    """Its number is missing, and it was posted."""
    (event_id,) = await service.pool.fetchrow(
        "SELECT return_id FROM accepted_return WHERE receipt_no = 2"
    ) or (None,)
    assert [
        ("receipt 2", "nothing has this number: it was deleted"),
        (f"event {event_id}", "this ReturnReceived was posted, and is not stored"),
    ] == await failures(service, "DELETE FROM accepted_return WHERE receipt_no = 2")


async def test_finds_the_last_ones_deleted_with_their_numbers(service: IntakeService) -> None:
    """Also if the desk is set back, what was posted gives it away."""
    said = await failures(
        service,
        "DELETE FROM withdrawal",
        "DELETE FROM accepted_return WHERE receipt_no = 3",
        "UPDATE desk SET receipt_no = 2",
    )
    assert [
        "this ReturnReceived was posted, and is not stored",
        "this ReturnWithdrawn was posted, and is not stored",
    ] == [what for _, what in said]


async def test_finds_a_number_that_two_have(service: IntakeService) -> None:
    """A withdrawal with the number of a return."""
    said = await failures(service, "UPDATE withdrawal SET receipt_no = 3")
    assert ("receipt 3", "two have this number") in said
    assert ("receipt 4", "nothing has this number: it was deleted") in said


async def test_finds_a_withdrawal_that_was_changed(service: IntakeService) -> None:
    """When it was made is part of its receipt."""
    change = "UPDATE withdrawal SET withdrawn_at = withdrawn_at - interval '1 day'"
    assert [("receipt 4", NOT_SIGNED)] == await failures(service, change)


@pytest.mark.parametrize("body", ["'junk'", "'{}'", "'[]'"])
async def test_finds_what_was_posted_of_it_changed(service: IntakeService, body: str) -> None:
    """It is no event any more."""
    said = await failures(
        service, f"UPDATE outbox SET body = {body} WHERE id = (SELECT min(id) FROM outbox)"
    )
    assert ("receipt 1", "the receipt_no that was posted of it differs") in said


async def test_finds_a_promise_that_was_broken(service: IntakeService) -> None:
    """A receipt that is due, and the ledger told of no entry."""
    said = await failures(service, "DELETE FROM entry WHERE index = 1")
    when = "an entry was promised by 2026-11-06 09:00 UTC, and the ledger told of none"
    assert [("receipt 2", when)] == said


async def test_finds_an_entry_of_two_events(service: IntakeService) -> None:
    """The log was taken back, and something else was recorded there."""
    other = UUID(int=7)
    assert [events.Entry(event_id=other, index=2)] == await tell(service, other, first=2)
    what = "the ledger told of 2 events for it: the log was taken back"
    assert [("entry 2", what)] == await failures(service)


async def test_is_told_of_an_event_of_two_entries(service: IntakeService) -> None:
    """The same event, recorded anew elsewhere. The first stays."""
    (event_id,) = await service.pool.fetchrow("SELECT event_id FROM entry WHERE index = 2") or (
        None,
    )
    assert event_id is not None
    assert [events.Entry(event_id=event_id, index=9)] == await tell(service, event_id, first=9)
    assert [] == await tell(service, event_id, first=2)
