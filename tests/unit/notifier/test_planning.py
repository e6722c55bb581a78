"""What makes one mail, and what has to wait (rule L3)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.notifier import planning
from shared.notifier.planning import Waiting

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def waiting(**given: Any) -> Waiting:
    usual: dict[str, Any] = {
        "event_id": uuid.uuid4(),
        "step": "raised",
        "recipient_id": "priya",
        "authority_id": "GB-LAE-KWL",
        "how": "at_once",
        "due_at": NOON,
        "channel": "email",
    }
    return Waiting(**usual | given)


class TestPlan:
    """The plan of what is due."""

    def test_makes_one_mail_of_what_one_person_is_told_on_one_day(self) -> None:
        """Several contracts of one manager are one digest."""
        due = [waiting(due_at=NOON + n * MINUTE) for n in range(3)]
        made = planning.plan(due, {}, 10)
        assert [3] == [len(group.waiting) for group in made.now]
        assert NOON + 2 * MINUTE == made.now[0].due_at

    def test_makes_a_mail_for_each_person_and_day(self) -> None:
        """Midnight in London parts them: 23:30 and 00:30."""
        late = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)
        due = [
            waiting(due_at=late),
            waiting(due_at=late + timedelta(hours=1)),
            waiting(recipient_id="joe", due_at=late),
        ]
        made = planning.plan(due, {}, 10)
        assert [1, 1, 1] == [len(group.waiting) for group in made.now]

    def test_keeps_the_daily_digest_apart(self) -> None:
        """What is told at once does not wait for it."""
        made = planning.plan([waiting(), waiting(how="daily")], {}, 10)
        assert [1, 1] == [len(group.waiting) for group in made.now]

    def test_calls_a_webhook_for_each_change(self) -> None:
        """Programs read one change at a time, and have no bound."""
        made = planning.plan([waiting(channel="webhook") for _ in range(30)], {}, 1)
        assert [1] * 30 == [len(group.waiting) for group in made.now]

    def test_holds_back_what_is_above_the_bound(self) -> None:
        """After two mails in the hour before, the third waits till the first is an hour old."""
        sent = {"priya": [NOON - 50 * MINUTE, NOON - 10 * MINUTE]}
        made = planning.plan([waiting(), waiting()], sent, 2)
        assert [] == made.now
        assert [(2, NOON + 10 * MINUTE)] == [(len(g.waiting), until) for g, until in made.later]

    def test_forgets_mails_that_are_an_hour_old(self) -> None:
        """Then there is room again."""
        made = planning.plan([waiting()], {"priya": [NOON - 60 * MINUTE]}, 1)
        assert 1 == len(made.now)

    @given(
        st.lists(st.integers(0, 300), max_size=60),
        st.integers(1, 4),
    )
    def test_never_sends_more_than_the_bound_in_any_hour(
        self, minutes: list[int], bound: int
    ) -> None:
        """Whatever is due when, no hour has more mails, and nothing is left out."""
        left = [waiting(due_at=NOON + n * MINUTE) for n in minutes]
        sent: list[datetime] = []
        carried, now = 0, NOON
        while left:
            now += 20 * MINUTE
            due = [each for each in left if each.due_at <= now]
            made = planning.plan(due, {"priya": sent}, bound)
            left = [each for each in left if each.due_at > now]
            for group, until in made.later:
                left += [each._replace(due_at=max(until, now + MINUTE)) for each in group.waiting]
            sent += [group.due_at for group in made.now]
            carried += sum(len(group.waiting) for group in made.now)
            assert now < NOON + timedelta(days=30)
        assert len(minutes) == carried
        for at in sent:
            in_hour = [each for each in sent if at - timedelta(hours=1) < each <= at]
            assert len(in_hour) <= bound
