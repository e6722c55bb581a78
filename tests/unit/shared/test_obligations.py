"""Which returns a contract asks for: days on which anything is promised, and months."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import calendar, obligations
from shared.obligations import Span, Terms, Turn

DAY = date(2026, 10, 6)
TURNS = st.lists(
    st.builds(Turn, st.dates(date(2026, 1, 1), date(2026, 6, 30)), st.booleans()), max_size=4
).map(lambda turns: sorted(turns, key=lambda turn: turn.on))


class TestActiveSpans:
    @given(turns=st.lists(TURNS, max_size=3))
    def test_hold_each_day_on_which_a_commitment_is_active(self, turns: list[list[Turn]]) -> None:
        """Law: a day is in a span exactly if the last turn up to it, of some commitment, is
        active. Spans are in order and do not touch."""
        spans = obligations.active_spans(turns)
        for number in range(-1, 200):
            day = date.fromordinal(date(2026, 1, 1).toordinal() + number)
            passed = [[turn for turn in each if turn.on <= day] for each in turns]
            is_active = any(each[-1].is_active for each in passed if each)
            assert is_active == any(
                span.first <= day and (span.last is None or day <= span.last) for span in spans
            ), day
        for before, after in itertools.pairwise(spans):
            assert before.last is not None
            assert (after.first - before.last).days > 1


class TestTerms:
    @pytest.mark.parametrize(
        ("period", "asked"),
        [("2026-09", False), ("2026-10", True), ("2026-12", True), ("2027-01", False)],
    )
    def test_ask_for_months_with_a_promise(self, period: str, asked: bool) -> None:
        """From 6 October to 3 December, in a contract that goes on: also for months of which only
        some days are promised."""
        terms = Terms(
            supplier_ids=("GB-COH-00000001",),
            ends_on=date(2027, 6, 30),
            active=(Span(DAY, date(2026, 12, 3)),),
            owed_from="2026-10",
        )
        assert asked == terms.asks_for(period, "GB-COH-00000001")
        assert not terms.asks_for(period, "GB-COH-00000002")

    def test_count_working_days_as_they_add_them(self) -> None:
        """Law: the n-th working day after a day has n working days since it."""
        for count in (1, 10, 25):
            there = calendar.working_day(date(2026, 12, 18), count)
            assert count == calendar.working_days_since(date(2026, 12, 18), there)
        assert 0 == calendar.working_days_since(date(2026, 12, 18), date(2026, 12, 20))
