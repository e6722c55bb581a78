"""Where a commitment stands, in figures and in words (rules A1 to A5, L1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.verification.domain import behind, standing
from services.verification.domain.cases import Rated
from services.verification.domain.standing import Standing
from services.verification.domain.state import State
from tests.support import verification_builders as build

VISITS: dict[str, Any] = {
    "commitment_id": "visits",
    "measure": "school-visits",
    "unit": "visits",
    "target": "16",
    "profile": {
        "kind": "steps",
        "from": "2026-10-01",
        "steps": [["2026-10-31", "8"], ["2027-10-31", "16"]],
    },
}


def stands(council: build.Council) -> dict[str, Standing]:
    return {each.commitment_id: each for each in standing.of(council.states["C1"])}


class TestStanding:
    def test_is_of_the_last_month_that_was_rated(self) -> None:
        """£600,000 over 731 days: 62 of them by 1 December, 61 by 30 November. November's return
        counts when November has ended, not before."""
        council = build.Council()
        council.receive(build.registered(), build.commitment())
        council.file(build.returned(1, "2026-10", build.line("1", "26000.00")))
        council.receive(build.returned(2, "2026-11", build.line("1", "1000.00"), day="2026-11-20"))
        october = stands(council)["spend"]
        assert ("2026-10", Decimal("26000.00"), Decimal(0)) == (
            october.period,
            october.counted,
            october.gap,
        )
        council.end_month("2026-11")
        november = stands(council)["spend"]
        # 600000 x 61 / 731 = 50068.399…
        assert ("2026-11", Decimal("50068.40"), Decimal("27000.00"), Decimal("23068.40")) == (
            november.period,
            november.expected,
            november.counted,
            november.gap,
        )
        assert Decimal("0.038447") == november.behind
        assert ("Inadequate", 1, ("not_delivered",)) == (
            november.rating,
            november.rank,
            november.why,
        )
        assert november.case_id is not None

    def test_names_what_is_missing_from_the_end_of_its_month_on(self) -> None:
        """Its due day too; a reader of an earlier day need not count it."""
        council = build.Council()
        council.receive(build.registered(), build.commitment())
        council.days("2026-10-31", "2026-10-31")
        (owed,) = standing.missing(council.states["C1"])
        assert ("2026-10", build.SUPPLIER, "2026-11-13") == (
            owed.period,
            owed.party_id,
            str(owed.due_on),
        )

    def test_keeps_the_last_rating_that_was_not_other(self) -> None:
        """October was Good; November's return does not come by its due day."""
        council = build.Council()
        council.receive(build.registered(), build.commitment())
        council.file(build.returned(1, "2026-10", build.line("1", "26000.00")))
        council.days("2026-11-30", "2026-12-14")
        found = stands(council)["spend"]
        assert ("Other", "data_missing", "Good", standing.RANK_WAITING) == (
            found.rating,
            found.reason,
            found.rating_before,
            found.rank,
        )

    def test_stands_for_each_commitment_by_itself(self) -> None:
        """Rule A8: nothing is averaged, and units are never added."""
        council = build.Council()
        council.receive(build.registered(), build.commitment(), build.commitment(**VISITS))
        visit = build.line("2", "7", commitment_id="visits", unit="visits")
        council.file(build.returned(1, "2026-10", build.line("1", "26000.00"), visit))
        found = stands(council)
        assert ["spend", "visits"] == list(found)
        assert [(5, Decimal(0)), (3, Decimal("1.00"))] == [(e.rank, e.gap) for e in found.values()]

    def test_goes_to_json_and_back(self) -> None:
        """As the table keeps it."""
        council = build.Council()
        council.receive(build.registered(), build.commitment())
        council.file(build.returned(1, "2026-10", build.line("1", "100.00")))
        (found,) = stands(council).values()
        assert found == msgspec.json.decode(msgspec.json.encode(found), type=Standing)


def at(**figures: Any) -> Standing:
    values: dict[str, Any] = {
        "commitment_id": "spend",
        "rank": 1,
        "unit": "GBP",
        "target": Decimal(365000),
        "behind": Decimal(0),
        "period": "2026-10",
        "rating": "Good",
        "expected": Decimal("184000.00"),
        "reported": Decimal("184000.00"),
        "counted": Decimal("184000.00"),
        "low": Decimal("184000.00"),
    }
    return Standing(**values | figures)


SHORT = {"gap": Decimal("34000.00"), "behind": Decimal("0.093150")}


def a_state(**ratings: dict[str, str | None]) -> State:
    """A contract with commitments whose months were rated: of each the reason why it is Other."""
    council = build.Council()
    council.receive(build.registered())
    council.receive(*(build.commitment(commitment_id=each) for each in ratings))
    found = council.states["C1"]
    for commitment_id, months in ratings.items():
        found.commitments[commitment_id].ratings = {
            period: Rated("Good" if reason is None else "Other", reason, None)
            for period, reason in months.items()
        }
    return found


class TestOverview:
    def test_is_that_of_the_worst_commitment(self) -> None:
        """By rating, then by the gap as a share of the target; by id at last."""
        found = standing.overview(
            a_state(a={}, b={}, c={}, d={}),
            [
                at(commitment_id="a", rank=5),
                at(commitment_id="b", rank=2, rating="Requires improvement", **SHORT),
                at(commitment_id="c", rank=2, rating="Requires improvement", **SHORT),
                at(commitment_id="d", rank=3, behind=Decimal("0.5"), case_id=UUID(int=1)),
            ],
        )
        assert (2, "b", "Requires improvement", Decimal("34000.00")) == (
            *(found.rank, found.commitment_id, found.rating, found.gap),
        )
        assert (4, 3, 1) == (found.promises, found.promises_behind, found.shortfalls)

    def test_names_what_the_council_holds(self) -> None:
        """Of each the last month that waits for the council, also where a later one is rated; what
        waits for a return is not held by the council."""
        state = a_state(
            a={"2026-10": "awaiting_council", "2026-11": "awaiting_council", "2026-12": None},
            b={"2026-10": "data_missing"},
        )
        found = standing.overview(state, [at(commitment_id="a"), at(commitment_id="b")])
        assert {"a": "2026-11"} == found.held

    def test_of_nothing_is_not_due(self) -> None:
        found = standing.overview(a_state(), [])
        assert (standing.RANK_NOT_DUE, None, 0) == (found.rank, found.commitment_id, found.promises)


class TestAHeadline:
    @pytest.mark.parametrize(
        ("found", "headline"),
        [
            (at(), "Spend with firms in Knowsley is on course"),
            (
                at(rating="Requires improvement", **SHORT),
                "Spend with firms in Knowsley is £34,000 behind",
            ),
            (
                at(unit="visits", gap=Decimal(1), rating="Approaching target"),
                "Spend with firms in Knowsley is 1 visit behind",
            ),
            (
                at(rating="Other", reason="data_missing", **SHORT),
                (
                    "Spend with firms in Knowsley cannot be rated: a return is missing; it is "
                    "£34,000 behind so far"
                ),
            ),
            (
                at(rating="Other", reason="awaiting_council"),
                (
                    "Spend with firms in Knowsley cannot be rated: lines wait for the council's "
                    "decision"
                ),
            ),
            (
                at(rating="Other", reason="nothing_due"),
                "Spend with firms in Knowsley: nothing is due yet",
            ),
            (
                at(rating="Other", reason="suspended"),
                "Spend with firms in Knowsley: it is suspended",
            ),
            (
                at(rating=None, period=None),
                "Spend with firms in Knowsley is not rated yet",
            ),
        ],
    )
    def test_says_it_in_one_sentence(self, found: Standing, headline: str) -> None:
        """By how much, or why it cannot be said."""
        assert headline == behind.describe(found, "Spend with firms in Knowsley").headline


class TestWords:
    def test_give_every_figure_and_the_reasons(self) -> None:
        """The share is of the whole target, rounded down: 34,000 of 365,000 is 9.31%."""
        found = at(
            rating="Requires improvement",
            reported=Decimal("154000.00"),
            counted=Decimal("149000.00"),
            low=Decimal("150000.00"),
            queried=Decimal("500.00"),
            why=("not_delivered", "awaiting_council"),
            **SHORT,
        )
        described = behind.describe(found, "Spend")
        assert (
            "By 31 October 2026, £184,000 of £365,000 was due. £154,000 was reported and £149,000 "
            "counts. A further £1,000 counts for now. £500 waits for the council. That is £34,000 "
            "behind: 9.3% of the whole target. Rated: Requires improvement. Why: less was "
            "delivered than was due; some of it waits for the council's decision."
            == described.words
        )
        assert "9.3" == described.gap_share

    def test_say_why_it_cannot_be_rated_and_what_it_was(self) -> None:
        """The last rating beside it (rule A5)."""
        found = at(rating="Other", reason="data_missing", rating_before="Inadequate")
        words = behind.describe(found, "Spend").words
        assert words.endswith("Rated: Other, since a return is missing; before that Inadequate.")
