"""What became of the return of each month: in time, late, missing, not due yet (rule O1).

October's return is due on 13 November 2026, the 10th working day after it; November's on 14
December.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.verification.api import known
from services.verification.domain import slots
from services.verification.domain.slots import Told
from tests.support import verification_builders as build

OCTOBER = ("2026-10", build.SUPPLIER)


def council(**contract: Any) -> build.Council:
    made = build.Council()
    made.receive(build.registered(**contract), build.commitment())
    return made


def told(made: build.Council, today: str, *came: Any, party_id: str | None = None) -> Any:
    """The slots on a day. `came`: the inputs that are folded before, with their filings."""
    made.receive(*came)
    filings = [found for each in came if (found := known.filing(each)) is not None]
    state, day = made.states["C1"], date.fromisoformat(today)
    return slots.tell(state, filings, day, slots.window(state, day, 12), party_id)


class TestSlot:
    @pytest.mark.parametrize(
        ("day", "mark"),
        [("2026-11-03", "in_time"), ("2026-11-13", "in_time"), ("2026-11-14", "late")],
    )
    def test_is_in_time_up_to_the_due_day(self, day: str, mark: str) -> None:
        made = council()
        made.end_month("2026-10")
        sent = build.returned(1, "2026-10", day=day)
        assert Told(mark, return_id=sent.return_id) == told(made, "2026-11-20", sent)[OCTOBER]  # type: ignore[arg-type]

    def test_is_missing_after_the_due_day_and_not_before(self) -> None:
        made = council()
        made.end_month("2026-10")
        assert Told("due", date(2026, 11, 13)) == told(made, "2026-11-13")[OCTOBER]
        assert Told("missing", date(2026, 11, 13)) == told(made, "2026-11-14")[OCTOBER]

    def test_of_the_running_month_is_not_due_yet(self) -> None:
        assert {OCTOBER: Told("due", date(2026, 11, 13))} == told(council(), "2026-10-20")

    def test_is_not_late_for_a_correction(self) -> None:
        """The first revision came in time."""
        made = council()
        made.end_month("2026-10")
        first = build.returned(1, "2026-10", day="2026-11-03")
        second = build.returned(2, "2026-10", day="2026-12-01", revision=2)
        found = told(made, "2026-12-02", first, second)
        assert Told("in_time", return_id=second.return_id) == found[OCTOBER]

    @pytest.mark.parametrize(("day", "mark"), [("2026-12-04", "in_time"), ("2026-12-07", "late")])
    def test_that_was_withdrawn_is_due_anew(self, day: str, mark: str) -> None:
        """Withdrawn on Friday 20 November: ten working days later it is 4 December."""
        made = council()
        made.end_month("2026-10")
        first = build.returned(1, "2026-10", day="2026-11-03")
        back = build.withdrawn(2, first, "2026-11-20")
        found = told(made, "2026-11-21", first, back)
        assert Told("due", date(2026, 12, 4)) == found[OCTOBER]
        again = build.returned(3, "2026-10", day=day, revision=2)
        made.receive(again)
        filings = [known.filing(each) for each in (first, back, again)]
        state, today = made.states["C1"], date(2026, 12, 8)
        window = slots.window(state, today, 12)
        found = slots.tell(state, [f for f in filings if f], today, window)
        assert Told(mark, return_id=again.return_id) == found[OCTOBER]  # type: ignore[arg-type]

    def test_that_nobody_asked_for_is_not_asked_for(self) -> None:
        """A contract that promises nothing owes nothing."""
        made = build.Council()
        made.receive(build.registered())
        made.end_month("2026-10")
        assert Told("not_asked") == told(made, "2026-11-20")[OCTOBER]

    def test_is_of_one_party_where_one_is_asked_for(self) -> None:
        both = (build.SUPPLIER, "GB-COH-00000009")
        made = council(suppliers=both)
        assert set(both) == {party for _, party in told(made, "2026-10-20")}
        own = told(made, "2026-10-20", party_id=both[1])
        assert {both[1]} == {party for _, party in own}


class TestWindow:
    @pytest.mark.parametrize(
        ("today", "expected"),
        [
            ("2026-12-31", ("2026-10", "2026-12")),
            ("2028-02-01", ("2027-03", "2028-02")),
            ("2035-01-01", ("2028-04", "2029-03")),
        ],
    )
    def test_ends_with_the_running_month(self, today: str, expected: tuple[str, str]) -> None:
        """Or six months after the contract, which ends in September 2028; twelve at most."""
        state = council().states["C1"]
        assert expected == tuple(slots.window(state, date.fromisoformat(today), 12))
