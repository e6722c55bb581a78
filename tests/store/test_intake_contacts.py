"""Contacts of suppliers, and what goes with them, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from services.intake.acceptance import contacts
from services.intake.acceptance.refusals import Refusal
from services.intake.store.parties import Owner
from shared.notifier import dispatches, recipients
from tests.store.test_intake_telling import ASHA, NOW, OWNER, add_contact, alerts, an_alert
from tests.support import intake_builders as build
from tests.support import intake_service


@pytest.fixture
async def service(database: str) -> AsyncIterator[intake_service.IntakeService]:
    async with intake_service.listening(database) as made:
        made.clock.move_to(NOW)
        yield made


class TestAContact:
    async def test_that_is_deleted_leaves_no_trace(
        self, service: intake_service.IntakeService
    ) -> None:
        """Neither the address nor what was sent there."""
        await add_contact(service)
        await alerts(service, an_alert())
        await dispatches.plan(service.pool, NOW + timedelta(hours=1), 10)
        assert 1 == await service.pool.fetchval("SELECT count(*) FROM dispatch")
        assert await contacts.drop_contact(service.pool, OWNER, ASHA) is None
        for table in ("recipient", "notification", "dispatch"):
            assert 0 == await service.pool.fetchval(f"SELECT count(*) FROM {table}")
        assert Refusal("contact_unknown") == await contacts.drop_contact(service.pool, OWNER, ASHA)

    async def test_of_another_supplier_is_not_taken_over(
        self, service: intake_service.IntakeService
    ) -> None:
        """Nor deleted. A new address of one's own contact keeps the choices."""
        await add_contact(service)
        await recipients.set_choices(service.pool, ASHA, {"return_due": "never"})
        other = Owner("GB-COH-00000002", build.AUTHORITY)
        await service.publish(build.a_contract_published("C-2", supplier_ids=(other.party_id,)))
        contact = contacts.Contact(ASHA, "thief@b.example")
        refused = await contacts.set_contact(service.pool, other, contact, "operator", NOW)
        assert Refusal("contact_elsewhere") == refused
        assert Refusal("contact_unknown") == await contacts.drop_contact(service.pool, other, ASHA)
        assert await add_contact(service, address="new@b.example") is None
        found = await recipients.find_recipient(service.pool, ASHA)
        assert found is not None
        assert ("new@b.example", {"return_due": "never"}) == (found.address, found.choices)

    async def test_is_one_of_fifty_at_most(self, service: intake_service.IntakeService) -> None:
        """Each gets each mail. One that is there may have a new address."""
        refused: Sequence[Refusal | None] = [
            await add_contact(service, f"person-{number}") for number in range(51)
        ]
        assert [Refusal("contacts_full")] == [each for each in refused if each is not None]
        assert await add_contact(service, "person-0", "new@b.example") is None

    async def test_is_of_a_party_that_a_contract_names(
        self, service: intake_service.IntakeService
    ) -> None:
        """A contract of that very authority."""
        stranger = Owner(build.PARTY, "GB-LAE-SHN")
        contact = contacts.Contact(ASHA, "asha@b.example")
        refused = await contacts.set_contact(service.pool, stranger, contact, "operator", NOW)
        assert Refusal("party_unknown") == refused
