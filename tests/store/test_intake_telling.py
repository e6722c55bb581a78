"""Suppliers' people are told in the transaction of what they are told of, and letters are written
of what is kept, on a real database."""

from __future__ import annotations

import dataclasses
import json
import typing
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.intake import store
from services.intake.acceptance import contacts
from services.intake.acceptance.refusals import Refusal
from services.intake.consumer import telling
from services.intake.domain import admission
from services.intake.drafts import sweep
from services.intake.notifier import compose
from services.intake.store.parties import Owner
from shared import sql
from shared.delivery import topics, transaction
from shared.delivery.messages import Message, read_event
from shared.notifier import dispatches, letters, recipients
from shared.wire import events
from tests.support import intake_builders as build
from tests.support import intake_service

ASHA = f"asha@{build.PARTY}"
OWNER = Owner(build.PARTY, build.AUTHORITY)
SITE = "https://supplier.example"
NOW = datetime(2026, 11, 16, 10, tzinfo=UTC)
NAMES = events.ContractNames(
    title="Community hub",
    suppliers=(events.Named(id=build.PARTY, name="Brackenfold"),),
    commitments=(events.Named(id="local-spend", name="Spend with local firms"),),
)


@pytest.fixture
async def service(database: str) -> AsyncIterator[intake_service.IntakeService]:
    async with intake_service.listening(database) as made:
        await made.publish(build.a_contract_published(names=NAMES))
        made.clock.move_to(NOW)
        yield made


async def add_contact(
    service: intake_service.IntakeService, person_id: str = ASHA, address: str = "asha@b.example"
) -> Refusal | None:
    contact = contacts.Contact(person_id, address)
    return await contacts.set_contact(service.pool, OWNER, contact, "operator", NOW)


def an_alert(**changes: Any) -> events.AlertRaised:
    """Of October's return, which was due on 13 November."""
    facts: dict[str, Any] = {
        "event_id": UUID(int=1),
        "authority_id": build.AUTHORITY,
        "occurred_at": NOW - timedelta(hours=1),
        "contract_id": build.CONTRACT,
        "kind": "return_overdue",
        "subject": f"2026-10/{build.PARTY}",
        "supplier_id": build.PARTY,
        "period": "2026-10",
        "due_on": date(2026, 11, 13),
        "step": "chase_return",
        "step_by": date(2026, 11, 23),
        "rule_set": "r1",
    }
    return events.AlertRaised(**facts | changes)


def a_check(return_id: UUID, *results: events.LineResult, **more: Any) -> events.ReturnChecked:
    facts: dict[str, Any] = {
        "event_id": uuid.uuid4(),
        "authority_id": build.AUTHORITY,
        "occurred_at": NOW - timedelta(hours=1),
        "contract_id": build.CONTRACT,
        "return_id": return_id,
        "receipt_no": 1,
        "party_id": build.PARTY,
        "period": "2026-10",
        "revision": 1,
        "results": results,
        "rule_set": "r1",
    }
    return events.ReturnChecked(**facts | more)


def a_result(line_id: str, outcome: Any, *found: events.Finding) -> events.LineResult:
    return events.LineResult(
        line_id=line_id,
        commitment_id="local-spend",
        outcome=outcome,
        counted=Decimal(0),
        findings=found,
    )


OUTSIDE = events.Finding(rule="V3", code="outside_area", found="L1 1AA", wanted="E08000011")
CLAIMED = events.Finding(rule="V6", code="claimed_by_other")


async def alerts(
    service: intake_service.IntakeService, *said: events.Event, first: int = 0
) -> None:
    """What comes on the topic of alerts, as one batch."""
    await handle(service, topics.ALERTS, said, first)


async def outcomes(
    service: intake_service.IntakeService, *said: events.Event, first: int = 0
) -> None:
    """What comes on the topic of outcomes, as one batch."""
    await handle(service, topics.OUTCOMES, said, first)


async def handle(
    service: intake_service.IntakeService,
    topic: topics.Topic,
    said: Sequence[events.Event],
    first: int,
) -> None:
    records = [intake_service.record_of(e, topic.name, first + n) for n, e in enumerate(said)]
    await service.handle(records)


async def waiting(service: intake_service.IntakeService) -> list[tuple[Any, ...]]:
    """Event, recipient, kind and how of all that is to be told."""
    found = await service.pool.fetch(
        "SELECT event_id, recipient_id, kind, how FROM notification ORDER BY rank, recipient_id"
    )
    return [(row[0].int, *row[1:]) for row in found]


class TestAnAlert:
    async def test_is_told_to_the_people_of_its_supplier(
        self, service: intake_service.IntakeService
    ) -> None:
        """Once, a minute later, and kept for the letter."""
        await add_contact(service)
        await add_contact(service, "ben@b", "ben@b.example")
        alert = an_alert()
        await alerts(service, alert, alert)
        await alerts(service, alert, first=2)
        assert [
            (1, ASHA, "return_overdue", "at_once"),
            (1, "ben@b", "return_overdue", "at_once"),
        ] == await waiting(service)
        due_at = await service.pool.fetchval("SELECT min(due_at) FROM notification")
        assert NOW + timedelta(seconds=60) <= due_at <= service.clock.now() + timedelta(seconds=60)
        kept = await store.told.load_alerts(service.pool, [alert.event_id])
        assert {alert.event_id: alert} == kept

    async def test_is_told_at_the_hour_of_digests_to_those_who_chose_so(
        self, service: intake_service.IntakeService
    ) -> None:
        """It is ten: the next eight o'clock is tomorrow's."""
        await add_contact(service)
        await recipients.set_choices(service.pool, ASHA, {"return_due": "daily"})
        await alerts(service, an_alert(kind="return_due"))
        due_at = await service.pool.fetchval("SELECT due_at FROM notification WHERE how = 'daily'")
        assert datetime(2026, 11, 17, 8, tzinfo=UTC) == due_at

    async def test_that_nobody_is_told_of_is_not_kept(
        self, service: intake_service.IntakeService
    ) -> None:
        """There is no contact; or it is the council's; or it is old, as where the topic is read for
        the first time."""
        await alerts(service, an_alert())
        await add_contact(service)
        old = an_alert(event_id=UUID(int=2), occurred_at=NOW - timedelta(days=8))
        councils = an_alert(event_id=UUID(int=3), kind="shortfall_opened")
        others = an_alert(event_id=UUID(int=4), authority_id="GB-LAE-SHN")
        await alerts(service, old, councils, others, first=1)
        assert [] == await waiting(service)
        assert 0 == await service.pool.fetchval("SELECT count(*) FROM told")

    async def test_is_dropped_after_90_days(self, service: intake_service.IntakeService) -> None:
        """A mail can be sent again until then."""
        await add_contact(service)
        await alerts(service, an_alert())
        for days, left in ((90, 1), (91, 0)):
            now = NOW + timedelta(days=days)
            await store.told.drop_told(service.pool, now - sweep.TOLD_FOR)
            assert left == await service.pool.fetchval("SELECT count(*) FROM told")


class TestAReturn:
    async def test_is_told_of_once_whatever_it_was_cut_into(
        self, service: intake_service.IntakeService
    ) -> None:
        """In one batch and in the next; its withdrawal is not."""
        await add_contact(service)
        one = a_check(UUID(int=5), a_result("1", "queried"), parts=3)
        two = a_check(UUID(int=5), a_result("2", "not_counted"), part=2, parts=3)
        three = a_check(UUID(int=5), a_result("3", "queried"), part=3, parts=3)
        gone = a_check(UUID(int=6), a_result("1", "not_counted"), withdrawn=True)
        await outcomes(service, one, two)
        await outcomes(service, three, gone, first=2)
        assert [(5, ASHA, "return_checked", "at_once")] == await waiting(service)

    async def test_of_history_is_not_told(self, service: intake_service.IntakeService) -> None:
        """August lies before the months that the contract asks for (rules A5, L3)."""
        await add_contact(service)
        history = a_check(UUID(int=5), a_result("1", "queried"), period="2026-08")
        await outcomes(service, history)
        assert [] == await waiting(service)


def ready(*shown: tuple[UUID, str], count: int | None = None) -> dispatches.Ready:
    """A dispatch to Asha."""
    who = recipients.Recipient(
        recipient_id=ASHA,
        authority_id=build.AUTHORITY,
        party_id=build.PARTY,
        address="asha@b.example",
    )
    return dispatches.Ready(
        dispatch_id=uuid.uuid4(),
        recipient_id=ASHA,
        recipient=who,
        due_at=NOW,
        planned_at=NOW,
        attempts=0,
        is_repeat=False,
        notifications=tuple(
            dispatches.Shown(event_id, "raised", build.CONTRACT, kind, NOW)
            for event_id, kind in shown
        ),
        count=len(shown) if count is None else count,
    )


async def written(
    service: intake_service.IntakeService, *batch: dispatches.Ready
) -> list[letters.Letter]:
    """The letters of a batch, in its order."""
    found = await compose.Composer(SITE).compose(service.pool, batch)
    return [found[each.dispatch_id] for each in batch]


async def send(service: intake_service.IntakeService, *lines: Any, **changes: Any) -> UUID:
    """Sends a return for October, and tells its id."""
    decision = await service.submit(build.a_return(*lines, **changes))
    assert isinstance(decision, admission.Accepted)
    return decision.issued.receipt.return_id


class TestTheQueries:
    async def test_of_a_batch_are_a_handful(self, service: intake_service.IntakeService) -> None:
        """As many for 40 changes as for one, and none where nobody is to be told."""
        await add_contact(service)
        name = topics.ALERTS.name
        counted = []
        for said in (
            [an_alert(event_id=UUID(int=2))],  # the driver learns the types
            [an_alert(kind="shortfall_opened")],
            [an_alert(event_id=UUID(int=1))],
            [an_alert(event_id=UUID(int=n)) for n in range(100, 140)],
        ):
            records = [intake_service.record_of(each, name, n) for n, each in enumerate(said)]
            messages = [Message.of(each, *read_event(each), 1) for each in records]
            asked: list[Any] = []
            async with service.pool.acquire() as conn:
                with conn.query_logger(asked.append):
                    unit = transaction.Unit(conn, tuple(messages), ())
                    await telling.tell(unit, telling.Clock(NOW, 8))
            counted.append(len(asked))
        assert [0, 3, 3] == counted[1:]
        assert 42 == len(await waiting(service))

    async def test_of_letters_are_a_handful(self, service: intake_service.IntakeService) -> None:
        """Five for 30 letters of two things each."""
        await add_contact(service)
        await alerts(service, an_alert())
        return_id = await send(service)
        await outcomes(service, a_check(return_id, a_result("1", "queried")))
        one = ready((UUID(int=1), "return_overdue"), (return_id, "return_checked"))
        batch = [dataclasses.replace(one, dispatch_id=UUID(int=n)) for n in range(30)]
        asked: list[Any] = []
        async with service.pool.acquire() as conn:
            with conn.query_logger(asked.append):
                pool = typing.cast(sql.Pool, conn)  # one connection, whose queries are counted
                found = await compose.Composer(SITE).compose(pool, batch)
        assert (30, 5) == (len(found), len(asked))


class TestALetter:
    async def test_says_what_its_alert_says(self, service: intake_service.IntakeService) -> None:
        """On Monday the 16th the return of the 13th is one working day late."""
        await add_contact(service)
        await alerts(service, an_alert())
        (letter,) = await written(service, ready((UUID(int=1), "return_overdue")))
        assert "October's return is 1 working day late" == letter.subject
        assert "you are a contact of Brackenfold" == letter.because
        (item,) = letter.items
        assert "The return for October 2026 is overdue: Community hub (Brackenfold)" == (
            item.headline
        )
        assert "Send it by 23 November 2026." == item.to_do
        assert f"{SITE}/drafts/{build.CONTRACT}/2026-10" == item.link

    async def test_is_not_written_once_the_return_is_in(
        self, service: intake_service.IntakeService
    ) -> None:
        """It came before the mail was written. One that was withdrawn is not in."""
        await add_contact(service)
        await alerts(service, an_alert())
        await send(service)
        late = ready((UUID(int=1), "return_overdue"))
        assert {} == await compose.Composer(SITE).compose(service.pool, [late])
        await service.pool.execute(
            """
            INSERT INTO withdrawal SELECT return_id, gen_random_uuid(), 2, 'wrong', received_at,
                merge_by, signature, public_key FROM accepted_return
            """
        )
        (letter,) = await written(service, ready((UUID(int=1), "return_overdue")))
        assert "October's return is 1 working day late" == letter.subject

    async def test_speaks_of_the_day_on_which_it_is_written(
        self, service: intake_service.IntakeService
    ) -> None:
        """It waited for its server until Friday the 27th; intake's desk knows of that day."""
        await add_contact(service)
        await alerts(service, an_alert())
        await service.pool.execute(
            "INSERT INTO desk (receipt_no, day_ended, latest_at) VALUES (0, '2026-11-26', $1)",
            datetime(2026, 11, 27, tzinfo=UTC),
        )
        (letter,) = await written(service, ready((UUID(int=1), "return_overdue")))
        assert "Send it by 30 November 2026." == letter.items[0].to_do

    async def test_says_which_lines_of_a_return_do_not_count(
        self, service: intake_service.IntakeService
    ) -> None:
        """Line 2 of four. Its words stay where they are."""
        return_id = await send(service)
        await outcomes(
            service,
            a_check(
                return_id,
                a_result("1", "counted"),
                a_result("2", "not_counted", OUTSIDE),
                a_result("3", "provisional"),
                a_result("4", "counted"),
            ),
        )
        (letter,) = await written(service, ready((return_id, "return_checked")))
        assert "October 2026: 3 of 4 lines count" == letter.subject
        why = "L1 1AA is not in this contract's local area. The line does not count."
        sentence = f"Line 2 reports £18,250 for Spend with local firms. {why} Check the postcode."
        assert (sentence,) == letter.items[0].sentences
        whole = json.dumps([letter.subject, *letter.items[0].sentences])
        assert not [word for word in ("APP-014", "Signatory", "Example Plant") if word in whole]

    async def test_names_what_a_line_claims(self, service: intake_service.IntakeService) -> None:
        """The line is found among any number of others."""
        lines = [
            build.a_line(build.SPEND, line_id=str(n), invoice__number=f"INV-{n}")
            for n in range(1, 13)
        ]
        return_id = await send(service, *lines)
        results = [a_result(str(n), "queried", CLAIMED) for n in range(1, 13)]
        await outcomes(service, a_check(return_id, *results))
        await add_contact(service)
        alert = an_alert(
            kind="duplicate_claim",
            subject=f"{return_id}/11",
            commitment_id="local-spend",
            unit="GBP",
            reported=Decimal(18250),
            returns=(return_id,),
        )
        await alerts(service, alert)
        one = ready((alert.event_id, "duplicate_claim"))
        both = ready((alert.event_id, "duplicate_claim"), (return_id, "return_checked"), count=25)
        letter, digest = await written(service, one, both)
        assert "Spend with local firms: claimed twice" == letter.subject
        assert letter.items[0].headline.startswith("Spend with local firms: invoice INV-11 was")
        assert ("25 things: ", 2, 23) == (digest.subject[:11], len(digest.items), digest.more)
        assert "And 7 more lines." == digest.items[1].sentences[-1]

    async def test_is_written_of_nothing_that_is_kept_no_more(
        self, service: intake_service.IntakeService
    ) -> None:
        """It says what it was about, and where to look. Nobody is written to who is gone."""
        (letter,) = await written(service, ready((UUID(int=8), "return_due")))
        assert "A return is due: Community hub" == letter.subject
        one = ready((UUID(int=8), "return_due"))
        gone = dataclasses.replace(one, recipient=None)
        assert {} == await compose.Composer(SITE).compose(service.pool, [gone])
