"""What cells say: numbers, days and times as people write them, and nothing guessed."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from shared.spreadsheets import headings, numbers, reading, tables, values, writing

COMMAS = tables.Habits()
SEMICOLONS = tables.Habits(has_semicolons=True)
EXCEL = tables.Habits(day_zero=numbers.DAY_ZERO_1900)


def cell(value: tables.Value) -> tables.Cell:
    return tables.Cell(7, 2, str(value), value)


class TestANumber:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("12.50", "12.50"),
            ("£18,250.00", "18250.00"),
            ("1,234,567", "1234567"),
            ("1,234", "1234"),
            ("-£5", "-5"),
            ("£ -5.5", "-5.5"),
            ("\u22125", "-5"),
            ("+3", "3"),
            (".5", "0.5"),
            ("1\u00a0234.5", "1234.5"),
            ("007", "7"),
        ],
    )
    def test_is_read_as_people_write_it(self, written: str, expected: str) -> None:
        """With pounds, commas and signs."""
        assert Decimal(expected) == values.number(cell(written), COMMAS)

    @pytest.mark.parametrize(
        ("written", "message"),
        [
            ("12,50", "There is a comma where a number cannot have one"),
            ("1.234,50", "There is a comma where a number cannot have one"),
            ("12,3456", "There is a comma where a number cannot have one"),
            ("€5", "Only pounds can be read"),
            ("5 EUR", "Only pounds can be read"),
            (
                "1.8E+04",
                "A spreadsheet has shortened this number: its last digits are lost",
            ),
            ("about 5", "This is not a number"),
            ("٥", "This is not a number"),
            ("50%", "This is a percentage, not a quantity"),
            ("0.3333333333", "This has 10 decimal places; the cell may show fewer"),
        ],
    )
    def test_is_not_guessed(self, written: str, message: str) -> None:
        """A decimal comma would be a number a hundred times too large."""
        found = values.number(cell(written), COMMAS)
        assert isinstance(found, tables.Misread)
        assert message == found.message

    def test_with_one_comma_between_semicolons_is_one_of_two(self) -> None:
        """Where columns are parted by `;`, the comma may be the decimal point."""
        found = values.number(cell("1,234"), SEMICOLONS)
        assert tables.Misread("This can be read in two ways", "Write 1234, or 1.234.") == found
        assert Decimal(1234567) == values.number(cell("1,234,567"), SEMICOLONS)
        assert Decimal("1234.5") == values.number(cell("1,234.5"), SEMICOLONS)

    def test_is_a_percentage_only_where_a_share_is_asked_for(self) -> None:
        """50% is 0.5."""
        assert Decimal("0.5") == values.number(cell("50 %"), COMMAS, is_share=True)
        half = tables.Cell(1, 1, "50%", Decimal("0.5"), is_percent=True)
        assert Decimal("0.5") == values.number(half, COMMAS, is_share=True)
        assert isinstance(values.number(half, COMMAS), tables.Misread)

    def test_is_no_day_and_no_yes(self) -> None:
        """A cell that is formatted as a day holds no quantity."""
        assert isinstance(values.number(cell(date(2026, 10, 6)), COMMAS), tables.Misread)
        assert isinstance(values.number(cell(True), COMMAS), tables.Misread)


class TestADay:
    @pytest.mark.parametrize(
        "written",
        [
            "2026-10-06",
            "2026-10-06 00:00:00",
            "06/10/2026",
            "6/10/2026",
            "6.10.2026",
            "06-10-26",
            "6 October 2026",
            "6 Oct 2026",
            "06-Oct-26",
            "Tuesday, 6th October 2026",
        ],
    )
    def test_is_read_as_people_write_it(self, written: str) -> None:
        """The day comes first, as in Britain."""
        assert date(2026, 10, 6) == values.day(cell(written), COMMAS)

    @pytest.mark.parametrize(
        ("written", "message"),
        [
            ("10/13/2026", "This has the month first"),
            ("31/09/2026", "This day does not exist"),
            ("2026-13-01", "This day does not exist"),
            ("soon", "This is not a day that can be read"),
            ("6 Ma 2026", "This is not a day that can be read"),
            ("46301", "This is not a day that can be read"),
        ],
    )
    def test_is_not_guessed(self, written: str, message: str) -> None:
        """Not even from a number, where nobody knows the calendar."""
        found = values.day(cell(written), COMMAS)
        assert isinstance(found, tables.Misread)
        assert message == found.message

    def test_may_be_a_number_where_days_are_numbers(self) -> None:
        """46301 in a cell without a format is 6 October 2026; 2026 is no day."""
        assert date(2026, 10, 6) == values.day(cell(Decimal(46301)), EXCEL)
        assert isinstance(values.day(cell(Decimal(2026)), EXCEL), tables.Misread)
        assert isinstance(values.day(cell(Decimal("46301.5")), EXCEL), tables.Misread)
        assert isinstance(values.day(cell(Decimal(46301)), COMMAS), tables.Misread)


class TestATime:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("09:30", time(9, 30)),
            ("9.30", time(9, 30)),
            ("09:30:00", time(9, 30)),
            ("2pm", time(14)),
            ("12:15 am", time(0, 15)),
        ],
    )
    def test_is_read_as_people_write_it(self, written: str, expected: time) -> None:
        """In 24 hours or 12."""
        assert expected == values.clock(cell(written))

    @pytest.mark.parametrize("written", ["25:00", "9", "13pm", "noon", "09:61"])
    def test_is_not_guessed(self, written: str) -> None:
        """9 may be in the morning or in the evening."""
        assert isinstance(values.clock(cell(written)), tables.Misread)


class TestAText:
    def test_is_whatever_is_written(self) -> None:
        """An invoice's number is often a number to the spreadsheet."""
        assert "1042" == values.text(tables.Cell(1, 1, "1042", Decimal(1042)))
        long = values.text(cell(Decimal(10) ** 15))
        assert isinstance(long, tables.Misread)

    def test_may_say_yes_or_no(self) -> None:
        """And nothing between."""
        assert [True, True, True, False] == [
            values.yes_no(cell(each)) for each in ("Yes", "x", True, "no")
        ]
        assert isinstance(values.yes_no(cell("maybe")), tables.Misread)


def found(text: str, known: list[str], needed: list[str]) -> headings.Found:
    book = reading.read(text.encode())
    assert isinstance(book, tables.Book)
    return headings.find(book.sheets[0], known, needed)


KNOWN = ["Promise", "Quantity", "First day", "Invoice total (£)"]


class TestHeadings:
    def test_are_found_below_titles_in_any_order_and_case(self) -> None:
        """The rows below are the lines."""
        text = "Our return,,\n\nFIRST  DAY*,promise,invoice total £\n6 Oct 2026,spend,5\n"
        columns = found(text, KNOWN, ["Promise"])
        expected = {1: "First day", 2: "Promise", 3: "Invoice total (£)"}
        assert (3, expected, [4], ()) == (
            columns.row,
            dict(columns.columns),
            [row.number for row in columns.rows],
            columns.faults,
        )

    def test_that_are_misspelt_are_faults_that_name_what_is_meant(self) -> None:
        """The one that is meant is not missing as well."""
        columns = found("Promise,Quantty,Colour\nx,1,red\n", KNOWN, ["Promise", "Quantity"])
        assert [
            ("B1", "Quantty", "There is no such column here", "Write “Quantity”."),
            (
                "C1",
                "Colour",
                "There is no such column here",
                "Remove the column, or correct its heading.",
            ),
        ] == list(columns.faults)

    def test_are_there_once_and_above_every_value(self) -> None:
        """Two columns of one name could be read in two ways."""
        columns = found("Promise,Promise,\nx,y,z\n", KNOWN, ["Promise", "Quantity"])
        assert [
            ("B1", "This heading is there twice"),
            ("", "The column “Quantity” is missing"),
            ("C2", "This column has no heading"),
        ] == [(fault.address, fault.message) for fault in columns.faults]

    def test_may_be_missing_altogether(self) -> None:
        """One fault says what there must be."""
        (fault,) = found("a,b,c\n1,2,3\n", KNOWN, ["Promise", "Quantity"]).faults
        assert "There must be: “Promise”, “Quantity”." == fault.fix

    def test_may_be_merged_with_the_row_above(self) -> None:
        """A heading over two rows is that of the lower one."""
        top = tables.Row(1, {1: tables.Cell(1, 1, "Promise", "Promise")})
        low = tables.Row(2, {2: tables.Cell(2, 2, "Quantity", "Quantity"),
                             3: tables.Cell(2, 3, "First day", "First day")})  # fmt: skip
        sheet = tables.Sheet("s", (top, low), merged=(tables.Block(1, 1, 2, 1),))
        assert {1: "Promise", 2: "Quantity", 3: "First day"} == dict(
            headings.find(sheet, KNOWN, ["Promise"]).columns
        )


ROW: writing.Cells = (
    "=1+1", "@you", "-", "plain", None, True, Decimal("-1000.50"), 7, date(2026, 10, 6), time(9, 30)
)  # fmt: skip


class TestWhatIsWritten:
    def test_in_csv_is_read_back(self) -> None:
        """The apostrophes before formulas are there, and away again."""
        body = writing.csv_file(list("abcdefghij"), [ROW])
        assert b"'=1+1,'@you,'-,plain,,yes,-1000.50,7,2026-10-06,09:30" == body.splitlines()[1]
        assert ["=1+1", "@you", "-", "plain", "yes"] == read_row(body)[:5]

    def test_in_xlsx_is_read_back_with_its_kinds(self) -> None:
        """Nothing there is a formula; choices are offered, and not forced."""
        sheet = writing.Sheet(
            name="Lines", headings=list("abcdefghij"), rows=[ROW], choices={3: ["plain", "other"]}
        )
        body = writing.xlsx_file([sheet])
        expected = ["=1+1", "@you", "-", "plain", "yes", "-1000.5", "7", "2026-10-06", "09:30"]
        assert expected == read_row(body)


def read_row(body: bytes) -> list[str]:
    book = reading.read(body)
    assert isinstance(book, tables.Book)
    return [each.text for each in book.sheets[0].rows[1].cells.values()]
