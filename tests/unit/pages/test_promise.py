"""The page of a promise: how was its figure made?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.verification.api import documents
from services.verification.domain.state import Commitment
from services.verification.pages import known, narrowed, promise, ratings
from shared import rules
from shared.pages.parts import Pages
from tests.unit.pages import drawing
from tests.unit.verification.test_course import SIX, delivered, version
from tests.web.test_pages import HTML_BYTES_MAX

AT = datetime(2026, 11, 4, 10, tzinfo=UTC)
SUPPLIER = "GB-COH-99000001"
OTHER = "GB-COH-99000002"
PATH = "/contracts/C1/commitments/spend"


def assessed(period: str, expected: str, low: str, **more: Any) -> documents.AssessmentShown:
    values: dict[str, Any] = {
        "period": period,
        "assessed_at": AT,
        "commitment_version": 1,
        "target": Decimal(365000),
        "expected": Decimal(expected),
        "expected_exact": f"{expected}/1",
        "low": Decimal(low),
        "high": Decimal(low),
        "counted": Decimal(low),
        "queried": Decimal(0),
        "attainment": "81.5",
        "attainment_exact": "75/92",
        "rating": "Requires improvement",
        "reason": None,
        "used": {"bands": "makegood-bands-1", "inputs": 25},
    }
    return drawing.made(documents.AssessmentShown, **(values | more))


def performed(*made: documents.AssessmentShown, **more: Any) -> documents.Performed:
    values: dict[str, Any] = {
        "commitment_id": "spend",
        "headline": "Spend is £34,000 behind",
        "words": "By 31 October 2026, £184,000 of £365,000 was due.",
        "measure": "local-spend",
        "unit": "GBP",
        "version": 1,
        "target": Decimal(365000),
        "assessments": list(made),
        "needed": None,
        "checks": [documents.Check(rule="V1", title="The commitment is active on the day")],
        "checks_not_built": [],
    }
    return drawing.made(documents.Performed, **(values | more))


def a_version(number: int = 1, **more: Any) -> documents.Version:
    values: dict[str, Any] = {
        "version": number,
        "state": "active",
        "target": Decimal(365000),
        "unit": "GBP",
        "area": {"gss": ["E08000011"], "edition": "2026-08"},
        "from_": date(2026, 5, 1),
        "is_backdated": False,
        "words": None,
        "reason": "as tendered",
        "proposed_by": "priya",
        "proposed_at": AT,
        "approved_by": "ruth",
        "approved_at": AT,
    }
    return drawing.made(documents.Version, **(values | more))


def a_line(**more: Any) -> documents.LineShown:
    values: dict[str, Any] = {
        "contract_id": "C1",
        "period": "2026-10",
        "party_id": SUPPLIER,
        "return_id": UUID(int=24),
        "line_id": "3",
        "commitment_id": "spend",
        "activity_on": date(2026, 10, 8),
        "thing": "INV-1051",
        "outcome": "counted",
        "reported": Decimal("20000"),
        "counted": Decimal("20000"),
        "provisional": Decimal(0),
        "queried": Decimal(0),
        "findings": [],
    }
    return drawing.made(documents.LineShown, **(values | more))


def shown(
    figures: documents.Performed | None,
    *lines: documents.LineShown,
    suppliers: tuple[str, ...] = (SUPPLIER,),
    versions: tuple[documents.Version, ...] = (a_version(),),
    asked: narrowed.Asked | None = None,
    day: date | None = None,
    **more: Any,
) -> promise.Page:
    commitment = drawing.made(
        documents.Commitment,
        commitment_id="spend",
        title="Spend",
        state=more.pop("state", "active"),
        versions=list(versions),
    )
    contract = drawing.made(
        documents.ContractWhole,
        contract_id="C1",
        title="Community hub",
        suppliers=[documents.Organisation(id=each, name=f"Firm {each[-1]}") for each in suppliers],
        commitments=[commitment],
    )
    gathered: dict[str, Any] = {"folded": None, "receipts": {}, "rule_set": rules.RULE_SET}
    return promise.show(
        promise.Gathered(
            contract=contract,
            commitment=commitment,
            performed=figures,
            lines=lines,
            **(gathered | more),
        ),
        asked or narrowed.Asked(),
        known.show(PATH, "", day, None),
        day,
        Pages(None, None),
    )


def folded() -> Commitment:
    return delivered(*SIX)


class TestSentence:
    @pytest.mark.parametrize(
        ("needed", "expected"),
        [
            (
                ("35833", 6, "33000", True),
                "Needs £35,833 a month for 6 months; best so far £33,000.",
            ),
            (
                ("35833", 1, "33000", False),
                "Needs £35,833 a month for 1 month; best of the last year £33,000.",
            ),
        ],
    )
    def test_says_what_is_needed(self, needed: tuple[str, int, str, bool], expected: str) -> None:
        a_month, months, best, is_best_of_all = needed
        found = documents.Needed(
            a_month=Decimal(a_month),
            months=months,
            best=Decimal(best),
            is_best_of_all=is_best_of_all,
        )
        page = shown(performed(assessed("2026-10", "184000", "150000"), needed=found))
        assert ("Spend is £34,000 behind.", expected) == page.sentences

    def test_says_what_a_promise_waits_for(self) -> None:
        waits = ("This promise is not in force: it waits for an approver.",)
        assert waits == shown(None, state="draft").sentences
        prose = ("This promise has no figures yet: its target is still prose.",)
        assert prose == shown(None, state="needs_structuring").sentences


class TestChart:
    def test_has_the_finding_as_its_caption(self) -> None:
        figures = performed(
            assessed("2026-05", "31000", "31500"), assessed("2026-10", "184000", "150000")
        )
        chart = shown(figures, folded=folded()).chart
        assert chart is not None
        assert "Spend: due and counted, May to October 2026" == chart.title
        expected = "By 31 October 2026, £184,000 was due, and £150,000 counts."
        assert expected == chart.caption
        assert ["due", "counted", "dots"] == [shape.kind for shape in chart.drawings[0].shapes[-3:]]

    def test_of_what_was_not_rated_says_so(self) -> None:
        chart = shown(performed(), folded=folded()).chart
        assert chart is not None
        assert "Nothing was rated yet: this is what will be due." == chart.caption


class TestMonth:
    def test_has_its_figures_the_newest_first(self) -> None:
        """Each leads to its lines."""
        june = assessed("2026-06", "61000", "52000", queried=Decimal(500))
        may = assessed("2026-05", "31000", "31500", rating="Good")
        months = shown(performed(may, june)).months
        assert months is not None
        assert [
            ["June 2026", "£61,000", "£52,000", "£500", "£9,000", ""],
            ["May 2026", "£31,000", "£31,500", "–", "–", ""],
        ] == [[cell.text for cell in row] for row in months.rows]
        assert f"{PATH}?month=2026-06#lines" == months.rows[0][0].href
        assert ratings.tag("Good") == months.rows[1][5].tag

    def test_is_one_of_twelve(self) -> None:
        """The latest, or those up to the month that is asked for."""
        made = [assessed(f"{2020 + n // 12}-{n % 12 + 1:02}", "1", "1") for n in range(40)]
        for month, last in (
            ("", "April 2023"),
            ("2022-12", "April 2023"),
            ("2021-06", "June 2021"),
        ):
            page = shown(performed(*made), asked=narrowed.Asked(month=month))
            assert page.months is not None
            assert (12, last) == (len(page.months.rows), page.months.rows[0][0].text)
            assert page.has_other_months


class TestLine:
    def test_has_what_was_reported_what_counts_and_why(self) -> None:
        """And leads to its return and to the record."""
        queried = a_line(
            outcome="queried",
            counted=Decimal(0),
            reported=Decimal(500),
            findings=[{"words": "The directory does not have L36 9ZZ."}],
        )
        page = shown(performed(), queried, receipts={UUID(int=24): 24})
        assert page.lines is not None
        (row,) = page.lines.rows
        assert ["INV-1051", "£500.00", "£0.00", "", "Receipt 24", "In the record"] == [
            cell.text for cell in row
        ]
        assert ("Line 3, 8 October 2026",) == row[0].why
        assert promise.OUTCOMES["queried"] == row[3].tag
        assert ("The directory does not have L36 9ZZ.",) == row[3].why
        assert f"supplier:/returns/{UUID(int=24)}" == row[4].href
        assert f"record:/returns/{UUID(int=24)}" == row[5].href

    def test_names_its_supplier_where_there_are_several(self) -> None:
        """A supplier is told that it sees its own."""
        page = shown(performed(), a_line(), suppliers=(SUPPLIER, OTHER), is_supplier=True)
        assert page.lines is not None
        assert ("Line 3, 8 October 2026", "Firm 1") == page.lines.rows[0][0].why
        assert "You see your own lines; the figures are of all suppliers together." == (
            page.whose_lines
        )
        assert shown(performed(), suppliers=(SUPPLIER, OTHER)).whose_lines is None

    def test_of_which_the_receipt_is_not_at_hand_leads_to_its_return(self) -> None:
        page = shown(performed(), a_line(thing=None))
        assert page.lines is not None
        assert ["Line 3", "Return"] == [page.lines.rows[0][n].text for n in (0, 4)]

    def test_has_a_word_for_each_outcome(self) -> None:
        assert set(promise.OUTCOMES) == set(narrowed.RESULTS)

    def test_is_looked_for_by_month_and_result(self) -> None:
        """The month that is asked for can be chosen, even if nothing was rated in it."""
        asked = narrowed.Asked(month="2026-11", result="queried")
        page = shown(performed(assessed("2026-10", "1", "1")), asked=asked)
        month, result = page.form
        assert ["", "2026-11", "2026-10"] == [choice.value for choice in month.choices]
        assert ("2026-11", "queried") == (month.value, result.value)
        assert page.is_narrowed


class TestWorkedOut:
    def test_names_version_bands_rules_fractions_and_edition(self) -> None:
        page = shown(performed(assessed("2026-10", "184000", "150000")))
        facts = {fact.label: fact.text for fact in page.worked_out}
        assert "184000/1" == facts["Due, as an exact fraction"]
        assert "75/92" == facts["Counted of what was due, as an exact fraction"]
        assert "makegood-bands-1" == facts["Table of ratings"]
        assert rules.RULE_SET == facts["Rules"]
        assert "2026-08" == facts["Edition of the postcode directory"]
        assert "The commitment is active on the day (V1)" == facts["Checked"]


class TestVersion:
    def test_has_who_proposed_and_who_approved_it_and_why(self) -> None:
        """The newest first."""
        second = a_version(
            2, state="draft", approved_by=None, approved_at=None, is_backdated=True, reason=None
        )
        table = shown(performed(), versions=(a_version(), second)).versions
        newest, first = table.rows
        assert ["1 May 2026", "£365,000", "Waits for an approver", "–"] == [
            newest[place].text for place in (0, 1, 3, 4)
        ]
        assert ("Version 2", "This is before the day on which it was proposed.") == newest[0].why
        assert "as tendered" == first[4].text
        assert ("4 November 2026",) == first[3].why

    def test_in_prose_has_its_words(self) -> None:
        prose = a_version(state="needs_structuring", target=None, from_=None, words="Some visits")
        (row,) = shown(None, versions=(prose,), state="needs_structuring").versions.rows
        assert ("–", ("Some visits",)) == (row[1].text, row[1].why)


class TestPage:
    def test_is_small_at_its_fullest(self) -> None:
        """Five hundred steps, sixty months in which something waits, all lines and versions."""
        steps = [
            [(date(2020, 1, 1) + timedelta(days=7 * n)).isoformat(), str(n)] for n in range(500)
        ]
        profile = {"kind": "steps", "from": "2019-12-31", "steps": steps}
        of = version("499", profile, from_on="2019-12-31", unit="visits")
        made = [
            assessed(f"{2020 + n // 12}-{n % 12 + 1:02}", "184000", "150000", queried=Decimal(500))
            for n in range(60)
        ]
        why = {"words": "INV-1042: This invoice was claimed before; receipt 20 goes first. " * 2}
        page = shown(
            performed(*made),
            *([a_line(findings=[why], outcome="queried")] * promise.LINES_MAX),
            versions=tuple(
                a_version(n, reason="as agreed with the extension") for n in range(1, 13)
            ),
            folded=delivered(of=of),
            suppliers=(SUPPLIER, OTHER),
        )
        drawn = drawing.html("verification", "promise.html", page)
        assert promise.LINES_MAX == drawn.count(">In the record<")
        assert len(drawn.encode()) <= HTML_BYTES_MAX

    def test_is_drawn_with_everything_and_with_nothing(self) -> None:
        figures = performed(
            assessed("2026-05", "31000", "31500"), assessed("2026-10", "184000", "150000")
        )
        day = date(2026, 10, 31)
        full = shown(figures, a_line(), folded=folded(), day=day)
        drawn = drawing.html("verification", "promise.html", full)
        assert "This is what was known at the end of 31 October 2026." in drawn
        assert 'href="/council/contracts/C1?as_at=2026-10-31"' in drawn
        assert 2 == drawn.count('<svg class="mg-chart')
        least = drawing.html("verification", "promise.html", shown(None, state="draft"))
        assert "<svg" not in least
        assert "Lines behind the figure" not in least
