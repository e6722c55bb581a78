"""The council's people are told of alerts: whom, once, when, and in what words (rules L1 to L3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from services.verification.consumer import replay
from services.verification.notifier import compose, outdated
from services.verification.reference import age
from shared import calendar
from shared.notifier import dispatches, recipients
from shared.notifier.letters import Letter
from shared.notifier.recipients import Recipient
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import (
    OWNER,
    VerificationService,
    day_ended,
    officer,
)

BASE = "https://council.example"
LEAD, DIRECTOR = f"ruth-okafor@{build.AUTHORITY}", f"dilys-venn@{build.AUTHORITY}"
DEPUTY = f"ellen-ford@{build.AUTHORITY}"
OCTOBER_NIL = build.returned(1, "2026-10", day="2026-11-02", nil=True)


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """C1 with a promise of £600,000 from October 2026 to September 2028, and its people."""
    async with verification_service.at_work(database) as made:
        for name in ("ellen-ford", "ruth-okafor", "dilys-venn"):
            await made.deliver(officer(name, name.replace("-", " ").title()))
        await made.promise("C1")
        await add(made, OWNER, DEPUTY, LEAD, DIRECTOR)
        yield made


async def add(service: VerificationService, *officers: str, **choices: str) -> None:
    """Recipients with an address each."""
    async with service.pool.acquire() as conn:
        for each in officers:
            who = Recipient(
                recipient_id=each,
                authority_id=build.AUTHORITY,
                address=each.replace(build.AUTHORITY, "knowsley.example"),
                choices=choices,  # type: ignore[arg-type]  # words as they are stored
            )
            await recipients.set_recipient(
                conn, who, set_by="operator", at=verification_service.START
            )


async def appoint(service: VerificationService, **people: str) -> None:
    manager = await service.caller("manager")
    answer = await manager.put("/contracts/C1/people", {"owner": OWNER, **people})
    assert 200 == answer.status_code, answer.text


async def told(service: VerificationService) -> list[tuple[str, str, str, str]]:
    """Kind, step, recipient and how, of everything that is to be told."""
    rows = await service.pool.fetch(
        "SELECT kind, step, recipient_id, how FROM notification "
        "ORDER BY due_at, kind, step, recipient_id"
    )
    return [tuple(row) for row in rows]


async def fall_short(service: VerificationService) -> None:
    """Nothing was delivered in October: the return says so, and the shortfall opens."""
    await service.deliver(day_ended("2026-10-31"), OCTOBER_NIL)


async def letters(service: VerificationService, now: datetime) -> list[Letter]:
    """What is sent by now."""

    async def at() -> datetime:
        return now

    await dispatches.plan(service.pool, now, 10)
    ready = await dispatches.list_ready(service.pool, "email", 100)
    found = await compose.Composer(BASE, at).compose(service.pool, ready)
    return [found[each.dispatch_id] for each in ready if each.dispatch_id in found]


class TestAShortfall:
    async def test_is_told_to_owner_and_deputy_at_once(self, service: VerificationService) -> None:
        """In the transaction that raises it."""
        await appoint(service, deputy=DEPUTY, category_lead=LEAD, director=DIRECTOR)
        await fall_short(service)
        assert [
            ("shortfall_opened", "raised", DEPUTY, "at_once"),
            ("shortfall_opened", "raised", OWNER, "at_once"),
        ] == await told(service)

    async def test_is_told_once_however_often_it_comes(self, service: VerificationService) -> None:
        """A return that is delivered again, and a replay, tell nothing."""
        await fall_short(service)
        await service.deliver(OCTOBER_NIL)
        await replay.run(service.pool)
        assert 1 == len(await told(service))

    async def test_says_what_is_behind_why_and_what_to_do(
        self, service: VerificationService
    ) -> None:
        """31 of 731 days of £600,000 are £25,444.596. The case opened on Monday 2 November; five
        working days later is Monday the 9th."""
        await fall_short(service)
        (letter,) = await letters(service, datetime(2026, 11, 2, 13, tzinfo=UTC))
        (item,) = letter.items
        headline = (
            "Spend in the borough is £25,444.60 behind: "
            "Community hub (Example Builders (fictional))"
        )
        assert (headline, headline) == (letter.subject, item.headline)
        words = " ".join(item.sentences)
        for wanted in (
            "By 31 October 2026, £25,444.60 of £600,000 was due.",
            "£0 was reported and £0 counted.",
            "That is £25,444.60 behind: 4.2% of the whole target.",
            "Why: less was delivered than was due.",
            "0.0% of what was due by then counts.",
        ):
            assert wanted in words
        assert item.to_do is not None
        assert (
            "Notify Example Builders (fictional) of the shortfall by 9 November 2026" in item.to_do
        )
        assert f"{BASE}/contracts/C1/commitments/spend" == item.link
        assert "you follow this contract for the council" == letter.because

    async def test_tells_no_share_of_what_was_rounded_away(
        self, service: VerificationService
    ) -> None:
        """31 of 731 days of £200 are £8.4815…, told as £8.48: a share of that says too much."""
        await service.promise("C2", target="200")
        nil = build.returned(1, "2026-10", day="2026-11-02", contract_id="C2", nil=True)
        await service.deliver(day_ended("2026-10-31", "C2"), nil)
        (letter,) = await letters(service, datetime(2026, 11, 2, 13, tzinfo=UTC))
        (item,) = letter.items
        words = " ".join(item.sentences)
        assert "£8.48 of £200 was due." in words
        assert "of what was due by then counts" not in words

    async def test_reaches_every_manager_where_there_is_no_owner(
        self, service: VerificationService
    ) -> None:
        """Whoever is a manager by name and has an address."""
        await service.deliver(officer("joe-marsh", "Joe Marsh"))
        await add(service, f"joe-marsh@{build.AUTHORITY}")
        manager = await service.caller("manager")
        await manager.put("/contracts/C1/people", {"owner": None})
        await fall_short(service)
        found = {recipient for _, _, recipient, _ in await told(service)}
        assert f"joe-marsh@{build.AUTHORITY}" in found

    async def test_is_not_told_to_whoever_chose_never(self, service: VerificationService) -> None:
        """Their choice is read when it is raised."""
        await recipients.set_choices(service.pool, OWNER, {"shortfall_opened": "never"})
        await fall_short(service)
        assert [] == await told(service)

    async def test_tells_nobody_if_it_is_history(self, service: VerificationService) -> None:
        """A return that is loaded half a year later raises an alert, and sends no mail."""
        service.clock.move_to(datetime(2027, 5, 1, 8, tzinfo=UTC))
        await fall_short(service)
        assert 1 == await service.pool.fetchval("SELECT count(*) FROM alert")
        assert [] == await told(service)


class TestAnAlertThatNobodyAcknowledges:
    async def test_goes_up_after_5_10_and_20_working_days(
        self, service: VerificationService
    ) -> None:
        """Raised on Monday 2 November 2026: on 9 and 16 November, and on the 30th."""
        await appoint(service, category_lead=LEAD, director=DIRECTOR)
        await fall_short(service)
        day = date(2026, 11, 2)
        while day < date(2026, 11, 30):
            await service.deliver(day_ended(day.isoformat()))
            day += timedelta(days=1)
        rows = await service.pool.fetch(
            "SELECT step, recipient_id, due_at FROM notification "
            "WHERE kind = 'shortfall_opened' ORDER BY due_at"
        )
        found = [(row[0], row[1], calendar.london_day(row[2])) for row in rows]
        assert [
            ("raised", OWNER, date(2026, 11, 2)),
            ("unanswered_5", OWNER, date(2026, 11, 9)),
            ("unanswered_10", LEAD, date(2026, 11, 16)),
            ("unanswered_20", DIRECTOR, date(2026, 11, 30)),
        ] == found

    async def test_claims_nothing_of_who_else_is_told(self, service: VerificationService) -> None:
        """After 10 days, where there is neither a category lead nor a director."""
        await fall_short(service)
        days = [date(2026, 11, 2) + timedelta(days=n) for n in range(14)]
        await service.deliver(*(day_ended(day.isoformat()) for day in days))
        again = {
            sentence
            for letter in await letters(service, datetime(2026, 11, 16, 9, tzinfo=UTC))
            for item in letter.items
            for sentence in item.sentences
            if sentence.startswith("Nobody")
        }
        assert {
            "Nobody has acknowledged this in 5 working days.",
            "Nobody has acknowledged this in 10 working days.",
        } == again

    async def test_is_left_alone_once_somebody_has(self, service: VerificationService) -> None:
        """By anyone of the council."""
        await fall_short(service)
        (alert,) = await service.pool.fetch("SELECT event_id FROM alert")
        manager = await service.caller("manager")
        assert 200 == (await manager.post(f"/alerts/{alert[0]}/acknowledge")).status_code
        for day in ("2026-11-06", "2026-11-08"):
            await service.deliver(day_ended(day))
        steps = {step for _, step, _, _ in await told(service)}
        assert {"raised"} == steps

    async def test_has_no_letter_if_it_is_answered_before_it_is_sent(
        self, service: VerificationService
    ) -> None:
        """A reminder of what is done would be a false alarm."""
        await fall_short(service)
        await service.deliver(*(day_ended(f"2026-11-{n:02}") for n in range(2, 9)))
        now = datetime(2026, 11, 9, 9, tzinfo=UTC)
        assert "Nobody has acknowledged this in 5 working days." in {
            sentence
            for letter in await letters(service, now)
            for item in letter.items
            for sentence in item.sentences
        }
        (alert,) = await service.pool.fetch(
            "SELECT event_id FROM alert WHERE kind = 'shortfall_opened'"
        )
        await (await service.caller("manager")).post(f"/alerts/{alert[0]}/acknowledge")
        left = await letters(service, now)
        assert all("Nobody" not in each for x in left for i in x.items for each in i.sentences)

    async def test_that_is_history_is_left_alone(self, service: VerificationService) -> None:
        """A service that was away for half a year tells nobody of what was unanswered then."""
        await fall_short(service)
        service.clock.move_to(datetime(2027, 5, 1, 8, tzinfo=UTC))
        await service.deliver(*(day_ended(f"2026-11-{n:02}") for n in range(2, 9)))
        steps = {step for _, step, _, _ in await told(service)}
        assert {"raised"} == steps


class TestADigest:
    async def test_says_nothing_more_of_what_is_acknowledged_than_holds(
        self, service: VerificationService
    ) -> None:
        """Somebody knows of the shortfall; it has not ended."""
        await recipients.set_choices(service.pool, OWNER, {"shortfall_opened": "daily"})
        await fall_short(service)
        (alert,) = await service.pool.fetch("SELECT event_id FROM alert")
        await (await service.caller("manager")).post(f"/alerts/{alert[0]}/acknowledge")
        (letter,) = await letters(service, datetime(2026, 11, 3, 9, tzinfo=UTC))
        (item,) = letter.items
        assert not [each for each in item.sentences if "ended" in each or "Nobody" in each]
        assert item.to_do is not None

    async def test_has_the_worst_first(self, service: VerificationService) -> None:
        """Two contracts of one manager on one day: one mail; the larger share of the target is
        above."""
        await service.promise("C2", target="60000")
        await fall_short(service)
        second = build.returned(2, "2026-10", day="2026-11-02", contract_id="C2", nil=True)
        await service.deliver(day_ended("2026-10-31", "C2"), second)
        (letter,) = await letters(service, datetime(2026, 11, 2, 13, tzinfo=UTC))
        assert 2 == len(letter.items)
        assert letter.subject.startswith("2 things on 2 contracts: ")


class TestReferenceData:
    async def test_that_is_old_is_told_to_operators_once(
        self, service: VerificationService
    ) -> None:
        """The postcode directory of no month is out of date; it is said once, not every hour."""
        await service.deliver(officer("olu-abara", "Olu Abara", "operator"))
        await add(service, f"olu-abara@{build.AUTHORITY}")
        now = datetime(2026, 11, 2, 7, tzinfo=UTC)
        for hour in range(3):
            await outdated.tell(service.pool, now + timedelta(hours=hour), 8)
        (old,) = age.check(None, date(2026, 11, 2))
        assert [(outdated.KIND, "raised", f"olu-abara@{build.AUTHORITY}", "daily")] == await told(
            service
        )
        (letter,) = await letters(service, datetime(2026, 11, 2, 8, tzinfo=UTC))
        assert (old.words, old.to_do) == (letter.items[0].headline, letter.items[0].to_do)
