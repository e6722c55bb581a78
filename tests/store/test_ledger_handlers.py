"""The ledger's handler on a real database: each event is one leaf, each offset accounted for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ledger import store
from services.ledger.domain.entries import leaves, payloads
from services.ledger.domain.log import tree, verifier
from shared import sql
from shared.delivery import topics, transaction
from shared.wire import events, ids
from tests.support import ledger_service as build


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[build.LedgerService]:
    async with build.at_work(database, tmp_path) as made:
        yield made


async def _rows(service: build.LedgerService, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await service.pool.fetch(query)]


def stranger(event_id: UUID) -> events.LineReconsidered:
    """An event that does not belong in the log."""
    return events.LineReconsidered(
        event_id=event_id,
        authority_id=build.AUTHORITY,
        occurred_at=build.AT,
        contract_id="C1",
        claim="ab" * 32,
        winner="cd" * 32,
    )


class TestBatch:
    async def test_becomes_leaves_in_its_order(self, service: build.LedgerService) -> None:
        """Numbered from 0, chained by contract, under the root of the head."""
        sent = [build.received(1, "A"), build.received(2, "B"), build.received(3, "A")]
        await service.append(*sent)
        found = [leaves.parse(leaf) for leaf in await service.leaves()]
        assert build.event_ids(sent) == [leaf.event_id for leaf in found]
        assert [1, 1, 2] == [leaf.contract_seq for leaf in found]
        async with service.pool.acquire() as conn:
            head = await store.log.get_head(conn)
        hashes = map(verifier.hash_leaf, await service.leaves())
        assert verifier.compute_root(hashes) == tree.root(head.edge)

    async def test_continues_the_one_before(self, service: build.LedgerService) -> None:
        """600 leaves in three batches, across the end of a tile, are one tree and one chain."""
        for start in (0, 150, 500):
            count = {0: 150, 150: 350, 500: 100}[start]
            await service.append(*(build.received(n) for n in range(start, start + count)))
        found = await service.leaves()
        async with service.pool.acquire() as conn:
            head = await store.log.get_head(conn)
            early = await store.log.get_edge(conn, 300)
        assert verifier.compute_root(map(verifier.hash_leaf, found)) == tree.root(head.edge)
        assert verifier.compute_root(map(verifier.hash_leaf, found[:300])) == tree.root(early)
        assert [(0, 0), (0, 1)] == await _rows(service, "SELECT level, n FROM tile ORDER BY n")
        assert list(range(1, 601)) == [json.loads(leaf)["contract_seq"] for leaf in found]

    async def test_keeps_the_event_sealed(self, service: build.LedgerService) -> None:
        """The stored bytes open to the event that the leaf committed to."""
        event = build.received(1)
        await service.append(event)
        [row] = await service.pool.fetch("SELECT * FROM entry JOIN payload_key USING (idx)")
        sealed = payloads.Sealed(row["commitment"].hex(), row["ciphertext"])
        secrets = payloads.Secrets(row["salt"], row["key"], row["nonce"])
        assert events.write(event) == payloads.unseal(sealed, event.event_id, secrets)

    async def test_is_announced(self, service: build.LedgerService) -> None:
        """One message a batch tells which event is which entry."""
        sent = [build.received(1), build.received(2)]
        await service.append(*sent)
        [row] = await service.pool.fetch("SELECT topic, body FROM outbox")
        told = events.read(row["body"])
        assert topics.ENTRIES.name == row["topic"]
        assert isinstance(told, events.EntriesRecorded)
        assert [(sent[0].event_id, 0), (sent[1].event_id, 1)] == [
            (each.event_id, each.index) for each in told.entries
        ]

    async def test_may_be_large(self, service: build.LedgerService) -> None:
        """A batch of 500 has the same effect as small ones."""
        sent = [build.received(n) for n in range(500)]
        await service.append(*sent)
        assert build.event_ids(sent) == [
            leaves.parse(leaf).event_id for leaf in await service.leaves()
        ]

    async def test_has_no_effect_when_it_is_redelivered(self, service: build.LedgerService) -> None:
        """A redelivered batch changes neither head nor offsets."""
        records = service.records(build.received(1))
        await service.recorder.handle(records)
        await service.recorder.handle(records)
        assert 1 == len(await service.leaves())
        assert [] == await _rows(service, "SELECT * FROM repeat")


class TestOffsets:
    async def test_are_leaves_repeats_days_or_parked(self, service: build.LedgerService) -> None:
        """Every offset is accounted for exactly once (docs/ledger.md, Completeness 2)."""
        one, two = build.received(1), build.received(2)
        await service.append(one, build.day(1), one, two)
        await service.append(two, build.day(2), build.day(2))
        await service.append(stranger(ids.new()))
        assert [(2, 0), (4, 1)] == await _rows(
            service, 'SELECT "offset", idx FROM repeat ORDER BY "offset"'
        )
        assert [(1,), (5,), (6,)] == await _rows(
            service, 'SELECT "offset" FROM passed_day ORDER BY "offset"'
        )
        assert [(7, "wrong_topic")] == await _rows(service, 'SELECT "offset", reason FROM parked')
        assert [(0,), (3,)] == [
            (leaves.parse(leaf).source.offset,) for leaf in await service.leaves()
        ]
        consumed = "SELECT next_offset FROM consumer_offset WHERE next_offset > 0"
        assert [(8,)] == await _rows(service, consumed)

    async def test_of_days_and_strangers_claim_no_id(self, service: build.LedgerService) -> None:
        """An entry may have the id of a day or of a parked event, even in the same batch."""
        received = build.received(1)
        day = msgspec.structs.replace(build.day(1), event_id=received.event_id)
        await service.append(day, stranger(received.event_id), received)
        assert 1 == len(await service.leaves())
        assert [(1, "wrong_topic")] == await _rows(service, 'SELECT "offset", reason FROM parked')

    async def test_of_parked_records_come_back_as_leaves(
        self, service: build.LedgerService
    ) -> None:
        """What this service parks comes back on the parked topic and becomes an entry."""
        [bad] = service.records(build.received(1))
        await service.recorder.handle([replace(bad, value=b"{")])
        [body] = [r["body"] for r in await service.pool.fetch("SELECT body FROM outbox")]
        await service.append(events.read(body), topic=topics.PARKED)
        [leaf] = map(leaves.parse, await service.leaves())
        assert ("RecordParked", "ledger", 0) == (
            leaf.type,
            leaf.facts["service"],
            leaf.facts["offset"],
        )


class TestRepeat:
    async def test_with_the_same_bytes_is_listed(self, service: build.LedgerService) -> None:
        """Every event comes again at a new offset: no new leaf, each is listed with its entry."""
        sent = [build.received(n) for n in range(5)]
        await service.append(*sent)
        before = await service.leaves()
        await service.append(*sent)
        assert before == await service.leaves()
        assert [(n,) for n in range(5)] == await _rows(
            service, "SELECT idx FROM repeat ORDER BY idx"
        )

    async def test_with_other_bytes_is_parked(self, service: build.LedgerService) -> None:
        """The same id with a different figure raises an alarm: the commitment does not match."""
        event = build.received(1)
        await service.append(event)
        await service.append(msgspec.structs.replace(event, receipt_no=99))
        assert 1 == len(await service.leaves())
        assert [("same_id_other_bytes",)] == await _rows(service, "SELECT reason FROM parked")

    async def test_is_judged_by_its_own_bytes(self, service: build.LedgerService) -> None:
        """The same bytes and others with one id, in one batch and in either order: the repeat is
        listed, the other is parked."""
        event = build.received(1)
        other = msgspec.structs.replace(event, receipt_no=99)
        await service.append(event)
        await service.append(event, other)
        await service.append(other, event)
        assert [(2,), (3,)] == await _rows(service, 'SELECT "offset" FROM parked ORDER BY 1')
        assert [(1,), (4,)] == await _rows(service, 'SELECT "offset" FROM repeat ORDER BY 1')


class TestTwoWriters:
    async def test_take_turns(self, service: build.LedgerService) -> None:
        """Two processes append from two partitions at once: one tree without gaps."""
        sent = [[build.received(n + 1000 * p, f"C{p}") for n in range(60)] for p in range(2)]
        async with build.open_service(service.settings, service.verifier_key) as second:

            async def work(which: build.LedgerService, partition: int) -> None:
                for event in sent[partition]:
                    records = service.records(event, partition=partition)
                    await which.recorder.handle(records)

            await asyncio.gather(work(service, 0), work(second, 1))
        found = [leaves.parse(leaf) for leaf in await service.leaves()]
        assert 120 == len(found)
        for partition in range(2):
            assert build.event_ids(sent[partition]) == [
                leaf.event_id for leaf in found if leaf.source.partition == partition
            ]
        switches = sum(a.source.partition != b.source.partition for a, b in pairwise(found))
        assert 1 < switches, "the writers never alternated"

    async def test_find_what_the_other_appended_meanwhile(
        self, service: build.LedgerService
    ) -> None:
        """The same event on two partitions at once is one leaf and one listed repeat."""
        for number in range(20):
            event = build.received(number)
            one = service.records(event, partition=0)
            two = service.records(event, partition=1)
            await asyncio.gather(service.recorder.handle(one), service.recorder.handle(two))
        assert 20 == len(await service.leaves())
        assert [(20,)] == await _rows(service, "SELECT count(*) FROM repeat")


class TestLog:
    @pytest.mark.parametrize("table", ["entry", "tile", "checkpoint"])
    @pytest.mark.parametrize("statement", ["UPDATE {} SET {}", "DELETE FROM {}", "TRUNCATE {}"])
    async def test_is_never_changed(
        self, service: build.LedgerService, table: str, statement: str
    ) -> None:
        """Neither by the service's role nor by the owner of the tables."""
        column = {"entry": "leaf = ''", "tile": "n = 7", "checkpoint": "note = ''"}[table]
        refused = statement.format(table, column)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.pool.execute(refused)
        owner = await asyncpg.connect(service.dsn, server_settings={"search_path": "ledger"})
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="the log only grows"):
            await owner.execute(refused)
        await owner.close()

    async def test_is_not_created_by_the_service(self, service: build.LedgerService) -> None:
        """Its role can move the head, but neither add nor remove one."""
        for statement in ("DELETE FROM head", "INSERT INTO head VALUES (false, '', '', 0, '')"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await service.pool.execute(statement)

    async def test_that_became_shorter_stops_the_writer(self, service: build.LedgerService) -> None:
        """The database was restored under a running service, which stops and appends nothing."""
        await service.append(build.received(1), build.received(2))
        await service.superuser(
            "DELETE FROM entry WHERE idx = 1",
            f"UPDATE head SET size = 1, edge = '\\x{verifier.hash_leaf(b'x').hex()}'",
        )
        await service.append(build.received(3))
        assert "log_shrunk: it had 2 entries and has 1" == service.brake.words
        assert 1 == len(await service.leaves())


class TestAnyCut:
    @settings(
        max_examples=8,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(cuts=st.lists(st.integers(1, 6), min_size=1, max_size=6), data=st.data())
    async def test_gives_the_same_log(
        self,
        databases: Any,
        tmp_path_factory: pytest.TempPathFactory,
        cuts: list[int],
        data: st.DataObject,
    ) -> None:
        """A batch of n gives what n batches of one give, except for the secrets; also if returns,
        days and strangers share an id in pairs."""
        count = sum(cuts)
        kinds = st.sampled_from(["A", "B", "day", "stranger"])
        drawn = data.draw(st.lists(kinds, min_size=count, max_size=count))
        sent = [_sent(kind, number // 2) for number, kind in enumerate(drawn)]
        logs = []
        for sizes in (cuts, [1] * count):
            folder = tmp_path_factory.mktemp("service")
            async with databases() as dsn, build.at_work(dsn, folder) as service:
                left = list(sent)
                for size in sizes:
                    await service.append(*left[:size])
                    del left[:size]
                logs.append([_without_secrets(leaf) for leaf in await service.leaves()])
                logs[-1] += await _rows(service, 'SELECT "offset", idx FROM repeat ORDER BY 1')
                logs[-1] += await _rows(service, 'SELECT "offset", reason FROM parked ORDER BY 1')
                logs[-1] += await _rows(service, 'SELECT "offset", day FROM passed_day ORDER BY 1')
        assert logs[0] == logs[1]


def _sent(kind: str, number: int) -> events.Event:
    """A return of contract `kind`, or an event that is no entry, with the id of return `number`."""
    received = build.received(number, kind)
    match kind:
        case "day":
            return msgspec.structs.replace(build.day(1), event_id=received.event_id)
        case "stranger":
            return stranger(received.event_id)
        case _:
            return received


def _without_secrets(leaf: bytes) -> Any:
    said = json.loads(leaf)
    return {key: said[key] for key in said if key not in ("payload", "prev")}


class TestBrokenDatabase:
    async def test_leaves_nothing_half_written(
        self, service: build.LedgerService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After an error before the commit nothing is written; then the batch works."""
        records = service.records(build.received(1))

        async def fail(*_: object) -> None:
            raise TimeoutError

        with monkeypatch.context() as broken:
            broken.setattr(store.log, "move_head", fail)
            with pytest.raises(sql.BROKEN):
                await service.recorder.handle(records)
        assert [] == await service.leaves()
        await service.recorder.handle(records)
        assert 1 == len(await service.leaves())

    async def test_refuses_a_batch_with_a_hole(self, service: build.LedgerService) -> None:
        """The consumer must read an offset again that was not delivered."""
        _, second = service.records(build.received(1), build.received(2))
        with pytest.raises(transaction.Hole):
            await service.recorder.handle([second])
