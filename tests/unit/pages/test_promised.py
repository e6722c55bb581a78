"""Intake's page of a contract: what was promised, and a return for each month; and the list."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.intake.api import documents, due
from services.intake.pages import contract, contracts
from shared.pages.names import NONE, Names, Promise
from shared.pages.parts import Cell, Link, Pages, Tag
from shared.wire import events
from tests.support import intake_builders as build
from tests.unit.pages import drawing
from tests.unit.pages.test_home import NOT_YET, OPEN, OVERDUE, a_due

RECEIVED = a_due(
    "2026-10",
    "received",
    return_id=UUID(int=7),
    receipt_no=24,
    revision=2,
    late=True,
    received_at=datetime(2026, 11, 16, tzinfo=UTC),
)
NAMES = Names(
    contracts={build.CONTRACT: "Community <hub>"},
    promises={Promise(build.CONTRACT, "schools"): "Visits to schools"},
)


def found(*months: documents.Due, **changes: Any) -> due.OfContract:
    values: dict[str, Any] = {
        "contract": build.a_contract_published(),
        "months": months,
        "before": None,
        "counts": Counter(each.state for each in months),
    }
    return due.OfContract(**(values | changes))


class TestMonths:
    def test_lead_to_the_return_or_to_its_draft(self) -> None:
        """A supplier starts what can be sent; the council sees whose it is."""
        page = contract.show(found(NOT_YET, RECEIVED, OVERDUE), is_supplier=True)
        assert page.months is not None
        not_yet, received, overdue = page.months.rows
        assert Cell("October 2026", f"/returns/{UUID(int=7)}") == received[0]
        assert Tag("Received late", "yellow") == received[2].tag
        assert ("Receipt 24, revision 2",) == received[2].why
        assert ("Start", "/drafts/KMBC-2026-0101/2026-09") == (overdue[3].text, overdue[3].href)
        assert ["", ""] == [not_yet[3].text, received[3].text]
        council = contract.show(found(OVERDUE), is_supplier=False)
        assert council.months is not None
        row = [cell.text for cell in council.months.rows[0]]
        assert ["September 2026", "GB-COH-99000001", "1 and 14 October 2026", ""] == row

    @pytest.mark.parametrize(
        ("months", "expected"),
        [
            ((OVERDUE, OPEN), "1 return is overdue."),
            ((OPEN, NOT_YET), "1 return can be sent now."),
            ((RECEIVED, NOT_YET), "Every return that is due has come."),
            ((NOT_YET,), "Nothing is due yet."),
        ],
    )
    def test_begin_with_what_is_missing(
        self, months: tuple[documents.Due, ...], expected: str
    ) -> None:
        assert expected == contract.show(found(*months), is_supplier=True).sentence
        earlier = contract.show(found(*months), is_supplier=True, is_newest=False)
        assert "" == earlier.sentence

    def test_that_are_not_known_are_not_guessed(self) -> None:
        """The contract was published without what it asks for."""
        bare = found(contract=build.a_contract_published(obligations=None))
        page = contract.show(bare, is_supplier=True)
        assert page.months is None
        assert "" == page.sentence
        assert "It is not known here yet which returns" in page.no_months

    def test_lead_to_earlier_ones(self) -> None:
        page = contract.show(found(OPEN, before="2026-09"), is_supplier=True)
        at = f"/contracts/{build.CONTRACT}?until=2026-09"
        assert Link("Earlier months", at) == page.before


class TestPromises:
    def test_have_their_titles_and_lead_to_their_figures(self) -> None:
        """While no title is known, the measure's, with the reference below."""
        page = contract.show(found(), NAMES, is_supplier=True)
        assert page.promises is not None
        rows = {row[4].href: row for row in page.promises.rows}
        at = f"council:/contracts/{build.CONTRACT}/commitments"
        schools, spend = rows[f"{at}/schools"], rows[f"{at}/local-spend"]
        assert Cell("Visits to schools", why=("School visits",)) == schools[0]
        assert Cell("Spend in the local area", why=("local-spend",)) == spend[0]
        assert ["visits", "5 October 2028"] == [cell.text for cell in schools[1:3]]
        assert "Community &lt;hub&gt;" in drawing.html("intake", "contract.html", page)

    def test_that_do_not_fit_are_on_the_councils_page(self) -> None:
        """Of 60, fifty are shown."""
        each = events.PublishedCommitment(
            commitment_id="c", measure="local-spend", kind="sum", unit="GBP", state="active"
        )
        many = build.a_contract_published(commitments=(each,) * 60)
        page = contract.show(found(contract=many), is_supplier=True)
        assert page.promises is not None
        assert 50 == len(page.promises.rows)
        assert Link("All 60 promises", f"council:/contracts/{build.CONTRACT}") == page.more

    def test_are_missed_in_words(self) -> None:
        bare = found(contract=build.a_contract_published(commitments=()))
        page = contract.show(bare, is_supplier=True)
        drawn = drawing.html("intake", "contract.html", page)
        assert "No promise is active yet." in drawn


class TestList:
    def test_counts_the_promises_in_force(self) -> None:
        """Four of four; the council sees whose contract it is."""
        listed = [build.a_contract_published()]
        page = contracts.show(listed, Pages(None, None), NAMES, is_supplier=False)
        assert page.table is not None
        expected = ["Community <hub>", build.PARTY, "4", "6 October 2026", "5 October 2028"]
        assert expected == [cell.text for cell in page.table.rows[0]]
        assert f"/contracts/{build.CONTRACT}" == page.table.rows[0][0].href

    def test_that_is_empty_says_so(self) -> None:
        page = contracts.show([], Pages(None, None), NONE, is_supplier=True)
        drawn = drawing.html("intake", "contracts.html", page)
        assert "No contract names you as its supplier yet." in drawn
