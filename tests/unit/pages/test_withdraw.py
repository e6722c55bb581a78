"""The page on which a supplier withdraws a return."""

from __future__ import annotations

from datetime import date

import pytest

from services.intake.pages import withdraw
from tests.unit.pages import drawing
from tests.unit.pages.test_returned import PROVISIONAL, QUERIED, a_line, a_return

TODAY = date(2026, 7, 6)
NOTHING = withdraw.Known({})


class TestPage:
    def test_says_what_stops_counting_and_by_when_a_new_one_is_in_time(self) -> None:
        """£500 for good and £500 for now; what waits does not count yet. Ten working days after
        Monday 6 July are 20 July."""
        found = a_return(a_line(1), a_line(2, **PROVISIONAL), a_line(3, **QUERIED))
        page = withdraw.show(found, NOTHING, TODAY)
        assert page.stops is not None
        assert [["local-spend", "£1,000"]] == [[c.text for c in row] for row in page.stops.rows]
        assert "A new one is in time until 20 July 2026." in page.sentences[1]
        assert "Withdraw the return for June 2026" == page.title

    def test_of_a_return_of_which_nothing_counts_has_no_table(self) -> None:
        assert withdraw.show(a_return(a_line(1, **QUERIED)), NOTHING, TODAY).stops is None

    def test_comes_back_filled_with_what_is_wrong(self) -> None:
        """The fault stands above the heading and beside the field; the title says so first."""
        page = withdraw.show(
            a_return(a_line(1)), NOTHING, TODAY, "  <b> ", "Say why you withdraw it."
        )
        assert page.title.startswith("Error: ")
        drawn = drawing.html("intake", "withdraw.html", page)
        assert 2 == drawn.count("Say why you withdraw it.")
        assert 'href="#reason"' in drawn
        assert "  &lt;b&gt; </textarea>" in drawn


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("", "Say why you withdraw it."),
        (" \r\n", "Say why you withdraw it."),
        ("x" * 2_000, None),
        ("x" * 2_001, "Write at most 2,000 characters."),
        ("A wrong month", None),
    ],
)
def test_a_reason_says_something(reason: str, expected: str | None) -> None:
    """As the API asks for it."""
    assert expected == withdraw.fault(reason)
