"""The ledger with a real broker and a real database: from records to an auditor's proof."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from pydantic import SecretStr

from deploy.local.servers import both as local_servers
from services.ledger import app, store
from services.ledger.audit import audit, export, fsck
from services.ledger.domain.entries import figures
from services.ledger.domain.log import notes
from services.ledger.publishing import create_log
from services.ledger.publishing.objects import Objects
from services.ledger.settings import Settings
from shared import sql
from shared.delivery import kafka, topics
from shared.web import auth
from shared.wire import events
from tests.support import ledger_service as build
from tests.support.waiting import eventually


class RunningSystem:
    """A running ledger, and a writer to its topics."""

    def __init__(self, both: local_servers.Servers, folder: Path) -> None:
        self.settings = Settings(
            kafka_bootstrap_servers=both.kafka.bootstrap,
            database_url=SecretStr(both.postgres.dsn),
            state=folder,
            publish_seconds=0.1,
        )
        self.dsn = both.postgres.dsn

    async def open(self) -> None:
        admin = await kafka.start_admin(self.settings)
        await topics.create(admin)
        await admin.close()
        await sql.migrate(self.dsn, "ledger", store.MIGRATIONS)
        self.key = notes.parse_verifier_key(await create_log.create(self.settings, build.ORIGIN))
        self.token = auth.new()
        conn = await asyncpg.connect(self.dsn, server_settings={"search_path": "ledger"})
        await auth.keep(conn, self.token, auth.Caller("a", "auditor", build.AUTHORITY))
        await conn.close()

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[httpx.AsyncClient]:
        """The running service, from start to stop."""
        made = app.build(self.settings)
        head = {"authorization": f"Bearer {self.token}"}
        async with (
            made.router.lifespan_context(made),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(made), base_url="http://ledger", headers=head
            ) as client,
        ):
            yield client

    async def write(self, topic: topics.Topic, *sent: events.Event | bytes) -> None:
        """Writes records as another service's relay does, and bytes that are not events."""
        producer = await kafka.start_producer(self.settings)
        try:
            for event in sent:
                if isinstance(event, bytes):
                    await producer.send_and_wait(topic.name, event, b"C1")
                    continue
                made = build.record(event, topic, 0, 0)
                await producer.send_and_wait(
                    topic.name, made.value, made.key, headers=list(made.headers)
                )
        finally:
            await producer.stop()

    async def fsck(self) -> list[audit.Failure]:
        conn = await asyncpg.connect(self.dsn, server_settings={"search_path": "ledger"})
        try:
            return (await fsck.check(conn, fsck.Evidence.of(self.settings))).failures
        finally:
            await conn.close()


@pytest.fixture
async def system(own_servers: local_servers.Servers, tmp_path: Path) -> RunningSystem:
    made = RunningSystem(own_servers, tmp_path)
    await made.open()
    return made


class TestLedger:
    async def test_records_what_the_topics_bring(
        self, system: RunningSystem, tmp_path: Path
    ) -> None:
        """Returns, outcomes, alerts and parked records, some unreadable, and all again after a
        restart: each event is one entry, each offset is accounted for, and an audit proves it."""
        returns = [build.received(n, f"C{n % 5}") for n in range(40)]
        outcomes = [build.checked(one) for one in returns]
        parked = [build.parked(n) for n in range(3)]

        async def size(client: httpx.AsyncClient) -> int:
            return int((await client.get("/api/v1/log")).json()["size"])

        async with system.served() as client:
            await system.write(topics.RETURNS, *returns[:20], b"{", build.day(1), *returns[20:])
            await system.write(topics.OUTCOMES, *outcomes, b"\xff")
            await system.write(topics.PARKED, *parked)
            await eventually(lambda: size(client), 40 + 40 + 3 + 2)  # two came back as parked
        async with system.served() as client:
            await system.write(topics.RETURNS, *returns, msgspec.structs.replace(
                returns[0], receipt_no=99
            ))  # fmt: skip
            await system.write(topics.OUTCOMES, build.moved(returns[0]))
            await eventually(lambda: size(client), 85 + 1 + 1)
            pack = tmp_path / "pack.jsonl"
            pack.write_bytes((await client.get("/api/v1/export.jsonl")).content)
            life = await client.get(f"/api/v1/returns/{returns[0].return_id}/life")
        kinds = {item["leaf"]["type"] for item in life.json()["items"]}  # topics race each other
        assert {"ReturnReceived", "ReturnChecked", "CaseMoved"} == kinds
        read = export.read(pack)
        report = audit.check(read.export, system.key, origin=build.ORIGIN)
        assert [] == [failure for check in report.checks for failure in check.failures]
        assert [] == await system.fsck()

    async def test_shows_an_auditor_what_was_added_and_changed(
        self, system: RunningSystem, tmp_path: Path
    ) -> None:
        """Between two exports, by the commands, as programs and without the service; and between
        two days, by the API. Both say the same."""
        first = build.received(1)
        revised = build.received(2, revision=2, supersedes=first.return_id)
        before = build.assessment("visits", "2026-10", "9", "Requires improvement")
        after = build.assessment("visits", "2026-10", "12", replaces=True)
        async with system.served() as client:
            await system.write(topics.RETURNS, first)
            await eventually(lambda: _signed_size(client), 1)
            await system.write(topics.OUTCOMES, build.checked(first, assessments=(before,)))
            await eventually(lambda: _signed_size(client), 2)
            await _download(client, tmp_path / "old.jsonl")
            await system.write(topics.RETURNS, revised)
            await eventually(lambda: _signed_size(client), 3)
            await system.write(topics.OUTCOMES, build.checked(revised, assessments=(after,)))
            await eventually(lambda: _signed_size(client), 4)
            await _download(client, tmp_path / "new.jsonl")
            for name, path in (("entry", "entries/3"), ("proof", "entries/3/proof")):
                (tmp_path / name).write_bytes((await client.get(f"/api/v1/{path}")).content)
            days = {"from": "2026-11-02", "to": "2026-11-02"}
            changes = (await client.get("/api/v1/changes", params=days)).json()["items"]
            months = (await client.get("/api/v1/contracts/C1/returns")).json()["items"]
        key = ("--key", system.key.encode())
        code, said = _run(tmp_path, "verify", "new.jsonl", "--since", "old.jsonl", "--json", *key)
        (figure,) = json.loads(said)["added"]["figures"]
        assert (0, 1, 3, 2) == (
            code,
            figure["before"]["entry"],
            figure["after"]["entry"],
            figure["by"][0]["cause_entry"],
        )
        (shown,) = changes[1]["figures"]
        for name in figures.COMPARED:
            assert figure["before"][name] == shown["before"][name]
            assert figure["after"][name] == shown["after"][name]
        assert [False, True] == [
            each["is_current"] for each in months[0]["suppliers"][0]["received"]
        ]
        code, said = _run(tmp_path, "verify-proof", "proof", "--leaf", "entry", *key)
        assert (0, True) == (code, "✓ Entry 3 is in the log makegood.test/log" in said)

    async def test_stops_if_more_was_published_than_the_database_has(
        self, system: RunningSystem
    ) -> None:
        """Started on a restored database, it appends nothing, signs nothing, and says why."""
        async with system.served() as client:
            await system.write(topics.RETURNS, build.received(1), build.received(2))

            async def size() -> int:
                return int((await client.get("/api/v1/log")).json()["size"])

            await eventually(size, 2)
        Objects(system.settings.objects_folder).create({"head/0000000/0000000000009": bytes(32)})
        async with system.served() as client:
            await system.write(topics.RETURNS, build.received(3))
            said = (await client.get("/health")).json()
            assert "2 entries, but 9 were published" in said["alarm"]
            assert 200 == (await client.get("/api/v1/entries/1")).status_code
            await asyncio.sleep(2)  # nothing may happen, so there is no fact to wait for
            assert 404 == (await client.get("/api/v1/entries/2")).status_code


class Attacker:
    """Someone with the rights of a superuser on the database and write access to the object
    store, but without the service's keys. Has kept copies of both."""

    def __init__(self, system: RunningSystem, folder: Path) -> None:
        self.system, self.backup = system, folder / "backup"

    async def keep_copies(self) -> None:
        unfinished = shutil.ignore_patterns(".*")  # they may be gone before they are copied
        objects = self.system.settings.objects_folder
        shutil.copytree(objects, self.backup / "objects", ignore=unfinished)
        shutil.copytree(self.system.settings.signed_folder, self.backup / "signed")
        async with self._database() as conn:
            (self.head,) = await conn.fetch("SELECT size, edge FROM head")
            self.chains = await conn.fetch("SELECT * FROM contract_chain")

    async def take_back(self, *relabelled: int) -> None:
        """Removes what was recorded and signed since the copies. The records at these offsets are
        called repeats of the first entry; the service will read the ones after them again."""
        size = self.head["size"]
        async with self._database() as conn:
            (place,) = await conn.fetch(
                "SELECT * FROM consumer_offset WHERE topic = $1 AND next_offset > 0",
                topics.RETURNS.name,
            )
            for table in ("entry", "payload_key", "entry_index"):
                await conn.execute(f"DELETE FROM {table} WHERE idx >= $1", size)
            await conn.execute("DELETE FROM checkpoint WHERE size > $1", size)
            await conn.execute("UPDATE head SET size = $1, edge = $2", size, self.head["edge"])
            await conn.execute("DELETE FROM contract_chain")
            await conn.copy_records_to_table("contract_chain", records=map(tuple, self.chains))
            await conn.executemany(
                "INSERT INTO repeat VALUES ($1, 1, $2, $3, 0, sha256('a guess'))",
                [(place["topic"], place["partition"], offset) for offset in relabelled],
            )
            await conn.execute(
                "UPDATE consumer_offset SET next_offset = $1, last_digest = NULL WHERE topic = $2 "
                "AND partition = $3",
                max(relabelled) + 1,
                place["topic"],
                place["partition"],
            )
        self._put_back("objects", self.system.settings.objects_folder)

    def put_back_the_kept_checkpoint(self) -> None:
        """With more rights than were assumed: the second copy of the last signed checkpoint."""
        self._put_back("signed", self.system.settings.signed_folder)

    def _put_back(self, name: str, folder: Path) -> None:
        shutil.rmtree(folder)
        shutil.copytree(self.backup / name, folder)

    @contextlib.asynccontextmanager
    async def _database(self) -> AsyncIterator[asyncpg.Connection]:
        conn = await asyncpg.connect(self.system.dsn, server_settings={"search_path": "ledger"})
        try:
            await conn.execute("SET session_replication_role = replica")
            yield conn
        finally:
            await conn.close()


class TestTakenBack:
    """Twelve signed entries are taken back, a return with a receipt and its withdrawal are called
    repeats, and the service records the other ten again."""

    async def test_is_found(self, system: RunningSystem, tmp_path: Path) -> None:
        """By the service itself; by fsck; by whoever has an earlier export; and by the supplier."""
        attacker = Attacker(system, tmp_path)
        victim = build.received(9, receipt_no=9)
        withdrawal = build.withdrawn(victim, 10)
        taken = (victim, withdrawal, *(build.received(n) for n in range(11, 21)))
        async with system.served() as client:
            await system.write(topics.RETURNS, *(build.received(n) for n in range(1, 9)))
            await eventually(lambda: _signed_size(client), 8)
            await attacker.keep_copies()
            await system.write(topics.RETURNS, *taken)
            await eventually(lambda: _signed_size(client), 20)
            old = await _download(client, tmp_path / "old.jsonl")
        await attacker.take_back(8, 9)

        async with system.served() as client:
            said = (await client.get("/health")).json()
            assert "the log has 8 entries, but 20 were published" in said["alarm"]

        attacker.put_back_the_kept_checkpoint()
        async with system.served() as client:
            await eventually(lambda: _signed_size(client), 18)
            assert "ok" == (await client.get("/health")).json()["status"]
            new = await _download(client, tmp_path / "new.jsonl")
        since = _audit(system, new, since=_checkpoint(system, old))
        assert ["since"] == [check.name for check in since.checks if check.failures]
        due = _audit(system, new, promises=[_promise(victim), _promise(withdrawal)])
        assert [("receipts", 2)] == [(c.name, len(c.failures)) for c in due.checks if c.failures]
        found = await system.fsck()
        what = "the ledger did not list it as a repeat: its mark does not hold"
        assert [what, what] == [failure.what for failure in found]


def _run(folder: Path, *words: str) -> tuple[int, str]:
    """The exit code of `makegood`, and what it said."""
    makegood = Path(sys.executable).with_name("makegood")
    done = subprocess.run(
        [makegood, *words], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout


async def _signed_size(client: httpx.AsyncClient) -> int:
    return int((await client.get("/api/v1/log")).json()["size"])


async def _download(client: httpx.AsyncClient, path: Path) -> Path:
    path.write_bytes((await client.get("/api/v1/export.jsonl")).content)
    return path


def _checkpoint(system: RunningSystem, pack: Path) -> notes.Checkpoint:
    note = export.read(pack).export.checkpoint
    return notes.open_checkpoint(note, system.key, origin=build.ORIGIN)


def _audit(system: RunningSystem, pack: Path, **asked: Any) -> audit.Report:
    return audit.check(export.read(pack).export, system.key, origin=build.ORIGIN, **asked)


def _promise(event: events.ReturnReceived | events.ReturnWithdrawn) -> audit.Promise:
    return audit.Promise(
        type="ReturnWithdrawn" if isinstance(event, events.ReturnWithdrawn) else "ReturnReceived",
        return_id=event.return_id,
        receipt_no=event.receipt_no,
        contract_id=event.contract_id,
        party_id=event.party_id,
        period=event.period,
        revision=event.revision,
        is_due=True,
        merge_by="2026-11-03 09:00 UTC",
    )
