"""Verification's handler on a real database: batches, days, claims across contracts, repeats."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import msgspec
import pytest
from prometheus_client import REGISTRY

from services.verification.consumer import replay
from shared import sql
from shared.delivery import topics
from shared.wire import events
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import VerificationService, day_ended


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


def spent(receipt_no: int, period: str, quantity: str, **figures: Any) -> events.ReturnReceived:
    return build.returned(receipt_no, period, build.line("1", quantity), **figures)


def checked(outcome: str) -> float:
    """How many returns had this outcome, by the metrics."""
    name = "makegood_returns_checked_total"
    return REGISTRY.get_sample_value(name, {"outcome": outcome}) or 0.0


class TestAReturn:
    async def test_is_checked_and_counted(self, service: VerificationService) -> None:
        """One ReturnChecked with its line, a row of the line, an input in the journal."""
        await service.promise("C1")
        await service.deliver(spent(1, "2026-10", "18250.00"))
        checked = [each for each in await service.messages() if each.type == "ReturnChecked"]
        assert [("counted", 18250)] == [
            (result.outcome, result.counted) for each in checked for result in each.results
        ]
        assert 1 == len(await service.lines())
        kinds = [row[3] for row in await service.rows("journal")]
        assert ["ContractRegistered", *["CommitmentChanged"] * 2, "ReturnReceived"] == kinds

    async def test_of_an_unknown_contract_is_parked(self, service: VerificationService) -> None:
        """The other returns of the batch are checked."""
        await service.promise("C1")
        await service.deliver(
            spent(1, "2026-10", "1.00"), spent(2, "2026-10", "1.00", contract_id="C9")
        )
        parked = await service.pool.fetch("SELECT reason FROM parked")
        assert ["contract_unknown"] == [row["reason"] for row in parked]
        assert 1 == len(await service.lines())

    async def test_counts_once_when_it_is_published_again(
        self, service: VerificationService
    ) -> None:
        """At a new offset with the same bytes, nothing follows. With other bytes, it is parked, and
        only it."""
        await service.promise("C1")
        first = spent(1, "2026-10", "18250.00")
        await service.deliver(first)
        before = await service.messages()
        await service.deliver(first)
        assert before == await service.messages()
        await service.deliver(first, msgspec.structs.replace(first, nil=True), first)
        parked = await service.pool.fetch("SELECT reason FROM parked")
        assert ["same_id_other_bytes"] == [row["reason"] for row in parked]

    async def test_is_measured_by_the_outcome_of_its_worst_line(
        self, service: VerificationService
    ) -> None:
        """One return of each outcome, in one batch."""
        outcomes = ("counted", "not_counted", "nil", "withdrawn")
        before = [checked(outcome) for outcome in outcomes]
        await service.promise("C1")
        good, bad = build.line("1", "10.00"), build.line("2", "1", unit="hours")
        mixed = build.returned(2, "2026-11", good, bad)
        await service.deliver(
            spent(1, "2026-10", "10.00"),
            mixed,
            build.returned(3, "2026-12"),
            build.withdrawn(4, mixed, "2026-12-02"),
        )
        more = [checked(each) - count for each, count in zip(outcomes, before, strict=True)]
        assert [1.0] * 4 == more

    async def test_that_was_refused_has_no_effect(self, service: VerificationService) -> None:
        """Its record is passed over: no message, and no contract changes."""
        refused = events.ReturnRefused(
            **build.head("refused", day="2026-11-01"),
            party_id=build.SUPPLIER,
            route="http",
            rules=("I4",),
            faults=1,
        )
        await service.deliver(refused)
        assert [] == await service.messages()


class TestABatch:
    CLAIM = build.invoice("INV-1", "10000.00")
    HISTORY: tuple[events.Event, ...] = (
        spent(1, "2026-10", "10000.00"),
        build.returned(2, "2026-10", build.line("1", "900.00"), contract_id="C2"),
        day_ended("2026-10-31"),
        day_ended("2026-10-31", "C2"),
        build.returned(3, "2026-10", build.line("1", "9000.00", invoice=CLAIM), revision=2),
        day_ended("2026-11-13"),
        spent(4, "2026-11", "40000.00"),
        build.returned(5, "2026-11", build.line("1", "900.00", invoice=CLAIM), contract_id="C2"),
        day_ended("2026-11-30"),
        day_ended("2026-11-30", "C2"),
        build.withdrawn(6, spent(4, "2026-11", "40000.00"), "2026-12-02"),
        day_ended("2026-12-14"),
        day_ended("2026-12-14", "C2"),
        day_ended("2027-01-31"),
    )

    async def _outcome(self, service: VerificationService, at_once: int) -> list[Any]:
        await service.promise("C1", "C2")
        await service.deliver(*self.HISTORY, at_once=at_once)
        tables = ("checked_return", "claim", "assessment", "contract_case", "alert", "ended_day")
        rows = [await service.rows(table) for table in tables]
        states = await service.pool.fetch(
            "SELECT contract_id, inputs, wake_on, state FROM contract ORDER BY contract_id"
        )
        journal = await service.pool.fetch(
            "SELECT contract_id, seq, event_id, body, facts FROM journal "
            "WHERE seq > 3 ORDER BY contract_id, seq"
        )
        messages = [
            each
            for each in await service.messages()
            if not each.type.startswith(("Contract", "CommitmentChanged"))
        ]
        return [messages, *rows, list(map(tuple, states)), list(map(tuple, journal))]

    async def test_of_n_equals_n_batches_of_one(self, databases: Any) -> None:
        """The same messages, ids, rows and states, to the byte."""
        outcomes = []
        for at_once in (1, 5, 100):
            async with databases() as dsn, verification_service.at_work(dsn) as service:
                outcomes.append(await self._outcome(service, at_once))
                assert [] == (await replay.run(service.pool)).differences
        assert outcomes[0] == outcomes[1]
        assert outcomes[0] == outcomes[2]
        kinds = {each.type for each in outcomes[0][0]}
        assert {"ReturnChecked", "CommitmentAssessed", "CaseMoved", "AlertRaised"} <= kinds

    async def test_needs_as_many_queries_whatever_its_size(
        self, service: VerificationService
    ) -> None:
        """As many for forty returns as for four."""
        await service.promise(*(f"C{n}" for n in range(40)))
        counts = []
        for period, count in (("2026-10", 2), ("2026-11", 4), ("2026-12", 40)):
            asked: list[str] = []
            service.delivery.pool = _Noting(service.pool, asked)  # type: ignore[assignment]
            line = build.line("1", "10.00", invoice=build.invoice(f"I-{period}"))
            await service.deliver(
                *(
                    build.returned(100 * count + n, period, line, contract_id=f"C{n}")
                    for n in range(count)
                )
            )
            counts.append(len(asked))
        assert counts[1] == counts[2]

    async def test_reads_lines_only_if_a_return_may_have_some(
        self, service: VerificationService
    ) -> None:
        """The state knows that the first return of a period replaces none."""
        await service.promise("C1")
        pool, asks = service.pool, []
        first = spent(1, "2026-10", "10.00")
        again = spent(2, "2026-10", "20.00", revision=2)
        gone = build.withdrawn(3, again, "2026-11-02")
        for event in (first, again, gone, spent(4, "2026-10", "30.00", revision=3)):
            asked: list[str] = []
            service.delivery.pool = _Noting(pool, asked)  # type: ignore[assignment]
            await service.deliver(event)
            asks.append(any("FROM checked_return" in query for query in asked))
        assert [False, True, True, False] == asks


class _Noting:
    """A pool that notes the queries of the connections that it lends."""

    def __init__(self, pool: sql.Pool, asked: list[str]) -> None:
        self._pool, self._asked = pool, asked

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator[sql.Connection]:
        async with self._pool.acquire() as conn:
            with conn.query_logger(lambda record: self._asked.append(record.query)):
                yield conn


class TestDays:
    async def test_wake_only_contracts_that_have_something_due(
        self, service: VerificationService
    ) -> None:
        """A day on which nothing is due is in no journal; a repeated day has no effect."""
        await service.promise("C1")
        await service.deliver(day_ended("2026-10-15"), day_ended("2026-10-31"))
        await service.deliver(day_ended("2026-10-31"))
        days = [row for row in await service.rows("journal") if row[3] == "DayEnded"]
        assert 1 == len(days)
        assert 2 == len(await service.rows("ended_day", "1, 2"))

    async def test_open_a_no_data_case_in_the_end(self, service: VerificationService) -> None:
        """The steps of a return that never comes: due, overdue, a case (rule O1)."""
        await service.promise("C1")
        await service.deliver(
            *(day_ended(day) for day in ("2026-10-31", "2026-11-10", "2026-11-12")),
            *(day_ended(day) for day in ("2026-11-13", "2026-11-19", "2026-12-03")),
        )
        cases = await service.pool.fetch("SELECT kind, state, period FROM contract_case")
        assert [("no_data", "opened", "2026-10")] == [tuple(row) for row in cases]
        kinds = [each.kind for each in await service.messages(topics.ALERTS)]
        assert ["return_due"] * 2 + ["return_overdue"] * 2 == kinds


class TestAnInvoiceOnTwoContracts:
    @staticmethod
    def claimed(receipt_no: int, contract_id: str) -> events.ReturnReceived:
        line = build.line("1", "6000.00", invoice=build.invoice("INV-7", "10000.00"))
        return build.returned(receipt_no, "2026-10", line, contract_id=contract_id)

    async def _outcomes(self, service: VerificationService) -> dict[str, str]:
        lines = await service.lines()
        return {contract_id: line.result.outcome for contract_id, line in lines}

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    async def test_counts_for_the_lower_receipt_in_either_order(
        self, service: VerificationService, order: tuple[int, int]
    ) -> None:
        """Rules V6 and V12: the other waits for the council until the first is withdrawn."""
        await service.promise("C1", "C2")
        both = (self.claimed(1, "C1"), self.claimed(2, "C2"))
        for n in order:
            await service.deliver(both[n])
        await service.settle()
        assert {"C1": "counted", "C2": "queried"} == await self._outcomes(service)
        await service.deliver(build.withdrawn(3, both[0], "2026-11-02"))
        await service.settle()
        assert {"C2": "counted"} == await self._outcomes(service)

    async def test_has_the_same_winner_when_two_processes_race(self, databases: Any) -> None:
        """Two handlers at once on one database, with many invoices claimed on both contracts."""
        async with databases() as dsn, verification_service.at_work(dsn) as service:
            await service.promise("C1", "C2")
            assert verification_service.place(self.claimed(1, "C1")) != verification_service.place(
                self.claimed(1, "C2")
            )
            await asyncio.gather(
                *(self._race(service, contract_id) for contract_id in ("C1", "C2"))
            )
            await service.settle()
            lines = await service.lines()
            winners = {
                line.line_id: contract_id
                for contract_id, line in lines
                if line.result.outcome == "counted"
            }
            assert {str(n): ("C1", "C2")[n % 2] for n in range(24)} == winners
            assert 48 == len(lines)
            worked = await service.pool.fetch("SELECT DISTINCT contract_id FROM journal")
            assert 2 == len(worked)
            assert [] == (await replay.run(service.pool)).differences

    async def _race(self, service: VerificationService, contract_id: str) -> None:
        """Invoice n is claimed by receipts 100 + n and 200 + n; C1 has the lower of even ones."""
        for n in range(24):
            is_first = (n % 2 == 0) == (contract_id == "C1")
            line = build.line(str(n), "6000.00", invoice=build.invoice(f"INV-{n}", "10000.00"))
            months = [f"{2026 + (9 + n) // 12}-{(9 + n) % 12 + 1:02}"]
            await service.deliver(
                build.returned(
                    (100 if is_first else 200) + n, months[0], line, contract_id=contract_id
                )
            )


class TestALineThatIsDisplacedAgain:
    """An invoice of 10,000: November's 5,000 fit only while October claims less."""

    @staticmethod
    def claimed(
        receipt_no: int, month: int, quantity: str, contract_id: str, revision: int = 1
    ) -> events.ReturnReceived:
        line = build.line("1", quantity, invoice=build.invoice("INV-7", "10000.00"))
        return build.returned(
            receipt_no, f"2026-{month}", line, contract_id=contract_id, revision=revision
        )

    def history(self, other: str) -> list[events.ReturnReceived]:
        """October claims 6,000, then 3,000, then 6,000 again; November is on contract `other`."""
        return [
            self.claimed(1, 10, "6000.00", "C1"),
            self.claimed(2, 11, "5000.00", other),
            self.claimed(3, 10, "3000.00", "C1", revision=2),
            self.claimed(4, 10, "6000.00", "C1", revision=3),
        ]

    async def _has_two_alerts(self, service: VerificationService) -> None:
        assert [] == await service.pool.fetch("SELECT reason FROM parked")
        results = {line.period: line.result for _, line in await service.lines()}
        assert [6000, 5000] == [results["2026-10"].counted, results["2026-11"].queried]
        kinds = [each.kind for each in await service.messages(topics.ALERTS)]
        assert 2 == kinds.count("duplicate_claim")
        assert [] == (await replay.run(service.pool)).differences

    @pytest.mark.parametrize("at_once", [1, 2, 4])
    async def test_has_an_alert_each_time(self, service: VerificationService, at_once: int) -> None:
        """Two changes are two alerts, in one batch and in several; no return is parked."""
        await service.promise("C1")
        await service.deliver(*self.history("C1"), at_once=at_once)
        await self._has_two_alerts(service)

    async def test_has_an_alert_each_time_across_contracts(
        self, service: VerificationService
    ) -> None:
        """Rule V12: another contract's claim comes, goes, and comes again."""
        await service.promise("C1", "C2")
        for each in self.history("C2"):
            await service.deliver(each)
            await service.settle()
        await self._has_two_alerts(service)


class TestAReplay:
    async def test_folds_every_journal_to_what_the_tables_have(
        self, service: VerificationService
    ) -> None:
        """State, lines, claims, cases, assessments, alerts and messages, to the byte."""
        await service.promise("C1", "C2")
        await service.deliver(*TestABatch.HISTORY)
        report = await replay.run(service.pool)
        assert (2, []) == (report.contracts, report.differences)
        assert report.messages > len(TestABatch.HISTORY) / 2

    @pytest.mark.parametrize(
        ("edit", "difference"),
        [
            ("UPDATE contract SET state = state || ' '", "the state differs"),
            ("DELETE FROM checked_return", "the lines differ"),
            ("UPDATE checked_return SET outcomes = 'queried'", "the lines differ"),
            ("UPDATE claim SET claim = claim || ' '", "the claims differ"),
            ("UPDATE assessment SET inputs = inputs + 1000", "the assessments differ"),
            ("UPDATE contract_case SET state = 'withdrawn'", "the cases differ"),
            ("DELETE FROM alert", "the alerts differ"),
        ],
    )
    async def test_names_what_was_edited(
        self, service: VerificationService, edit: str, difference: str
    ) -> None:
        """An edit of any table, with the rights of the service."""
        await service.promise("C1", "C2")
        await service.deliver(*TestABatch.HISTORY)
        await service.pool.execute(edit)
        assert f"C1: {difference}" in (await replay.run(service.pool)).differences

    async def test_is_possible_since_no_journal_can_be_edited(
        self, service: VerificationService
    ) -> None:
        """The service's own role may only add to a journal."""
        await service.promise("C1")
        for edit in ("UPDATE journal SET seq = seq + 1", "DELETE FROM journal"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await service.pool.execute(edit)
