"""How people are told of each kind (rules L2, L3)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.notifier import kinds, notifications


class TestHow:
    """How a recipient is told of a kind."""

    @pytest.mark.parametrize(
        ("kind", "choices", "wanted"),
        [
            ("shortfall_opened", {}, "at_once"),
            ("return_overdue", {}, "daily"),
            ("return_overdue", {"return_overdue": "never"}, "never"),
            ("shortfall_opened", {"shortfall_opened": "daily"}, "daily"),
            ("unanswered", {"unanswered": "never"}, "at_once"),
        ],
    )
    def test_is_what_they_chose_or_what_is_usual(
        self, kind: str, choices: dict[str, kinds.How], wanted: str
    ) -> None:
        """What may not be stopped is told at once."""
        assert wanted == kinds.how(kinds.COUNCIL, kind, choices)


class TestDueAt:
    """When a notification is to be sent."""

    @pytest.mark.parametrize(
        ("how", "now", "wanted"),
        [
            (
                "at_once",
                datetime(2026, 11, 3, 9, tzinfo=UTC),
                datetime(2026, 11, 3, 9, 1, tzinfo=UTC),
            ),
            (
                "daily",
                datetime(2026, 11, 3, 7, 59, tzinfo=UTC),
                datetime(2026, 11, 3, 8, tzinfo=UTC),
            ),
            ("daily", datetime(2026, 11, 3, 8, tzinfo=UTC), datetime(2026, 11, 4, 8, tzinfo=UTC)),
            ("daily", datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 2, 7, tzinfo=UTC)),
            (
                "daily",
                datetime(2026, 10, 24, 12, tzinfo=UTC),
                datetime(2026, 10, 25, 8, tzinfo=UTC),
            ),
        ],
    )
    def test_is_soon_or_at_the_next_hour_of_digests_in_london(
        self, how: str, now: datetime, wanted: datetime
    ) -> None:
        """8:00 in London is 7:00 UTC in summer; on 25 October 2026 the clocks go back."""
        found = notifications.due_at(how, now, 8)  # type: ignore[arg-type]  # one of the two
        assert wanted == found
