"""What was sent, as a page for operators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import pytest

from shared.notifier import kinds, resending
from shared.notifier.dispatches import UNDELIVERED, State
from shared.pages import listing, notifications
from shared.pages.parts import Pages
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX


def a_dispatch(**changes: Any) -> resending.Listed:
    at = datetime(2026, 11, 3, 9, tzinfo=UTC)
    values: dict[str, Any] = {
        "dispatch_id": UUID(int=1),
        "recipient_id": "priya-nair@GB-LAE-KWL",
        "name": "Priya Nair",
        "address": "p…@knowsley.example",
        "planned_at": at,
        "due_at": at,
        "state": "refused",
        "is_repeat": False,
        "attempts": 1,
        "ended_at": at,
        "answer": "550 no such mailbox",
        "kinds": {"return_overdue": 1, "shortfall_opened": 2},
    }
    return resending.Listed(**(values | changes))


def shown(*rows: resending.Listed, failed: int = 1, **asked: str) -> notifications.Page:
    listed = notifications.Listed(rows, failed, Pages(None, None))
    return notifications.show(notifications.Asked(**asked), listed, kinds.COUNCIL)


class TestSentence:
    @pytest.mark.parametrize(
        ("page", "expected"),
        [
            (shown(failed=0), "Nothing was sent yet."),
            (shown(a_dispatch()), "1 could not be delivered. Look at it, then send it again."),
            (
                shown(a_dispatch(), failed=3),
                "3 could not be delivered. Look at each, then send it again.",
            ),
            (
                shown(a_dispatch(state="sent"), failed=0),
                "Nothing waits for you: all that was sent has arrived, or is on its way.",
            ),
        ],
    )
    def test_says_what_is_to_be_done(self, page: notifications.Page, expected: str) -> None:
        assert (expected,) == page.sentences

    def test_says_that_the_filters_leave_nothing(self) -> None:
        assert "Nothing matches these filters." == shown(state="sent").sentences[1]


class TestRow:
    def test_says_when_to_whom_what_and_what_became_of_it(self) -> None:
        """The most of one kind first."""
        (row,) = shown(a_dispatch()).rows
        assert ("3 November 2026, 09:00", "Priya Nair", "p…@knowsley.example") == (
            *(row.when, row.to, row.address),
        )
        assert "A promise is behind (2); A return is overdue" == row.what
        assert ("Refused", ("550 no such mailbox",)) == (row.tag.word, row.why)

    def test_of_somebody_without_a_name_has_the_account(self) -> None:
        (row,) = shown(a_dispatch(name=None, address=None)).rows
        assert ("priya-nair@GB-LAE-KWL", "No address is known any more.") == (row.to, row.address)

    def test_that_is_doubtful_says_what_to_mind(self) -> None:
        (row,) = shown(a_dispatch(state="doubtful", is_repeat=True, answer=None)).rows
        assert (
            "It may have been sent: ask, before you send it again.",
            "Sent once more.",
        ) == row.why

    @pytest.mark.parametrize("state", get_args(State))
    def test_has_a_button_only_where_it_failed(self, state: State) -> None:
        """What was sent, or waits, is not sent again."""
        page = shown(a_dispatch(state=state))
        drawn = drawing.html("verification", "notifications.html", page)
        assert (state in UNDELIVERED) == ("Send again" in drawn)
        assert (state in UNDELIVERED) == (page.action is not None)


class TestPage:
    def test_sends_back_to_the_same_part_of_the_list(self) -> None:
        page = shown(a_dispatch(), state="refused", cursor="abc")
        assert "/notifications/resend?state=refused&cursor=abc" == page.action

    def test_names_a_state_that_is_none(self) -> None:
        asked = notifications.Asked(state="lost")
        (fault,) = asked.check()
        assert ("state", "There is no state 'lost'. Choose one of the list.") == fault
        page = notifications.show_faults(asked, (fault,))
        assert 'href="#state"' in drawing.html("verification", "notifications.html", page)

    def test_that_is_full_is_light(self) -> None:
        """With long answers and a name in each row."""
        every = [
            a_dispatch(dispatch_id=UUID(int=n), answer="550 " + "x" * 496)
            for n in range(listing.ROWS)
        ]
        drawn = drawing.html("verification", "notifications.html", shown(*every, failed=50))
        assert HTML_BYTES_MAX >= len(drawn.encode())
