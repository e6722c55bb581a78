"""The desk on a real database: groups, receipts, people, refusals, days."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.intake import store
from services.intake.acceptance import days, desk, group_commit
from services.intake.domain import admission, receipts, refused_days
from shared import calendar, sql
from shared.delivery import topics
from shared.wire import events, ids
from tests.support import intake_builders as build
from tests.support import intake_service


@pytest.fixture
async def service(database: str) -> AsyncIterator[intake_service.IntakeService]:
    async with intake_service.at_work(database) as made:
        yield made


def with_line(number: int, **changes: Any) -> dict[str, Any]:
    """A return; with another number it has other bytes."""
    return build.a_return(build.a_line(build.VISIT, line_id=str(number)), **changes)


class TestAPost:
    async def test_is_stored_with_its_bytes_and_receipt(
        self, service: intake_service.IntakeService
    ) -> None:
        """The receipt says what the database has and what the event tells."""
        body = build.written(build.a_return())
        decision = await service.submit(body)
        assert isinstance(decision, admission.Accepted)
        receipt = decision.issued.receipt
        assert (1, 1, hashlib.sha256(body).digest()) == (
            receipt.receipt_no,
            receipt.revision,
            receipt.sha256,
        )
        row = await service.pool.fetchrow("SELECT * FROM accepted_return")
        assert row is not None
        assert (body, decision.issued) == (row["body"], store.rows.read_receipt(row))
        (event,) = await service.messages()
        assert receipt.receipt_no == event.receipt_no
        assert receipts.words_digest(receipt.salt, body) == event.words_digest

    async def test_is_checked_against_its_contract_whatever_its_month(
        self, service: intake_service.IntakeService
    ) -> None:
        """If the month cannot be read, that is the only fault, and the refusal tells the contract:
        alone, and in a group with another return of the contract."""
        good, bad = build.written(build.a_return()), build.written(build.a_return(period="October"))
        alone = await service.submit(bad)
        _, grouped = await asyncio.gather(service.submit(good), service.submit(bad))
        for decision in (alone, grouped):
            assert isinstance(decision, admission.Refused)
            assert ["/period"] == [fault.pointer for fault in decision.faults]
            assert decision.contract is not None
            assert build.CONTRACT == decision.contract.contract_id

    async def test_again_gets_the_same_receipt(self, service: intake_service.IntakeService) -> None:
        """By bytes or by key, in another group or in the same one. Nothing is sent then."""
        first = await service.submit(build.a_return(), key="k1")
        again = [
            await service.submit(build.a_return()),
            await service.submit(build.a_return(), key="k1"),
            *await asyncio.gather(*(service.submit(build.a_return(), "k2") for _ in range(3))),
        ]
        assert isinstance(first, admission.Accepted)
        assert [admission.Again] * 5 == [type(one) for one in again]
        assert {first.issued} == {one.issued for one in again if isinstance(one, admission.Again)}
        assert 1 == len(await service.messages())

    @pytest.mark.parametrize("key", ["k1", "k2"])
    async def test_with_a_key_of_other_bytes_is_refused(
        self, service: intake_service.IntakeService, key: str
    ) -> None:
        """This holds for the key of the first post, and for the key of a repeat."""
        await service.submit(build.a_return(), key="k1")
        await service.submit(build.a_return(), key="k2")
        other = await service.submit(with_line(9), key=key)
        assert isinstance(other, admission.Refused)
        assert 409 == other.status

    async def test_of_a_revision_that_exists_is_refused(
        self, service: intake_service.IntakeService
    ) -> None:
        """Of two at once with the same revision, one is accepted; the other gets 409."""
        found = await asyncio.gather(service.submit(with_line(1)), service.submit(with_line(2)))
        assert [admission.Accepted, admission.Refused] == [type(one) for one in found]
        assert isinstance(found[1], admission.Refused)
        assert 409 == found[1].status

    async def test_may_follow_its_predecessor_in_one_group(
        self, service: intake_service.IntakeService
    ) -> None:
        """Each sees the ones before it."""
        found = await asyncio.gather(
            *(service.submit(with_line(n, revision=n, reason="more")) for n in range(1, 6))
        )
        assert [1, 2, 3, 4, 5] == [
            one.issued.receipt.receipt_no for one in found if isinstance(one, admission.Accepted)
        ]
        sent = await service.messages()
        assert [None, *(one.return_id for one in sent[:-1])] == [one.supersedes for one in sent]

    async def test_on_the_contract_of_others_is_refused(
        self, service: intake_service.IntakeService
    ) -> None:
        """Rule I1. The event does not tell the contract, since that is content then."""
        decision = await service.submit(build.a_return(), party="GB-COH-09999999")
        assert isinstance(decision, admission.Refused)
        assert ("I1",) == tuple(fault.rule for fault in decision.faults)
        (event,) = await service.messages()
        assert (None, ("I1",), 1) == (event.contract_id, event.rules, event.faults)

    async def test_that_is_refused_leaves_nothing_but_the_refusal(
        self, service: intake_service.IntakeService
    ) -> None:
        """No return, no person and no receipt number: only party, rules and time are stored."""
        line = build.a_line(person__ref="APP-099", unit="weeks")
        await service.submit(build.a_return(line), key="k1")
        assert [0, 0, 0, 0] == [
            await service.pool.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("accepted_return", "person", "shared_person", "idempotency")
        ]
        rows = await service.pool.fetch("SELECT party_id, rules, faults FROM refusal")
        assert [(build.PARTY, ["I4"], 1)] == [tuple(row) for row in rows]
        good = await service.submit(build.a_return(), key="k1")
        assert isinstance(good, admission.Accepted)
        assert 1 == good.issued.receipt.receipt_no

    async def test_is_read_by_the_contract_as_it_was_published_last(
        self, service: intake_service.IntakeService
    ) -> None:
        """It is used from then on, for the group that comes next."""
        await service.submit(with_line(1))
        await service.publish(build.a_contract_published(version=2))
        newer = build.a_contract_published(version=3, supplier_ids=("GB-COH-00000002",))
        await service.publish(newer)
        decision = await service.submit(with_line(2, revision=2, reason="more"))
        assert isinstance(decision, admission.Refused)
        assert ["I1"] == [fault.rule for fault in decision.faults]


class TestAGroup:
    async def test_numbers_receipts_without_gaps_in_order_of_commit(
        self, service: intake_service.IntakeService
    ) -> None:
        """Of 200 at once, some refused, the outbox has the accepted ones in order."""
        contracts = [build.a_contract_published(f"C-{n}") for n in range(200)]
        await service.publish(*contracts)
        await asyncio.gather(
            *(
                service.submit(build.a_return(contract_id=f"C-{n}", nil=n % 5 == 0))
                for n in range(200)
            )
        )
        accepted = [e for e in await service.messages() if isinstance(e, events.ReturnReceived)]
        assert list(range(1, 161)) == [event.receipt_no for event in accepted]

    async def test_is_committed_without_a_post_that_makes_it_fail(
        self, service: intake_service.IntakeService
    ) -> None:
        """That post fails alone."""
        good = service.submit(with_line(1))
        bad = service.submit(with_line(2, contract_id="C-1"))
        await service.pool.execute(
            """
            INSERT INTO contract (contract_id, event_id, version, body, authority_id, supplier_ids)
            VALUES ('C-1', gen_random_uuid(), 1, 'no event', '', '{}')
            """
        )
        found = await asyncio.gather(good, bad, return_exceptions=True)
        assert [admission.Accepted, True] == [type(found[0]), isinstance(found[1], Exception)]

    async def test_fails_as_a_whole_with_the_database(
        self, service: intake_service.IntakeService
    ) -> None:
        """The posts that wait fail. Sent again, they are accepted."""
        await service.submit(with_line(1))
        posts = [with_line(n, contract_id=f"C-{n}") for n in (1, 2)]
        await service.publish(*(build.a_contract_published(f"C-{n}") for n in (1, 2)))
        admin = await asyncpg.connect(service.dsn, server_settings={"search_path": "intake"})
        async with admin.transaction():
            await admin.execute("SELECT FROM desk FOR UPDATE")
            waiting = asyncio.gather(*map(service.submit, posts), return_exceptions=True)
            while not await admin.fetchval(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ):
                await asyncio.sleep(0.01)
            assert [group_commit.BrokenError] * 2 == [type(one) for one in await waiting]
        await admin.close()
        assert isinstance(await service.submit(posts[0]), admission.Accepted)

    async def test_is_refused_if_the_queue_is_full(
        self, service: intake_service.IntakeService
    ) -> None:
        """The refusal comes at once."""
        post = desk.read_now(b"{}", None, intake_service.sender())
        idle = group_commit.Committer(service.delivery, service.desk)
        waiting = [asyncio.create_task(idle.submit(post)) for _ in range(2_000)]
        await asyncio.sleep(0)
        with pytest.raises(group_commit.FullError):
            await idle.submit(post)
        for one in waiting:
            one.cancel()


class TestTwoIntakes:
    async def test_make_one_order(self, service: intake_service.IntakeService) -> None:
        """Receipt numbers have no gaps and no repeats, and are in the outbox in their order."""
        other = group_commit.Committer(service.delivery, service.desk)
        running = asyncio.create_task(other.run())
        await service.publish(*(build.a_contract_published(f"C-{n}") for n in range(100)))
        posts = [
            desk.read_now(
                build.written(build.a_return(contract_id=f"C-{n}")), None, intake_service.sender()
            )
            for n in range(100)
        ]
        for first in range(0, 100, 10):
            await asyncio.gather(
                *(service.committer.submit(post) for post in posts[first : first + 5]),
                *(other.submit(post) for post in posts[first + 5 : first + 10]),
            )
        running.cancel()
        assert list(range(1, 101)) == [event.receipt_no for event in await service.messages()]


class TestPeople:
    async def test_have_one_random_id_by_employer_and_reference(
        self, service: intake_service.IntakeService
    ) -> None:
        """The same reference is the same person; with another employer it is another person."""
        other = "GB-COH-00000002"
        lines = [
            build.a_line(line_id="1"),
            build.a_line(line_id="2"),
            build.a_line(line_id="3", person__employer_id=other),
            build.a_line(line_id="4", person__ref="APP-015"),
        ]
        await service.submit(build.a_return(*lines))
        await service.submit(build.a_return(build.APPRENTICE, revision=2, reason="fewer"))
        first, second = await service.messages()
        people = [line.person.person_id for line in first.lines]
        assert (3, people[0]) == (len(set(people)), people[1])
        assert people[0] == second.lines[0].person.person_id

    async def test_are_joined_by_a_shared_identifier_kept_as_a_keyed_hash(
        self, service: intake_service.IntakeService
    ) -> None:
        """Two employers with one learner number get one shared id. The number is not stored."""
        lines = [
            build.a_line(line_id="1", person__shared_id="1234567890"),
            build.a_line(
                line_id="2",
                person__shared_id="123 456 7890",
                person__employer_id="GB-COH-00000002",
            ),
        ]
        await service.submit(build.a_return(*lines))
        (event,) = await service.messages()
        assert 2 == len({line.person.person_id for line in event.lines})
        assert 1 == len({line.person.shared_person_id for line in event.lines})
        (kept,) = await service.pool.fetch("SELECT keyed_hash FROM shared_person")
        assert hashlib.sha256(b"1234567890").digest() != kept["keyed_hash"]


class TestADay:
    async def test_ends_once_for_each_partition_and_is_never_left_out(
        self, service: intake_service.IntakeService
    ) -> None:
        """From the day of installation on, in order, however late it is noticed."""
        await service.submit(build.a_return())
        service.clock.move_to(intake_service.NOW + timedelta(days=40))
        assert date(2026, 12, 14) == await days.end(service.delivery, service.clock.now())
        assert date(2026, 12, 14) == await days.end(service.delivery, service.clock.now())
        ended = [e for e in await service.messages() if isinstance(e, events.DayEnded)]
        first = date(2026, 11, 5)
        expected = [(first + timedelta(days=n), p) for n in range(40) for p in range(12)]
        assert expected == [(event.day, event.partition) for event in ended]
        assert ids.derived("DayEnded", first, 0) == ended[0].event_id
        rows = await service.pool.fetch("SELECT DISTINCT topic, partition FROM outbox ORDER BY 2")
        assert [(topics.RETURNS.name, p) for p in [*range(12), None]] == [tuple(r) for r in rows]

    async def test_ends_after_its_last_acceptance(
        self, service: intake_service.IntakeService
    ) -> None:
        """If a clock is behind, receipts are of the new day, never of a day that has ended."""
        await service.submit(with_line(1))
        await days.end(service.delivery, intake_service.NOW + timedelta(days=1))
        late = await service.submit(with_line(2, revision=2, reason="more"))
        assert isinstance(late, admission.Accepted)
        assert calendar.midnight_after(date(2026, 11, 5)) == late.issued.receipt.received_at

    @pytest.mark.parametrize(
        ("day", "midnight"),
        [
            (date(2026, 10, 24), datetime(2026, 10, 24, 23, tzinfo=UTC)),
            (date(2026, 10, 25), datetime(2026, 10, 26, 0, tzinfo=UTC)),
        ],
    )
    def test_ends_at_midnight_in_london(self, day: date, midnight: datetime) -> None:
        """Before and after the change to winter time."""
        assert midnight == calendar.midnight_after(day)


class TestTheTables:
    @pytest.mark.parametrize(
        ("constraint", "statement"),
        [
            ("desk_pk", "INSERT INTO desk VALUES (true, 0, '2026-01-01', now())"),
            ("desk_single", "INSERT INTO desk VALUES (false, 0, '2026-01-01', now())"),
            ("accepted_return_sha256_length", "UPDATE accepted_return SET sha256 = '\\x00'"),
            ("accepted_return_first_or_supersedes", "UPDATE accepted_return SET revision = 2"),
            ("accepted_return_period_form", "UPDATE accepted_return SET period = '2026-13'"),
        ],
    )
    async def test_refuse_what_must_not_be(
        self, service: intake_service.IntakeService, constraint: str, statement: str
    ) -> None:
        """Each invariant has a name."""
        await service.submit(build.a_return())
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=constraint):
            await service.pool.execute(statement)


def test_errors_of_the_database_are_known() -> None:
    """Errors that mean 503 are the ones that the system calls broken."""
    assert issubclass(asyncpg.ConnectionDoesNotExistError, sql.BROKEN)


class TestRefusalsOfADay:
    """The first hundred of a party are told one by one, the others when the day ends."""

    async def test_are_told_together_beyond_a_number(
        self, service: intake_service.IntakeService
    ) -> None:
        """103 of one party and one of another: 101 are told at once, three together at midnight,
        and the next day begins anew."""
        for _ in range(103):
            await service.submit(b"{}")
        await service.submit(b"{}", party="GB-COH-00000002")
        at_once = await service.messages()
        assert 101 == len(at_once)
        assert {None} == {event.digest for event in at_once}
        untold = await service.pool.fetch(
            "SELECT event_id FROM refusal WHERE NOT is_told ORDER BY event_id"
        )
        assert 3 == len(untold)
        service.clock.move_to(intake_service.NOW + timedelta(days=1))
        await days.end(service.delivery, service.clock.now())
        together, *ended = (await service.messages())[101:]
        assert {events.DayEnded} == {type(event) for event in ended}
        assert isinstance(together, events.ReturnRefused)
        digest = hashlib.sha256(b"".join(row["event_id"].bytes for row in untold)).hexdigest()
        assert (build.PARTY, build.AUTHORITY, "http", 3, digest) == (
            together.party_id,
            together.authority_id,
            together.route,
            together.count,
            together.digest,
        )
        assert at_once[0].rules == together.rules
        assert 3 * at_once[0].faults == together.faults
        kept = await service.pool.fetchrow(
            "SELECT count, details, refused_at FROM refusal WHERE event_id = $1", together.event_id
        )
        assert kept is not None
        assert (3, "[]") == (kept["count"], kept["details"])
        assert kept["refused_at"] < together.occurred_at
        await service.submit(b"{}")
        assert 1 == (await service.messages())[-1].count

    async def test_are_counted_within_a_group_too(
        self, service: intake_service.IntakeService
    ) -> None:
        """150 that are decided together."""
        posts = [await desk.read(b"{}", None, intake_service.sender()) for _ in range(150)]
        async with service.pool.acquire() as conn, conn.transaction():
            decided = await service.desk.decide(conn, posts)
        assert (150, refused_days.TOLD_MAX) == (len(decided.decisions), len(decided.events))
