"""When a dispatch is tried again."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.notifier import backoff, recipients
from tests.support.letters import AT

MINUTE: Final = timedelta(minutes=1)
ID: Final = uuid.UUID(int=7)


def pause(channel: recipients.Channel, attempts: int, dispatch_id: uuid.UUID = ID) -> timedelta:
    at = backoff.next_at(channel, attempts, AT, AT, dispatch_id)
    assert at is not None
    return at - AT


class TestAPause:
    @pytest.mark.parametrize(
        ("channel", "attempts", "minutes"),
        [
            ("email", 1, 1),
            ("email", 2, 5),
            ("email", 3, 15),
            ("email", 4, 30),
            ("email", 5, 60),
            ("email", 6, 60),
            ("email", 100, 60),
            ("webhook", 1, 1),
            ("webhook", 2, 15),
            ("webhook", 3, 120),
            ("webhook", 4, 480),
        ],
    )
    @given(dispatch_id=st.uuids())
    def test_grows_with_each_try(
        self, channel: recipients.Channel, attempts: int, minutes: int, dispatch_id: uuid.UUID
    ) -> None:
        """By the table, and at most a tenth more."""
        found = pause(channel, attempts, dispatch_id)
        assert minutes * MINUTE <= found < minutes * 1.1 * MINUTE

    def test_is_the_same_for_the_same_dispatch(self) -> None:
        """Nothing is drawn: a plan that is made again is the same."""
        assert pause("email", 1) == pause("email", 1)

    def test_differs_between_dispatches(self) -> None:
        """Of a thousand that failed at once, a quarter comes back within 62 seconds, and a quarter
        after 64: they are spread over the 6 seconds that are a tenth of the first minute."""
        found = sorted(pause("email", 1, uuid.UUID(int=number)) for number in range(1_000))
        assert len(set(found)) > 950
        assert found[250] < timedelta(seconds=62)
        assert found[750] > timedelta(seconds=64)


class TestTheEnd:
    def test_of_an_e_mail_comes_after_five_days(self) -> None:
        """The try at the end of the fifth day is the last one. With pauses of 1, 5, 15 and 30
        minutes and then hours, none longer than a tenth more, at least 4 + 119 × 60 / 66 = 112."""
        tries = _follow("email")
        assert tries[-1] - AT <= timedelta(days=5)
        assert timedelta(days=5) - (tries[-1] - AT) < 66 * MINUTE
        assert 112 <= len(tries) <= 125

    def test_of_a_webhook_comes_after_five_tries_in_a_day(self) -> None:
        """1 + 15 + 120 + 480 minutes, and a tenth more at most."""
        tries = _follow("webhook")
        assert 5 == len(tries)
        assert 616 * MINUTE <= tries[-1] - AT < 678 * MINUTE

    @pytest.mark.parametrize(("channel", "days"), [("email", 5), ("webhook", 1)])
    def test_comes_with_time_as_well(self, channel: recipients.Channel, days: int) -> None:
        """Of a dispatch that was tried seldom: the notifier stood still."""
        now = AT + timedelta(days=days)
        assert backoff.next_at(channel, 1, AT, now, ID) is None


def _follow(channel: recipients.Channel) -> list[datetime]:
    """The moments of all tries, if each fails at once."""
    tries = [AT]
    while (at := backoff.next_at(channel, len(tries), AT, tries[-1], ID)) is not None:
        tries.append(at)
    return tries
