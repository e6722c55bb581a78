"""Which alerts are told again on a morning, and which are worst (rules C2, L3)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.domain import telling, unanswered
from services.verification.domain.unanswered import Window
from shared import calendar
from shared.wire import events
from tests.support import verification_builders as build


class TestWindows:
    """The days on which what is told again now was raised."""

    def test_are_those_of_the_worked_example(self) -> None:
        """Example 20: of 16 December 2026 on 23 December, 4 January and 18 January."""
        found = {
            (today, window.step)
            for today in (date(2026, 12, 23), date(2027, 1, 4), date(2027, 1, 18))
            for window in unanswered.windows(today)
            if window.first <= date(2026, 12, 16) <= window.last
        }
        assert {
            (date(2026, 12, 23), "unanswered_5"),
            (date(2027, 1, 4), "unanswered_10"),
            (date(2027, 1, 18), "unanswered_20"),
        } == found

    @pytest.mark.parametrize("day", [date(2026, 12, 25), date(2026, 12, 26), date(2026, 12, 28)])
    def test_are_none_on_a_day_off(self, day: date) -> None:
        """Nobody is told again on a weekend or a bank holiday."""
        assert [] == list(unanswered.windows(day))

    def test_take_a_weekend_with_the_friday_before(self) -> None:
        """Friday 6 to Sunday 8 November 2026: the 5th working day after is Friday the 13th."""
        found = list(unanswered.windows(date(2026, 11, 13)))
        assert Window("unanswered_5", date(2026, 11, 6), date(2026, 11, 8)) == found[0]

    @given(st.dates(date(2026, 1, 1), date(2028, 12, 31)))
    def test_hold_each_day_once_for_each_step(self, raised: date) -> None:
        """The morning is that of the n-th working day after, and no other."""
        for working_days, step in telling.UNANSWERED.items():
            today = calendar.working_day(raised, working_days)
            (window,) = [each for each in unanswered.windows(today) if each.step == step]
            assert window.first <= raised <= window.last
            later = calendar.working_day(today, 1)
            (after,) = [each for each in unanswered.windows(later) if each.step == step]
            assert raised < after.first


class TestRank:
    """Where an alert stands among others."""

    def test_puts_the_kind_first_and_then_the_larger_share(self) -> None:
        """A gap of £50 of £100 is worse than one of £1,000 of £10,000."""
        worse = self._alert("shortfall_opened", gap="50", target="100")
        better = self._alert("shortfall_opened", gap="1000", target="10000")
        recovered = self._alert("shortfall_recovered", gap="0", target="100")
        ranks = [unanswered.rank(each) for each in (worse, better, recovered)]
        assert sorted(ranks) == ranks
        assert 3 == len(set(ranks))

    def _alert(self, kind: Any, gap: str, target: str) -> events.AlertRaised:
        return events.AlertRaised(
            event_id=UUID(int=1),
            authority_id=build.AUTHORITY,
            occurred_at=datetime(2026, 11, 3, 9, tzinfo=UTC),
            contract_id="KMBC-2026-0117",
            kind=kind,
            subject="case",
            gap=Decimal(gap),
            target=Decimal(target),
            rule_set="rules-1",
        )
