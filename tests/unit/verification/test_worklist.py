"""What waits for the council: what lapses first stands first."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.verification.domain import worklist
from services.verification.domain.worklist import Thing

TODAY = date(2026, 11, 18)
"""A Wednesday."""


def lines(**changes: Any) -> worklist.Lines:
    values: dict[str, Any] = {
        "contract_id": "C1",
        "period": "2026-10",
        "party_id": "S",
        "lines": 2,
        "held": None,
    }
    return worklist.Lines(**(values | changes))


def alerts(review_by: date | None = None, contract_id: str = "C1") -> worklist.Alerts:
    return worklist.Alerts(
        contract_id=contract_id, alerts=1, kinds={"return_due": 1}, review_by=review_by
    )


def case(opened_on: date = date(2026, 11, 13), state: str = "opened") -> worklist.Case:
    return worklist.Case(
        contract_id="C1",
        case_id=UUID(int=1),
        title="Spend",
        period="2026-10",
        state=state,
        opened_on=opened_on,
    )


def proposal(from_on: date) -> worklist.Proposal:
    return worklist.Proposal(
        contract_id="C1", title="Spend", version=1, proposed_by="m", from_on=from_on
    )


def prose(starts_on: date) -> worklist.Prose:
    return worklist.Prose(contract_id="C1", promises=3, starts_on=starts_on)


def owed(due_on: date = date(2026, 11, 13), contract_id: str = "C1") -> worklist.Return:
    return worklist.Return(
        contract_id=contract_id, period="2026-10", party_id="S", due_on=due_on, has_case=False
    )


class TestAThing:
    @pytest.mark.parametrize(
        ("thing", "day", "group"),
        [
            # the rating of October was due on 13 November, and cannot be made
            (lines(held="2026-10"), date(2026, 11, 13), "today"),
            (lines(period="2026-08", held="2026-10"), date(2026, 11, 13), "today"),
            # October was rated without them
            (lines(), None, "later"),
            # November is rated at latest on 14 December
            (lines(period="2026-11"), date(2026, 12, 14), "later"),
            (owed(), date(2026, 11, 13), "today"),
            # opened on Friday 13 November: five working days on is Friday 20 November
            (case(), date(2026, 11, 20), "week"),
            (case(date(2026, 11, 11)), date(2026, 11, 18), "today"),
            (case(date(2026, 11, 16)), date(2026, 11, 23), "later"),
            (case(state="replied"), None, "later"),
            (proposal(date(2026, 11, 1)), date(2026, 11, 1), "today"),
            (proposal(date(2026, 11, 22)), date(2026, 11, 22), "week"),
            (proposal(date(2026, 11, 23)), date(2026, 11, 23), "later"),
            (alerts(), None, "later"),
            (alerts(date(2026, 11, 19)), date(2026, 11, 19), "week"),
            (prose(date(2026, 11, 18)), date(2026, 11, 18), "today"),
            (prose(date(2026, 4, 1)), None, "later"),
        ],
    )
    def test_lapses_when_a_rule_says_so(self, thing: Thing, day: date | None, group: str) -> None:
        """The week ends on Sunday 22 November; where no rule sets a day, it stands last."""
        assert (day, group) == (worklist.lapses(thing, TODAY), worklist.group(thing, TODAY))

    def test_that_is_overdue_becomes_a_case(self) -> None:
        """15 working days from 13 November: 4 December."""
        assert date(2026, 12, 4) == worklist.case_opens_on(owed())


class TestOrder:
    def test_begins_with_what_lapses_first(self) -> None:
        """In each group; on the same day lines that hold a rating, then returns."""
        late, soon = owed(date(2026, 8, 14)), case()
        held, due, own = lines(held="2026-10"), owed(), owed(contract_id="C0")
        found = worklist.order([alerts(), soon, due, held, own, late, lines()], TODAY)
        assert {
            "today": [late, held, own, due],
            "week": [soon],
            "later": [lines(), alerts()],
        } == found

    def test_of_nothing_is_empty(self) -> None:
        assert {"today": [], "week": [], "later": []} == worklist.order([], TODAY)
