"""A spreadsheet of lines: what it means, and which cell every fault is about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain import measures, returns, submission
from services.intake.spreadsheets import columns, filling, judging
from shared import catalogue
from shared.spreadsheets import reading, tables, writing
from tests.support import intake_builders as build

PROMISES: Final = {
    commitment_id: catalogue.by_code[measure]
    for commitment_id, (measure, _, _) in build.MEASURES.items()
}
WANTED: Final = filling.Wanted(build.CONTRACT, "2026-10", PROMISES)
OWN: Final = {
    "revision": 1,
    "declaration": {
        "this_contract_and_period_only": True,
        "answers_a_commitment": True,
        "name": "A. Signatory",
        "role": "contract director",
    },
}


def book(body: bytes) -> tables.Book:
    found = reading.read(body)
    assert isinstance(found, tables.Book), found
    return found


def table(*rows: Mapping[str, writing.Value], format_: tables.Format = "csv") -> bytes:
    """A file with the columns that its rows name, and those that must be there."""
    named = [*columns.NEEDED, *(name for row in rows for name in row)]
    headings = list(dict.fromkeys(named))
    cells = [[row.get(name) for name in headings] for row in rows]
    if format_ == "csv":
        return writing.csv_file(headings, cells)
    return writing.xlsx_file([writing.Sheet(name="Lines", headings=headings, rows=cells)])


def judge(body: bytes, wanted: filling.Wanted = WANTED, own: Any = None) -> judging.Judged:
    contract = returns.Contract(
        contract_id=build.CONTRACT,
        authority_id=build.AUTHORITY,
        supplier_ids=frozenset({build.PARTY}),
        starts_on=date(2026, 4, 1),
        ends_on=date(2028, 3, 31),
        measures=dict(wanted.promises),
    )
    context = returns.Context(build.PARTY, contract, 0, build.TODAY)
    return judging.judge(filling.fill(book(body), wanted), wanted, own or OWN, context)


def told(judged: judging.Judged) -> list[tuple[str, str, str, str]]:
    """Cell, heading, what is wrong, what to do."""
    return [
        (each.place.address, each.place.heading, each.fault.message, each.fault.fix)
        for each in judged.faults
    ]


VISIT: Final[dict[str, writing.Value]] = {
    "Promise": "schools: School visits",
    "Quantity": Decimal(1),
    "First day": date(2026, 10, 14),
    "School's URN": "143878",
    "Start time": time(9, 30),
    "Length in hours": Decimal("2.0"),
    "People who came": 28,
    "Deliverer's company number": build.PARTY,
}


class TestColumns:
    def test_are_every_field_of_a_line_that_people_give(self) -> None:
        """One for each; evidence that was uploaded has no file here."""
        shape = submission.Line.model_json_schema()
        parts = shape["$defs"]

        def places(properties: Mapping[str, Any], above: str) -> set[str]:
            found: set[str] = set()
            for name, field in properties.items():
                any_of = [
                    each.get("items", each) | {"is_list": "items" in each}
                    for each in field["anyOf"]
                ]
                inner = [each for each in any_of if "$ref" in each]
                if inner:
                    part = inner[0]["$ref"].rpartition("/")[2]
                    step = f"{above}/{name}" + ("/0" if inner[0]["is_list"] else "")
                    found |= places(parts[part]["properties"], step)
                else:
                    found.add(f"{above}/{name}")
            return found

        expected = places(shape["properties"], "") - {"/evidence/0/evidence_id"}
        assert expected == set(columns.BY_POINTER)

    def test_have_headings_that_differ(self) -> None:
        """Also without what does not matter in a heading."""
        assert len(columns.COLUMNS) == len({each.heading.lower() for each in columns.COLUMNS})


class TestARow:
    @pytest.mark.parametrize("format_", ["csv", "xlsx"])
    def test_is_a_line(self, format_: tables.Format) -> None:
        """Days, times, schools and companies come out as documents have them; the unit is the
        promise's, and the line has a number."""
        row = VISIT | {"Deliverer's company number": "1234567", "Our share": "50%"}
        judged = judge(table(row, format_=format_))
        assert [] == told(judged)
        (line,) = json.loads(judged.body)["lines"]
        assert {
            "line_id": "1",
            "commitment_id": "schools",
            "quantity": "1",
            "unit": "visits",
            "from": "2026-10-14",
            "place": {"school": "GB-EDU-143878"},
            "session": {
                "start": "2026-10-14T09:30",
                "hours": "2.0" if format_ == "csv" else "2",
                "attendees": 28,
                "deliverer_id": "GB-COH-01234567",
            },
            "attribution": "0.5",
        } == line

    @pytest.mark.parametrize(
        "named", ["schools", "schools: anything", "School visits", "SCHOOL  VISITS"]
    )
    def test_names_its_promise_by_id_or_title(self, named: str) -> None:
        """A title alone will do where no other promise has it."""
        judged = judge(table({**VISIT, "Promise": named}))
        assert "schools" == judged.content.lines[0]["commitment_id"]

    def test_names_its_promise_by_its_own_title(self) -> None:
        """The measure's then names none: many promises may have the measure."""
        wanted = WANTED._replace(titles={"schools": "Visits in Huyton"})
        assert [] == told(judge(table(VISIT | {"Promise": "visits in Huyton"}), wanted))
        ((_, _, message, _),) = told(judge(table(VISIT | {"Promise": "School visits"}), wanted))
        assert "This is none of your promises" == message

    def test_of_a_title_that_two_promises_have_names_none(self) -> None:
        """The fault names the cell and the choices."""
        promises = PROMISES | {"more": PROMISES["schools"]}
        judged = judge(
            table({**VISIT, "Promise": "School visits"}),
            WANTED._replace(promises=promises),
        )
        ((cell, _, message, fix),) = told(judged)
        assert ("A2", "This is none of your promises") == (cell, message)
        assert "Choose one of: apprentices, local-spend, more, schools, training." == fix

    def test_keeps_its_number_and_gives_others_those_that_are_free(self) -> None:
        """Numbers of lines are never given twice."""
        rows = [{**VISIT, "Line": number} for number in (None, "1", None)]
        lines = judge(table(*rows)).content.lines
        assert ["2", "1", "3"] == [line["line_id"] for line in lines]

    def test_of_a_post_says_who_is_still_there(self) -> None:
        """A person of the roster needs no more than the day; 20 hours of 37 are 0.54."""
        row = {
            "Promise": "apprentices",
            "Person's number": "APP-014",
            "Employer's company number": build.PARTY,
            "Hours a week": "20",
            "In post on": "31/10/2026",
        }
        judged = judge(table(row))
        assert [] == told(judged)
        (line,) = judged.content.lines
        assert ("0.54", "2026-10-01", "2026-10-31") == (
            line["quantity"],
            line["from"],
            line["person"]["in_post_on"],
        )

    def test_that_was_not_filled_in_is_passed_over_and_told(self) -> None:
        """The person of a roster about whom nothing is said is not claimed to be there."""
        row: dict[str, writing.Value] = {
            "Promise": "apprentices",
            "Person's number": "APP-014",
            "Hours a week": 37,
        }
        judged = judge(table(row, {"Promise": "schools"}))
        assert [] == judged.content.lines
        assert ["Row 2 (apprentices) is not filled in: it was passed over."] == judged.filled.notes
        assert frozenset(PROMISES) == judged.unanswered


class TestNothing:
    def test_is_said_promise_by_promise(self) -> None:
        """Those of which nothing is said stay unanswered."""
        judged = judge(table(VISIT, {"Promise": "training", "Nothing this month": "yes"}))
        assert {"schools": "finished", "training": "nothing"} == judged.content.answers
        assert {"apprentices", "local-spend"} == judged.unanswered
        assert json.loads(judged.body)["nil"] is False

    def test_of_all_promises_is_a_return_that_says_so(self) -> None:
        """It has no lines and no faults."""
        rows = [{"Promise": each, "Nothing this month": "yes"} for each in PROMISES]
        judged = judge(table(*rows))
        assert ([], True) == (told(judged), json.loads(judged.body)["nil"])

    def test_is_not_said_of_a_promise_with_lines(self) -> None:
        """Before or after the line."""
        nothing = {"Promise": "schools", "Nothing this month": "yes"}
        message = "This promise has lines, and a row that says that there is nothing"
        assert [("I3", message)] == where(judge(table(VISIT, nothing)))[:1]
        assert message in [each[1] for each in where(judge(table(nothing, VISIT)))]

    def test_is_said_in_a_row_of_its_own(self) -> None:
        """A quantity beside it contradicts it."""
        judged = judge(table({"Promise": "schools", "Nothing this month": "yes", "Quantity": 1}))
        assert (
            "This says that there is nothing, and its row has more" in dict(where(judged)).values()
        )


def where(judged: judging.Judged) -> list[tuple[str, str]]:
    return [(each.place.address, each.fault.message) for each in judged.faults]


class TestAFault:
    def test_names_its_cell(self) -> None:
        """Of a cell that cannot be read, one that says what cannot be, and one that is blank."""
        rows = [
            {**VISIT, "Quantity": "1,5"},
            {**VISIT, "First day": "31/11/2026"},
            {**VISIT, "Length in hours": None},
        ]
        assert [
            (
                "B2",
                "Quantity",
                "There is a comma where a number cannot have one",
                "Write a decimal point, such as 12.50, and no comma.",
            ),
            (
                "C3",
                "First day",
                "This day does not exist",
                "Write it as 6 October 2026 or 06/10/2026.",
            ),
            ("E3", "Start time", "There is a time, and no first day", "Give the first day."),
            (
                "F4",
                "Length in hours",
                "This is missing",
                "Say when it was, how long, for how many people, and who delivered it.",
            ),
        ] == told(judge(table(*rows)))

    def test_of_a_column_that_is_not_there_names_the_row(self) -> None:
        """Spend without its invoice."""
        row = {
            "Promise": "local-spend",
            "Quantity": "5",
            "First day": "2026-10-02",
            "Postcode": "L36 9YU",
        }
        (fault,) = judge(table(row)).faults
        assert ("", "Invoice number", 2) == (
            fault.place.address,
            fault.place.heading,
            fault.place.row,
        )

    def test_never_repeats_who_a_person_is(self) -> None:
        """Rule I7: a name in the column of numbers is not shown again."""
        row = {
            "Promise": "apprentices",
            "First day": "2026-10-06",
            "Person's number": "Jane Example",
            "Employer's company number": build.PARTY,
            "Hours a week": "37 hours",
        }
        found = judge(table(row)).faults
        assert {"/lines/0/person/ref", "/lines/0/person/weekly_hours"} <= {
            each.fault.pointer for each in found
        }
        assert {None} == {each.fault.value for each in found}

    def test_of_another_contract_or_month_is_told_by_its_cell(self) -> None:
        """A file that was chosen by mistake."""
        row = {**VISIT, "Contract": "KMBC-2026-0101", "Month": "September 2026"}
        messages = [message for _, message in where(judge(table(row)))]
        assert f"This is of another contract than {build.CONTRACT}" in messages
        assert "This is another month than October 2026" in messages
        right = {**VISIT, "Contract": build.CONTRACT, "Month": date(2026, 10, 1)}
        assert [] == where(judge(table(right, format_="xlsx")))

    def test_of_the_headings_comes_with_those_of_the_lines(self) -> None:
        """All at once."""
        body = b"Promise,Quantity,First day,Colour\nschools,x,6 October 2026,red\n"
        assert [
            ("D1", "There is no such column here"),
            ("B2", "This is not a number"),
        ] == where(judge(body))

    def test_does_not_speak_json(self) -> None:
        """Whoever fills in a spreadsheet writes no quotation marks."""
        rows = [VISIT | {"People who came": "2.5", "Evidence": "x" * 2_001}]
        assert not [each for each in told(judge(table(*rows))) if "JSON" in each[2] + each[3]]

    def test_of_what_is_asked_later_is_left_out_for_a_draft(self) -> None:
        """The declaration is made when the return is sent."""
        judged = judge(table(VISIT), own={"x": 1})
        assert "/declaration" in {each.fault.pointer for each in judged.faults}
        kept = {each.fault.pointer for each in judging.without(judged).faults}
        assert {"/x"} == kept


class TestNamed:
    def test_is_what_the_first_line_names(self) -> None:
        """So that a file by itself tells what it is for."""
        row = {**VISIT, "Contract": build.CONTRACT, "Month": "October 2026"}
        assert (build.CONTRACT, "2026-10") == filling.named(book(table(row)))
        assert (None, None) == filling.named(book(table(VISIT)))


def rows_of(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, writing.Value]]:
    """Lines as somebody would write them by hand."""
    found = []
    for line in lines:
        row: dict[str, writing.Value] = {}
        for pointer, column in columns.BY_POINTER.items():
            value: Any = line
            for step in pointer.split("/")[1:]:
                if isinstance(value, list):
                    value = value[int(step)]
                else:
                    value = value.get(step) if isinstance(value, Mapping) else None
            if value is None:
                continue
            if column.kind in ("number", "share", "whole"):
                row[column.heading] = Decimal(value)
            elif column.kind == "day":
                row[column.heading] = date.fromisoformat(value)
            elif column.kind == "clock":
                row[column.heading] = time.fromisoformat(value.partition("T")[2])
            else:
                row[column.heading] = value
        found.append(row)
    return found


EVERY: Final = {
    code: measure
    for code, measure in catalogue.by_code.items()
    if code not in catalogue.NEVER_COUNTED
}


def figures(line: Any) -> Any:
    """A line with its numbers as numbers: 2.0 hours are 2 hours."""
    if isinstance(line, Mapping):
        return {
            key: Decimal(each) if key in _NUMBERS else figures(each) for key, each in line.items()
        }
    return [figures(each) for each in line] if isinstance(line, list) else line


_NUMBERS: Final = {"quantity", "attribution", "weekly_hours", "net_total", "hours"}


class TestTheSameFigures:
    @given(
        st.lists(st.sampled_from(sorted(EVERY)), min_size=1, max_size=8),
        st.sampled_from(["csv", "xlsx"]),
        st.decimals(Decimal("0.1"), Decimal(1), places=2),
    )
    @settings(max_examples=40, deadline=None)
    def test_come_out_whatever_is_reported(
        self, codes: list[str], format_: tables.Format, share: Decimal
    ) -> None:
        """Lines of every measure, written by hand into a file, are those lines again."""
        lines = [
            measures.example(EVERY[code]) | {"line_id": str(number), "attribution": str(share)}
            for number, code in enumerate(codes, 1)
        ]
        wanted = filling.Wanted(build.CONTRACT, "2026-10", EVERY)
        judged = judge(table(*rows_of(lines), format_=format_), wanted)
        assert [] == told(judged)
        assert figures(lines) == figures(json.loads(judged.body)["lines"])
