"""A line as a form and a form as a line: the same both ways, for every measure and every field."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest

from services.intake.domain import measures, returns, submission
from services.intake.pages import line_asked, line_form
from shared import catalogue
from tests.support import intake_builders as build

every_measure = pytest.mark.parametrize(
    "measure", catalogue.CATALOGUE_ENTRIES, ids=lambda measure: measure.code
)
SPEND: Final = catalogue.by_code["local-spend"]
POST: Final = catalogue.by_code["apprentices-started"]
WEEKS: Final = catalogue.by_code["apprenticeship-weeks"]
VISITS: Final = catalogue.by_code["school-visits"]
HOURS: Final = catalogue.by_code["participant-hours"]


def numbers(line: Any) -> Any:
    """The line with its quantity as a number: `24` and `24.0` are one."""
    return line | {"quantity": Decimal(line["quantity"])}


def read(measure: catalogue.Measure, before: Any = None, **values: str) -> dict[str, Any]:
    """The line of a form; `place_postcode` is the field `place-postcode`."""
    named = {name.rstrip("_").replace("__", "-"): value for name, value in values.items()}
    return line_form.read(named, "c", measure, before)


class TestForm:
    @every_measure
    def test_gives_the_line_that_it_was_filled_with(self, measure: catalogue.Measure) -> None:
        """Also what it does not ask."""
        line = measures.example(measure)
        values = line_form.write(line, measure)
        again = line_form.read(values, measure.code, measure, line)
        assert numbers(line) == numbers(again)

    @every_measure
    def test_is_filled_as_it_was_sent(self, measure: catalogue.Measure) -> None:
        """With the line that was made of it alone."""
        values = line_form.write(measures.example(measure), measure)
        line = line_form.read(values, measure.code, measure)
        assert values == line_form.write(line, measure)

    @every_measure
    def test_asks_what_the_measure_needs(self, measure: catalogue.Measure) -> None:
        """Whatever a line must have, or waits without: asked, worked out, or known before."""
        asked = {each.pointer for each in line_asked.asked(measure)}
        known = {"/line_id", "/commitment_id", "/unit"}
        if line_asked.worked_out(measure):
            known.add("/quantity")
        described = measures.describe(measure)
        for need in (*described.needs, *described.waits_without):
            is_object = any(each.startswith(f"{need.pointer}/") for each in asked)
            assert need.pointer in asked | known or is_object, need

    @every_measure
    def test_has_each_field_once(self, measure: catalogue.Measure) -> None:
        """And no field of another measure: at most 18 with evidence, note and what is rare."""
        names = [each.name for each in line_form.fields_of(measure)]
        assert len(set(names)) == len(names) <= 18

    @every_measure
    def test_that_is_filled_in_makes_a_line_without_faults(
        self, measure: catalogue.Measure
    ) -> None:
        """The example of each measure, through its form."""
        values = line_form.write(measures.example(measure), measure)
        line = {"line_id": "1", **line_form.read(values, "c", measure)}
        contract = returns.Contract(
            contract_id=build.CONTRACT,
            authority_id=build.AUTHORITY,
            supplier_ids=frozenset({build.PARTY}),
            starts_on=date(2026, 10, 1),
            ends_on=date(2028, 10, 5),
            measures={"c": measure},
        )
        reading = submission.read(build.written(build.a_return(line)))
        assert () == returns.check(reading, build.a_context(contract=contract))

    @every_measure
    def test_that_is_left_empty_says_nothing(self, measure: catalogue.Measure) -> None:
        """But promise, unit, what is worked out, and what only the party's own number is needed
        for."""
        begun = line_form.begin(measure, build.PARTY)
        line = line_form.read({**begun, "quantity": ""}, "c", measure)
        allowed = {"commitment_id", "unit", "quantity"}
        allowed |= {"invoice"} if measure.needs_invoice else set()
        allowed |= {"person"} if measure.needs_person else set()
        assert set(line) <= allowed

    def test_of_spend_asks_in_this_order(self) -> None:
        """Amount, date, invoice, who paid whom where, credit."""
        assert [
            "quantity",
            "from",
            "invoice-number",
            "invoice-date",
            "invoice-net_total",
            "invoice-payer_id",
            "invoice-payee",
            "invoice-payee_id",
            "place-postcode",
            "invoice-credit_of",
        ] == [each.name for each in line_asked.asked(SPEND)]

    @pytest.mark.parametrize(
        ("code", "names"),
        [
            (
                "apprentices-started",
                (
                    "person-ref person-employer_id person-weekly_hours from person-in_post_on "
                    "person-left_on place-postcode person-shared_id"
                ),
            ),
            ("priority-jobs", "from quantity place-postcode"),
            ("paid-placements", "person-ref person-employer_id from to quantity person-shared_id"),
            ("gifts-in-kind", "quantity from"),
            (
                "school-visits",
                (
                    "place-school from quantity session-start session-hours session-attendees "
                    "session-deliverer_id"
                ),
            ),
            ("school-hours", "place-school from to quantity person-ref person-employer_id"),
            (
                "pupils-reached",
                (
                    "place-school from session-start session-hours session-attendees "
                    "session-deliverer_id"
                ),
            ),
            ("schools-engaged", "place-school from"),
            (
                "participant-hours",
                (
                    "place-postcode from session-start session-hours session-attendees "
                    "session-deliverer_id"
                ),
            ),
            ("volunteering", "from to quantity person-ref person-employer_id"),
            ("training-places", "from quantity place-postcode"),
            ("community-projects", "from quantity"),
            ("deliverable", "from"),
        ],
    )
    def test_asks_only_what_its_measure_needs(self, code: str, names: str) -> None:
        """In this order; one of each sort."""
        asked = line_asked.asked(catalogue.by_code[code])
        assert names.split() == [each.name for each in asked]


class TestValue:
    @pytest.mark.parametrize(
        ("typed", "day"),
        [
            ("6 October 2026", "2026-10-06"),
            (" 6  oct 2026 ", "2026-10-06"),
            ("06/10/2026", "2026-10-06"),
            ("6/10/26", "2026-10-06"),
            ("6.10.2026", "2026-10-06"),
            ("6-10-2026", "2026-10-06"),
            ("2026-10-06", "2026-10-06"),
            ("31/9/2026", "31/9/2026"),  # there is none: the reader says so
            ("10/13/2026", "10/13/2026"),  # nor is a month put first
            ("yesterday", "yesterday"),
        ],
    )
    def test_of_a_day_may_be_written_in_several_ways(self, typed: str, day: str) -> None:
        """Day before month. What is no day stays as it was typed."""
        assert day == read(SPEND, from_=typed)["from"]

    @pytest.mark.parametrize(
        ("typed", "number"),
        [
            ("18250", "18250"),
            ("£18,250.00", "18250.00"),
            ("18 250.50", "18250.50"),
            ("1,204,000", "1204000"),
            ("-1,000.00", "-1000.00"),
            ("−5", "-5"),
            ("12,50", "12,50"),  # a decimal comma, or one too many: nobody guesses
            ("1,2,3", "1,2,3"),
            ("ten", "ten"),
        ],
    )
    def test_of_an_amount_may_have_commas_between_thousands(self, typed: str, number: str) -> None:
        assert number == read(SPEND, quantity=typed)["quantity"]

    @pytest.mark.parametrize(
        ("typed", "start"),
        [
            ("09:30", "2026-10-14T09:30"),
            ("9.30", "2026-10-14T09:30"),
            ("9:30 am", "2026-10-14T09:30"),
            ("1pm", "2026-10-14T13:00"),
            ("12 am", "2026-10-14T00:00"),
            ("12.15pm", "2026-10-14T12:15"),
            ("13pm", "2026-10-14T13pm"),
            ("noon", "2026-10-14Tnoon"),
        ],
    )
    def test_of_a_time_is_on_the_day_of_its_line(self, typed: str, start: str) -> None:
        line = read(VISITS, from_="14 October 2026", session__start=typed)
        assert start == line["session"]["start"]

    @pytest.mark.parametrize(
        ("typed", "org_id"),
        [
            ("01234567", "GB-COH-01234567"),
            ("1234567", "GB-COH-1234567"),  # the reader fills it up
            ("sc123456", "GB-COH-SC123456"),
            ("GB-CHC-1234567", "GB-CHC-1234567"),
            ("Example Plant Hire", "Example Plant Hire"),
        ],
    )
    def test_of_an_organisation_may_be_a_company_number(self, typed: str, org_id: str) -> None:
        line = read(SPEND, invoice__payee_id=typed)
        assert org_id == line["invoice"]["payee_id"]

    @pytest.mark.parametrize(
        ("typed", "school"),
        [("143878", "GB-EDU-143878"), ("14 3878", "GB-EDU-143878"), ("St Mary's", "St Mary's")],
    )
    def test_of_a_school_is_its_urn(self, typed: str, school: str) -> None:
        assert school == read(VISITS, place__school=typed)["place"]["school"]

    @pytest.mark.parametrize(
        ("typed", "share"),
        [("100", "1"), ("50%", "0.5"), ("33.33", "0.3333"), ("0.5", "0.005"), ("half", "half")],
    )
    def test_of_a_share_is_in_percent(self, typed: str, share: str) -> None:
        assert share == read(SPEND, attribution=typed)["attribution"]

    def test_of_a_text_keeps_its_lines(self) -> None:
        """As every program writes them."""
        assert "one\ntwo" == read(SPEND, note=" one\r\ntwo ")["note"]


class TestQuantity:
    @pytest.mark.parametrize(
        ("hours", "worth"),
        [("37", "1"), ("40", "1"), ("18.5", "0.5"), ("20", "0.54"), ("10", "0.27"), ("0", "0")],
    )
    def test_of_a_post_is_its_hours(self, hours: str, worth: str) -> None:
        """By 37, at most 1: 20 / 37 is 0.5405, and 10 / 37 is 0.2702."""
        assert worth == read(POST, person__weekly_hours=hours)["quantity"]

    def test_of_participant_hours_is_length_times_people(self) -> None:
        """1.5 x 12 is 18."""
        line = read(HOURS, session__hours="1.5", session__attendees="12")
        assert "18" == line["quantity"]

    def test_of_people_are_those_who_came(self) -> None:
        pupils = catalogue.by_code["pupils-reached"]
        assert "28" == read(pupils, session__attendees="28")["quantity"]

    def test_of_what_counts_once_is_one(self) -> None:
        assert "1" == read(catalogue.by_code["schools-engaged"])["quantity"]

    def test_stays_where_it_cannot_be_worked_out(self) -> None:
        """A return that was sent by a program may have said it without."""
        before = {"line_id": "4", "commitment_id": "c", "unit": "hours", "quantity": "60"}
        assert "60" == read(HOURS, before, from_="27/5/2026")["quantity"]
        assert "quantity" not in read(HOURS, session__hours="two", session__attendees="12")
        assert "quantity" not in read(POST)

    def test_of_visits_begins_with_one(self) -> None:
        assert "1" == line_form.begin(VISITS, build.PARTY)["quantity"]
        assert "" == line_form.begin(WEEKS, build.PARTY)["quantity"]


class TestLine:
    def test_keeps_what_its_form_does_not_ask(self) -> None:
        """Here the hours a week and the postcode of an apprentice's weeks, and a second piece of
        evidence."""
        before = {
            "line_id": "1",
            "person": {"employer_id": build.PARTY, "ref": "APP-014", "weekly_hours": "37"},
            "place": {"postcode": "L36 9YU"},
            "evidence": [{"reference": "a", "sha256": "0" * 64}, {"reference": "b"}],
        }
        values = line_form.write(before, WEEKS)
        values |= {"evidence-0-reference": "", "evidence-0-sha256": "", "quantity": "3"}
        line = line_form.read(values, "c", WEEKS, before)
        assert before["person"] == line["person"]
        assert before["place"] == line["place"]
        assert [{"reference": "b"}] == line["evidence"]

    def test_keeps_the_day_of_a_session_within_its_days(self) -> None:
        """Of a line of several days the session is on one of them; if the line moves, so does the
        session."""
        before = {
            "from": "2026-10-12",
            "to": "2026-10-16",
            "session": {"start": "2026-10-14T09:30"},
        }
        values = line_form.write(before, HOURS)
        assert "09:30" == values["session-start"]
        kept = line_form.read(values, "c", HOURS, before)
        assert "2026-10-14T09:30" == kept["session"]["start"]
        moved = line_form.read({**values, "from": "19/10/2026"}, "c", HOURS, before)
        assert "2026-10-19T09:30" == moved["session"]["start"]

    def test_drops_an_invoice_that_nobody_named(self) -> None:
        """Of a supplier that is engaged; of spend it is asked for."""
        engaged = catalogue.by_code["local-suppliers"]
        assert "invoice" not in read(engaged, invoice__payer_id="01234567")
        assert {"payer_id": "GB-COH-01234567"} == read(SPEND, invoice__payer_id="01234567")[
            "invoice"
        ]

    def test_has_the_partys_own_number_to_begin_with(self) -> None:
        values = line_form.begin(SPEND, build.PARTY)
        assert "00000001" == values["invoice-payer_id"]
        assert {"00000001"} == {value for value in values.values() if value}
