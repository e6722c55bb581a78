"""Whose a contract is for the ledger, and what it does with events of another authority."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest
from prometheus_client import REGISTRY

from services.ledger import store
from services.ledger.audit import fsck
from services.ledger.domain.entries import leaves
from shared import clock
from shared.wire import ids
from tests.support import ledger_service as build

ELSEWHERE = "GB-LAE-SHN"
FOREIGN = build.received(9, authority_id=ELSEWHERE)


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[build.LedgerService]:
    async with build.at_work(database, tmp_path) as made:
        yield made


def alarms() -> float:
    labels = {"alarm": "not_believed"}
    return REGISTRY.get_sample_value("makegood_alarms_total", labels) or 0.0


async def recorded(service: build.LedgerService) -> list[tuple[str, str]]:
    """The type and authority of each entry."""
    found = [leaves.parse(leaf) for leaf in await service.leaves()]
    return [(leaf.type, leaf.facts["authority_id"]) for leaf in found]


async def failures(service: build.LedgerService) -> list[object]:
    async with service.pool.acquire() as conn:
        return list((await fsck.check(conn, build.evidence(service.settings))).failures)


async def parked(service: build.LedgerService) -> list[str]:
    rows = await service.pool.fetch("SELECT reason FROM parked")
    return [row["reason"] for row in rows]


class TestARegisteredContract:
    async def test_has_no_entries_of_another_authority(self, service: build.LedgerService) -> None:
        """In the same batch or a later one, and however often it comes: it is parked with an
        alarm, and its offset is accounted for."""
        before = alarms()
        await service.append(build.registered())
        await service.append(FOREIGN, build.received(1), FOREIGN)
        await service.append(FOREIGN)
        await service.append(
            build.registered(version=2, event_id=ids.new(), authority_id=ELSEWHERE)
        )
        assert [
            ("ContractRegistered", build.AUTHORITY),
            ("ReturnReceived", build.AUTHORITY),
        ] == await recorded(service)
        assert ["authority_differs"] * 4 == await parked(service)
        assert 4 == alarms() - before
        assert [] == await failures(service)

    async def test_is_its_first_registrations(self, service: build.LedgerService) -> None:
        """What came before that was recorded, whoever's it was: nobody knew better. It does not
        decide whose the contract is, within a batch or after it."""
        late = build.received(8, authority_id=ELSEWHERE)
        sent = (FOREIGN, build.registered(), build.received(1), late)
        await service.recorder.handle([record for e in sent for record in service.records(e)])
        await service.append(build.received(2))
        await service.append(FOREIGN)
        assert [ELSEWHERE, *[build.AUTHORITY] * 3] == [
            authority_id for _, authority_id in await recorded(service)
        ]
        assert ["authority_differs"] == await parked(service)
        assert [] == await failures(service)

    async def test_whose_authority_is_changed_by_hand_is_found(
        self, service: build.LedgerService
    ) -> None:
        """The entries tell whose it is."""
        await service.append(build.registered())
        await service.superuser(f"UPDATE contract_chain SET authority_id = '{ELSEWHERE}'")
        assert 1 == len(await failures(service))

    async def test_of_an_older_log_is_known(self, service: build.LedgerService) -> None:
        """The migration fills its authority in from what was recorded."""
        await service.append(build.registered())
        path = store.MIGRATIONS / "0003_contract_authority.sql"
        owner = await asyncpg.connect(service.dsn, server_settings={"search_path": "ledger"})
        await owner.execute("ALTER TABLE contract_chain DROP COLUMN authority_id")
        await owner.execute(path.read_text())
        await owner.close()
        await service.append(FOREIGN)
        assert ["authority_differs"] == await parked(service)


class TestAnEventFromTheFuture:
    async def test_is_parked_with_what_repeats_it(self, service: build.LedgerService) -> None:
        """More than an hour ahead of the machine's clock; old events are recorded, whenever they
        are read again. A parked record has the time of its record, which an outsider may set."""
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        early = build.received(1, occurred_at=tomorrow)
        day = msgspec.structs.replace(build.day(1), occurred_at=tomorrow)
        old = build.received(2, occurred_at=datetime(1999, 1, 1, tzinfo=UTC))
        told = msgspec.structs.replace(build.parked(1), occurred_at=tomorrow)
        async with build.open_service(
            service.settings, service.verifier_key, clock.WallClock()
        ) as strict:
            before = alarms()
            await strict.append(early, old, early, day, told)
            assert ["ahead_of_time"] * 3 == await parked(strict)
            assert 3 == alarms() - before
            found = [leaves.parse(leaf).event_id for leaf in await strict.leaves()]
            assert {old.event_id, told.event_id} == set(found)
            assert [] == await failures(strict)


class TestAContractThatIsNotRegisteredYet:
    async def test_has_entries_of_whoever_names_it(self, service: build.LedgerService) -> None:
        """Topics have no common order: a return may be read before its contract. Two authorities
        are both recorded."""
        await service.append(FOREIGN, build.received(1))
        assert [ELSEWHERE, build.AUTHORITY] == [
            authority_id for _, authority_id in await recorded(service)
        ]
        assert [] == await parked(service)

    async def test_does_not_become_the_first_writers(self, service: build.LedgerService) -> None:
        """A false return cannot shut the true authority out."""
        await service.append(FOREIGN)
        await service.append(build.registered())
        await service.append(build.received(1))
        assert 3 == len(await recorded(service))
