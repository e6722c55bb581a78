"""The receipt of a return, and of its withdrawal: we have it, and what happens next by when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.intake.api import documents
from services.intake.pages import receipt
from shared.pages.parts import Link
from tests.unit.pages import drawing, test_returned

AT = f"/returns/{test_returned.ID}"
MERGE_BY = datetime(2026, 11, 6, 9, tzinfo=UTC)


def a_return(**changes: Any) -> documents.Return:
    """October's, received on 5 November; it was due on 13 November."""
    receipt = drawing.made(documents.Receipt, sha256="ab" * 32, merge_by=MERGE_BY)
    values: dict[str, Any] = {
        "period": "2026-10",
        "received_at": datetime(2026, 11, 5, 9, tzinfo=UTC),
        "due_on": date(2026, 11, 13),
        "status": "received",
        "entry": None,
        "receipt": receipt,
    }
    return test_returned.a_return(**(values | changes))


class TestReceipt:
    def test_says_what_happens_next(self) -> None:
        """With the days: checked, rated, in the record."""
        page = receipt.show(a_return())
        assert ("Return received", "Receipt number 24") == (page.title, page.number)
        assert "October 2026: KMBC-2026-0101" == page.of
        checked, rated, recorded = page.steps
        assert ("Checked within minutes", (Link("See what counts", AT),)) == (
            checked.what,
            checked.links,
        )
        assert "When all returns are in, at latest on 13 November 2026" == rated.when
        assert "By 6 November 2026, 09:00" == recorded.when
        assert Link("Save receipt and return", f"{AT}/receipt.json") == page.save

    def test_leads_to_the_entry_once_there_is_one(self) -> None:
        page = receipt.show(a_return(status="checked", entry=97))
        assert "Checked" == page.steps[0].what
        expected = (
            Link("Entry 97", "record:/entries/97"),
            Link("Proof", "record:/entries/97/proof"),
        )
        assert expected == page.steps[2].links

    @pytest.mark.parametrize(
        ("received_at", "expected"),
        [
            (
                datetime(2026, 11, 13, 23, 59, tzinfo=UTC),
                "When all returns are in, at latest on 13 November 2026",
            ),
            (
                datetime(2026, 11, 14, 0, 0, tzinfo=UTC),
                "Anew, as soon as it is checked: this month was due on 13 November 2026",
            ),
        ],
    )
    def test_of_a_late_return_says_that_its_month_is_rated_anew(
        self, received_at: datetime, expected: str
    ) -> None:
        """Rule A5: the month was assessed at the end of the due day."""
        assert expected == receipt.show(a_return(received_at=received_at)).steps[1].when


class TestReceiptOfAWithdrawal:
    def a_withdrawn_return(self, **changes: Any) -> documents.Return:
        """On 16 November, after the due day."""
        withdrawal = documents.Withdrawal(
            receipt_no=30,
            reason="A wrong <month>",
            withdrawn_at=datetime(2026, 11, 16, 9, tzinfo=UTC),
            entry=None,
        )
        return a_return(**{"status": "withdrawn", "withdrawal": withdrawal} | changes)

    def test_says_until_when_a_new_return_is_in_time(self) -> None:
        """Ten working days after 16 November, a Monday: 30 November."""
        page = receipt.show_withdrawal(self.a_withdrawn_return(), MERGE_BY)
        assert ("Withdrawal received", "Receipt number 30") == (page.title, page.number)
        again = page.steps[1]
        assert "Send a new return for October 2026" == again.what
        assert "By 30 November 2026 it is in time" == again.when
        assert (Link("Start", "/drafts/KMBC-2026-0101/2026-10"),) == again.links
        drawn = drawing.html("intake", "receipt.html", page)
        assert "A wrong &lt;month&gt;" in drawn
        assert f'href="/supplier{AT}/withdrawal.json"' in drawn

    def test_leads_to_the_return_that_came_after_it(self) -> None:
        later = self.a_withdrawn_return(superseded_by=UUID(int=8))
        page = receipt.show_withdrawal(later, MERGE_BY)
        assert f"/returns/{UUID(int=8)}" == page.steps[1].links[0].href
