"""What one return may and may not say: rules I1 to I12, with all faults at once."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import date
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import faults, field_help, lines, returns, submission
from shared import catalogue
from tests.support import intake_builders as build


def found_in(document: object, **context: Any) -> tuple[faults.Fault, ...]:
    reading = submission.read(build.written(document))
    return returns.check(reading, build.a_context(**context))


def broken(document: object, **context: Any) -> list[tuple[str, str]]:
    """The rule and the place of every fault."""
    return [(fault.rule, fault.pointer) for fault in found_in(document, **context)]


class TestAGoodReturn:
    def test_has_no_fault(self) -> None:
        """The return of the builders, which has a line of each kind."""
        assert [] == broken(build.a_return())

    def test_may_be_nil(self) -> None:
        """A party without anything to report says so."""
        assert [] == broken(build.a_return(nil=True, lines=[]))

    def test_may_credit_an_invoice(self) -> None:
        """A credit note is negative and cites the invoice that it credits."""
        line = build.a_line(
            build.SPEND, quantity="-1000.00", invoice__credit_of="INV-1", invoice__number="CN-1"
        )
        assert [] == broken(build.a_return(line))

    def test_may_refer_to_evidence_kept_elsewhere(self) -> None:
        """It is referred to with its SHA-256."""
        piece = {"reference": "https://files.example/1", "sha256": "a" * 64}
        assert [] == broken(build.a_return(build.a_line(evidence=[piece])))

    def test_may_report_a_groups_total_without_a_person(self) -> None:
        """Rule I4: priority groups are reported as totals, never who."""
        measures: dict[str, catalogue.Measure | None] = {
            "priority": catalogue.by_code["priority-jobs"]
        }
        known = returns.contract(build.a_contract_published())
        contract = dataclasses.replace(known, measures=measures)
        line = build.a_line(commitment_id="priority", person=None, quantity="3")
        assert [] == broken(build.a_return(line), contract=contract)

    def test_may_end_on_the_day_of_receipt(self) -> None:
        """Rule I5: that day is the limit, in a month that has not ended."""
        last = build.a_line(from_="2026-10-14", person__in_post_on="2026-10-14")
        assert [] == broken(build.a_return(last), today=date(2026, 10, 14))
        assert [("I5", "/lines/0/from"), ("I5", "/lines/0/person/in_post_on")] == broken(
            build.a_return(last), today=date(2026, 10, 13)
        )
        nil = build.a_return(nil=True, lines=[])
        assert [] == broken(nil, today=date(2026, 10, 1))

    def test_may_claim_late_with_a_reason(self) -> None:
        """A claim may be a year late."""
        line = build.a_line(from_="2025-10-01", late="the agency's sheet came late")
        assert [] == broken(build.a_return(line))


DECLARATION: dict[str, Any] = build.a_return()["declaration"]
WRONG_RETURNS: list[tuple[str, str, dict[str, Any]]] = [
    ("I1", "/contract_id", {"contract_id": ""}),
    ("I1", "/contract_id", {"contract_id": " \u00a0"}),
    ("I1", "/contract_id", {"contract_id": "A\x01B"}),
    ("I13", "/contract_id", {"contract_id": "A\x00B"}),
    ("I13", "/reason", {"reason": "a\ud800b"}),
    ("I13", "/declaration/name", {"declaration": DECLARATION | {"name": "A\x00"}}),
    ("I2", "/period", {"period": "1989-12"}),
    ("I2", "/period", {"period": "2101-01"}),
    ("I2", "/period", {"period": "2026-10\n"}),
    ("I2", "/period", {"period": "2026-13"}),
    ("I2", "/period", {"period": None}),
    ("I3", "/revision", {"revision": 0}),
    ("I3", "/revision", {"revision": "1"}),
    ("I3", "/revision", {"revision": None}),
    ("I3", "/nil", {"nil": True}),
    ("I3", "/lines", {"lines": []}),
    ("I3", "/lines", {"lines": "none"}),
    ("I6", "/invoiced_to_date", {"invoiced_to_date": "1.005"}),
    ("I6", "/invoiced_to_date", {"invoiced_to_date": "-1.00"}),
    ("I11", "/declaration", {"declaration": None}),
    ("I12", "/reason", {"reason": "x" * 2_001}),
    ("I12", "/lines", {"lines": [{}] * 5_001}),
    ("form", "/lnies", {"lnies": []}),
]

WRONG_LINES: list[tuple[str, str, dict[str, Any]]] = [
    ("I4", "/line_id", build.a_line(line_id=None)),
    ("I4", "/line_id", build.a_line(line_id="Jane Smith")),
    ("I4", "/commitment_id", build.a_line(commitment_id="unheard-of")),
    ("I4", "/commitment_id", build.a_line(commitment_id=None)),
    ("I4", "/unit", build.a_line(unit="weeks")),
    ("I4", "/unit", build.a_line(unit=None)),
    ("I4", "/quantity", build.a_line(quantity="NaN")),
    ("I4", "/quantity", build.a_line(quantity="1e3")),
    ("I4", "/quantity", build.a_line(quantity=1)),
    ("I4", "/quantity", build.a_line(quantity="٣")),
    ("I4", "/quantity", build.a_line(quantity=None)),
    ("I4", "/quantity", build.a_line(quantity="1.01")),
    ("I4", "/quantity", build.a_line(quantity="0.125")),
    ("I4", "/quantity", build.a_line(quantity="-1")),
    ("I4", "/quantity", build.a_line(build.VISIT, quantity="0.5")),
    ("I4", "/quantity", build.a_line(build.SPEND, invoice__credit_of="INV-1")),
    ("I4", "/person", build.a_line(person=None)),
    ("I4", "/attribution", build.a_line(attribution="1.01")),
    ("I4", "/attribution", build.a_line(attribution="0")),
    ("I4", "/person/weekly_hours", build.a_line(person__weekly_hours="169")),
    ("I5", "/from", build.a_line(from_="2026-11-01")),
    ("I5", "/from", build.a_line(from_="2026-09-30")),
    ("I5", "/from", build.a_line(from_="2025-09-30", late="forgotten")),
    ("I5", "/from", build.a_line(from_="2026-02-30")),
    ("I5", "/from", build.a_line(from_="1783296000")),
    ("I5", "/from", build.a_line(from_="2026-10-06T00:00")),
    ("I5", "/from", build.a_line(from_="2026-1\uff10-06")),
    ("I5", "/from", build.a_line(from_="0001-01-01")),
    ("I5", "/from", build.a_line(from_=None)),
    ("I5", "/to", build.a_line(to="2026-11-01")),
    ("I5", "/to", build.a_line(to="2026-10-05")),
    ("I5", "/late", build.a_line(late=" ")),
    ("I5", "/session/start", build.a_line(build.VISIT, session__start="2026-10-15T09:30")),
    ("I5", "/person/left_on", build.a_line(person__left_on="0")),
    ("I5", "/person/left_on", build.a_line(person__left_on="2026-11-06")),
    ("I5", "/person/in_post_on", build.a_line(person__in_post_on="2026-11-06")),
    ("I5", "/invoice/date", build.a_line(build.SPEND, invoice__date="2026-11-06")),
    ("I6", "/quantity", build.a_line(build.SPEND, quantity="18250.005")),
    ("I6", "/invoice", build.a_line(build.SPEND, invoice=None)),
    ("I6", "/invoice/payer_id", build.a_line(build.SPEND, invoice__payer_id=None)),
    ("I6", "/invoice/payer_id", build.a_line(build.SPEND, invoice__payer_id="Jane Smith")),
    ("I6", "/invoice/payee_id", build.a_line(build.SPEND, invoice__payee_id=None)),
    ("I6", "/invoice/payee_id", build.a_line(build.SPEND, invoice__payee_id="GB-COH-N/A")),
    ("I6", "/invoice/payee_id", build.a_line(build.SPEND, invoice__payee_id="GB-COH-123")),
    ("I6", "/invoice/number", build.a_line(build.SPEND, invoice__number=None)),
    ("I6", "/invoice/number", build.a_line(build.SPEND, invoice__number="n/a")),
    ("I6", "/invoice/net_total", build.a_line(build.SPEND, invoice__net_total="1.005")),
    ("I6", "/invoice/net_total", build.a_line(build.SPEND, invoice__net_total="-1.00")),
    ("I6", "/place/postcode", build.a_line(build.SPEND, place=None)),
    ("I7", "/person", build.a_line(person="Jane Smith")),
    ("I7", "/person/ref", build.a_line(person__ref=None)),
    ("I7", "/person/ref", build.a_line(person__ref="Jane Smith")),
    ("I7", "/person/ref", build.a_line(person__ref="0")),
    ("I7", "/person/ref", build.a_line(person__ref="APP\n014")),
    ("I7", "/person/shared_id", build.a_line(person__shared_id="none")),
    ("I7", "/person/shared_id", build.a_line(person__shared_id="QQ 12 34 56 C")),
    ("I7", "/person/employer_id", build.a_line(person__employer_id=None)),
    ("I8", "/quantity", build.a_line(build.TRAINING, quantity="25")),
    ("I8", "/session/start", build.a_line(build.VISIT, session__start="2026-10-14T25:00")),
    ("I8", "/session/hours", build.a_line(build.VISIT, session__hours=None)),
    ("I8", "/session/attendees", build.a_line(build.VISIT, session__attendees=-1)),
    ("I9", "/place/postcode", build.a_line(place={"postcode": "L36"})),
    ("I9", "/place/postcode", build.a_line(place={"postcode": "L36 9CC"})),
    ("I9", "/place/school", build.a_line(place={"school": "143878"})),
    ("I10", "/evidence/0/evidence_id", build.a_line(evidence=[{"evidence_id": "0192"}])),
    ("I10", "/evidence/0/reference", build.a_line(evidence=[{"sha256": "a" * 64}])),
    ("I10", "/evidence/0/sha256", build.a_line(evidence=[{"reference": "file 1"}])),
    ("I10", "/evidence/0/sha256", build.a_line(evidence=[{"reference": "f", "sha256": "a"}])),
    ("I12", "/note", build.a_line(note="x" * 2_001)),
    ("I12", "/evidence", build.a_line(evidence=[{}] * 51)),
    ("form", "/nmae", build.a_line(nmae="Jane Smith")),
]


class TestAWrongReturn:
    @pytest.mark.parametrize(("rule", "place", "changes"), WRONG_RETURNS)
    def test_is_told_its_fault(self, rule: str, place: str, changes: dict[str, Any]) -> None:
        """One thing that is wrong gives one fault, at its place, under its rule."""
        assert [(rule, place)] == broken(build.a_return(**changes))

    @pytest.mark.parametrize(("rule", "place", "line"), WRONG_LINES)
    def test_is_told_the_line(self, rule: str, place: str, line: dict[str, Any]) -> None:
        """The fault of a line says which line."""
        document = build.a_return(build.VISIT, line | {"line_id": line["line_id"] and "9"})
        if place == "/line_id":
            document = build.a_return(build.VISIT, line)
        assert [(rule, f"/lines/1{place}")] == broken(document)

    def test_is_told_every_fault_at_once(self) -> None:
        """Faults of form do not hide faults of meaning, not even on the same line."""
        one = build.a_line(
            unit="weeks", quantity="many", from_="2026-09-01", person__ref="Jane Doe"
        )
        two = build.a_line(build.SPEND, place={"postcode": "nowhere"}, invoice=None)
        document = build.a_return(one, two, revision=2, declaration="yes", extra=1)
        assert [
            ("I11", "/declaration"),
            ("I3", "/revision"),
            ("I4", "/lines/0/quantity"),
            ("I4", "/lines/0/unit"),
            ("I5", "/lines/0/from"),
            ("I6", "/lines/1/invoice"),
            ("I7", "/lines/0/person/ref"),
            ("I9", "/lines/1/place/postcode"),
            ("form", "/extra"),
        ] == sorted(broken(document))

    def test_is_told_what_to_do(self) -> None:
        """Every fault says what is wrong, in a few words, and what to do, in sentences."""
        document = build.a_return(*(line for _, _, line in WRONG_LINES))
        found = found_in(document)
        assert [] == [f for f in found if not re.fullmatch(r"[A-Z0-9].*[^.]", f.message)]
        assert [] == [f for f in found if not re.fullmatch(r"[A-Z].*\.", f.fix)]

    def test_never_sees_a_reference_to_a_person_again(self) -> None:
        """Rule I7: a refusal does not repeat the value, whatever is wrong with it."""
        persons: list[Any] = [
            "Jane Smith",
            {"employer_id": "Jane Smith", "ref": "Jane Smith", "shared_id": 12345},
            {"employer_id": build.PARTY, "ref": "jane@example.org", "shared_id": "QQ123456C"},
            {"employer_id": build.PARTY, "ref": "A-1", "nmae": "Jane Smith"},
        ]
        found = [f for p in persons for f in found_in(build.a_return(build.a_line(person=p)))]
        assert [None] * len(found) == [fault.value for fault in found]
        assert [] == re.findall(
            "Jane|jane|QQ|12345", json.dumps([f.message + f.fix for f in found])
        )

    def test_lists_faults_up_to_a_bound(self) -> None:
        """A longer list is cut, and says so."""
        found = found_in(build.a_return(*[{"line_id": "x y"}] * 2_000))
        assert faults.FAULTS_MAX + 1 == len(found)
        assert "more faults" in found[-1].message

    @pytest.mark.parametrize(
        "body",
        [
            b'{"lines":[' + b",".join([b"1"] * 300_002) + b"]}",
            b'{"lines":[' + b",".join([b"1"] * 200_000) + b"]}",
            b"{" + b",".join(b'"a%d":1' % n for n in range(20_000)) + b"}",
        ],
    )
    def test_is_not_examined_if_nearly_all_of_it_is_wrong(self, body: bytes) -> None:
        """Rule I12: to list millions of faults would take the time of everybody else."""
        found = returns.check(submission.read(body), build.a_context())
        assert [("I12", "")] == [(fault.rule, fault.pointer) for fault in found]

    def test_is_told_that_lines_share_an_id(self) -> None:
        """Lines are referred to by their ids later."""
        assert [("I4", "/lines/1/line_id")] == broken(build.a_return(build.VISIT, build.VISIT))


class TestAParty:
    def test_reports_on_its_own_contracts_only(self) -> None:
        """Rule I1: an unknown contract and one of others get the same answer."""
        (fault,) = found_in(build.a_return(), contract=None)
        assert ("I1", "/contract_id") == (fault.rule, fault.pointer)
        assert "not known here yet" in fault.message


class TestAPeriod:
    @pytest.mark.parametrize(
        ("period", "rules"),
        [
            ("2028-10", []),
            ("2029-04", []),
            ("2029-05", ["I2"]),
            ("2026-10", []),
            ("2026-09", ["I2"]),
            ("2029-06", ["I2"]),
        ],
    )
    def test_is_one_of_the_contract_or_of_the_six_after(
        self, period: str, rules: list[str]
    ) -> None:
        """Rule I2, for a contract from 6 October 2026 to 5 October 2028."""
        document = build.a_return(period=period, nil=True, lines=[])
        assert rules == [rule for rule, _ in broken(document, today=date(2029, 5, 31))]

    def test_may_be_the_current_month(self) -> None:
        """A month that has not begun is refused."""
        document = build.a_return(period="2026-11", nil=True, lines=[])
        assert [] == broken(document, today=date(2026, 11, 1))
        assert [("I2", "/period")] == broken(document, today=date(2026, 10, 31))


class TestARevision:
    def test_is_the_next_one_with_a_reason(self) -> None:
        """Rule I3."""
        assert [] == broken(build.a_return(revision=3, reason="two invoices too many"), revision=2)
        assert [("I3", "/reason")] == broken(build.a_return(revision=3), revision=2)

    def test_conflicts_when_its_number_is_all_that_is_wrong(self) -> None:
        """The answer is then 409, and tells the current revision."""
        found = found_in(build.a_return(), revision=2)
        assert returns.is_conflict(submission.read(build.written(build.a_return())), found)
        assert "revision 2" in found[0].message

    @pytest.mark.parametrize(
        "changes", [{"revision": None}, {"revision": "two"}, {"revision": 3, "nil": True}]
    )
    def test_is_a_fault_like_others_next_to_them(self, changes: dict[str, Any]) -> None:
        """Then, or if it is no number, the answer is 422."""
        reading = submission.read(build.written(build.a_return(**changes)))
        assert not returns.is_conflict(reading, returns.check(reading, build.a_context()))


class TestReading:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\xff\xfe",
            b'"\\u0000"',
            b'{"a":NaN}',
            b"{",
            b"[]",
            b"null",
            b'"x"',
            b"{" * 10_000,
            b"[" * 10_000,
        ],
    )
    def test_says_what_is_not_a_return(self, body: bytes) -> None:
        """Bytes that are not a JSON object are one fault of form."""
        found = returns.check(submission.read(body), build.a_context())
        assert [("form", "")] == [(f.rule, f.pointer) for f in found]

    @given(st.binary(max_size=200))
    def test_never_raises(self, body: bytes) -> None:
        """Whatever the bytes are, the answer is faults."""
        assert submission.read(body).faults

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(sorted(field_help.FORMS)), inner, max_size=6)
            ),
            max_leaves=30,
        )
    )
    def test_never_raises_for_json_of_any_shape(self, document: object) -> None:
        """Even if known fields are in the wrong places."""
        assert found_in(document)

    def test_knows_the_form_of_every_field(self) -> None:
        """A fault says what was expected."""
        names: set[str] = set()

        def gather(model: type[pydantic.BaseModel]) -> None:
            for name, field in model.model_fields.items():
                names.add(field.alias or name)
                for inner in re.findall(r"submission\.(\w+)", str(field.annotation)):
                    gather(getattr(submission, inner))

        gather(submission.Submission)
        assert set(field_help.FORMS) == names


class TestTheCatalogue:
    def test_has_a_limit_for_every_measure(self) -> None:
        """Rule I4 needs one."""
        assert all(m.quantity_max > 0 for m in catalogue.CATALOGUE_ENTRIES)


class TestAMonth:
    def test_knows_its_days_and_how_far_back_it_reaches(self) -> None:
        """A late claim may reach back to the first day of the same month a year before."""
        expected = lines.Month("2028-02", date(2028, 2, 1), date(2028, 2, 29), date(2027, 2, 1))
        assert expected == returns.month_of("2028-02")
