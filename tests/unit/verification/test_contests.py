"""Rules V5 and V6: things that count once, sessions, people with several references."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from tests.support import verification_builders as build

SECOND = "GB-COH-00000009"
PERSON = "00000000-0000-0000-0000-00000000000a"
OTHER = "00000000-0000-0000-0000-00000000000b"
SHARED = "00000000-0000-0000-0000-0000000000ff"


def a_council(**figures: Any) -> build.Council:
    council = build.Council([build.place("L36 9YU")])
    council.receive(
        build.registered(suppliers=(build.SUPPLIER, SECOND)), build.commitment(**figures)
    )
    return council


def posts() -> build.Council:
    return a_council(
        commitment_id="jobs", measure="local-jobs", kind="post", unit="FTE", target="4"
    )


def post(
    receipt_no: int,
    period: str,
    hours: str | None = "37",
    /,
    party_id: str = build.SUPPLIER,
    **person: Any,
) -> Any:
    who = {"person_id": PERSON, "weekly_hours": hours} | person
    line = build.line("1", "1", commitment_id="jobs", unit="FTE", person=who)
    return build.returned(receipt_no, period, line, party_id=party_id)


def by_month(council: build.Council, commitment_id: str) -> dict[str, float]:
    """What each month brings to low, in the parts that sums are kept in."""
    sums = council.states["C1"].commitments[commitment_id].sums
    return {period: float(each.low) for period, each in sorted(sums.items()) if each.low}


def outcomes(council: build.Council) -> dict[tuple[str, str], str]:
    """By month and party."""
    return {(row.period, row.party_id): row.result.outcome for row in council.rows()}


class TestPost:
    @pytest.mark.parametrize("arrivals", list(itertools.permutations(range(3))))
    def test_counts_in_its_earliest_month_with_the_hours_of_its_lowest_receipt(
        self, arrivals: tuple[int, ...]
    ) -> None:
        """Things that count once: receipt 1 is January's, October comes late; once, 20 hours."""
        sent = [post(1, "2027-01", "20"), post(2, "2026-12"), post(3, "2026-10")]
        council = posts()
        council.receive(*(sent[place] for place in arrivals))
        assert {"2026-10": 20} == by_month(council, "jobs")
        assert 20 == council.sums(commitment_id="jobs").reported

    def test_goes_by_the_earliest_start_also_where_that_is_reported_later(self) -> None:
        """A late claim of October in December's return: the start is October's, the month is
        December's."""
        late = build.line(
            "1",
            "1",
            commitment_id="jobs",
            unit="FTE",
            person={"person_id": PERSON, "weekly_hours": "37"},
            **{"from": "2026-10-06"},
        )
        council = posts()
        council.receive(post(1, "2026-11"), build.returned(2, "2026-12", late))
        assert {"2026-12": 37} == by_month(council, "jobs")

    def test_of_another_party_waits_and_is_told(self) -> None:
        """Things that count once: a second supplier's claim is queried, with an alert."""
        council = posts()
        council.receive(post(1, "2026-10"), post(2, "2026-10", party_id=SECOND))
        sums = council.sums(commitment_id="jobs")
        assert (Decimal(37), Decimal(74)) == (sums.low, sums.high)
        assert {
            ("2026-10", build.SUPPLIER): "provisional",
            ("2026-10", SECOND): "queried",
        } == outcomes(council)
        assert [("duplicate_claim", SECOND)] == [(a.kind, a.supplier_id) for a in council.alerts]

    def test_twice_in_one_month_waits(self) -> None:
        """Rule V6: a second line of the same month is no roster line."""
        lines = [
            build.line(
                line_id,
                "1",
                commitment_id="jobs",
                unit="FTE",
                person={"person_id": PERSON, "weekly_hours": "37"},
            )
            for line_id in ("1", "2")
        ]
        council = posts()
        council.receive(build.returned(1, "2026-10", *lines))
        sums = council.sums(commitment_id="jobs")
        assert (Decimal(37), Decimal(74)) == (sums.low, sums.high)
        assert ["duplicate_claim"] == [alert.kind for alert in council.alerts]

    def test_without_hours_gives_way_to_a_line_that_has_them(self) -> None:
        """Things that count once: a line that waits does not hold up a later good one."""
        council = posts()
        council.receive(post(1, "2026-10", None), post(2, "2026-11", "30"))
        assert {"2026-11": 30} == by_month(council, "jobs")
        assert 0 == council.sums(commitment_id="jobs").queried


class TestPersonWithSeveralReferences:
    @pytest.mark.parametrize("arrivals", list(itertools.permutations(range(3))))
    def test_is_one_person_once_a_shared_identifier_says_so(
        self, arrivals: tuple[int, ...]
    ) -> None:
        """V5: a reference without and with the identifier, and another employer's with it."""
        sent = [
            post(1, "2026-10"),
            post(2, "2026-11", shared_person_id=SHARED),
            post(3, "2026-12", person_id=OTHER, shared_person_id=SHARED),
        ]
        council = posts()
        council.receive(*(sent[place] for place in arrivals))
        assert {"2026-10": 37} == by_month(council, "jobs")

    def test_is_two_again_when_the_line_that_joined_them_is_withdrawn(self) -> None:
        """V5: withdrawn lines join nobody."""
        joining = post(2, "2026-11", shared_person_id=SHARED)
        council = posts()
        council.receive(
            post(1, "2026-10"),
            joining,
            post(3, "2026-12", person_id=OTHER, shared_person_id=SHARED),
            build.withdrawn(4, joining, "2026-12-01"),
        )
        assert {"2026-10": 37, "2026-12": 37} == by_month(council, "jobs")

    def test_is_two_people_without_one(self) -> None:
        """V5: references of different employers are different people."""
        council = posts()
        council.receive(post(1, "2026-10"), post(2, "2026-11", person_id=OTHER))
        assert {"2026-10": 37, "2026-11": 37} == by_month(council, "jobs")


class TestDistinctThing:
    def schools(self, **figures: Any) -> build.Council:
        return a_council(
            commitment_id="schools",
            measure="schools-engaged",
            kind="distinct",
            unit="schools",
            target="5",
            **figures,
        )

    def school(self, receipt_no: int, period: str, **place: Any) -> Any:
        where = {"school": "GB-EDU-143878"} | place
        line = build.line("1", "1", commitment_id="schools", unit="schools", place=where)
        return build.returned(receipt_no, period, line)

    @pytest.mark.parametrize("late_first", [False, True])
    def test_moves_to_the_month_of_a_late_return(self, late_first: bool) -> None:
        """Things that count once: January's receipt 1, then December's: December has it."""
        sent = [self.school(1, "2027-01"), self.school(2, "2026-12")]
        council = self.schools()
        council.receive(*(reversed(sent) if late_first else sent))
        assert {"2026-12": 1} == by_month(council, "schools")

    def test_that_waits_gives_way_to_a_line_that_counts(self) -> None:
        """Rule V3 queries October's line (no postcode); November's plainly counts."""
        council = self.schools(area=build.KNOWSLEY)
        council.receive(self.school(1, "2026-10"), self.school(2, "2026-11", postcode="L36 9YU"))
        sums = council.sums(commitment_id="schools")
        assert (Decimal(1), Decimal(1)) == (sums.low, sums.high)
        assert {"2026-11": 1} == by_month(council, "schools")

    def test_that_only_waits_waits_once(self) -> None:
        """Two lines without a postcode are one school in the queue."""
        council = self.schools(area=build.KNOWSLEY)
        council.receive(self.school(1, "2026-10"), self.school(2, "2026-11"))
        sums = council.sums(commitment_id="schools")
        assert (Decimal(0), Decimal(1)) == (sums.low, sums.high)


class TestSession:
    def visit(self, receipt_no: int, period: str, contract_id: str = "C1", **figures: Any) -> Any:
        session = {
            "start": "2026-10-12T09:30",
            "hours": "2",
            "attendees": 28,
            "deliverer_id": build.SUPPLIER,
        } | figures
        line = build.line("1", "1", commitment_id="visits", unit="visits", session=session)
        return build.returned(receipt_no, period, line, contract_id=contract_id)

    def visits(self) -> build.Council:
        council = build.Council()
        for contract_id in ("C1", "C2"):
            council.receive(
                build.registered(contract_id),
                build.commitment(
                    contract_id,
                    commitment_id="visits",
                    measure="school-visits",
                    unit="visits",
                    target="12",
                ),
            )
        return council

    @pytest.mark.parametrize("second_first", [False, True])
    @pytest.mark.parametrize("second", ["C1", "C2"])
    def test_sent_twice_counts_once(self, second: str, second_first: bool) -> None:
        """Rule V6: the higher receipt waits, on the same contract and on another."""
        sent = [self.visit(1, "2026-10"), self.visit(2, "2026-11", second)]
        council = self.visits()
        council.receive(*(reversed(sent) if second_first else sent))
        council.settle()
        row = next(row for row in council.rows(second) if row.period == "2026-11")
        assert ("queried", ["session_claimed"]) == (
            row.result.outcome,
            [finding.code for finding in row.result.findings],
        )
        assert 1 == sum(council.sums(each, "visits").counted for each in ("C1", "C2"))
        assert ["duplicate_claim"] == [alert.kind for alert in council.alerts]

    def test_of_another_deliverer_or_start_is_another(self) -> None:
        """Rule V6: deliverer and start."""
        council = self.visits()
        council.receive(
            self.visit(1, "2026-10"),
            self.visit(2, "2026-11", start="2026-10-12T13:30"),
            self.visit(3, "2026-12", deliverer_id=SECOND),
        )
        assert 3 == council.sums(commitment_id="visits").counted

    def test_is_free_again_when_the_first_is_withdrawn(self) -> None:
        """Rule V6: withdrawing the earlier one frees the later."""
        council = self.visits()
        first = self.visit(1, "2026-10")
        council.receive(first, self.visit(2, "2026-11", "C2"))
        council.receive(build.withdrawn(3, first, "2026-12-01"))
        council.settle()
        assert 1 == council.sums("C2", "visits").counted

    def test_gives_hours_to_each_member_of_staff(self) -> None:
        """Rule V7: hours in schools are the person's and not the session's."""
        council = build.Council()
        council.receive(
            build.registered(),
            build.commitment(
                commitment_id="hours", measure="school-hours", unit="hours", target="99"
            ),
        )
        session = {
            "start": "2026-10-12T09:30",
            "hours": "2",
            "attendees": 28,
            "deliverer_id": build.SUPPLIER,
        }
        lines = [
            build.line(
                str(place),
                "2",
                commitment_id="hours",
                unit="hours",
                session=session,
                person={"person_id": person_id},
            )
            for place, person_id in enumerate((PERSON, OTHER, PERSON))
        ]
        council.receive(build.returned(1, "2026-10", *lines))
        sums = council.sums(commitment_id="hours")
        assert (Decimal(4), Decimal(6)) == (sums.counted, sums.high)
