"""Which lines an alert is about (rule L1)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.verification.domain import lines, meant
from tests.support import verification_builders as build

POSTCODES = [build.place("L36 9YU"), build.place("L1 1AA", district="E08000012")]


def spend(line_id: str, postcode: str) -> dict[str, Any]:
    return build.line(line_id, "100.00", place={"postcode": postcode})


def council() -> build.Council:
    """Line 2 of October is outside the area, line 2 of November has an unknown postcode."""
    made = build.Council(POSTCODES)
    made.receive(build.registered(), build.commitment(area=build.KNOWSLEY))
    made.file(
        build.returned(1, "2026-10", spend("1", "L36 9YU"), spend("2", "L1 1AA")),
        build.returned(2, "2026-11", spend("1", "L36 9YU"), spend("2", "L99 9ZZ")),
    )
    return made


def found(made: build.Council, **changes: Any) -> list[tuple[str, str]]:
    """The lines that October's shortfall, or one changed like this, is about."""
    (opened,) = made.alerts
    changed = msgspec.structs.replace(opened, **changes)
    return [(line.period, line.line_id) for line in meant.lines(changed, made.rows())]


class TestTheLinesMeant:
    def test_are_those_of_the_month_what_does_not_count_first(self) -> None:
        """Later months came after the alert."""
        assert [("2026-10", "2"), ("2026-10", "1")] == found(council())

    def test_are_also_those_of_earlier_months_that_do_not_count(self) -> None:
        """The latest month first; what counted of October is not among them."""
        expected = [("2026-11", "2"), ("2026-10", "2"), ("2026-11", "1")]
        assert expected == found(council(), period="2026-11")

    def test_are_none_of_another_commitment_a_recovery_or_a_missing_return(self) -> None:
        """There is nothing to look at."""
        made = council()
        assert [] == found(made, commitment_id="visits")
        assert [] == found(made, kind="shortfall_recovered")
        assert [] == found(made, kind="return_overdue", commitment_id=None)

    def test_of_a_duplicate_is_the_line_itself(self) -> None:
        """By party, month and line, so that a revision of it is found too."""
        what = {"kind": "duplicate_claim", "subject": "the-first-revision/2", "period": "2026-11"}
        assert [("2026-11", "2")] == found(council(), **what)


class TestWhatIsOver:
    @pytest.mark.parametrize(
        ("kind", "case", "owed", "is_over"),
        [
            ("shortfall_opened", "opened", (), False),
            ("shortfall_worsened", "plan_agreed", (), False),
            ("shortfall_opened", "resolved_completely", (), True),
            ("shortfall_opened", "withdrawn", (), True),
            ("correction_changed_rating", None, (), False),
            ("return_due", None, [("2026-10", build.SUPPLIER)], False),
            ("return_overdue", None, [("2026-09", build.SUPPLIER)], True),
            ("return_overdue", None, [("2026-10", "GB-COH-9")], True),
            ("return_overdue", None, None, False),
        ],
    )
    def test_follows_the_case_or_the_return(
        self, kind: Any, case: Any, owed: list[tuple[str, str]] | None, is_over: bool
    ) -> None:
        """Each alert is of October."""
        (opened,) = council().alerts
        raised = msgspec.structs.replace(opened, kind=kind)
        assert is_over == meant.is_over(raised, case, owed, ())

    def test_of_a_contract_without_an_owner_ends_with_an_owner(self) -> None:
        """Whatever else the contract has."""
        (opened,) = council().alerts
        raised = msgspec.structs.replace(opened, kind="commitment_without_owner")
        over = [
            meant.is_over(raised, None, (), (), has_owner=has_owner) for has_owner in (True, False)
        ]
        assert [True, False] == over

    def test_of_a_duplicate_or_a_rating_that_is_held_follows_the_lines(self) -> None:
        """While one is displaced, or waits, there is something to do; what is not known is not
        over."""
        (opened,) = council().alerts
        plain = council().rows()[0]
        full = lines.Finding("V6", "invoice_full", "9000", "0", "9000")
        waiting = msgspec.structs.replace(plain, alone=lines.Result("queried", findings=(full,)))
        for kind in ("duplicate_claim", "queue_holds_rating"):
            raised = msgspec.structs.replace(opened, kind=kind)
            found = [meant.is_over(raised, None, (), own) for own in ([waiting], [plain], [], None)]
            assert [False, True, True, False] == found
