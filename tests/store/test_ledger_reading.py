"""Lists over a long log: a page costs the same wherever it is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.ledger import store
from services.ledger.audit import changes, export
from services.ledger.domain.entries import sought
from shared import sql
from shared.web.scope import Scope
from tests.support import ledger_service as build

COUNT, PAGE = 30_000, 20
READ_MAX = 40 * PAGE
"""How many index rows a page may read: far fewer than there are before and after it."""
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
MIDDLE = BEGAN + timedelta(minutes=COUNT // 2)
EVERYONE = Scope(build.AUTHORITY, is_auditors=True)
LATE = Scope("GB-LAE-LATE", is_auditors=True)

FILL = f"""
    INSERT INTO entry_index (
        idx, event_id, type, authority_id, contract_id, party_id, period, commitment_ids,
        occurred_at
    )
    SELECT i, gen_random_uuid(),
        CASE WHEN i % 9000 = 7 THEN 'RecordParked' WHEN i % 2 = 0 THEN 'ReturnReceived'
            ELSE 'ReturnChecked' END,
        CASE WHEN i > {COUNT - 500} THEN 'GB-LAE-LATE' WHEN i % 9000 = 7 THEN 'installation'
            ELSE '{build.AUTHORITY}' END,
        'C' || i / 2 % 300,
        CASE WHEN i > {COUNT // 2} AND i % 3 = 0 THEN 'P-LATE' ELSE 'P' || i % 30 END,
        to_char('2020-01-01'::date + i * interval '1 hour', 'YYYY-MM'),
        'spend visits',
        '2020-01-01Z'::timestamptz + i * interval '1 minute'
    FROM generate_series(0, {COUNT - 1}) AS i;
    INSERT INTO entry (idx, event_id, leaf, leaf_hash, commitment, ciphertext)
    SELECT idx, event_id, '{{}}', sha256(event_id::text::bytea), sha256(''), ''
    FROM entry_index;
    ANALYZE;
"""


@pytest.fixture
async def long(database: str, tmp_path: Path) -> AsyncIterator[sql.Connection]:
    async with build.at_work(database, tmp_path) as service:
        await service.superuser(FILL)
        async with service.pool.acquire() as conn:
            yield conn


class Reading:
    """A connection that counts the index rows that its queries read."""

    def __init__(self, conn: sql.Connection) -> None:
        self._conn = conn
        self.rows = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)

    async def fetch(self, query: str, *given: Any) -> Any:
        [[plan]] = await self._conn.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *given)
        self._count(json.loads(plan)[0]["Plan"])
        return await self._conn.fetch(query, *given)

    def _count(self, node: dict[str, Any]) -> None:
        if node.get("Relation Name") == "entry_index":
            read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            self.rows += read * node["Actual Loops"]
        for below in node.get("Plans", ()):
            self._count(below)


class TestPage:
    async def test_costs_the_same_anywhere(self, long: sql.Connection) -> None:
        """With every filter; at the beginning, in the middle, and for what came late or never."""
        asked: list[tuple[Scope, dict[str, Any], int]] = [
            (EVERYONE, {}, -1),
            (EVERYONE, {}, COUNT // 2),
            (LATE, {}, -1),
            (Scope("nobody"), {}, -1),
            (EVERYONE, {"contract": "C7"}, -1),
            (EVERYONE, {"contract": "C7", "type": "ReturnChecked"}, COUNT // 2),
            (EVERYONE, {"party": "P-LATE"}, -1),
            (Scope(build.AUTHORITY, "P-LATE"), {"contract": "C6"}, -1),
            (EVERYONE, {"type": "RecordParked"}, -1),
            (EVERYONE, {"type": "Nothing"}, -1),
            (EVERYONE, {"type": "ReturnReceived"}, -1),
            (EVERYONE, {"type": "ReturnChecked"}, COUNT // 2),
            (LATE, {"type": "ReturnChecked"}, -1),
            (EVERYONE, {"period": "2022-05", "type": "RecordParked"}, -1),
            (EVERYONE, {"period": "2022-05"}, -1),
            (EVERYONE, {"period": "2022-05", "type": "ReturnChecked"}, -1),
            (EVERYONE, {"commitment": "visits"}, COUNT // 2),
        ]
        for seen_by, filters, after in asked:
            reading: Any = Reading(long)
            narrowed = store.reading.Filter(**filters)
            await store.reading.list_entries(reading, seen_by, narrowed, after, PAGE)
            assert READ_MAX > reading.rows, (seen_by, filters, after)

    async def test_between_times_costs_the_same_anywhere(self, long: sql.Connection) -> None:
        """A day in the middle, with and without another filter; a day before the first entry."""
        day = MIDDLE + timedelta(days=1)
        asked: list[tuple[dict[str, Any], datetime]] = [
            ({}, MIDDLE),
            ({"until": day}, MIDDLE),
            ({"until": day, "type": "ReturnChecked"}, MIDDLE),
            ({"until": day, "contract": "C7"}, MIDDLE),
            ({"until": BEGAN}, datetime(1970, 1, 1, tzinfo=UTC)),
            ({"contract": "C7"}, BEGAN),
            ({"contract": "C7", "type": "ReturnChecked"}, MIDDLE),
        ]
        for filters, since in asked:
            reading: Any = Reading(long)
            narrowed = store.reading.Filter(**filters)
            start = store.reading.Occurrence(since, -1)
            await store.reading.list_occurrences(reading, EVERYONE, narrowed, start, PAGE)
            assert READ_MAX * 2 > reading.rows, (filters, since)

    async def test_of_the_newest_costs_the_same_anywhere(self, long: sql.Connection) -> None:
        """As pages list them: backwards, with every filter, from the end and from the middle."""
        asked: list[tuple[Scope, dict[str, Any], int | None]] = [
            (EVERYONE, {}, None),
            (EVERYONE, {}, COUNT // 2),
            (LATE, {}, None),
            (Scope("nobody"), {}, None),
            (EVERYONE, {"contract": "C7"}, None),
            (EVERYONE, {"contract": "Nothing"}, None),
            (EVERYONE, {"party": "P-LATE"}, COUNT // 2 + 100),
            (EVERYONE, {"party": "Nothing"}, None),
            (EVERYONE, {"type": "RecordParked"}, None),
            (EVERYONE, {"type": "ReturnChecked"}, COUNT // 2),
            (EVERYONE, {"period": "2020-02"}, None),
            (EVERYONE, {"contract": "C7", "type": "ReturnChecked"}, None),
        ]
        for seen_by, filters, before in asked:
            reading: Any = Reading(long)
            narrowed = store.reading.Filter(**filters)
            await store.newest.list_newest(reading, seen_by, narrowed, before, PAGE)
            assert READ_MAX > reading.rows, (seen_by, filters, before)
        between_days: list[dict[str, Any]] = [{}, {"type": "ReturnChecked"}, {"contract": "C7"}]
        for filters in between_days:
            reading = Reading(long)
            end = store.reading.Occurrence(MIDDLE + timedelta(days=1), -1)
            stretch = store.newest.Stretch(MIDDLE, end)
            narrowed = store.reading.Filter(**filters)
            await store.newest.list_latest(reading, EVERYONE, narrowed, stretch, PAGE)
            assert READ_MAX * 2 > reading.rows, filters

    async def test_of_what_stands_around_an_entry_stays_on_its_contract(
        self, long: sql.Connection
    ) -> None:
        """A contract has a hundred entries here."""
        reading: Any = Reading(long)
        await store.around.list_around(reading, EVERYONE, COUNT // 2)
        assert READ_MAX > reading.rows

    async def test_of_a_search_reads_what_it_finds(self, long: sql.Connection) -> None:
        """By number, id and hash, of what is there and of what is not."""
        for text in ("15000", "receipt 7", "0199b6c2-0102-7a00-8000-5f0d8c1e0102", "ab" * 32):
            reading: Any = Reading(long)
            await store.search.list_hits(reading, EVERYONE, sought.read(text))
            assert READ_MAX > reading.rows, text

    async def test_of_changes_costs_the_same_anywhere(self, long: sql.Connection) -> None:
        """Over all days: from the middle, of one contract, of a party that came late; and what was
        stated before, which is looked for along one contract."""
        end = BEGAN + timedelta(days=400)
        asked: list[tuple[dict[str, Any], datetime]] = [
            ({}, BEGAN),
            ({}, MIDDLE),
            ({"contract": "C7"}, BEGAN),
            ({"contract": "C7"}, MIDDLE),
            ({"party": "P-LATE"}, MIDDLE),
        ]
        for filters, since in asked:
            reading: Any = Reading(long)
            between = store.changes.Between(until=end, types=changes.TYPES, **filters)
            start = store.reading.Occurrence(since, -1)
            found = await store.changes.list_decisions(reading, EVERYONE, between, start, PAGE)
            assert PAGE == len(found)
            assert READ_MAX * 2 > reading.rows, (filters, since)
        reading = Reading(long)
        own = build.AUTHORITY, "C7"
        check = store.changes.CheckBefore(*own, "P0", "2020-01", COUNT)
        await store.changes.load_checked_before(reading, [check])
        figure = store.changes.FigureBefore(*own, "visits", "2020-01", COUNT)
        await store.changes.load_stated_before(reading, [figure])
        version = store.changes.VersionBefore(*own, "visits", COUNT)
        await store.changes.load_approved_before(reading, [version])
        assert READ_MAX > reading.rows

    async def test_continues_the_one_before(self, long: sql.Connection) -> None:
        """The entries of two authorities come as one list, each once."""
        both = Scope(build.AUTHORITY, is_auditors=True)
        after, found = COUNT - 3_100, []
        while rows := await store.reading.list_entries(
            long, both, store.reading.Filter(), after, 70
        ):
            found += [row.idx for row in rows]
            after = found[-1]
        assert list(range(COUNT - 3_099, COUNT - 499)) == found


class TestSteps:
    async def test_hold_what_fits_in_memory(
        self, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An export of large events is read in several steps, and is the same file."""
        async with build.at_work(database, tmp_path) as service:
            [line] = build.received(1).lines
            for number, count in enumerate((1, 400, 1, 1, 400)):
                lines = tuple(msgspec.structs.replace(line, line_id=str(n)) for n in range(count))
                await service.append(build.received(number, lines=lines))
            await service.publisher.publish()
            at_once = await _export(service)
            monkeypatch.setattr(store.log, "BYTES_PER_STEP", 10_000)
            steps = [step async for step in store.reading.stream_entries(service.pool, 5)]
            assert [[0], [1], [2, 3], [4]] == [[kept.idx for kept in step] for step in steps]
            assert at_once == await _export(service)


async def _export(service: build.LedgerService) -> bytes:
    async with service.pool.acquire() as conn:
        head, checkpoint = (
            await store.log.get_head(conn),
            await store.checkpoints.find_checkpoint(conn),
        )
    assert checkpoint is not None
    return b"".join(
        [piece async for piece in export.write(service.pool, head, checkpoint, EVERYONE)]
    )


class TestBundles:
    async def test_hold_leaves_longer_than_a_signed_length(self, database: str) -> None:
        """A length is an unsigned uint16: 40,000 bytes are not read as a negative number."""
        await sql.migrate(database, "ledger", store.MIGRATIONS)
        pool = await sql.connect(build.settings(database), "ledger")
        leaf = b"x" * 40_000
        async with pool.acquire() as conn:
            await conn.execute(
                "INSERT INTO entry VALUES (0, gen_random_uuid(), $1, sha256($1), sha256($1), $1)",
                leaf,
            )
            bundles, _ = await store.checkpoints.load_bundles(conn, 0, 0)
            [bundle] = bundles.values()
        pool.terminate()
        assert len(leaf).to_bytes(2, "big") + leaf == bundle
