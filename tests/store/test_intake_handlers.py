"""What arrives by Kafka, one batch at a time, on a real database."""

from __future__ import annotations

import collections
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from services.intake import store
from services.intake.acceptance import days
from services.intake.domain import admission
from shared import books
from shared.delivery import topics, transaction
from shared.delivery.messages import Record
from shared.wire import events
from shared.wire.events import ContractPublished
from tests.support import intake_builders as build
from tests.support import intake_service

INBOUND = intake_service.INBOUND


@pytest.fixture
async def service(database: str) -> AsyncIterator[intake_service.IntakeService]:
    async with intake_service.listening(database) as made:
        yield made


def alarms(alarm: str) -> float:
    """How often it was raised."""
    return REGISTRY.get_sample_value("makegood_alarms_total", {"alarm": alarm}) or 0.0


def checked(return_id: uuid.UUID, *results: events.LineResult, **more: Any) -> events.ReturnChecked:
    return events.ReturnChecked(
        event_id=uuid.uuid4(),
        authority_id=build.AUTHORITY,
        occurred_at=datetime(2026, 11, 5, tzinfo=UTC),
        contract_id=build.CONTRACT,
        return_id=return_id,
        receipt_no=1,
        party_id=build.PARTY,
        period="2026-10",
        revision=1,
        results=results,
        rule_set="r1",
        **more,
    )


def result(line_id: str, outcome: str, **more: Any) -> events.LineResult:
    facts = {"line_id": line_id, "commitment_id": "schools", "outcome": outcome, "counted": "1"}
    return msgspec.convert(facts | more, events.LineResult)


class TestAnInboundRecord:
    async def test_is_a_submission_like_any_other(
        self, service: intake_service.IntakeService
    ) -> None:
        """It is accepted for the party that has the topic. Repeats are known by bytes or key."""
        body = build.written(build.a_return())
        header = ("idempotency-key", b"k1")
        await service.handle(
            [
                intake_service.record(INBOUND, 0, body, [header]),
                intake_service.record(INBOUND, 1, body),
                intake_service.record(
                    INBOUND, 2, build.written(build.a_return(nil=True)), [header]
                ),
            ]
        )
        first, second = await service.messages()
        assert (build.PARTY, 1) == (first.party_id, first.receipt_no)
        assert ("kafka", ("form",)) == (second.route, second.rules)
        assert isinstance(await service.submit(body), admission.Again)

    async def test_with_a_key_that_cannot_be_kept_is_refused(
        self, service: intake_service.IntakeService
    ) -> None:
        """Rule I13, as by HTTP: the sender learns of it, and nothing is accepted."""
        body = build.written(build.a_return())
        long, twice = [("idempotency-key", b"k" * 201)], [("idempotency-key", b"k")] * 2
        await service.handle(
            [
                intake_service.record(INBOUND, 0, body, long),
                intake_service.record(INBOUND, 1, body, twice),
            ]
        )
        assert [("ReturnRefused", ("I13",))] * 2 == [
            (event.type, event.rules) for event in await service.messages()
        ]

    @pytest.mark.parametrize(
        "value",
        [None, b"", b"\xff", b"{", b"[]", b'{"contract_id": "\\u0000"}', b"\x00" * 1_000_000],
    )
    async def test_that_cannot_be_read_is_refused_and_parked(
        self, service: intake_service.IntakeService, value: bytes | None
    ) -> None:
        """Whatever the bytes are, there is one refusal, and one parked record if they are no JSON
        object. The partition moves on."""
        headers = [("idempotency-key", b"\xff\x00"), ("\x00", b"")]
        good = build.written(build.a_return())
        await service.handle(
            [
                intake_service.record(INBOUND, 0, value, headers),
                intake_service.record(INBOUND, 1, good),
            ]
        )
        parked = [] if value and value.startswith(b'{"') else ["RecordParked"]
        sent = [event.type for event in await service.messages()]
        assert ["ReturnRefused", "ReturnReceived", *parked] == sent

    async def test_that_cannot_be_read_is_told_like_any_refusal(
        self, service: intake_service.IntakeService
    ) -> None:
        """103 of a day, in two batches: the first hundred have a refusal and a parked record of
        their own in the log, the others one refusal together. All are sealed, at their places."""
        junk = [intake_service.record(INBOUND, offset, b"{") for offset in range(103)]
        await service.handle(junk[:60])
        await service.handle(junk[60:])
        sent = collections.Counter(event.type for event in await service.messages())
        assert {"ReturnRefused": 100, "RecordParked": 100} == sent
        parked = await service.pool.fetch('SELECT "offset" FROM parked ORDER BY "offset"')
        assert list(range(103)) == [row["offset"] for row in parked]
        await days.end(service.delivery, service.clock.now() + timedelta(days=1))
        together = [e for e in await service.messages() if getattr(e, "count", 1) > 1]
        assert [("ReturnRefused", "kafka", 3)] == [(e.type, e.route, e.count) for e in together]

    async def test_that_was_seen_has_no_effect(self, service: intake_service.IntakeService) -> None:
        """The same batch again changes nothing."""
        batch = [
            intake_service.record(INBOUND, 0, b"{"),
            intake_service.record(INBOUND, 1, build.written(build.a_return())),
        ]
        await service.handle(batch)
        await service.handle(batch)
        sent = [event.type for event in await service.messages()]
        assert ["ReturnRefused", "ReturnReceived", "RecordParked"] == sent

    async def test_of_nobodys_topic_is_parked(self, service: intake_service.IntakeService) -> None:
        """The exact name of the topic tells the party."""
        stranger = topics.inbound("GB-COH-09999999").name
        await service.begin(stranger)
        await service.handle([intake_service.record(stranger, 0, build.written(build.a_return()))])
        (event,) = await service.messages()
        assert ("RecordParked", "unknown_inbound_topic") == (event.type, event.reason)


def published(*said: ContractPublished, first: int = 0) -> list[Record]:
    """Records of the contracts' topic, from an offset on."""
    return [
        intake_service.record_of(event, topics.CONTRACTS.name, offset)
        for offset, event in enumerate(said, first)
    ]


class TestAContract:
    async def test_is_known_once_it_is_published(
        self, service: intake_service.IntakeService
    ) -> None:
        """Until then it is refused (rule I1). What a batch says last stands."""
        document = build.a_return(contract_id="C-2")
        assert isinstance(await service.submit(document), admission.Refused)
        older = build.a_contract_published("C-2", version=1, supplier_ids=("GB-COH-00000002",))
        newer = build.a_contract_published("C-2", version=2)
        await service.handle(published(older, newer))
        assert isinstance(await service.submit(document), admission.Accepted)

    async def test_of_a_wrong_version_is_mended_by_publishing_it_again(
        self, service: intake_service.IntakeService
    ) -> None:
        """However high that version is: the same version may be said again, too."""
        document = build.a_return(contract_id="C-2")
        nobodys: dict[str, Any] = {"version": 2**31 - 1, "supplier_ids": ("GB-COH-00000002",)}
        await service.handle(published(build.a_contract_published("C-2", **nobodys)))
        assert isinstance(await service.submit(document), admission.Refused)
        again = build.a_contract_published("C-2", event_id=uuid.uuid4())
        wrong = build.a_contract_published("C-2", event_id=uuid.uuid4(), **nobodys)
        mended = build.a_contract_published("C-2", event_id=uuid.uuid4(), version=2**31 - 1)
        await service.handle(published(again, first=1))
        assert isinstance(await service.submit(document), admission.Accepted)
        await service.handle(published(wrong, mended, first=2))
        next_one = build.a_return(contract_id="C-2", revision=2, reason="corrected")
        assert isinstance(await service.submit(next_one), admission.Accepted)

    async def test_that_was_parked_does_not_go_back_to_an_older_version(
        self, service: intake_service.IntakeService
    ) -> None:
        """Its record comes once more, after those that followed it."""
        older = build.a_contract_published("C-2", version=1, supplier_ids=("GB-COH-00000002",))
        newer = build.a_contract_published("C-2", version=2)
        first, second, again = published(older, newer, older)
        await transaction.park(service.delivery, first, "handler_failed_ValueError")
        await service.handle([second])
        await service.handle([again])
        document = build.a_return(contract_id="C-2")
        assert isinstance(await service.submit(document), admission.Accepted)

    async def test_of_another_authority_is_parked(
        self, service: intake_service.IntakeService
    ) -> None:
        """A contract does not change hands, whatever the version, in a batch or after it; each
        raises an alarm. Its own authority goes on publishing."""
        before = alarms("not_believed")
        document = build.a_return(contract_id="C-2")
        own = build.a_contract_published("C-2", version=5)
        again = build.a_contract_published("C-2", version=2, event_id=uuid.uuid4())
        stolen = [
            build.a_contract_published(
                "C-2", event_id=uuid.uuid4(), authority_id="GB-LAE-SHN", version=version
            )
            for version in (6, 2**31 - 1)
        ]
        await service.handle(published(own, stolen[0]))
        await service.handle(published(stolen[1], again, first=2))
        assert isinstance(await service.submit(document), admission.Accepted)
        said = await service.pool.fetchrow(
            "SELECT authority_id, version FROM contract WHERE contract_id = 'C-2'"
        )
        assert (build.AUTHORITY, 2) == tuple(said or ())
        reasons = await service.pool.fetch("SELECT reason FROM parked")
        assert ["authority_differs"] * 2 == [row["reason"] for row in reasons]
        assert 2 == alarms("not_believed") - before

    async def test_that_was_first_published_by_another_authority_can_be_forgotten(
        self, service: intake_service.IntakeService
    ) -> None:
        """An operator forgets it; then what is published again stands."""
        false = build.a_contract_published("C-2", authority_id="GB-LAE-SHN")
        true = build.a_contract_published("C-2", event_id=uuid.uuid4())
        again = build.a_contract_published("C-2", event_id=uuid.uuid4())
        await service.handle(published(false, true))
        document = build.a_return(contract_id="C-2")
        assert isinstance(await service.submit(document), admission.Refused)
        assert await store.projections.drop_contract(service.pool, "C-2")
        assert not await store.projections.drop_contract(service.pool, "C-2")
        await service.handle(published(again, first=2))
        assert isinstance(await service.submit(document), admission.Accepted)


class TestALineStatus:
    async def test_is_what_was_said_last(self, service: intake_service.IntakeService) -> None:
        """By the check of its own return, or because another return changed it."""
        decision = await service.submit(build.a_return())
        assert isinstance(decision, admission.Accepted)
        mine = decision.issued.receipt.return_id
        first = checked(mine, result("1", "counted"), result("2", "queried", queried="5"))
        other = checked(
            uuid.uuid4(),
            result("1", "not_counted"),
            changed=(result("2", "counted", return_id=mine, counted=Decimal("18250.00")),),
        )
        entries = events.EntriesRecorded(
            event_id=uuid.uuid4(),
            authority_id=events.INSTALLATION,
            occurred_at=datetime(2026, 11, 5, tzinfo=UTC),
            size=2,
            entries=(events.Entry(event_id=other.event_id, index=7),),
        )
        await service.handle(
            [
                intake_service.record_of(first, topics.OUTCOMES.name, 0),
                intake_service.record_of(other, topics.OUTCOMES.name, 1),
                intake_service.record_of(entries, topics.ENTRIES.name, 0),
            ]
        )
        found = await store.reading.load_line_statuses(service.pool, mine)
        assert {"1": ("counted", "1", None), "2": ("counted", "18250.00", 7)} == {
            line_id: (status.outcome, str(status.counted), entry)
            for line_id, (status, entry) in found.items()
        }

    async def test_raises_an_alarm_if_an_entry_becomes_another_event(
        self, service: intake_service.IntakeService
    ) -> None:
        """The log was taken back and recorded anew: it is kept for `/health`."""
        for offset in range(2):
            told = events.EntriesRecorded(
                event_id=uuid.uuid4(),
                authority_id=events.INSTALLATION,
                occurred_at=datetime(2026, 11, 5, tzinfo=UTC),
                size=8,
                entries=(events.Entry(event_id=uuid.UUID(int=offset + 1), index=7),),
            )
            await service.handle([intake_service.record_of(told, topics.ENTRIES.name, offset)])
        found = await books.find_newest(service.pool)
        assert found is not None
        assert found.first_failure == (
            f"entry 7 is said to be event {uuid.UUID(int=2)}, and was another"
        )

    async def test_raises_an_alarm_if_an_entry_is_a_return_that_never_was(
        self, service: intake_service.IntakeService
    ) -> None:
        """A receipt number that intake never issued, a refusal that it never told: each is counted.
        Events of other services, and what intake wrote itself, are not."""
        before = alarms("entry_unknown")
        decision = await service.submit(build.a_return())
        assert isinstance(decision, admission.Accepted)
        own, forged = decision.post.return_id, uuid.UUID(int=1)
        entries = [
            events.Entry(event_id=own, index=0, type="ReturnReceived"),
            events.Entry(event_id=uuid.uuid4(), index=1, type="ReturnChecked"),
            events.Entry(event_id=forged, index=2, type="ReturnReceived"),
            events.Entry(event_id=uuid.uuid4(), index=3, type="ReturnWithdrawn"),
            events.Entry(event_id=uuid.uuid4(), index=4, type="ReturnRefused"),
        ]
        told = events.EntriesRecorded(
            event_id=uuid.uuid4(),
            authority_id=events.INSTALLATION,
            occurred_at=datetime(2026, 11, 5, tzinfo=UTC),
            size=5,
            entries=tuple(entries),
        )
        await service.handle([intake_service.record_of(told, topics.ENTRIES.name, 0)])
        assert 3 == alarms("entry_unknown") - before
        found = await books.find_newest(service.pool)
        assert found is not None
        assert (3, f"entry 2 is ReturnReceived {forged}, which intake never wrote") == (
            found.failures,
            found.first_failure,
        )

    async def test_stays_while_others_of_its_return_change(
        self, service: intake_service.IntakeService
    ) -> None:
        """Each line has its own status, from batch to batch."""
        mine = uuid.uuid4()
        first = checked(mine, result("1", "counted"), result("2", "queried", queried="5"))
        found = {"rule": "V6", "code": "claimed_before", "found": "INV-1"}
        lost = result("1", "not_counted", return_id=mine, counted="0.00", findings=[found])
        other = checked(uuid.uuid4(), result("1", "counted"), changed=(lost,))
        await service.handle([intake_service.record_of(first, topics.OUTCOMES.name, 0)])
        await service.handle([intake_service.record_of(other, topics.OUTCOMES.name, 1)])
        statuses = await store.reading.load_line_statuses(service.pool, mine)
        assert {
            "1": (other.event_id, "not_counted", "0.00", lost.findings),
            "2": (first.event_id, "queried", "1", ()),
        } == {
            line_id: (status.event_id, status.outcome, str(status.counted), status.findings)
            for line_id, (status, _) in statuses.items()
        }


class TestAParkedRecord:
    async def test_holds_its_return_until_it_is_taken_up(
        self, service: intake_service.IntakeService
    ) -> None:
        """Told once or twice. A record about no return holds none."""
        own = uuid.uuid4()
        head: dict[str, Any] = {
            "authority_id": events.INSTALLATION,
            "occurred_at": datetime(2026, 11, 5, tzinfo=UTC),
            "service": "verification",
        }
        told = [
            events.RecordParked(
                event_id=uuid.uuid4(),
                topic=topics.RETURNS.name,
                incarnation=1,
                partition=0,
                offset=offset,
                digest="ab" * 32,
                reason="wrong_schema",
                record_id=own,
                return_id=return_id,
                **head,
            )
            for offset, return_id in enumerate((own, own, None))
        ]
        name = topics.PARKED.name
        await service.handle([intake_service.record_of(e, name, n) for n, e in enumerate(told)])
        held = "SELECT array_agg(return_id) FROM held"
        assert [own] == await service.pool.fetchval(held)
        taken_up = events.RecordTakenUp(event_id=uuid.uuid4(), record_id=own, return_id=own, **head)
        await service.handle([intake_service.record_of(taken_up, name, 3)])
        assert await service.pool.fetchval(held) is None
