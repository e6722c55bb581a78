"""The latest changes of a contract, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from services.verification.api import documents
from services.verification.domain import slots
from tests.unit.pages import drawing
from tests.unit.pages.test_contract import AT, SUPPLIER, a_case, a_contract, assessed, shown

SILENT = a_contract("needs_structuring")
"""With a version that is no change."""


class TestChange:
    def texts(self, *assessments: tuple[str, documents.AssessmentShown]) -> list[str]:
        return [each.what for each in shown(of=SILENT, assessed=assessments).changes]

    def test_is_a_rating_that_differs_from_the_one_before(self) -> None:
        """Of the month before, or of the same month; the newest first."""

        def rated(rating: str, period: str, hour: int) -> tuple[str, documents.AssessmentShown]:
            at = datetime(2026, 11, 1, hour, tzinfo=UTC)
            return "spend", assessed(rating, "1", "1", period=period, assessed_at=at)

        expected = [
            "Spend: the rating of September 2026 changed from Other to Inadequate",
            "Spend: Other for September 2026, after Good",
            "Spend: first rated, Good for July 2026",
        ]
        assert expected == self.texts(
            rated("Good", "2026-07", 1),
            rated("Good", "2026-08", 2),
            rated("Other", "2026-09", 3),
            rated("Inadequate", "2026-09", 4),
        )

    def test_is_a_return_that_came_or_went(self) -> None:
        """Each leads to its life in the record."""
        slot = ("2026-10", SUPPLIER)
        filings = [
            slots.Filing(AT, slot, UUID(int=1), 7, 1),
            slots.Filing(AT + timedelta(hours=1), slot, UUID(int=2), 8, 2),
            slots.Filing(AT + timedelta(hours=2), slot, UUID(int=2), 9, 2, is_withdrawal=True),
        ]
        found = shown(of=SILENT, filings=filings).changes
        assert [
            "The return for October 2026 was withdrawn, receipt 9",
            "The return for October 2026 was corrected: revision 2, receipt 8",
            "The return for October 2026 came, receipt 7",
        ] == [each.what for each in found]
        assert found[2].link is not None
        assert f"record:/returns/{UUID(int=1)}" == found[2].link.href

    def test_is_a_version_and_a_case(self) -> None:
        """Proposed, approved; opened, moved."""
        version = drawing.made(
            documents.Version,
            version=2,
            state="active",
            target=Decimal(400_000),
            unit="GBP",
            proposed_at=AT,
            approved_at=AT + timedelta(days=1),
        )
        of = a_contract("active")
        of.commitments[0].versions[:] = [version]
        moved = a_case(moved_at=AT + timedelta(days=3), opened_at=AT + timedelta(days=2))
        assert [
            "Spend: behind since June 2026: the case moved. Open: the supplier is to be notified",
            "Spend: behind since June 2026: a case opened",
            "Spend: version 2, £400,000, was approved",
            "Spend: version 2, £400,000, was proposed",
        ] == [each.what for each in shown(of=of, followed=(moved,)).changes]

    def test_is_one_of_the_latest_ten(self) -> None:
        filings = [
            slots.Filing(AT + timedelta(hours=n), ("2026-10", SUPPLIER), UUID(int=n), n, 1)
            for n in range(1, 15)
        ]
        found = shown(of=SILENT, filings=filings).changes
        assert 10 == len(found)
        assert found[0].what.endswith("receipt 14")
