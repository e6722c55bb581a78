"""Alerts of what is no case: a rating that the council's queue holds, a contract that ends with a
gap (rule L2)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import msgspec

from services.verification.domain import journal, state
from shared import calendar
from shared.wire import events, ids
from tests.support import verification_builders as build

HELD = "queue_holds_rating"
ENDS = "contract_ends_with_gap"


def told(council: build.Council, kind: str) -> list[Any]:
    return [each for each in council.alerts if each.kind == kind]


class TestARatingThatTheQueueHolds:
    """£600,000 over 731 days from 1 October 2026: £25,444.60 is due by the end of October. Of
    £26,000 that is reported, £6,000 has a postcode that nobody knows."""

    def a_council(self) -> build.Council:
        council = build.Council([build.place("L36 9YU")])
        council.receive(build.registered(), build.commitment(area=build.KNOWSLEY))
        council.file(self.october(1, "L99 9ZZ"))
        return council

    def october(self, receipt_no: int, postcode: str, **figures: Any) -> events.ReturnReceived:
        lines = [
            build.line("1", "20000.00", place={"postcode": "L36 9YU"}),
            build.line("2", "6000.00", place={"postcode": postcode}),
        ]
        return build.returned(receipt_no, "2026-10", *lines, **figures)

    def test_is_told_with_what_waits(self) -> None:
        """By low it would require improvement (0.786), by high it is Good. The month ended at
        midnight before Sunday 1 November; the fifth working day after it is the 6th."""
        council = self.a_council()
        (alert,) = council.alerts
        assert (HELD, "spend/2026-10", "Other", ("awaiting_council",)) == (
            alert.kind,
            alert.subject,
            alert.rating,
            alert.why,
        )
        figures = (alert.expected, alert.reported, alert.counted, alert.queried, alert.gap)
        assert ["25444.60", "26000.00", "20000.00", "6000.00", "5444.60"] == list(map(str, figures))
        assert ("decide_lines", date(2026, 11, 6)) == (alert.step, alert.step_by)
        assert [] == council.moves()

    def test_is_told_once_while_it_is_held(self) -> None:
        """A revision that leaves it waiting for the same reason says nothing anew."""
        council = self.a_council()
        council.receive(self.october(2, "L98 9ZZ", revision=2, day="2026-11-03"))
        assert [("2026-10", "Other"), ("2026-10", "Other")] == council.ratings()
        assert 1 == len(council.alerts)

    def test_is_told_anew_when_it_is_held_again(self) -> None:
        """Mended by a revision, and held by the next: two changes, with an id each."""
        council = self.a_council()
        council.receive(
            self.october(2, "L36 9YU", revision=2, day="2026-11-03"),
            self.october(3, "L99 9ZZ", revision=3, day="2026-11-04"),
        )
        assert ["Other", "Good", "Other"] == [rating for _, rating in council.ratings()]
        assert 2 == len({alert.event_id for alert in told(council, HELD)})

    def test_is_told_of_each_month_that_it_holds(self) -> None:
        """In November £6,000 waits still: £50,068.40 is due, low is £45,000 (0.898), high £51,000
        would be Good."""
        council = self.a_council()
        november = build.line("1", "25000.00", place={"postcode": "L36 9YU"})
        council.file(build.returned(2, "2026-11", november))
        assert ["2026-10", "2026-11"] == [alert.period for alert in told(council, HELD)]

    def test_is_not_told_of_history(self) -> None:
        """Rule L3: the contract was registered in November; October is rated all the same."""
        late = msgspec.structs.replace(build.registered(), occurred_at=build.at("2026-11-05"))
        council = build.Council([build.place("L36 9YU")])
        council.receive(
            late,
            build.commitment(area=build.KNOWSLEY),
            self.october(1, "L99 9ZZ", day="2026-11-06"),
        )
        assert ([("2026-10", "Other")], []) == (council.ratings(), council.alerts)


def registered(version: int = 1, ends_on: str = "2027-03-31", **changes: Any) -> Any:
    """A contract of 182 days, from 1 October 2026. 31 December is 90 days before its last."""
    made = build.registered(ends_on=ends_on)
    own = {"event_id": ids.derived("registered", version), "version": version}
    return msgspec.structs.replace(made, **own | changes)


def promised(version: int = 1, **figures: Any) -> Any:
    """An hour a day: 31 are due by the end of October, 61 by the end of November."""
    profile = {"kind": "linear", "from": "2026-10-01", "to": "2027-03-31"}
    hours = {"measure": "volunteering", "unit": "hours", "target": "182", "profile": profile}
    return build.commitment(version=version, **hours | figures)


def hours(receipt_no: int, period: str, quantity: str) -> events.ReturnReceived:
    return build.returned(receipt_no, period, build.line("1", quantity, unit="hours"))


class TestAContractThatEnds:
    def a_council(self, *returns: events.ReturnReceived) -> build.Council:
        council = build.Council()
        council.receive(registered(), promised())
        council.file(*returns)
        return council

    def test_is_told_ninety_days_before_with_what_is_missing(self) -> None:
        """31 and 20 hours of 61: 10 are missing. Five working days after Thursday 31 December,
        with New Year between, are over on Friday 8 January."""
        council = self.a_council(hours(1, "2026-10", "31"), hours(2, "2026-11", "20"))
        council.days("2026-12-01", "2026-12-29")
        early = told(council, ENDS)
        council.days("2026-12-30", "2027-01-20")
        (alert,) = told(council, ENDS)
        assert ([], date(2026, 12, 31)) == (early, calendar.london_day(alert.occurred_at))
        assert ("spend", "2026-11", "Requires improvement", ("not_delivered",)) == (
            alert.subject,
            alert.period,
            alert.rating,
            alert.why,
        )
        assert (61, 51, 10) == (alert.expected, alert.low, alert.gap)
        assert (date(2027, 3, 31), "review_contract", date(2027, 1, 8)) == (
            alert.ends_on,
            alert.step,
            alert.step_by,
        )

    def test_has_the_figures_of_the_last_rating_that_says_how_it_stands(self) -> None:
        """November's return never came, so that November is Other: October has 25 of 31."""
        council = self.a_council(hours(1, "2026-10", "25"))
        council.days("2026-11-01", "2026-12-31")
        assert [("2026-10", "Requires improvement"), ("2026-11", "Other")] == council.ratings()
        assert [("2026-10", 6)] == [(each.period, each.gap) for each in told(council, ENDS)]

    def test_is_not_told_without_a_gap(self) -> None:
        council = self.a_council(hours(1, "2026-10", "31"), hours(2, "2026-11", "30"))
        council.days("2026-12-01", "2027-03-31")
        assert [] == told(council, ENDS)

    def test_is_not_told_of_a_commitment_that_is_closed(self) -> None:
        council = self.a_council(hours(1, "2026-10", "31"), hours(2, "2026-11", "20"))
        council.receive(promised(2, state="closed", **{"from": "2026-12-31"}))
        council.days("2026-12-01", "2027-01-10")
        assert [] == told(council, ENDS)

    def test_is_not_told_where_it_was_registered_later(self) -> None:
        """On 2 January; October and November are history, and behind."""
        council = build.Council()
        late = registered(occurred_at=build.at("2027-01-02"))
        council.receive(late, promised(), hours(1, "2026-10", "20"))
        council.days("2027-01-02", "2027-04-30")
        assert [] == told(council, ENDS)

    def test_is_told_of_another_end_in_its_own_time(self) -> None:
        """Extended in December to 30 April: told on 30 January. Shortened on 3 February to the end
        of that month: told in the next morning. Ended by a change of 1 March that names the day
        before: nothing more."""
        council = self.a_council(hours(1, "2026-10", "20"))
        council.days("2026-11-01", "2026-12-10")
        council.receive(registered(3, "2027-04-30"))
        council.days("2026-12-11", "2027-02-02")
        council.receive(registered(4, "2027-02-28"))
        council.days("2027-02-03", "2027-02-28")
        council.receive(registered(5, "2027-02-27"))
        council.days("2027-03-01", "2027-05-31")
        assert [("2027-01-30", "2027-04-30"), ("2027-02-04", "2027-02-28")] == [
            (str(calendar.london_day(each.occurred_at)), str(each.ends_on))
            for each in told(council, ENDS)
        ]

    def test_is_told_anew_where_an_end_comes_back(self) -> None:
        """Each has an id of its own."""
        council = self.a_council(hours(1, "2026-10", "20"))
        council.days("2026-11-01", "2026-12-31")
        council.receive(registered(3, "2027-03-01"))
        council.days("2027-01-01", "2027-01-01")
        council.receive(registered(4, "2027-03-31"))
        council.days("2027-01-02", "2027-01-02")
        assert 3 == len({each.event_id for each in told(council, ENDS)})

    def test_is_told_alike_when_its_journal_is_folded_again(self) -> None:
        """To the byte."""
        council = self.a_council(hours(1, "2026-10", "31"), hours(2, "2026-11", "20"))
        council.days("2026-12-01", "2027-04-30")
        folded = journal.refold(journal.Entry(*each) for each in council.journal["C1"])
        assert folded.state is not None
        assert state.to_bytes(council.states["C1"]) == state.to_bytes(folded.state)
        again = [events.write(alert) for each in folded.decisions for alert in each.alerts]
        assert list(map(events.write, council.alerts)) == again


class TestAStateThatWasStoredBefore:
    def test_is_read_as_one_whose_end_was_not_told(self) -> None:
        """It has fewer fields at its end."""
        council = build.Council()
        council.receive(registered(), promised())
        known = council.states["C1"]
        *older, _, _ = json.loads(state.to_bytes(known))
        assert known == state.from_bytes(json.dumps(older).encode())
