"""The returns of a contract, as the log tells of them."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.ledger.domain.entries import returns

A, B = "GB-COH-00000001", "GB-COH-00000002"
_numbers = itertools.count()


def told(
    type_: str, day: int, party: str = A, period: str = "2026-10", /, **facts: Any
) -> returns.Told:
    """On a day of November, at nine; the entries are numbered as they are written down here."""
    at = datetime(2026, 11, day, 9, tzinfo=UTC)
    return returns.Told(next(_numbers), type_, party, period, at, facts)


def received(day: int, party: str = A, /, **facts: Any) -> returns.Told:
    return told("ReturnReceived", day, party, **{"commitments": {}} | facts)


def withdrawn(day: int, party: str = A) -> returns.Told:
    return told("ReturnWithdrawn", day, party)


def reminded(day: int, due_on: str, party: str = A, kind: str = "return_due") -> returns.Told:
    return told("AlertRaised", day, party, kind=kind, due_on=due_on)


def slot(*all_told: returns.Told) -> returns.Slot:
    ((only,),) = (month.slots for month in returns.by_month(all_told))
    return only


class TestMonth:
    def test_has_its_suppliers(self) -> None:
        """In order, whatever came first."""
        october = [received(5, B), received(6)]
        september = told("ReturnReceived", 7, B, "2026-09")
        found = returns.by_month([*october, september])
        assert [("2026-09", [B]), ("2026-10", [A, B])] == [
            (month.period, [each.party_id for each in month.slots]) for month in found
        ]

    def test_has_no_other_alerts(self) -> None:
        """A shortfall is no reminder."""
        assert [] == returns.by_month([told("AlertRaised", 5, kind="shortfall_opened")])


class TestSlot:
    def test_shows_which_revision_is_current(self) -> None:
        """The last, unless it was withdrawn."""
        first, second = received(5), received(6)
        assert [False, True] == [each.is_current for each in slot(first, second).received]
        found = slot(first, second, withdrawn(7))
        assert [False, False] == [each.is_current for each in found.received]
        again = slot(first, second, withdrawn(7), received(8))
        assert [False, False, True] == [each.is_current for each in again.received]

    @pytest.mark.parametrize(
        ("said", "state"),
        [
            ([received(5)], "received"),
            ([received(5), withdrawn(6)], "withdrawn"),
            ([received(5), withdrawn(6), received(7)], "received"),
            ([reminded(10, "2026-11-13")], "missing"),
            ([reminded(10, "2026-11-13"), received(11)], "received"),
        ],
    )
    def test_has_a_state(self, said: list[returns.Told], state: str) -> None:
        """What stands now."""
        assert state == slot(*said).state

    @pytest.mark.parametrize(
        ("said", "is_late"),
        [
            ([received(5)], [None]),
            ([reminded(10, "2026-11-13"), received(13)], [False]),
            ([reminded(10, "2026-11-13"), received(14)], [True]),
            ([reminded(10, "2026-11-13"), received(14), received(15)], [True, None]),
            ([received(5), withdrawn(6), reminded(17, "2026-11-20"), received(20)], [None, False]),
            ([received(5), withdrawn(6), reminded(17, "2026-11-20"), received(23)], [None, True]),
            ([reminded(10, "2026-11-13"), received(14), withdrawn(16), received(17)], [True, None]),
        ],
    )
    def test_says_what_came_late(
        self, said: list[returns.Told], is_late: list[bool | None]
    ) -> None:
        """Only where a reminder told the due day. A revision of what is there is not late, and a
        return that was withdrawn has another due day."""
        assert is_late == [each.is_late for each in slot(*said).received]

    def test_puts_entries_in_the_order_of_occurrence(self) -> None:
        """A reminder may be recorded after the return that came later."""
        came, before = received(14), reminded(10, "2026-11-13")
        assert [True] == [each.is_late for each in slot(came, before).received]
        assert date(2026, 11, 13) == slot(came, before).received[0].due_on

    @pytest.mark.parametrize(
        ("facts", "late_lines"),
        [
            ({"commitments": {"spend": {"lines": 3, "late": 2}, "visits": {"lines": 1}}}, 2),
            ({"commitments": {}}, 0),
            ({"commitments": None}, None),
        ],
    )
    def test_counts_late_lines(self, facts: dict[str, Any], late_lines: int | None) -> None:
        """Of all commitments. Where the leaf has only a digest, nobody can say."""
        (found,) = slot(received(5, **facts)).received
        assert late_lines == found.late_lines
