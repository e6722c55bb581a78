"""Notifiers that are killed, frozen and cut off while mails are in flight: every mail goes out, and
none goes out twice but the one that is marked (docs/notifier.md)."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, Self

import asyncpg
import pytest

from services.verification.store import batches, rows
from shared import sql
from shared.wire import events
from tests.support import mail_server, notifying, verification_service
from tests.support import verification_builders as build
from tests.support.verification_service import VerificationService

PEOPLE: Final = 160
"""Each gets one mail."""
STRIKES: Final = 12
KINDS: Final = ("kill", "between", "freeze", "database")
ARRIVED: Final = {
    ("sent", False): {(1, 0)},
    ("sent", True): {(0, 1), (1, 1)},
    ("doubtful", True): {(0, 0), (1, 0), (0, 1), (1, 1)},
}
"""By the state of a dispatch, and whether it is a repeat: how many unmarked and marked copies may
have arrived."""
LEASE_SECONDS: Final = 1.0
WAIT_S_MAX: Final = 120.0
REPOSITORY: Final = Path(__file__).parents[2]


class Notifiers:
    """Processes that send from one database to one mail server; leaving kills them."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    def __init__(self, dsn: str, port: int, folder: Path) -> None:
        self._environment = {
            **os.environ,
            "DATABASE_URL": dsn,
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
            "MAKEGOOD_STATE": str(folder),
            "MAIL_URL": f"smtp://127.0.0.1:{port}?tls=none",
            "MAIL_FROM": notifying.FROM,
            "MAIL_CONNECTIONS": "3",
            "NOTIFIER_LEASE_SECONDS": str(LEASE_SECONDS),
            "MAKEGOOD_FAILPOINTS_LOG": str(folder / "strikes"),
        }
        self._output = folder / "notifier.log"
        self._dsn = dsn
        self._running: list[asyncio.subprocess.Process] = []

    async def start(self, armed: str = "") -> asyncio.subprocess.Process:
        more: Mapping[str, str] = {"MAKEGOOD_FAILPOINTS": armed} if armed else {}
        with self._output.open("ab") as output:
            started = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "services.verification", "notify"),
                env={**self._environment, **more},
                cwd=REPOSITORY,
                stdout=output,
                stderr=output,
            )
        self._running.append(started)
        return started

    async def cut_off(self) -> None:
        """Ends every connection to the database."""
        owner = await asyncpg.connect(self._dsn)
        try:
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        finally:
            await owner.close()

    async def kill(self) -> None:
        """Kills all that run."""
        for each in self._running:
            if each.returncode is None:
                each.kill()
                await each.wait()
        self._running.clear()


class Post:
    """What a mail server has got, by the dispatch that its Message-ID names."""

    def __init__(self, box: mail_server.Box) -> None:
        self._box = box

    @property
    def count(self) -> int:
        return len(self._box.got)

    def copies(self) -> tuple[Counter[uuid.UUID], Counter[uuid.UUID]]:
        """Unmarked and marked copies."""
        plain: Counter[uuid.UUID] = Counter()
        marked: Counter[uuid.UUID] = Counter()
        for each in self._box.got:
            read = mail_server.read(each)
            kind = marked if read["X-Makegood-Repeat"] else plain
            name, _, _ = str(read["Message-ID"]).strip("<>").partition("@")
            kind[uuid.UUID(name)] += 1
        return plain, marked

    async def grows(self, count: int) -> None:
        """Returns when it has got so many, all in all."""
        async with asyncio.timeout(WAIT_S_MAX):
            while self.count < count:
                await asyncio.sleep(0.005)


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        await made.promise("C1")
        yield made


async def queue(service: VerificationService, people: int) -> None:
    """One alert about a shortfall, of which so many people are to be told."""
    alert = events.AlertRaised(
        event_id=uuid.uuid4(),
        authority_id=build.AUTHORITY,
        occurred_at=datetime.now(UTC),
        contract_id="C1",
        kind="shortfall_opened",
        subject="case",
        commitment_id="spend",
        period="2026-10",
        unit="GBP",
        target=Decimal(600_000),
        expected=Decimal(21_340),
        reported=Decimal(18_250),
        counted=Decimal(18_250),
        low=Decimal(18_250),
        gap=Decimal(3_090),
        rating="Requires improvement",
        why=("not_delivered",),
        step="notify_supplier",
        rule_set="rules-1",
    )
    async with service.pool.acquire() as conn, conn.transaction():
        await batches.add_alerts(conn, [rows.alert_row(alert, events.write(alert))])
    names = [f"officer-{n:05}" for n in range(people)]
    await notifying.add_people(service.pool, *names)
    now = datetime.now(UTC)
    told = [
        notifying.due(name, event_id=alert.event_id, contract_id="C1", due_at=now) for name in names
    ]
    await notifying.tell(service.pool, *told)


async def until_sent(pool: sql.Pool, people: int) -> None:
    """Returns when nothing waits any more."""
    async with asyncio.timeout(WAIT_S_MAX):
        while (found := await notifying.states(pool)).get("sent", 0) + found.get(
            "doubtful", 0
        ) < people:
            await asyncio.sleep(0.05)


class TestNotifiersUnderFire:
    """What is counted in the end."""

    async def test_lose_nothing_and_repeat_only_what_is_marked(
        self, service: VerificationService, tmp_path: Path
    ) -> None:
        """Killed at random and between send and mark, frozen, without the database: of 160 mails
        each that counts as sent has arrived, once, and once more only as a marked repeat. What
        nobody can know is shown as doubtful."""
        chance = random.Random(20261103)
        await queue(service, PEOPLE)
        struck: Counter[str] = Counter()
        async with mail_server.running(box := mail_server.Box()) as port:
            post = Post(box)
            async with Notifiers(service.dsn, port, tmp_path) as notifiers:
                for number in range(STRIKES):
                    kind = KINDS[number % len(KINDS)]
                    await self._strike(kind, chance, notifiers, post)
                    assert post.count < PEOPLE, "nothing was in flight any more"
                    struck[kind] += 1
                await notifiers.start()
                await until_sent(service.pool, PEOPLE)
        assert struck["between"] == len((tmp_path / "strikes").read_text().splitlines())
        plain, marked = post.copies()
        found = await service.pool.fetch("SELECT dispatch_id, state, is_repeat FROM dispatch")
        assert PEOPLE == len(found)
        wrong = []
        for row in found:
            dispatch_id, state, is_repeat = row
            copies = plain.pop(dispatch_id, 0), marked.pop(dispatch_id, 0)
            if copies not in ARRIVED[state, is_repeat]:
                wrong.append((dispatch_id, state, is_repeat, copies))
        assert [] == wrong
        assert (0, 0) == (plain.total(), marked.total()), "mails of no dispatch"

    async def _strike(
        self, kind: str, chance: random.Random, notifiers: Notifiers, post: Post
    ) -> None:
        """Starts a notifier and strikes it while mails are in flight."""
        some = post.count + chance.randint(1, 5)
        if kind == "between":
            armed = f"after_send_before_mark=kill@{chance.randint(1, 5)}"
            struck = await notifiers.start(armed)
            async with asyncio.timeout(WAIT_S_MAX):
                assert -signal.SIGKILL == await struck.wait()
            return
        struck = await notifiers.start()
        await post.grows(some)
        if kind == "freeze":  # another takes its leases; then it comes back
            struck.send_signal(signal.SIGSTOP)
            await notifiers.start()
            await post.grows(post.count + 3)
            struck.send_signal(signal.SIGCONT)
        elif kind == "database":
            await notifiers.cut_off()
            await post.grows(post.count + 2)
        await notifiers.kill()

    async def test_send_on_when_the_mail_server_is_back(
        self, service: VerificationService, tmp_path: Path
    ) -> None:
        """It is away from the start, and goes away in the middle; nobody gets two mails."""
        await queue(service, 60)
        box = mail_server.Box()
        async with mail_server.running(box) as port:
            pass
        post = Post(box)
        async with Notifiers(service.dsn, port, tmp_path) as notifiers:
            await notifiers.start()
            async with asyncio.timeout(WAIT_S_MAX):
                while not await service.pool.fetchval(
                    "SELECT count(*) FROM dispatch WHERE answer IS NOT NULL"
                ):
                    await asyncio.sleep(0.05)
            async with mail_server.running(box, port=port):
                await post.grows(10)
            async with mail_server.running(box, port=port):
                await until_sent(service.pool, 60)
        plain, marked = post.copies()
        assert 60 == len(plain | marked)
        assert 1 == max(plain.values())
        assert 1 >= max(marked.values(), default=0)

    async def test_finish_what_is_under_way_when_they_are_told_to_stop(
        self, service: VerificationService, tmp_path: Path
    ) -> None:
        """SIGTERM leaves nothing in doubt, so that the next one repeats nothing."""
        await queue(service, 60)
        async with mail_server.running(box := mail_server.Box()) as port:
            post = Post(box)
            async with Notifiers(service.dsn, port, tmp_path) as notifiers:
                for _ in range(3):
                    running = await notifiers.start()
                    await post.grows(post.count + 5)
                    running.terminate()
                    async with asyncio.timeout(WAIT_S_MAX):
                        assert 0 == await running.wait()
                    assert 0 == await service.pool.fetchval(
                        "SELECT count(*) FROM dispatch WHERE state = 'sending'"
                    )
                await notifiers.start()
                await until_sent(service.pool, 60)
        plain, marked = post.copies()
        assert (60, 0) == (plain.total(), marked.total())


class TestVerificationsNotifier:
    """The process as it is started."""

    async def test_tells_operators_that_reference_data_is_old(
        self, service: VerificationService, tmp_path: Path
    ) -> None:
        """No directory of postcodes has been loaded: whoever keeps the installation hears of it
        with the next digest."""
        await service.deliver(verification_service.officer("lena", "Lena Quist", "operator"))
        lena = f"lena@{build.AUTHORITY}"
        await notifying.add_people(service.pool, lena)
        async with (
            mail_server.running(mail_server.Box()) as port,
            Notifiers(service.dsn, port, tmp_path) as notifiers,
            asyncio.timeout(WAIT_S_MAX),
        ):
            await notifiers.start()
            while not (told := await service.pool.fetch("SELECT * FROM notification")):
                await asyncio.sleep(0.05)
        assert [("reference_out_of_date", lena, "daily")] == [
            (each["kind"], each["recipient_id"], each["how"]) for each in told
        ]
