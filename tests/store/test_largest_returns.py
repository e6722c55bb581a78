"""What intake accepts, every service takes: the largest returns, and all that follows from them."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, cast

import pytest

from services.intake.acceptance import withdrawals
from services.intake.domain import admission, submission
from services.ledger.domain.log import tiles
from services.verification.consumer import handlers as checking
from services.verification.consumer import replay
from shared.delivery import consumer, kafka, topics, transaction
from shared.delivery.messages import Record
from shared.web.scope import Scope
from shared.wire import bounds, events
from tests.support import intake_builders, intake_service, largest, ledger_service
from tests.support import verification_service as verifying

BOTH = (largest.CONTRACT, "D" * 150)
LINES = submission.LINES_MAX


@dataclasses.dataclass
class Council:
    """The three services on one database, without a broker: `hand_on` is what the relays do."""

    intake: intake_service.IntakeService
    verification: verifying.VerificationService
    ledger: ledger_service.LedgerService
    done: Counter[str] = dataclasses.field(default_factory=Counter)
    offsets: Counter[str] = dataclasses.field(default_factory=Counter)

    async def open(self) -> None:
        """Two contracts with a commitment of each kind, known to intake."""
        manager = await self.verification.caller("manager")
        approver = await self.verification.caller("approver")
        for contract_id in BOTH:
            added = [await manager.post("/contracts", verifying.a_contract(contract_id))]
            path = f"/contracts/{contract_id}/commitments"
            for commitment_id, (measure, _, _) in largest.COMMITMENTS.items():
                promised = verifying.a_commitment(commitment_id, measure=measure)
                added.append(await manager.post(path, promised))
                added.append(await approver.post(f"{path}/{commitment_id}/activate"))
            assert all(answer.is_success for answer in added), [each.text for each in added]
        published = await self.verification.messages(topics.CONTRACTS)
        await self.intake.publish(*{each.contract_id: each for each in published}.values())
        for topic in (topics.OUTCOMES, topics.ALERTS, topics.ENTRIES, topics.PARKED):
            await self.intake.begin(topic.name)
        await self.hand_on()

    async def accept(self, body: bytes) -> admission.Accepted:
        decision = await self.intake.submit(body)
        assert isinstance(decision, admission.Accepted), decision
        return decision

    async def withdraw(self, accepted: admission.Accepted) -> None:
        of = accepted.issued.receipt
        async with self.intake.pool.acquire() as conn, conn.transaction():
            assert isinstance(
                await withdrawals.withdraw(
                    conn,
                    self.intake.desk,
                    Scope(intake_builders.AUTHORITY, of.party_id),
                    of.return_id,
                    "wrong month",
                ),
                withdrawals.Withdrawn,
            )

    async def hand_on(self) -> None:
        """Every message to the consumers of all that read its topic, until nothing more is said."""
        while new := [*await self._new("intake"), *await self._new("verification")]:
            for topic, group in itertools.groupby(new, key=lambda each: each[0]):
                said = [event for _, event in group]
                for first in range(0, len(said), kafka.RECORDS_MAX):
                    await self._read(topic, said[first : first + kafka.RECORDS_MAX])

    async def _read(self, topic: topics.Topic, said: list[Any]) -> None:
        """What consumers do with the records that one poll brings."""
        verification, intake = self.verification, self.intake
        if topic in (topics.RETURNS, topics.RECONSIDER):
            handle = checking.handler(verification.delivery, verification.clock)
            await _consume(verification.delivery, handle, map(verification.record, said))
        if topic in (topics.RETURNS, topics.OUTCOMES, topics.ALERTS):
            records = self.ledger.records(*said, topic=topic)
            await _consume(self.ledger.delivery, self.ledger.recorder.handle, records)
        if topic in (topics.OUTCOMES, topics.ALERTS):
            offset = self.offsets[topic.name]
            records = [
                intake_service.record_of(event, topic.name, n)
                for n, event in enumerate(said, offset)
            ]
            self.offsets[topic.name] += len(said)
            await _consume(intake.delivery, intake.handle, records)

    async def _new(self, service: str) -> list[tuple[topics.Topic, Any]]:
        rows = await self._fetch(service)
        self.done[service] += len(rows)
        named = {topic.name: topic for topic in topics.ALL}
        return [(named[row["topic"]], events.read(row["body"])) for row in rows]

    async def _fetch(self, service: str) -> list[Any]:
        pool = self.intake.pool if service == "intake" else self.verification.pool
        return await pool.fetch(
            "SELECT topic, body FROM outbox ORDER BY id OFFSET $1", self.done[service]
        )

    async def parked(self) -> list[str]:
        """Why any service has parked anything."""
        pools = (self.intake.pool, self.verification.pool, self.ledger.pool)
        return [
            row["reason"] for pool in pools for row in await pool.fetch("SELECT reason FROM parked")
        ]

    async def outcomes(self) -> Counter[str]:
        lines = await self.verification.lines()
        return Counter(line.result.outcome for _, line in lines)

    async def holds(self) -> None:
        """Nothing is parked, every leaf fits, every message fits, and the journal agrees."""
        assert [] == await self.parked()
        longest = "SELECT max(octet_length(leaf)) FROM entry"
        assert tiles.ENTRY_BYTES_MAX >= await self.ledger.pool.fetchval(longest)
        for pool in (self.intake.pool, self.verification.pool):
            longest = await pool.fetchval("SELECT max(octet_length(body)) FROM outbox")
            assert bounds.BODY_BYTES_MAX >= int(longest)
        assert [] == (await replay.run(self.verification.pool)).differences


async def _consume(
    delivery: transaction.Delivery, handle: consumer.Handle, records: Iterable[Record]
) -> None:
    """As the consumer does: in batches of its size, halved where they touch too much; what fails
    is parked."""
    subscription = kafka.Subscription("g", ["t"])
    reader = consumer.Consumer(cast(Any, None), delivery, subscription, handle)
    await reader._on_records(list(records))


@pytest.fixture
async def council(database: str, tmp_path: Path) -> AsyncIterator[Council]:
    async with contextlib.AsyncExitStack() as stack:
        made = Council(
            await stack.enter_async_context(intake_service.at_work(database)),
            await stack.enter_async_context(verifying.at_work(database)),
            await stack.enter_async_context(ledger_service.at_work(database, tmp_path)),
        )
        await made.open()
        yield made


class TestTheLargestReturn:
    async def test_with_every_field_at_its_limit_is_taken_by_all(self, council: Council) -> None:
        """As many full lines as one message holds, in a body of ten megabytes; its next revision
        and its withdrawal too. One line more is refused at the door (rule I12)."""

        def of(count: int) -> dict[str, Any]:
            return largest.a_return([largest.full_line(n) for n in range(count)])

        count = largest.most(of, 1, LINES)
        body = largest.fill(of(count))
        assert 0.99 * submission.BODY_BYTES_MAX < len(body)
        assert isinstance(
            await council.intake.submit(largest.written(of(count + 1))), admission.Refused
        )
        await council.accept(body)
        await council.hand_on()
        assert count == sum((await council.outcomes()).values())
        again = of(count) | {"revision": 2, "reason": largest.WIDE * 2000}
        accepted = await council.accept(largest.written(again))
        await council.hand_on()
        await council.withdraw(accepted)
        await council.hand_on()
        assert Counter() == await council.outcomes()
        await council.holds()

    async def test_with_most_lines_is_taken_by_all_contracts(self, council: Council) -> None:
        """5,000 lines with invoice numbers as long as one message holds. Two contracts claim the
        same invoices; when the first takes its claims back, the second counts (rule V12)."""

        def of(length: int, contract_id: str = BOTH[0], quantity: str = "100.00") -> Any:
            lines = [largest.spend_line(n, length, quantity) for n in range(LINES)]
            return largest.a_return(lines, contract_id=contract_id)

        length = largest.most(of, 5, 200)
        first = await council.accept(largest.fill(of(length)))
        await council.accept(largest.fill(of(length, BOTH[1], "20.00")))
        await council.hand_on()
        assert {"counted": LINES, "queried": LINES} == await council.outcomes()
        await council.withdraw(first)
        await council.hand_on()
        assert {"counted": LINES} == await council.outcomes()
        await council.holds()

    async def test_that_claims_one_thing_with_every_line_is_taken(self, council: Council) -> None:
        """5,000 lines of £20 claim one invoice of £100, in two months: five count."""
        lines = [largest.spend_line(n, 5) for n in range(LINES)]
        for line in lines:
            line["invoice"]["number"] = "INV-1"
        first = await council.accept(largest.fill(largest.a_return(lines)))
        moved = [line | {"from": "2026-11-02"} for line in lines]
        await council.accept(largest.written(largest.a_return(moved, period="2026-11")))
        await council.hand_on()
        assert {"counted": 5, "queried": 2 * LINES - 5} == await council.outcomes()
        await council.withdraw(first)
        await council.hand_on()
        assert {"counted": 5, "queried": LINES - 5} == await council.outcomes()
        await council.holds()


class TestOutgrown:
    async def test_recounts_all_that_a_withdrawal_frees(self, council: Council) -> None:
        """Six months claim the same 5,000 invoices of £100, the first all of it, the others £20
        each: when the first goes, £500,000 count, however much there is to say."""
        council.intake.clock.move_to(intake_service.NOW.replace(year=2027, month=4))
        months = ["2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03"]
        accepted: list[admission.Accepted] = []
        for month in months:
            quantity = "20.00" if accepted else "100.00"
            lines = [largest.spend_line(n, 5, quantity) for n in range(LINES)]
            body = largest.a_return(
                [line | {"from": f"{month}-06"} for line in lines], period=month
            )
            accepted.append(await council.accept(largest.written(body)))
            await council.hand_on()
        assert {"counted": LINES, "queried": 5 * LINES} == await council.outcomes()
        await council.withdraw(accepted[0])
        await council.hand_on()
        counted = [line.result.counted for _, line in await council.verification.lines()]
        assert (5 * LINES, 500_000) == (len(counted), sum(counted))
        said = [
            each
            for each in await council.verification.messages(topics.OUTCOMES)
            if isinstance(each, events.ReturnChecked) and each.withdrawn
        ]
        assert 1 < len(said)
        assert 5 * LINES == sum(len(part.changed) for part in said)
        await council.holds()
