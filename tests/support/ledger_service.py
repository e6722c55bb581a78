"""A running ledger on a database of its own, without a broker: for store and web tests."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord, TopicPartition
from pydantic import SecretStr

from services.ledger import store
from services.ledger.audit import fsck
from services.ledger.consumer import handlers
from services.ledger.domain.log import notes
from services.ledger.publishing import create_log, publisher
from services.ledger.publishing.brake import Brake
from services.ledger.publishing.objects import Objects
from services.ledger.settings import Settings
from shared import calendar, clock, sql
from shared.delivery import offsets, topics, transaction
from shared.delivery.messages import Record
from shared.wire import events, ids
from tests.support import delivery_builders

ORIGIN = "makegood.test/log"
AUTHORITY = "GB-LAE-KWL"
PARTY = "GB-COH-00000001"
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
PARTITIONS = 2
PARKING_KEY = b"k" * 32


def received(number: int, contract_id: str = "C1", **said: Any) -> events.ReturnReceived:
    """Return `number`, with one line."""
    line = events.Line(
        line_id="1",
        commitment_id="visits",
        quantity=Decimal(number),
        unit="visits",
        from_=date(2026, 10, 6),
    )
    own: dict[str, Any] = {
        "event_id": ids.derived("received", number),
        "authority_id": AUTHORITY,
        "occurred_at": AT,
        "contract_id": contract_id,
        "return_id": ids.derived("return", number),
        "receipt_no": max(1, number),
        "party_id": PARTY,
        "period": "2026-10",
        "revision": 1,
        "lines": (line,),
    }
    return events.ReturnReceived(**own | said)


def registered(contract_id: str = "C1", **said: Any) -> events.ContractRegistered:
    """A contract of the authority and the party."""
    own: dict[str, Any] = {
        "event_id": ids.derived("registered", contract_id),
        "authority_id": AUTHORITY,
        "occurred_at": AT,
        "contract_id": contract_id,
        "version": 1,
        "supplier_ids": (PARTY,),
        "starts_on": date(2026, 10, 1),
        "ends_on": date(2028, 9, 30),
    }
    return events.ContractRegistered(**own | said)


def checked(of: events.ReturnReceived, **said: Any) -> events.ReturnChecked:
    """The check of a return: all is counted."""
    result = events.LineResult(
        line_id="1", commitment_id="visits", outcome="counted", counted=of.lines[0].quantity
    )
    own: dict[str, Any] = {
        "event_id": ids.derived("checked", of.return_id),
        "authority_id": of.authority_id,
        "occurred_at": of.occurred_at,
        "caused_by": of.event_id,
        "contract_id": of.contract_id,
        "return_id": of.return_id,
        "receipt_no": of.receipt_no,
        "party_id": of.party_id,
        "period": of.period,
        "revision": of.revision,
        "results": (result,),
        "rule_set": "2026.1",
    }
    return events.ReturnChecked(**own | said)


def assessment(
    commitment_id: str, period: str, counted: str, rating: events.Rating = "Good", **said: Any
) -> events.Assessment:
    """A rating at the end of a month: of 12, 10 were expected."""
    own: dict[str, Any] = {
        "commitment_id": commitment_id,
        "commitment_version": 1,
        "period": period,
        "target": Decimal(12),
        "expected": "10/1",
        "counted": Decimal(counted),
        "low": Decimal(counted),
        "high": Decimal(counted),
        "rating": rating,
        "bands": "bands-1",
        "returns": (),
        "inputs": 1,
    }
    return events.Assessment(**own | said)


def assessed(
    ended: date, *assessments: events.Assessment, contract_id: str = "C1", step: str = ""
) -> events.CommitmentAssessed:
    """What the end of a day brought on; with `step`, what another contract's claim did."""
    return events.CommitmentAssessed(
        event_id=ids.derived(
            "CommitmentAssessed", contract_id, step or f"day:{ended}", "makegood-rules-1"
        ),
        authority_id=AUTHORITY,
        occurred_at=calendar.midnight_after(ended),
        caused_by=ids.derived("cause", ended, step),
        contract_id=contract_id,
        assessments=assessments,
        rule_set="makegood-rules-1",
    )


def promised(version: int, target: str, **said: Any) -> events.CommitmentChanged:
    """A version of the commitment `visits`, which is approved."""
    state = said.pop("state", "active")
    commitment = events.CommitmentVersion(
        commitment_id="visits",
        version=version,
        state=state,
        measure="school-visits",
        kind="sum",
        unit="visits",
        target=Decimal(target),
        profile={"kind": "linear"},
    )
    own: dict[str, Any] = {
        "event_id": ids.derived("promised", version, state),
        "authority_id": AUTHORITY,
        "occurred_at": AT,
        "contract_id": "C1",
        "contract_version": version,
        "commitment": commitment,
        "proposed_by": "m",
        "approved_by": "a" if state == "active" else None,
    }
    return events.CommitmentChanged(**own | said)


def withdrawn(of: events.ReturnReceived, receipt_no: int) -> events.ReturnWithdrawn:
    return events.ReturnWithdrawn(
        event_id=ids.derived("withdrawn", of.return_id),
        authority_id=of.authority_id,
        occurred_at=of.occurred_at,
        contract_id=of.contract_id,
        return_id=of.return_id,
        receipt_no=receipt_no,
        party_id=of.party_id,
        period=of.period,
        revision=of.revision,
    )


def moved(by: events.ReturnReceived) -> events.CaseMoved:
    """A case that a return opened."""
    return events.CaseMoved(
        event_id=ids.derived("moved", by.event_id),
        authority_id=by.authority_id,
        occurred_at=by.occurred_at,
        caused_by=by.event_id,
        contract_id=by.contract_id,
        case_id=ids.derived("case", by.contract_id),
        kind="shortfall",
        commitment_id="visits",
        party_id=by.party_id,
        period=by.period,
        moved_from=None,
        moved_to="opened",
        reason="below_band",
    )


def day(number: int, partition: int = 0) -> events.DayEnded:
    return events.DayEnded(
        event_id=ids.derived("day", number, partition),
        authority_id=events.INSTALLATION,
        occurred_at=AT,
        day=date(2026, 11, number),
        partition=partition,
    )


def parked(number: int) -> events.RecordParked:
    """Intake could not read a record."""
    return events.RecordParked(
        event_id=ids.derived("parked", number),
        authority_id=events.INSTALLATION,
        occurred_at=AT,
        service="intake",
        topic=topics.INBOUND_PREFIX + PARTY,
        incarnation=1,
        partition=0,
        offset=number,
        digest="ab" * 32,
        reason="malformed_json",
    )


@dataclasses.dataclass
class LedgerService:
    """The ledger's dependencies, and in place of a broker a counter of offsets."""

    dsn: str
    settings: Settings
    pool: sql.Pool
    delivery: transaction.Delivery
    brake: Brake
    recorder: handlers.Recorder
    publisher: publisher.Publisher
    verifier_key: notes.VerifierKey
    ends: collections.Counter[tuple[str, int]]

    def records(
        self, *sent: events.Event, topic: topics.Topic | None = None, partition: int = 0
    ) -> list[Record]:
        """Records at the end of a partition of `topic` or of their own, one for each event."""
        made = []
        for event in sent:
            its_topic = topic or _home(event)
            offset = self.ends[its_topic.name, partition]
            self.ends[its_topic.name, partition] += 1
            made.append(record(event, its_topic, partition, offset))
        return made

    async def append(self, *sent: events.Event, topic: topics.Topic | None = None) -> None:
        """Appends one batch, all of it from first partitions."""
        await self.recorder.handle(self.records(*sent, topic=topic))

    async def leaves(self) -> list[bytes]:
        rows = await self.pool.fetch("SELECT leaf FROM entry ORDER BY idx")
        return [row["leaf"] for row in rows]

    async def superuser(self, *statements: str) -> None:
        """Changes what nobody else may change: for this the triggers are off."""
        conn = await asyncpg.connect(self.dsn, server_settings={"search_path": "ledger"})
        try:
            await conn.execute("SET session_replication_role = replica")
            for statement in statements:
                assert not (await conn.execute(statement)).endswith(" 0"), statement
        finally:
            await conn.close()


def _home(event: events.Event) -> topics.Topic:
    """The topic on which the ledger finds an event. One that does not belong in the log comes among
    the returns."""
    names = handlers.SUBSCRIPTION.topics
    read = (each for each in topics.ALL if each.name in names and type(event) in each.holds)
    return next(read, topics.RETURNS)


def record(
    event: events.Event,
    topic: topics.Topic,
    partition: int,
    offset: int,
    value: bytes | None = None,
) -> Record:
    head = delivery_builders.headers(event)
    body, key = value or events.write(event), events.subject(event).encode()
    stamp = 1_780_000_000_000
    return ConsumerRecord(topic.name, partition, offset, stamp, 0, key, body, None, 0, 0, head)


def settings(dsn: str, folder: Path = Path("nowhere")) -> Settings:
    return Settings(
        kafka_bootstrap_servers="nowhere:9092", database_url=SecretStr(dsn), state=folder
    )


@contextlib.asynccontextmanager
async def at_work(dsn: str, folder: Path) -> AsyncIterator[LedgerService]:
    """A new log in an empty database. Its objects and keys are below `folder`."""
    own = settings(dsn, folder)
    await sql.migrate(dsn, "ledger", store.MIGRATIONS)
    key = notes.parse_verifier_key(await create_log.create(own, ORIGIN))
    async with open_service(own, key) as service:
        names = handlers.SUBSCRIPTION.topics
        places = {TopicPartition(name, p): 0 for name in names for p in range(PARTITIONS)}
        await offsets.assign(service.pool, "cluster", places, collections.Counter())
        yield service


@contextlib.asynccontextmanager
async def open_service(
    own: Settings, key: notes.VerifierKey, now: clock.Clock | None = None
) -> AsyncIterator[LedgerService]:
    """One process of the service, on an existing log. Without a clock no moment is late or
    early."""
    pool = await sql.connect(own, "ledger")
    try:
        delivery = transaction.Delivery(
            "ledger", pool, PARKING_KEY, handlers.read, seen=handlers.seen, remember=None
        )
        brake = Brake()
        signer = await create_log.load_signer(own, pool)
        yield LedgerService(
            dsn=own.database_url.get_secret_value(),
            settings=own,
            pool=pool,
            delivery=delivery,
            brake=brake,
            recorder=handlers.Recorder(delivery, brake.stop, now),
            publisher=publisher.Publisher(
                pool, Objects(own.objects_folder), Objects(own.signed_folder), signer, brake
            ),
            verifier_key=key,
            ends=collections.Counter(),
        )
    finally:
        pool.terminate()


def evidence(own: Settings) -> fsck.Evidence:
    """What fsck compares the database with."""
    return dataclasses.replace(fsck.Evidence.of(own), parking_key=PARKING_KEY)


def event_ids(sent: Sequence[events.Event]) -> list[UUID]:
    return [event.event_id for event in sent]
