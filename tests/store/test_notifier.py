"""The notifier over a real database and a real mail server: each mail goes out once."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import asyncpg
import pytest

from shared import sql
from shared.notifier import dispatches, recipients
from shared.notifier.notifier import Notifier
from tests.support import mail_server, notifying
from tests.support.notifying import NOW, due, states, tell

VERIFICATION = Path(__file__).parents[2] / "services" / "verification" / "store" / "migrations"


@pytest.fixture
async def pool(database: str) -> AsyncIterator[sql.Pool]:
    await sql.migrate(database, "verification", VERIFICATION)
    made = await asyncpg.create_pool(
        database, server_settings={"search_path": "verification", "timezone": "UTC"}
    )
    yield made
    made.terminate()


async def work(notifier: Notifier) -> None:
    """Plans and sends what is due."""
    await notifier.plan_once()
    for outlet in notifier.outlets:
        await notifier.send_once(outlet)


def mails(box: mail_server.Box) -> list[EmailMessage]:
    return [mail_server.read(each) for each in box.got]


class TestNotifier:
    """A notifier that sends."""

    async def test_sends_one_mail_to_each_person(self, pool: sql.Pool) -> None:
        """Two things for Priya are one mail; Joe gets his own."""
        await notifying.add_people(pool, "priya", "joe")
        await tell(pool, due(), due(), due("joe"))
        async with mail_server.running(box := mail_server.Box()) as port:
            await work(notifying.made(pool, port))
            await work(notifying.made(pool, port))
        assert {
            ("priya@knowsley.example", "2 things"),
            ("joe@knowsley.example", "1 things"),
        } == {(str(each["To"]), str(each["Subject"])) for each in mails(box)}
        assert 2 == len(box.got)
        assert {"sent": 2} == await states(pool)

    async def test_tells_a_change_once_however_often_it_is_written(self, pool: sql.Pool) -> None:
        """A replay or a second delivery writes the same key again."""
        await notifying.add_people(pool, "priya")
        told = due()
        async with mail_server.running(box := mail_server.Box()) as port:
            notifier = notifying.made(pool, port)
            await tell(pool, told)
            await work(notifier)
            await tell(pool, told)
            await work(notifier)
        assert 1 == len(box.got)

    async def test_waits_until_it_is_due(self, pool: sql.Pool) -> None:
        """A digest of tomorrow is not sent today."""
        await notifying.add_people(pool, "priya")
        await tell(pool, due(how="daily", due_at=NOW + timedelta(hours=23)))
        async with mail_server.running(box := mail_server.Box()) as port:
            await work(notifying.made(pool, port))
            assert [] == box.got
            await work(notifying.made(pool, port, NOW + timedelta(hours=23)))
        assert 1 == len(box.got)

    async def test_ends_a_storm_in_one_summary(self, pool: sql.Pool) -> None:
        """With 2 mails an hour: two at once, then one of the other 3,000 after an hour."""
        await notifying.add_people(pool, "priya")
        async with mail_server.running(box := mail_server.Box()) as port:
            for minute in range(2):
                at = NOW + timedelta(minutes=minute)
                await tell(pool, due(due_at=at))
                notifier = notifying.made(pool, port, at)
                notifier.per_hour_max = 2
                await work(notifier)
            later = NOW + timedelta(minutes=2)
            await tell(pool, *(due(due_at=later) for _ in range(3000)))
            for at in (later, NOW + timedelta(minutes=59), NOW + timedelta(hours=1)):
                notifier = notifying.made(pool, port, at)
                notifier.per_hour_max = 2
                await work(notifier)
        subjects = [str(each["Subject"]) for each in mails(box)]
        assert ["1 things", "1 things", "3000 things"] == subjects

    async def test_shows_the_worst_first_and_not_more_than_can_be_read(
        self, pool: sql.Pool
    ) -> None:
        """20 of 25, by rank; the mail says how many more there are."""
        await notifying.add_people(pool, "priya")
        told = [due(rank=n, kind=f"kind_{n:02}") for n in range(25)]
        await tell(pool, *reversed(told))
        async with mail_server.running(box := mail_server.Box()) as port:
            await work(notifying.made(pool, port))
        text = mails(box)[0].get_body(("plain",))
        assert text is not None
        lines = text.get_content().splitlines()
        assert [f"kind_{n:02}" for n in range(20)] == [x for x in lines if x.startswith("kind")]
        assert "And 5 more." in lines

    async def test_passes_over_whoever_is_no_longer_there(self, pool: sql.Pool) -> None:
        """Switched off, or never known: nothing is sent, and nobody has to look at it."""
        await notifying.add_people(pool, "joe", is_on=False)
        await tell(pool, due("joe"), due("nobody"))
        async with mail_server.running(box := mail_server.Box()) as port:
            await work(notifying.made(pool, port))
        assert [] == box.got
        assert {"passed": 2} == await states(pool)
        assert 0 == (await dispatches.measure(pool)).undelivered

    async def test_sends_the_others_where_one_letter_cannot_be_written(
        self, pool: sql.Pool
    ) -> None:
        """Whoever looks at `/notifications` sees which, and why."""
        await notifying.add_people(pool, "priya", "joe", "ruth")
        await tell(pool, due(), due("joe", kind="unwritable"), due("ruth"))
        async with mail_server.running(box := mail_server.Box()) as port:
            notifier = notifying.made(pool, port)
            await work(notifier)
            await work(notifier)
        assert {"priya@knowsley.example", "ruth@knowsley.example"} == {
            str(each["To"]) for each in mails(box)
        }
        assert {"sent": 2, "refused": 1} == await states(pool)
        answer = await pool.fetchval("SELECT answer FROM dispatch WHERE state = 'refused'")
        assert (
            "Its letter could not be written (LookupError). "
            "This is a fault of Makegood: the notifier's log says which."
        ) == answer


class TestAServer:
    """What a mail server can do."""

    async def test_that_is_away_loses_nothing(self, pool: sql.Pool) -> None:
        """What waits is sent once, when it is back; its attempts are not used up."""
        await notifying.add_people(pool, "priya", "joe")
        await tell(pool, due(), due("joe"))
        async with mail_server.running(box := mail_server.Box()) as port:
            pass
        await work(notifying.made(pool, port))
        assert {"waiting": 2} == await states(pool)
        assert 0 == await pool.fetchval("SELECT max(attempts) FROM dispatch")
        async with mail_server.running(box, port=port):
            await work(notifying.made(pool, port))
        assert 2 == len(box.got)
        assert {"sent": 2} == await states(pool)

    async def test_that_refuses_for_good_is_shown(self, pool: sql.Pool) -> None:
        """With its answer; it is not asked again."""
        await notifying.add_people(pool, "priya")
        await tell(pool, due())
        box = mail_server.Box()
        box.says["RCPT"] = "550 5.1.1 no such mailbox"
        async with mail_server.running(box) as port:
            await work(notifying.made(pool, port))
            await work(notifying.made(pool, port))
        row = await pool.fetchrow("SELECT state, attempts, answer FROM dispatch")
        assert row is not None
        assert ("refused", 1) == (row["state"], row["attempts"])
        assert "no such mailbox" in row["answer"]
        assert 1 == (await dispatches.measure(pool)).undelivered

    async def test_is_not_shown_once_nobody_is_to_be_told(self, pool: sql.Pool) -> None:
        """What a person could not be sent is no alert after that person was switched off."""
        await notifying.add_people(pool, "priya")
        await tell(pool, due())
        box = mail_server.Box()
        box.says["RCPT"] = "550 5.1.1 no such mailbox"
        async with mail_server.running(box) as port:
            await work(notifying.made(pool, port))
        await notifying.add_people(pool, "priya", is_on=False)
        assert {"refused": 1} == await states(pool)
        assert 0 == (await dispatches.measure(pool)).undelivered

    async def test_that_asks_for_patience_is_asked_again_later(self, pool: sql.Pool) -> None:
        """A 4xx is no refusal: the next try is a minute away, or a little more."""
        await notifying.add_people(pool, "priya")
        await tell(pool, due())
        box = mail_server.Box()
        box.says["RCPT"] = "451 4.7.1 greylisted"
        async with mail_server.running(box) as port:
            await work(notifying.made(pool, port))
        wait = await pool.fetchval("SELECT next_at - now() FROM dispatch WHERE state = 'waiting'")
        assert timedelta(seconds=50) < wait < timedelta(seconds=80)

    async def test_that_breaks_off_after_the_data_gets_one_repeat(self, pool: sql.Pool) -> None:
        """It may have been taken: once more, marked, with the same Message-ID; then a person has
        to look."""
        await notifying.add_people(pool, "priya")
        await tell(pool, due())
        box = mail_server.Box()
        box.closes_at = "DATA"
        async with mail_server.running(box) as port:
            for _ in range(3):
                await work(notifying.made(pool, port))
                await pool.execute("UPDATE dispatch SET next_at = now()")
        got = mails(box)
        assert [None, "yes"] == [each["X-Makegood-Repeat"] for each in got]
        assert 1 == len({str(each["Message-ID"]) for each in got})
        assert {"doubtful": 1} == await states(pool)


class TestALease:
    """A dispatch that is being sent belongs to one notifier."""

    async def test_keeps_others_away(self, pool: sql.Pool) -> None:
        """Of two that begin the same dispatch, one may send it."""
        dispatch_id = await self._planned(pool)
        first = await dispatches.advance(pool, None, dispatch_id, 30)
        assert first is not None
        assert not first.is_repeat
        assert None is await dispatches.advance(pool, None, dispatch_id, 30)
        assert [] == await dispatches.list_ready(pool, "email", 10)

    async def test_passes_and_makes_one_repeat(self, pool: sql.Pool) -> None:
        """Left once, it is sent again, marked; left twice, it is doubtful."""
        dispatch_id = await self._planned(pool)
        await dispatches.advance(pool, None, dispatch_id, 30)
        await self._pass_time(pool)
        (ready,) = await dispatches.list_ready(pool, "email", 10)
        assert ready.is_repeat
        second = await dispatches.advance(pool, None, dispatch_id, 30)
        assert second is not None
        assert second.is_repeat
        await self._pass_time(pool)
        assert None is await dispatches.advance(pool, None, dispatch_id, 30)
        assert {"doubtful": 1} == await states(pool)

    async def test_that_was_lost_says_nothing_any_more(self, pool: sql.Pool) -> None:
        """A notifier that was frozen comes back: what it says is not taken."""
        dispatch_id = await self._planned(pool)
        frozen = await dispatches.advance(pool, None, dispatch_id, 30)
        assert frozen is not None
        await self._pass_time(pool)
        other = await dispatches.advance(pool, None, dispatch_id, 30)
        assert other is not None
        await dispatches.advance(pool, self._sent(dispatch_id, frozen.lease), None, 30)
        assert {"sending": 1} == await states(pool)
        await dispatches.advance(pool, self._sent(dispatch_id, other.lease), None, 30)
        assert {"sent": 1} == await states(pool)

    async def test_is_kept_up(self, pool: sql.Pool) -> None:
        """As long as it is still being sent."""
        dispatch_id = await self._planned(pool)
        begun = await dispatches.advance(pool, None, dispatch_id, 30)
        assert begun is not None
        await self._pass_time(pool)
        await dispatches.keep(pool, [begun.lease], 30)
        assert [] == await dispatches.list_ready(pool, "email", 10)

    async def _planned(self, pool: sql.Pool) -> uuid.UUID:
        await notifying.add_people(pool, "priya")
        await tell(pool, due())
        assert 1 == await dispatches.plan(pool, NOW, 10)
        (ready,) = await dispatches.list_ready(pool, "email", 10)
        return ready.dispatch_id

    async def _pass_time(self, pool: sql.Pool) -> None:
        await pool.execute("UPDATE dispatch SET leased_until = now() - interval '1 second'")

    def _sent(self, dispatch_id: uuid.UUID, lease: uuid.UUID) -> dispatches.Ended:
        return dispatches.Ended(
            dispatch_id=dispatch_id,
            lease=lease,
            state="sent",
            is_repeat=False,
            next_at=datetime.now(UTC),
            attempts=1,
            answer="250 taken",
        )


class TestOldDispatches:
    """What was sent long ago."""

    async def test_go_with_what_they_told(self, pool: sql.Pool) -> None:
        """What still waits stays."""
        await notifying.add_people(pool, "priya")
        await tell(pool, due())
        async with mail_server.running(mail_server.Box()) as port:
            await work(notifying.made(pool, port))
        await tell(pool, due())
        await dispatches.drop_old(pool, datetime.now(UTC) + timedelta(seconds=1))
        left = await pool.fetchrow(
            "SELECT (SELECT count(*) FROM dispatch), (SELECT count(*) FROM notification)"
        )
        assert left is not None
        assert (0, 1) == tuple(left)


class TestRecipients:
    """Who can be told."""

    async def test_keep_their_choices_with_a_new_address(self, pool: sql.Pool) -> None:
        """An operator who corrects an address undoes no choice."""
        await notifying.add_people(pool, "priya")
        assert await recipients.set_choices(pool, "priya", {"return_overdue": "never"})
        await notifying.add_people(pool, "priya")
        found = await recipients.find_recipient(pool, "priya")
        assert found is not None
        assert {"return_overdue": "never"} == found.choices
        assert not await recipients.set_choices(pool, "nobody", {})
