"""Replay: whatever people are shown of a contract follows from its journal, or is named."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.verification.consumer import replay
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import VerificationService, a_commitment


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """A contract with a commitment that was changed once and has a draft for the next change, one
    in draft, and a return."""
    async with verification_service.at_work(database) as made:
        await made.promise("C1")
        manager, approver = await made.caller("manager"), await made.caller("approver")
        spend = "/contracts/C1/commitments/spend"
        await manager.patch(spend, {"target": "60000", "reason": "more was agreed"})
        await approver.post(f"{spend}/activate")
        await manager.patch(spend, {"target": "70000", "reason": "too much"})
        answer = await manager.patch(spend, {"target": "65000", "reason": "a little more"})
        assert 200 == answer.status_code, answer.text
        drafted = a_commitment(commitment_id="visits")
        await manager.post("/contracts/C1/commitments", drafted)
        await made.deliver(build.returned(1, "2026-10", build.line()))
        yield made


async def differences(service: VerificationService, *statements: str) -> list[str]:
    """What replay says after someone has changed the tables by hand."""
    conn = await asyncpg.connect(service.dsn, server_settings={"search_path": "verification"})
    try:
        for statement in statements:
            assert not (await conn.execute(statement)).endswith(" 0"), statement
    finally:
        await conn.close()
    return (await replay.run(service.pool)).differences


async def test_agrees_with_what_people_did(service: VerificationService) -> None:
    """Two approvals, a draft that was replaced, two drafts: nothing differs."""
    states = await service.pool.fetch(
        "SELECT commitment_id, version, state FROM commitment ORDER BY 1, 2"
    )
    assert [
        ("spend", 1, "active"),
        ("spend", 2, "active"),
        ("spend", 3, "replaced"),
        ("spend", 4, "draft"),
        ("visits", 1, "draft"),
    ] == [tuple(row) for row in states]
    assert [] == await differences(service)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("supplier_ids = '{GB-COH-09999999}'", "the contract's supplier_ids differs"),
        ("ends_on = ends_on + 1", "the contract's ends_on differs"),
        ("authority_id = 'GB-LAE-SHN'", "the contract's authority_id differs"),
        ("award_id = 'a', ocid = 'o'", "the contract's award_id differs"),
        ("buyer_id = 'GB-LAE-SHN'", "the contract's buyer_id differs"),
        ("version = version + 1", "the contract's version differs"),
        ("wake_on = wake_on + 30", "the contract's wake_on differs"),
        ("partition = (partition + 1) % 12", "the contract's partition differs"),
        (
            "words = replace(convert_from(words, 'UTF8'), 'hub', 'pub')::bytea",
            "the contract's words differ",
        ),
    ],
)
async def test_names_what_was_changed_of_a_contract(
    service: VerificationService, change: str, what: str
) -> None:
    """Its suppliers, its life, its words."""
    assert f"C1: {what}" in await differences(service, f"UPDATE contract SET {change}")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            "terms = replace(convert_from(terms, 'UTF8'), '60000', '6000')::bytea",
            "the terms of version 2 of spend differs",
        ),
        ("approved_by = 'friend@here'", "the approved_by of version 2 of spend differs"),
        ("proposed_by = 'friend@here'", "the proposed_by of version 2 of spend differs"),
        (
            "approved_at = approved_at - interval '1 year'",
            "the approved_at of version 2 of spend differs",
        ),
        ("title = 'Something else'", "the words of version 2 of spend differ"),
        ("reason = NULL", "the words of version 2 of spend differ"),
    ],
)
async def test_names_what_was_changed_of_a_commitment(
    service: VerificationService, change: str, what: str
) -> None:
    """Its terms, who agreed to them and when, what they wrote."""
    where = "WHERE commitment_id = 'spend' AND version = 2"
    found = await differences(service, f"UPDATE commitment SET {change} {where}")
    assert [f"C1: {what}"] == found


async def test_names_a_version_that_is_missing_or_was_never_proposed(
    service: VerificationService,
) -> None:
    """A row that was deleted, and one that was made by hand."""
    found = await differences(
        service,
        "INSERT INTO commitment SELECT contract_id, 'gift', 1, state, title, terms, words, reason, "
        "proposed_by, proposed_at, approved_by, approved_at, words_salt FROM commitment "
        "WHERE version = 2",
        "DELETE FROM commitment WHERE commitment_id = 'visits'",
    )
    assert [
        "C1: version 1 of visits is missing",
        "C1: version 1 of gift was never proposed",
    ] == found


async def test_names_a_version_in_another_state(service: VerificationService) -> None:
    """A proposal that was discarded by hand."""
    found = await differences(
        service, "UPDATE commitment SET state = 'replaced' WHERE commitment_id = 'visits'"
    )
    assert ["C1: the state of version 1 of visits differs"] == found


async def test_names_an_announcement_that_was_changed(service: VerificationService) -> None:
    """What was posted of a commitment is what the journal has."""
    (found,) = await differences(
        service,
        """UPDATE outbox SET body = replace(convert_from(body, 'UTF8'), '"60000"', '"6000"')::bytea
           WHERE type = 'CommitmentChanged' AND convert_from(body, 'UTF8') LIKE '%"60000"%'
           AND convert_from(body, 'UTF8') LIKE '%"approved_by"%'""",
    )
    assert found.endswith("was posted with different bytes")
