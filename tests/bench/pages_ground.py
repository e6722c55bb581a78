"""The ground for `pages`: 500 contracts and 26,000 returns, as the services themselves store them.

Promises: everything is said and decided by the services' own code, in the order in which it would
happen over Kafka: contracts are registered and approved, each month's returns are sent in the next,
days end, what verification decides goes to intake and the ledger, and entry numbers come back. The
same every time. Only Kafka is left out: messages are handed on from outbox to handler.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import asyncpg
from fastapi import FastAPI
from pydantic import SecretStr

from services.intake import app as intake_app
from services.intake.acceptance import days, officers
from services.intake.domain import admission
from services.intake.pages import people
from services.intake.settings import Settings
from services.ledger import store as ledger_store
from services.ledger.domain.log import notes
from services.verification.register import commitments, contracts
from services.verification.register.publication import Acting
from services.verification.register.terms import Terms
from shared import calendar, sql
from shared.delivery import topics
from shared.pages import site
from shared.wire import events
from tests.bench import workload
from tests.support import (
    intake_service,
    ledger_client,
    ledger_service,
    verification_service,
)

AUTHORITY: Final = "GB-LAE-KWL"
SUPPLIERS: Final = 25
"""Each has 20 contracts."""
MONTHS: Final = 52
STARTS_ON: Final = date(2022, 7, 1)
ENDS_ON: Final = date(2027, 6, 30)
NOW: Final = datetime(2026, 11, 16, 9, tzinfo=UTC)
AT_ONCE: Final = 100
"""Small batches: on a busy machine a large one would outlast the time-outs of transactions."""
_REGISTERED: Final = datetime(2022, 6, 15, 9, tzinfo=UTC)
_MANAGER, _APPROVER = "priya-nair@GB-LAE-KWL", "ruth-okafor@GB-LAE-KWL"
_TARGETS: Final = {"visits": 480, "hours": 720, "spend": 30_000}
"""Over 60 months: what the workload delivers in a month is a little more."""


class Ground:
    """The three services over one database, and how far each outbox was handed on."""

    def __init__(
        self,
        intake: intake_service.IntakeService,
        verification: verification_service.VerificationService,
        ledger: ledger_service.LedgerService,
    ) -> None:
        self.intake, self.verification, self.ledger = intake, verification, ledger
        self._sent: collections.Counter[str] = collections.Counter()
        self._offsets: collections.Counter[str] = collections.Counter()

    async def register(self, count: int) -> None:
        """Registers contracts with three commitments each, which a second person approves."""
        calendar.working_days_since(STARTS_ON, ENDS_ON)  # loads the holidays: in no transaction
        async with self.verification.pool.acquire() as conn:
            for number in range(count):
                async with conn.transaction():
                    await _register(conn, number)
        for each in people.BY_KEY.values():
            delivery = self.intake.delivery
            await officers.name(delivery, each.who.actor_id, each.named, _REGISTERED)
        await self.hand_on()

    async def report(self, count: int, month: int) -> None:
        """Sends the returns of a month on the 5th of the next one, and ends the days until then."""
        period = f"{STARTS_ON.year + (STARTS_ON.month - 1 + month) // 12}-{_of_year(month):02}"
        sent_on = calendar.last_day(period) + timedelta(days=5)
        moment = datetime(sent_on.year, sent_on.month, sent_on.day, 9, tzinfo=UTC)
        self.intake.clock.move_to(moment)
        await days.end(self.intake.delivery, moment)
        await self.hand_on()
        decided = await asyncio.gather(
            *(
                self.intake.submit(body, party=party)
                for party, body in _returns(count, month, period)
            )
        )
        assert all(isinstance(each, admission.Accepted) for each in decided), decided[0]
        await self.hand_on()

    async def finish(self) -> None:
        """Ends the days until today, and publishes the log."""
        self.intake.clock.move_to(NOW)
        await days.end(self.intake.delivery, NOW)
        await self.hand_on()
        await self.ledger.publisher.publish()

    async def hand_on(self) -> None:
        """Hands messages on until there is nothing new."""
        while any([await self._from_intake(), await self._from_verification(), await self._back()]):
            pass

    async def _from_intake(self) -> bool:
        said = await self._new("intake", self.intake.pool)
        folded = [each for _, each in said]
        await self.verification.deliver(*folded, at_once=AT_ONCE)
        recorded = [each for each in folded if not isinstance(each, events.DayEnded)]
        await self._append(recorded)
        return bool(said)

    async def _from_verification(self) -> bool:
        said = await self._new("verification", self.verification.pool)
        again = [each for topic, each in said if topic == topics.RECONSIDER.name]
        await self.verification.deliver(*again, at_once=AT_ONCE)
        known = (topics.OUTCOMES.name, topics.ALERTS.name, topics.CONTRACTS.name)
        await self._tell_intake([pair for pair in said if pair[0] in known])
        await self._append([each for topic, each in said if topic != topics.RECONSIDER.name])
        return bool(said)

    async def _back(self) -> bool:
        said = await self._new("ledger", self.ledger.pool)
        await self._tell_intake([pair for pair in said if pair[0] == topics.ENTRIES.name])
        return bool(said)

    async def _append(self, said: Sequence[events.Event]) -> None:
        for part in _parts(said):
            await self.ledger.append(*part)

    async def _tell_intake(self, said: Sequence[tuple[str, events.Event]]) -> None:
        for part in _parts(said):
            records = []
            for topic, event in part:
                records.append(intake_service.record_of(event, topic, self._offsets[topic]))
                self._offsets[topic] += 1
            await self.intake.handle(records)

    async def _new(self, name: str, pool: sql.Pool) -> list[tuple[str, Any]]:
        rows = await pool.fetch(
            "SELECT id, topic, body FROM outbox WHERE id > $1 ORDER BY id", self._sent[name]
        )
        if rows:
            self._sent[name] = rows[-1]["id"]
        return [(row["topic"], events.read(row["body"])) for row in rows]


async def build(dsn: str, folder: Path, count: int, tell: Callable[[str], object]) -> None:
    """Stores `count` contracts and all their returns, unless the database has some already."""
    async with (
        intake_service.at_work(dsn, _REGISTERED) as intake,
        verification_service.at_work(dsn, _REGISTERED) as verification,
    ):
        if await verification.pool.fetchval("SELECT count(*) FROM contract"):
            return
        for topic in (topics.CONTRACTS, topics.OUTCOMES, topics.ALERTS, topics.ENTRIES):
            await intake.begin(topic.name)
        async with ledger_service.at_work(dsn, folder) as ledger:
            ground = Ground(intake, verification, ledger)
            await ground.register(count)
            for month in range(MONTHS):
                tell(f"Building month {month + 1} of {MONTHS} …")
                await ground.report(count, month)
            await ground.finish()


@contextlib.asynccontextmanager
async def opened(dsn: str, folder: Path) -> AsyncIterator[dict[site.Name, FastAPI]]:
    """The three apps over what was built. There is no broker any more to go on from."""
    conn = await asyncpg.connect(dsn)
    await conn.execute(
        "UPDATE verification.consumer_offset SET next_offset = 0, last_digest = NULL"
    )
    await conn.close()
    async with (
        verification_service.at_work(dsn, NOW) as verification,
        _open_ledger(dsn, folder) as ledger,
    ):
        served = intake_app.build(
            Settings(
                kafka_bootstrap_servers="127.0.0.1:1",
                database_url=SecretStr(dsn),
                state=folder,
                demo=True,
                demo_starts_at=NOW,
            )
        )
        async with served.router.lifespan_context(served):
            yield {"supplier": served, "council": verification.app, "record": ledger}


@contextlib.asynccontextmanager
async def _open_ledger(dsn: str, folder: Path) -> AsyncIterator[FastAPI]:
    own = ledger_service.settings(dsn, folder)
    await sql.migrate(dsn, "ledger", ledger_store.MIGRATIONS)
    pool = await sql.connect(own, "ledger")
    async with pool.acquire() as conn:
        key = notes.parse_verifier_key((await ledger_store.log.get_stored_head(conn)).verifier_key)
    await pool.close()
    async with ledger_service.open_service(own, key) as service:
        yield (await ledger_client.connect(service)).app


def _parts(said: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for first in range(0, len(said), AT_ONCE):
        yield said[first : first + AT_ONCE]


def _of_year(month: int) -> int:
    return (STARTS_ON.month - 1 + month) % 12 + 1


def party(number: int) -> str:
    """The supplier of a contract."""
    return f"GB-COH-{number % SUPPLIERS + 1:08}"


def contract_id(number: int) -> str:
    return f"KMBC-2022-{number:04}"


async def _register(conn: sql.Connection, number: int) -> None:
    """Every fifth contract has promised twice of what it will deliver."""
    manager = Acting(_MANAGER, AUTHORITY, _REGISTERED)
    own, supplier = contract_id(number), party(number)
    wanted = contracts.Registration(
        contract_id=own,
        supplier_ids=(supplier,),
        starts_on=STARTS_ON,
        ends_on=ENDS_ON,
        words={
            "title": f"Highways and public realm, lot {number}: repairs and renewals",
            "suppliers": {supplier: f"Example Works {number % SUPPLIERS} Limited (fictional)"},
            "buyer": None,
        },
    )
    assert "new" == await contracts.register(conn, wanted, manager)
    for commitment_id, (measure, _) in workload.COMMITMENTS.items():
        new = commitments.New(
            commitment_id=commitment_id,
            title=f"{commitment_id.capitalize()} for residents of the borough",
            terms=Terms(
                measure=measure,
                target=Decimal(_TARGETS[commitment_id] * (2 if number % 5 == 0 else 1)),
                profile={"kind": "linear", "from": str(STARTS_ON), "to": str(ENDS_ON)},
                from_on=STARTS_ON,
            ),
        )
        assert await commitments.add(conn, own, new, manager) is None
        approver = Acting(_APPROVER, AUTHORITY, _REGISTERED)
        approval = commitments.Approval(commitment_id)
        assert await commitments.activate(conn, own, approval, approver) is None


def _returns(count: int, month: int, period: str) -> Iterator[tuple[str, bytes]]:
    """The returns of a month, with their suppliers. Every tenth contract does not send its last
    one; every 25th claims one invoice again and again in the last three months."""
    for number in range(count):
        if month == MONTHS - 1 and number % 10 == 3:
            continue
        lines = tuple(
            workload.line(name, month + number + at) for at, name in enumerate(workload.LINE_NAMES)
        )
        returned = workload.Return(contract_id(number), period, month * 100_000 + number, lines)
        body = workload.post(returned).replace(workload.PARTY_ID.encode(), party(number).encode())
        if number % 25 == 2 and month >= MONTHS - 3:
            own = f"{contract_id(number)}/"
            body = body.replace(f"{own}{period}".encode(), f"{own}again".encode())
        yield party(number), body
