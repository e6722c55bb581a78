"""The page of a contract: is it on course?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.verification.api import documents
from services.verification.api.documents import alerts
from services.verification.domain import cases, slots
from services.verification.pages import contract, known, months, ratings
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
        "assessed_at": AT,
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
        reason=assessments[-1].reason if assessments else None,
        assessments=list(assessments),
    )


def a_contract(*versions: str, state: str = "active") -> documents.ContractWhole:
    drafted = [
        drawing.made(
            documents.Version,
            state=each,
            version=1,
            target=Decimal(365000),
            unit="GBP",
            proposed_at=AT,
            approved_at=None,
        )
        for each in versions
    ]
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
        "moved_at": AT,
        "is_open": True,
    }
    return drawing.made(alerts.Case, **(values | changes))


NOW = known.show("/contracts/KMBC-2026-0101", "", None, None)


def shown(
    *promises: documents.Performed,
    of: documents.ContractWhole | None = None,
    followed: tuple[alerts.Case, ...] = (),
    **more: Any,
) -> contract.Page:
    performance = drawing.made(documents.Performance, commitments=list(promises))
    gathered: dict[str, Any] = {"assessed": (), "slots": {}, "filings": ()}
    return contract.show(
        contract.Gathered(
            contract=of or a_contract("active"),
            performance=performance,
            cases=followed,
            **(gathered | more),
        ),
        NOW,
    )


GOOD = assessed("Good", "40", "48")
BEHIND = assessed("Requires improvement", "184000", "150000", queried=Decimal(500))
FAR_BEHIND = assessed("Inadequate", "9", "2")
MISSING = assessed("Other", "9", "2", reason="data_missing")
OTHER = assessed("Other", "0", "0", reason="nothing_due", attainment=None)


class TestSentence:
    @pytest.mark.parametrize(
        ("promises", "expected"),
        [
            ((), "Nothing is promised yet."),
            ((promise("A"),), "Nothing can be rated yet."),
            ((promise("A", OTHER),), "Nothing can be rated yet."),
            (
                (promise("A", MISSING), promise("B", OTHER)),
                "1 of 2 promises cannot be rated till a return comes or the council decides.",
            ),
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
                "2 of 2 promises are behind: B, 7 weeks; A, £34,000.",
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
        expected = ["Spend", "£184,000", "£150,000", "£34,000"]
        assert expected == [cell.text for cell in row[:4]]
        assert ("£365,000 promised",) == row[0].why
        assert "/contracts/KMBC-2026-0101/commitments/spend" == row[0].href
        assert ("by 31 October 2026",) == row[1].why
        assert ("Waiting for the council: £500",) == row[2].why
        assert ratings.tag("Requires improvement") == row[4].tag

    def test_that_was_not_assessed_has_what_counts(self) -> None:
        table = shown(promise("Visits", unit="visits")).promises
        assert table is not None
        texts = [cell.text for cell in table.rows[0]]
        assert ["Visits", "", "7 visits", "", "Not rated yet", ""] == texts

    def test_says_why_it_is_other(self) -> None:
        table = shown(promise("A", OTHER)).promises
        assert table is not None
        assert ("Nothing is due yet.",) == table.rows[0][4].why

    @pytest.mark.parametrize(
        ("attained", "expected"),
        [
            (("76.4", "81.5"), "81.5%, up from 76.4%"),
            (("130.7", "130.4"), "130.4%, down from 130.7%"),
            (("100", "100"), "100.0%, as before"),
            (("101.6",), "101.6%"),
        ],
    )
    def test_says_where_it_goes(self, attained: tuple[str, ...], expected: str) -> None:
        """A line stands beside it, where there are two months."""
        made = [assessed("Good", "1", "1", attainment=each) for each in attained]
        table = shown(promise("A", *made)).promises
        assert table is not None
        assert expected == table.rows[0][5].text
        assert (len(attained) > 1) == (table.rows[0][5].spark is not None)

    def test_stands_before_what_is_less_behind(self) -> None:
        """Inadequate, Requires improvement, Other, Good; what is not rated comes last."""
        page = shown(
            promise("Good", GOOD),
            promise("New"),
            promise("Other", OTHER),
            promise("Spend", BEHIND),
            promise("Far", FAR_BEHIND),
        )
        assert page.promises is not None
        assert ["Far", "Spend", "Other", "Good", "New"] == [
            row[0].text for row in page.promises.rows
        ]

    def test_is_one_of_a_page_of_them(self) -> None:
        """Twenty to a page, and three named in the sentence."""
        many = [promise(f"P{n:02}", BEHIND) for n in range(30)]
        page = shown(*many)
        assert page.promises is not None
        assert contract.PROMISES_MAX == len(page.promises.rows)
        assert "/contracts/KMBC-2026-0101?from=20" == page.pages.next
        expected = (
            "30 of 30 promises are behind: P00, £34,000; P01, £34,000; P02, £34,000; and 27 more."
        )
        assert expected == page.sentences[0]

    def test_that_is_not_in_force_says_what_it_waits_for(self) -> None:
        table = shown(of=a_contract("draft", state="draft")).waiting
        assert table is not None
        assert ["Spend", "An approver"] == [cell.text for cell in table.rows[0]]


class TestReturns:
    def test_are_shown_by_month_and_supplier(self) -> None:
        """Each leads to its page; what is missing says since when."""
        told = {
            ("2026-09", SUPPLIER): slots.Told("late", return_id=UUID(int=9)),
            ("2026-10", SUPPLIER): slots.Told("missing", date(2026, 11, 13)),
        }
        returns = shown(slots=told).returns
        assert returns is not None
        (row,) = returns.rows
        assert "Brackenfold" == row.name
        assert [
            ("L", "late", f"supplier:/returns/{UUID(int=9)}"),
            ("M", "missing, due by 13 November 2026", None),
        ] == [(each.letter, each.words, each.href) for each in row.squares]
        assert "L late, M missing" == returns.key

    def test_of_many_suppliers_are_shown_in_part(self) -> None:
        told = {
            ("2026-10", f"GB-COH-{n:08}"): slots.Told("not_asked")
            for n in range(months.SUPPLIERS_MAX + 2)
        }
        page = shown(slots=told)
        assert page.returns is not None
        assert months.SUPPLIERS_MAX == len(page.returns.rows)
        expected = "2 more suppliers sent returns: they are on the site of returns."
        assert expected == page.further_returns


class TestCase:
    def test_is_named_by_what_it_is_about(self) -> None:
        """A promise, or a return that is missing."""
        missing = a_case(case_id=UUID(int=2), kind="no_data", commitment_id=None, period="2026-07")
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
