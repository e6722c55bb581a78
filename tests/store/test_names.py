"""Names for display, from who knows them to who shows them, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.intake import store as intake_store
from services.intake.acceptance import officers
from services.ledger import store as ledger_store
from services.ledger.audit import fsck
from services.ledger.domain.entries import offsets
from services.verification import store as verification_store
from shared.delivery import topics
from shared.officers import Officer
from shared.pages import names
from shared.web.scope import Scope
from shared.wire import events, ids
from tests.support import intake_builders, intake_service, ledger_service, verification_service
from tests.support import verification_builders as build

OURS = Scope(build.AUTHORITY)
THEIRS = Scope("GB-LAE-SHN")
HUB = events.ContractNames(
    title="Community hub",
    suppliers=(events.Named(id=build.SUPPLIER, name="Example Builders (fictional)"),),
    commitments=(events.Named(id="spend", name="Spend in the borough"),),
)
KNOWN = names.collect({"C1": HUB})


def officer(called: str | None, day: int = 1, **said: Any) -> events.OfficerNamed:
    """What is said of Priya on a day of October."""
    own: dict[str, Any] = {
        "event_id": ids.new(),
        "authority_id": build.AUTHORITY,
        "occurred_at": verification_service.START + timedelta(days=day),
        "officer_id": "priya",
        "name": called,
        "role": "manager",
    }
    return events.OfficerNamed(**own | said)


@pytest.fixture
async def verification(
    database: str,
) -> AsyncIterator[verification_service.VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def intake(database: str) -> AsyncIterator[intake_service.IntakeService]:
    async with intake_service.listening(database) as made:
        yield made


@pytest.fixture
async def ledger(database: str, tmp_path: Path) -> AsyncIterator[ledger_service.LedgerService]:
    async with ledger_service.at_work(database, tmp_path) as made:
        yield made


class TestVerification:
    async def test_publishes_what_a_contract_is_called(
        self, verification: verification_service.VerificationService
    ) -> None:
        """With every change, and when it is published again."""
        await verification.promise("C1")
        said: list[events.ContractPublished] = await verification.messages(topics.CONTRACTS)
        assert HUB == said[-1].names
        assert () == (said[0].names or HUB).commitments

    async def test_names_what_is_registered(
        self, verification: verification_service.VerificationService
    ) -> None:
        """To its own authority; to another one nothing of it."""
        await verification.promise("C1")
        load, pool = verification_store.names.load_names, verification.pool
        assert KNOWN == await load(pool, OURS, ["C1", "C9"])
        assert names.NONE == await load(pool, THEIRS, ["C1"])

    async def test_keeps_what_officers_were_called_last(
        self, verification: verification_service.VerificationService
    ) -> None:
        """What comes late is no newer name; another authority's claim is parked."""
        load, pool = verification_store.names.load_names, verification.pool
        await verification.deliver(officer("Priya N.", day=1), officer("Priya Nair", day=3))
        await verification.deliver(officer("Priya M.", day=2))
        assert "Priya Nair" == (await load(pool, OURS, (), ["priya"])).person("priya")
        assert names.NONE == await load(pool, THEIRS, (), ["priya"])
        await verification.deliver(officer("Mallory", day=4, authority_id="GB-LAE-SHN"))
        assert "Priya Nair" == (await load(pool, OURS, (), ["priya"])).person("priya")
        reasons = await pool.fetch("SELECT reason FROM parked")
        assert ["authority_differs"] == [row["reason"] for row in reasons]
        await verification.deliver(officer(None, day=5))
        assert names.NONE == await load(pool, OURS, (), ["priya"])


class TestIntake:
    async def test_keeps_what_contracts_are_called(
        self, intake: intake_service.IntakeService
    ) -> None:
        """As published last, for their authority."""
        await intake.publish(intake_builders.a_contract_published("C1", names=HUB))
        load = intake_store.names.load_names
        ours = Scope(intake_builders.AUTHORITY)
        assert KNOWN == await load(intake.pool, ours, ["C1", intake_builders.CONTRACT])
        assert names.NONE == await load(intake.pool, THEIRS, ["C1"])

    async def test_names_an_officer_once(self, intake: intake_service.IntakeService) -> None:
        """Again only if something is new; a supplier's people, and another authority's, never."""
        at, manager = intake_service.NOW, Officer(build.AUTHORITY, "Priya Nair", "manager")
        assert await officers.name(intake.delivery, "priya", manager, at)
        assert not await officers.name(intake.delivery, "priya", manager, at)
        approver = manager._replace(role="approver")
        assert await officers.name(intake.delivery, "priya", approver, at)
        supplier = manager._replace(role="supplier")
        assert not await officers.name(intake.delivery, "asha", supplier, at)
        elsewhere = Officer("GB-LAE-SHN", "Mallory", "manager")
        assert not await officers.name(intake.delivery, "priya", elsewhere, at)
        said = await intake.messages()
        assert [("manager", "Priya Nair"), ("approver", "Priya Nair")] == [
            (each.role, each.name) for each in said
        ]
        found = await intake_store.names.load_names(intake.pool, OURS, (), ["priya"])
        assert "Priya Nair" == found.person("priya")

    async def test_forgets_an_officer(self, intake: intake_service.IntakeService) -> None:
        """The name is gone from what was sent, too: only that there is none is kept to be sent."""
        at, manager = intake_service.NOW, Officer(build.AUTHORITY, "Priya Nair", "manager")
        await officers.name(intake.delivery, "priya", manager, at)
        await intake.pool.execute("DELETE FROM outbox_unsent")  # the broker has it
        assert await officers.forget(intake.pool, "priya", at + timedelta(days=1))
        (said,) = await intake.messages()
        assert ("priya", None, None) == (said.officer_id, said.name, said.role)
        load = intake_store.names.load_names
        assert names.NONE == await load(intake.pool, OURS, (), ["priya"])
        assert not await officers.forget(intake.pool, "priya", at)
        assert not await officers.forget(intake.pool, "nobody", at)


def published(**said: Any) -> events.ContractPublished:
    own: dict[str, Any] = {"event_id": ids.new(), "names": HUB, "authority_id": build.AUTHORITY}
    return intake_builders.a_contract_published("C1", **own | said)


class TestLedger:
    async def test_keeps_names_beside_the_log(self, ledger: ledger_service.LedgerService) -> None:
        """They become no entry, and their offsets prove nothing; the books still agree."""
        await ledger.append(published(), topic=topics.CONTRACTS)
        await ledger.append(officer("Priya Nair"), topic=topics.PEOPLE)
        await ledger.append(ledger_service.registered())
        assert 1 == len(await ledger.leaves())
        load = ledger_store.names.load_names
        found = await load(ledger.pool, OURS, ["C1"], ["priya"])
        assert names.collect({"C1": HUB}, {"priya": "Priya Nair"}) == found
        assert names.NONE == await load(ledger.pool, THEIRS, ["C1"], ["priya"])
        async with ledger.pool.acquire() as conn:
            report = await fsck.check(conn, ledger_service.evidence(ledger.settings))
            frontier = await ledger_store.checkpoints.get_frontier(conn)
        assert [] == report.failures
        assert not any(name in frontier.next_offsets for name in offsets.FOR_DISPLAY)

    async def test_believes_names_only_of_the_contracts_authority(
        self, ledger: ledger_service.LedgerService
    ) -> None:
        """As the log says; before it says anything, as the contract was named first."""
        forged = published(
            authority_id="GB-LAE-SHN", names=events.ContractNames(title="Mallory's contract")
        )
        await ledger.append(published(), topic=topics.CONTRACTS)
        await ledger.append(forged, topic=topics.CONTRACTS)
        await ledger.append(ledger_service.registered())
        await ledger.append(forged, topic=topics.CONTRACTS)
        rows = await ledger.pool.fetch("SELECT reason FROM parked")
        assert ["authority_differs"] * 2 == [row["reason"] for row in rows]
        load = ledger_store.names.load_names
        assert "Community hub" == (await load(ledger.pool, OURS, ["C1"])).contract("C1")
        assert names.NONE == await load(ledger.pool, THEIRS, ["C1"])

    def test_reads_every_topic_for_display(self) -> None:
        """What is left out of the proofs is exactly what is for display."""
        assert {topics.CONTRACTS.name, topics.PEOPLE.name} == offsets.FOR_DISPLAY
