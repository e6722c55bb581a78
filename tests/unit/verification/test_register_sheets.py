"""Contracts and promises in spreadsheets: what is read, and every fault at its cell."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.register import entries, imports
from services.verification.register.publication import Acting
from services.verification.register.releases import Unreadable
from services.verification.register.spreadsheets import columns, reading, template
from services.verification.register.things import Thing
from services.verification.register.written import Unsaid, Written
from shared.spreadsheets import writing

AT = datetime(2026, 11, 16, 9, tzinfo=UTC)
ACTING = Acting("priya", "GB-LAE-KWL", AT)
CONTRACT = {
    "Contract reference": "KMBC-2026-0301",
    "Title": "Kerb works",
    "Supplier identifier": "GB-COH-99000031",
    "Supplier name": "Sorrelby Paving (fictional)",
    "First day": "1 December 2026",
    "Last day": "30/11/2028",
    "Value without VAT in £": "£1,200,000",
    "Signed on": "2026-11-02",
}
PROMISE = {
    "Contract reference": "KMBC-2026-0301",
    "Measure": "School visits",
    "Target": "24",
    "Unit": "visits",
}


def table(*rows: dict[str, Any]) -> bytes:
    """A CSV file of these rows."""
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    written = io.StringIO()
    writer = csv.DictWriter(written, headings)
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue().encode()


def book(contracts: list[dict[str, Any]], promises: list[dict[str, Any]]) -> bytes:
    """A workbook of these rows, in the columns of the template."""
    return writing.xlsx_file(
        [
            writing.Sheet(
                name=known.name,
                headings=known.known,
                rows=[[row.get(each) for each in known.known] for row in rows],
            )
            for known, rows in ((columns.CONTRACTS, contracts), (columns.PROMISES, promises))
        ]
    )


def things(body: bytes) -> list[Thing]:
    """What becomes of everything, in an empty register."""
    file = imports.read(body, AT)
    assert not isinstance(file, Unreadable), file
    for entry, plan in imports.decide(file, {}, {}, ACTING):
        imports.tell(entry, plan, [])
    return imports.summarize(file).things


def faults(body: bytes) -> list[tuple[str, str]]:
    """Where something is wrong, and why."""
    return [
        fault
        for thing in things(body)
        if thing.fate == "faulty"
        for fault in (
            (thing.place, str(getattr(thing.reason, "code", thing.reason))),
            *((each.place, each.reason) for each in thing.more),
        )
    ]


def entry_of(body: bytes) -> Any:
    file = imports.read(body, AT)
    assert isinstance(file, reading.Sheets), file
    (entry,) = file.entries
    return entry


class TestAContract:
    def test_is_read_as_people_write_it(self) -> None:
        """Days with and without names, pounds with commas."""
        told = entry_of(table(CONTRACT)).told
        assert isinstance(told, Written)
        assert (
            "Kerb works",
            date(2026, 12, 1),
            date(2028, 11, 30),
            Decimal(1_200_000),
            date(2026, 11, 2),
        ) == (told.title, told.starts_on, told.ends_on, told.value, told.signed_on)
        assert [("GB-COH-99000031", "Sorrelby Paving (fictional)")] == [
            (each.id, each.name) for each in told.suppliers
        ]

    def test_may_have_several_suppliers(self) -> None:
        """In one cell, with their names in the same order."""
        told = entry_of(
            table(
                CONTRACT
                | {
                    "Supplier identifier": "GB-COH-99000031; GB-COH-99000032",
                    "Supplier name": "A; B",
                }
            )
        ).told
        assert [("GB-COH-99000031", "A"), ("GB-COH-99000032", "B")] == [
            (each.id, each.name) for each in told.suppliers
        ]

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"Title": ""}, [("B2", "there is no title")]),
            ({"Supplier identifier": "99000031"}, [("C2", "“99000031” is no org-id")]),
            ({"Supplier identifier": "GB-COH-N/A"}, [("C2", "“GB-COH-N/A” is no org-id")]),
            (
                {"Supplier identifier": "GB-COH-99000031; GB-COH-99000032"},
                [("D2", "there are 2 identifiers and 1 name")],
            ),
            ({"First day": "12/31/2026"}, [("E2", "this has the month first")]),
            ({"First day": ""}, [("E2", "there is no first day")]),
            ({"Last day": "30/11/2025"}, [("F2", "the contract ends before it starts")]),
            ({"Last day": "30/11/2199"}, [("F2", "this lies after 2076")]),
            ({"First day": "1 December 1926"}, [("E2", "this lies before 1990")]),
            (
                {"Value without VAT in £": "-1"},
                [("G2", "a value is between £0 and £1,000,000,000,000")],
            ),
            ({"Value without VAT in £": "1.234"}, [("G2", "there are parts of a penny")]),
            (
                {"Value without VAT in £": "1,5"},
                [("G2", "there is a comma where a number cannot have one")],
            ),
            (
                {"Contract reference": "KMBC/2026", "Title": "", "Signed on": "soon"},
                [
                    ("A2", "a reference has letters, digits, and the signs . _ : - alone"),
                    ("B2", "there is no title"),
                    ("H2", "this is not a day that can be read"),
                ],
            ),
        ],
    )
    def test_has_every_fault_at_its_cell(
        self, changes: dict[str, str], expected: list[tuple[str, str]]
    ) -> None:
        """All of them at once."""
        assert expected == faults(table(CONTRACT | changes))

    def test_that_is_there_twice_stands_once(self) -> None:
        """A row that says something else of it is a fault."""
        other = CONTRACT | {"Title": "Other works"}
        assert [
            ("new", None),
            ("skipped", "it is there twice, word for word"),
            ("faulty", "another row has the same reference, and says something else"),
        ] == [(each.fate, each.reason) for each in things(table(CONTRACT, CONTRACT, other))[1:]]


class TestAPromise:
    def test_runs_with_its_contract(self) -> None:
        """Evenly, where nothing else is said."""
        (metric,) = entry_of(book([CONTRACT], [PROMISE])).metrics
        assert ("school-visits", "School visits", Decimal(24)) == (
            metric.commitment_id,
            metric.title,
            metric.figures.target,
        )
        assert {"kind": "linear", "from": "2026-12-01", "to": "2028-11-30"} == dict(
            metric.figures.profile
        )

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            (
                {"Falls due": "all by the last day", "Until": "31 March 2027"},
                {"kind": "milestone", "from": "2026-12-01", "by": "2027-03-31"},
            ),
            (
                {"Falls due": "In steps", "Steps": "31 March 2027: 4; 30/9/2027: 24"},
                {
                    "kind": "steps",
                    "from": "2026-12-01",
                    "steps": [["2027-03-31", "4"], ["2027-09-30", "24"]],
                },
            ),
        ],
    )
    def test_may_fall_due_otherwise(
        self, changes: dict[str, str], expected: dict[str, Any]
    ) -> None:
        """All at the end, or in steps."""
        (metric,) = entry_of(book([CONTRACT], [PROMISE | changes])).metrics
        assert expected == dict(metric.figures.profile)

    def test_may_be_local(self) -> None:
        """By the boundaries of an edition."""
        local = PROMISE | {"Local area": "E08000011; E08000012", "Boundaries of": "2026-08"}
        (metric,) = entry_of(book([CONTRACT], [local])).metrics
        assert {"gss": ["E08000011", "E08000012"], "edition": "2026-08"} == metric.figures.area

    def test_without_measure_and_target_is_prose(self) -> None:
        """It waits for its figures."""
        prose = {"Contract reference": "KMBC-2026-0301", "Promise": "Delight residents"}
        prose["Promise reference"] = "spirit"
        (thing,) = [each for each in things(book([CONTRACT], [prose])) if each.kind == "commitment"]
        assert ("needs_structuring", "it has no measure and no target") == (
            thing.fate,
            thing.reason,
        )

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"Measure": "School visit"}, [("D2", "there is no such measure")]),
            (
                {"Measure": "Share of spend that is local", "Unit": "£"},
                [("D2", "shares of a total are not assessed yet")],
            ),
            (
                {"Measure": ""},
                [("D2", "there is no measure"), ("B2", "there is no measure and no reference")],
            ),
            ({"Unit": "hours"}, [("F2", "school visits is counted in visits")]),
            ({"Unit": ""}, [("F2", "there is no unit")]),
            ({"Target": ""}, [("E2", "there is no target")]),
            ({"Target": "lots"}, [("E2", "this is not a number")]),
            ({"Target": "0"}, [("E2", "a target is more than nothing, and at most 10¹²")]),
            ({"Falls due": "monthly"}, [("G2", "there is no such way to fall due")]),
            ({"From": "1 November 2026"}, [("H2", "the contract begins on 1 December 2026")]),
            ({"From": "1/2/2027", "Until": "1/1/2027"}, [("I2", "it ends before it begins")]),
            ({"Falls due": "In steps"}, [("J2", "there are no steps")]),
            (
                {"Falls due": "In steps", "Steps": "31 March 2027: 4"},
                [("J2", "the last step is not the target")],
            ),
            ({"Falls due": "In steps", "Steps": "later: 24"}, [("J2", "“later: 24” is no step")]),
            (
                {"Falls due": "In steps", "Steps": "1/3/2027: 30; 1/4/2027: 24"},
                [("G2", "profile: steps must be cumulative and in order of their days")],
            ),
            (
                {"Local area": "Knowsley", "Boundaries of": "2026-08"},
                [("K2", "“KNOWSLEY” is no GSS code")],
            ),
            ({"Local area": "E08000011"}, [("L2", "it is not said by which boundaries")]),
            (
                {"Promise reference": "KPI 1"},
                [("B2", "a reference has letters, digits, and the signs . _ - alone")],
            ),
        ],
    )
    def test_has_every_fault_at_its_cell(
        self, changes: dict[str, str], expected: list[tuple[str, str]]
    ) -> None:
        """Its contract is left out with it: nothing is imported in part."""
        body = book([CONTRACT], [PROMISE | changes])
        assert [(f"Promises!{place}", why) for place, why in expected] == faults(body)
        (contract,) = [each for each in things(body) if each.kind == "contract"]
        assert ("skipped", "a promise of it is faulty") == (contract.fate, contract.reason)

    def test_of_a_faulty_contract_is_left_out(self) -> None:
        """What is wrong is told once, at the contract."""
        told = things(book([CONTRACT | {"Title": ""}], [PROMISE]))
        assert [("contract", "faulty"), ("commitment", "skipped")] == [
            (each.kind, each.fate) for each in told if each.kind != "sheet"
        ]

    def test_of_a_contract_that_is_not_in_the_file_says_its_days(self) -> None:
        """The contract stays as it is registered; here there is none."""
        dated = PROMISE | {"From": "2026-12-01", "Until": "2028-11-30"}
        assert isinstance(entry_of(table(dated)).told, Unsaid)
        assert [("A2", "contract_unknown")] == faults(table(dated))
        assert 2 == len(faults(table(PROMISE | {"From": "", "Until": ""})))

    def test_needs_a_reference_of_its_own(self) -> None:
        """One contract may promise a measure twice, if they can be told apart."""
        second = PROMISE | {"Target": "12", "Promise": "Visits of engineers"}
        (fault,) = faults(book([CONTRACT], [PROMISE, second]))
        assert "Promises!A3" == fault[0]
        apart = second | {"Promise reference": "KPI-2"}
        assert 2 == len(entry_of(book([CONTRACT], [PROMISE, apart])).metrics)


class TestAFile:
    def test_has_no_column_that_is_lost(self) -> None:
        """One that is not known is a fault, and nothing of its sheet is imported."""
        told = things(table(CONTRACT | {"Directorate": "Highways"}))
        assert [("sheet", "faulty", "I1"), ("contract", "skipped", "A2")] == [
            (each.kind, each.fate, each.place) for each in told
        ]

    def test_may_have_other_sheets(self) -> None:
        """They are passed over, with a word."""
        notes = writing.Sheet(name="Notes", headings=("Anything",), rows=[["at all"]])
        known = columns.CONTRACTS
        ours = writing.Sheet(
            name="Let in November",
            headings=known.known,
            rows=[[CONTRACT.get(each) for each in known.known]],
        )
        told = things(writing.xlsx_file([notes, ours]))
        assert [
            ("Notes", "skipped"),
            ("Let in November", "read"),
            ("Let in November!A2", "new"),
        ] == [(each.place, each.fate) for each in told]

    def test_as_the_template_is_empty(self) -> None:
        """Its explanations are no rows."""
        assert [
            ("Contracts", "read"),
            ("Promises", "read"),
            (columns.GUIDE, "skipped"),
            (columns.MEASURES, "skipped"),
        ] == [(each.place, each.fate) for each in things(template.xlsx())]
        for known in (columns.CONTRACTS, columns.PROMISES):
            assert ["read"] == [each.fate for each in things(template.csv(known))]

    @pytest.mark.parametrize(
        "body",
        [b"a,b,c,d\n1,2,3,4\n", b"\xd0\xcf\x11\xe0 old", b"PK\x03\x04 broken"],
    )
    def test_that_is_another_is_refused_whole(self, body: bytes) -> None:
        """In a sentence."""
        assert isinstance(imports.read(body, AT), Unreadable)

    @pytest.mark.parametrize("body", [b"{}", b"[]", b' \n{"releases": []}', b"\xef\xbb\xbf[]"])
    def test_of_json_is_read_as_releases(self, body: bytes) -> None:
        """By how it begins."""
        assert isinstance(imports.read(body, AT), imports.File)

    @given(
        st.lists(
            st.fixed_dictionaries(
                {}, optional=dict.fromkeys(columns.PROMISES.known, st.text(max_size=12))
            )
        )
    )
    def test_comes_out_row_by_row(self, rows: list[dict[str, str]]) -> None:
        """Whatever is in it, each row that is not blank becomes one thing, with a reason if it is
        left out."""
        body = book([CONTRACT], rows)
        read = imports.read(body, AT)
        if isinstance(read, Unreadable):
            return
        told = things(body)
        kinds = Counter(each.kind for each in told)
        assert (2, 1) == (kinds["sheet"], kinds["contract"])
        assert len(rows) >= kinds["commitment"]
        for each in told:
            assert each.fate is not None
            assert each.reason or each.fate in ("read", "new", "draft"), each
        assert isinstance(read, reading.Sheets)
        for entry in read.entries:
            assert isinstance(entries.plan(None, [], entry, ACTING), entries.Plan)
