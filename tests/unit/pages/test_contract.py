"""The page of a contract: is it on course?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.verification.api import documents
from services.verification.api.documents import alerts
from services.verification.domain import cases
from services.verification.pages import contract, ratings
from shared.wire import events
from tests.unit.pages import drawing

AT = datetime(2026, 7, 3, 9, tzinfo=UTC)
SUPPLIER = "GB-COH-99000001"


def assessed(rating: str, expected: str, low: str, **more: Any) -> documents.AssessmentShown:
    values: dict[str, Any] = {
        "period": "2026-10",
        "expected": Decimal(expected),
        "low": Decimal(low),
        "counted": Decimal(low),
        "queried": Decimal(0),
        "attainment": "81.5",
        "rating": rating,
        "reason": None,
    }
    return drawing.made(documents.AssessmentShown, **(values | more))


def promise(
    title: str, *assessments: documents.AssessmentShown, unit: str = "GBP"
) -> documents.Performed:
    return drawing.made(
        documents.Performed,
        commitment_id=title.lower(),
        title=title,
        unit=unit,
        target=Decimal(365000),
        counted=Decimal(7),
        provisional=Decimal(0),
        rating=assessments[-1].rating if assessments else None,
        assessments=list(assessments),
    )


def a_contract(*versions: str, state: str = "active") -> documents.ContractWhole:
    drafted = [drawing.made(documents.Version, state=each) for each in versions]
    promised = drawing.made(
        documents.Commitment, commitment_id="spend", title="Spend", state=state, versions=drafted
    )
    return drawing.made(
        documents.ContractWhole,
        contract_id="KMBC-2026-0101",
        title="Community hub",
        suppliers=[documents.Organisation(id=SUPPLIER, name="Brackenfold")],
        starts_on=date(2026, 5, 1),
        ends_on=date(2027, 4, 30),
        commitments=[promised] if versions else [],
    )


def a_case(**changes: Any) -> alerts.Case:
    values = {
        "case_id": UUID(int=1),
        "kind": "shortfall",
        "commitment_id": "spend",
        "party_id": SUPPLIER,
        "period": "2026-06",
        "state": "opened",
        "opened_at": AT,
    }
    return drawing.made(alerts.Case, **(values | changes))


def shown(
    *promises: documents.Performed,
    of: documents.ContractWhole | None = None,
    followed: tuple[alerts.Case, ...] = (),
) -> contract.Page:
    performance = drawing.made(documents.Performance, commitments=list(promises))
    return contract.show(of or a_contract("active"), performance, followed)


GOOD = assessed("Good", "40", "48")
BEHIND = assessed("Requires improvement", "184000", "150000", queried=Decimal(500))
FAR_BEHIND = assessed("Inadequate", "9", "2")
OTHER = assessed("Other", "0", "0", reason="nothing_due", attainment=None)


class TestSentence:
    @pytest.mark.parametrize(
        ("promises", "expected"),
        [
            ((), "Nothing is promised yet."),
            ((promise("A"),), "Nothing can be rated yet."),
            ((promise("A", OTHER),), "Nothing can be rated yet."),
            ((promise("A", GOOD),), "The promise is on course."),
            ((promise("A", GOOD), promise("B", GOOD)), "All 2 promises are on course."),
            (
                (promise("A", GOOD), promise("B", OTHER)),
                "1 of 2 promises is on course; the rest is not rated.",
            ),
            (
                (promise("A", GOOD), promise("B", OTHER), promise("Spend", BEHIND)),
                "1 of 3 promises is behind: Spend, £34,000.",
            ),
            (
                (
                    promise("A", BEHIND),
                    promise("B", assessed("Inadequate", "9", "2"), unit="weeks"),
                ),
                "2 of 2 promises are behind: A, £34,000; B, 7 weeks.",
            ),
        ],
    )
    def test_says_whether_it_is_on_course(
        self, promises: tuple[documents.Performed, ...], expected: str
    ) -> None:
        assert expected == shown(*promises).sentences[0]

    def test_is_followed_by_what_is_not_in_force(self) -> None:
        """A proposal, and a promise in prose."""
        proposed = shown(of=a_contract("active", "draft")).sentences
        assert "1 proposal waits for an approver." == proposed[1]
        prose = shown(of=a_contract("needs_structuring", state="needs_structuring")).sentences
        assert "1 promise has no figures yet." == prose[1]


class TestPromise:
    def test_has_its_figures(self) -> None:
        """The gap is 184,000 less 150,000; what waits is named."""
        table = shown(promise("Spend", BEHIND)).promises
        assert table is not None
        (row,) = table.rows
        expected = ["Spend", "£365,000", "£184,000", "£150,000", "£34,000"]
        assert expected == [cell.text for cell in row[:5]]
        assert ("by 31 October 2026",) == row[2].why
        assert ("Waiting for the council: £500",) == row[3].why
        assert ratings.tag("Requires improvement") == row[5].tag

    def test_that_was_not_assessed_has_what_counts(self) -> None:
        table = shown(promise("Visits", unit="visits")).promises
        assert table is not None
        texts = [cell.text for cell in table.rows[0]]
        assert ["Visits", "365,000 visits", "", "7 visits", "", "Not rated yet"] == texts

    def test_says_why_it_is_other(self) -> None:
        table = shown(promise("A", OTHER)).promises
        assert table is not None
        assert ("Nothing is due yet.",) == table.rows[0][5].why

    def test_has_its_months_the_newest_first(self) -> None:
        may = assessed("Good", "31000", "31500", period="2026-05", attainment="101.6")
        (table,) = shown(promise("Spend", may, BEHIND)).months
        assert ["October 2026", "May 2026"] == [row[0].text for row in table.rows]
        assert ["81.5%", "101.6%"] == [row[3].text for row in table.rows]


class TestCase:
    def test_is_named_by_what_it_is_about(self) -> None:
        """A promise, or a return that is missing."""
        missing = a_case(kind="no_data", commitment_id=None, period="2026-07")
        table = shown(followed=(a_case(), missing)).cases
        assert table is not None
        expected = [
            "Spend: behind since June 2026",
            "The return of Brackenfold for July 2026 is missing",
        ]
        assert expected == [row[0].text for row in table.rows]

    def test_has_words_for_each_state(self) -> None:
        """Of the domain's states, none is shown by its code."""
        assert set(ratings.STATES) == {state for state in cases.MOVES if state is not None}

    def test_has_a_colour_for_each_rating(self) -> None:
        assert set(ratings.COLOURS) == set(_literal(events.Rating))


def _literal(alias: Any) -> tuple[str, ...]:
    return getattr(alias, "__args__", ())


class TestPage:
    def test_is_drawn_with_everything_and_with_nothing(self) -> None:
        full = shown(promise("Spend", BEHIND), followed=(a_case(),))
        page = drawing.html("verification", "contract.html", full)
        assert "1 of 1 promise is behind: Spend, £34,000." in drawing.text(page)
        assert 'href="https://makegood.example/supplier/?contract=KMBC-2026-0101"' in page
        least = drawing.html("verification", "contract.html", shown(of=a_contract()))
        assert "Nothing is promised yet." in least
        assert "<table" not in least
