"""Cases and proposals as pages say them, and promises in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

import pytest

from services.verification.api import documents
from services.verification.api.documents import cases as followed
from services.verification.api.documents import proposals
from services.verification.domain import cases as domain
from services.verification.pages import approvals, case, cases, ratings, terms
from shared.pages import names
from shared.pages.parts import Happening, Pages
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX

ONE_PAGE = Pages(None, None)
LINEAR = {"kind": "linear", "from": "2026-10-01", "to": "2028-09-30"}


def said(**changes: Any) -> followed.Said:
    values: dict[str, Any] = {
        "kind": "shortfall_worsened",
        "raised_at": datetime(2026, 8, 14, 23, 30, tzinfo=UTC),
        "headline": "Spend has fallen further behind",
        "rating": "Inadequate",
        "gap": Decimal(34000),
        "acknowledged_by": None,
        "acknowledged_at": None,
    }
    return drawing.made(followed.Said, **(values | changes))


def a_case(**changes: Any) -> followed.CaseWhole:
    """A promise that is behind since June."""
    values: dict[str, Any] = {
        "case_id": UUID(int=1),
        "contract_id": "KMBC-2026-0101",
        "contract_title": "Community hub",
        "kind": "shortfall",
        "commitment_id": "spend",
        "commitment_title": "Spend with firms in Knowsley",
        "party_id": None,
        "suppliers": [documents.Organisation(id="GB-COH-99000001", name="Brackenfold")],
        "period": "2026-06",
        "state": "opened",
        "is_open": True,
        "reason": "rated_behind",
        "opened_at": datetime(2026, 7, 14, 8, 0, tzinfo=UTC),
        "moved_at": datetime(2026, 7, 14, 8, 0, tzinfo=UTC),
        "unit": "GBP",
        "rating": "Requires improvement",
        "gap": Decimal(34000),
        "gap_share": "9.3",
        "next_step": None,
        "said": [],
    }
    return drawing.made(followed.CaseWhole, **(values | changes))


class TestACase:
    def test_has_words_for_each_state_and_reason(self) -> None:
        """None is shown as its code."""
        states = get_args(domain.CaseState)
        assert set(states) == set(ratings.STATES)
        for state in states:
            steps = case.show(a_case(state=state), names.NONE).steps
            here = [step.word for step in steps if step.is_here]
            assert (0 if state == "withdrawn" else 1) == len(here), state

    def test_is_told_the_newest_first(self) -> None:
        """Who acknowledged an alert is named where the name is known; the day is London's."""
        seen = said(acknowledged_by="p", acknowledged_at=datetime(2026, 8, 17, 9, tzinfo=UTC))
        first = said(kind="shortfall_opened", rating="Requires improvement", gap=Decimal(20000))
        known = names.Names(people={"p": "Priya Nair"})
        assert (
            Happening(
                "Fell further behind: £34,000, Inadequate",
                "15 August 2026, 00:30. Acknowledged by Priya Nair, 17 August 2026, 10:00",
            ),
            Happening("Behind: £20,000, Requires improvement", "15 August 2026, 00:30"),
            Happening("Opened: rated Requires improvement or worse", "14 July 2026, 09:00"),
        ) == case.show(a_case(said=[seen, first]), known).happened

    def test_that_ended_says_why(self) -> None:
        """And no more how far it is behind."""
        ended = a_case(
            state="resolved_completely",
            is_open=False,
            reason="two_good_periods",
            moved_at=datetime(2026, 9, 14, 8, 0, tzinfo=UTC),
        )
        page = case.show(ended, names.NONE)
        assert ("Resolved on 14 September 2026: two good months.",) == page.sentences
        assert [
            Happening("Resolved: two good months", "14 September 2026, 09:00"),
            Happening("Opened", "14 July 2026, 09:00"),
        ] == list(page.happened)

    def test_is_drawn(self) -> None:
        """With the step that it has reached."""
        page = case.show(a_case(said=[said()]), names.NONE)
        html = drawing.html("verification", "case.html", page)
        assert 'aria-current="step">Opened' in html
        assert HTML_BYTES_MAX >= len(html)


class TestCases:
    @pytest.mark.parametrize(
        ("asked", "count", "expected"),
        [
            ({}, 0, "No case is open."),
            ({}, 1, "1 case is open."),
            ({"contract": "C1"}, 2, "2 cases of this contract are open."),
            ({"state": "ended"}, 0, "No case matches these filters."),
            ({"state": "notified"}, 1, "1 case matches these filters."),
        ],
    )
    def test_begin_with_how_many_there_are(
        self, asked: dict[str, str], count: int, expected: str
    ) -> None:
        """Of those that are asked for."""
        assert expected == cases.show(cases.Asked(**asked), [], count, ONE_PAGE).sentence

    def test_fill_a_page_within_its_weight(self) -> None:
        """With long titles."""
        long = a_case(contract_title="A" * 120, commitment_title="B" * 120)
        page = cases.show(cases.Asked(), [long] * cases.ROWS, 50, ONE_PAGE)
        assert HTML_BYTES_MAX >= len(drawing.html("verification", "cases.html", page))


# --- proposals -----------------------------------------------------------------------------------


def a_version(**changes: Any) -> documents.Version:
    values: dict[str, Any] = {
        "version": 2,
        "state": "draft",
        "measure": "school-visits",
        "unit": "visits",
        "target": Decimal(24),
        "profile": LINEAR,
        "area": None,
        "from_": date(2026, 10, 1),
        "is_backdated": False,
        "words": None,
        "reason": "as tendered",
        "proposed_by": "p",
        "proposed_at": datetime(2026, 9, 1, 8, 0, tzinfo=UTC),
    }
    return drawing.made(documents.Version, **(values | changes))


def a_proposal(**changes: Any) -> proposals.Proposal:
    values: dict[str, Any] = {
        "contract_id": "C1",
        "contract_title": "Community hub",
        "suppliers": [documents.Organisation(id="GB-COH-99000001", name="Brackenfold")],
        "commitment_id": "visits",
        "title": "School visits",
        "proposed": a_version(),
        "active": None,
        "is_own": False,
    }
    return drawing.made(proposals.Proposal, **(values | changes))


def shown(*found: proposals.Proposal, own: int = 0, may_approve: bool = True) -> approvals.Page:
    reader = approvals.Reader(may_approve=may_approve)
    return approvals.show(found, (len(found), own), reader, ONE_PAGE)


class TestApprovals:
    @pytest.mark.parametrize(
        ("count", "own", "expected"),
        [
            (0, 0, "Nothing waits for a second person."),
            (1, 0, "1 proposal waits for a second person."),
            (
                3,
                1,
                (
                    "3 proposals wait for a second person. You proposed 1 of them: another "
                    "approver decides."
                ),
            ),
            (
                1,
                1,
                (
                    "1 proposal waits for a second person: another approver decides, since you "
                    "proposed it."
                ),
            ),
        ],
    )
    def test_begin_with_how_many_there_are(self, count: int, own: int, expected: str) -> None:
        """And how many of them the reader cannot decide."""
        assert expected == shown(*[a_proposal()] * count, own=own).sentence

    def test_mark_what_changes(self) -> None:
        """Of a first version all is new, so nothing is marked by itself."""
        active = drawing.made(
            proposals.InForce,
            version=1,
            title="School visits",
            unit="visits",
            target=Decimal(20),
            profile=LINEAR,
            area=None,
            from_=date(2026, 10, 1),
        )
        (row,) = shown(a_proposal(active=active)).rows
        assert ["Target"] == [each.label for each in row.changes if each.is_other]
        (first,) = shown(a_proposal()).rows
        assert (True, {"Nothing"}) == (first.is_first, {each.now for each in first.changes})

    def test_warn_of_what_begins_before_it_was_proposed(self) -> None:
        """Whoever approves should know."""
        (row,) = shown(a_proposal(proposed=a_version(is_backdated=True))).rows
        assert "It begins before the day on which it was proposed." in row.by

    def test_fill_a_page_within_its_weight(self) -> None:
        """With long prose each."""
        long = a_proposal(proposed=a_version(words="W" * 20_000))
        page = shown(*[long] * approvals.ROWS)
        assert HTML_BYTES_MAX >= len(drawing.html("verification", "approvals.html", page))


class TestTerms:
    @pytest.mark.parametrize(
        ("profile", "expected"),
        [
            (LINEAR, "Evenly from 1 October 2026 to 30 September 2028"),
            (
                {"kind": "linear", "from": "2026-10-01", "to": "2026-10-01"},
                "Evenly, 1 October 2026",
            ),
            ({"kind": "milestone", "by": "2027-03-31"}, "All by 31 March 2027"),
            (
                {"kind": "steps", "steps": [["2026-12-31", "4"], ["2027-06-30", "10"]]},
                "In steps: 4 visits by 31 December 2026; 10 visits by 30 June 2027",
            ),
            (
                {"kind": "steps", "steps": [[f"2027-0{n}-01", str(n)] for n in range(1, 7)]},
                (
                    "In steps: 1 visit by 1 January 2027; 2 visits by 1 February 2027; 3 visits by "
                    "1 March 2027; 4 visits by 1 April 2027; 2 further steps"
                ),
            ),
            (
                LINEAR | {"suspended": [["2027-04-11", "2027-06-09"]]},
                (
                    "Evenly from 1 October 2026 to 30 September 2028; suspended 11 April to 9 June "
                    "2027"
                ),
            ),
        ],
    )
    def test_say_how_a_target_falls_due(self, profile: dict[str, Any], expected: str) -> None:
        """In words."""
        assert expected == terms.due(profile, "visits")

    @pytest.mark.parametrize(
        ("area", "expected"),
        [
            (None, "Anywhere"),
            (
                {"gss": ["E08000011"], "edition": "2026-08"},
                "In E08000011, by the boundaries of 2026-08",
            ),
            (
                {"gss": ["E1", "E2", "E3", "E4", "E5"], "edition": "2026-08"},
                "In E1, E2, E3 and 2 more, by the boundaries of 2026-08",
            ),
        ],
    )
    def test_say_where_it_counts(self, area: dict[str, Any] | None, expected: str) -> None:
        """A long list is cut short, and says by how much."""
        assert expected == terms.area(area)
