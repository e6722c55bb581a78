"""Spreadsheets in: what is read, what is told, and what is refused before it costs anything."""

from __future__ import annotations

import asyncio
import io
import resource
import time as stopwatch
import zipfile
from datetime import date, time
from decimal import Decimal

import pytest
import python_calamine
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.spreadsheets import reading, tables
from tests.support import xlsx


def read(body: bytes) -> tables.Book:
    book = reading.read(body)
    assert isinstance(book, tables.Book), book
    return book


def refused(body: bytes) -> str:
    found = reading.read(body)
    assert isinstance(found, tables.Unreadable), found
    return found.message


def texts(book: tables.Book) -> dict[str, str]:
    """Of the first sheet, by address."""
    return {c.address: c.text for row in book.sheets[0].rows for c in row.cells.values()}


def cell(rows: str, *codes: str, is_1904: bool = False) -> tables.Cell:
    """The one cell of a sheet."""
    (row,) = read(xlsx.book(rows, is_1904=is_1904, codes=codes)).sheets[0].rows
    (found,) = row.cells.values()
    return found


def number(written: str, code: str, *, is_1904: bool = False) -> tables.Cell:
    """A number that is shown in a style."""
    rows = f'<row r="1"><c r="A1" s="1"><v>{written}</v></c></row>'
    return cell(rows, code, is_1904=is_1904)


class TestCsv:
    @pytest.mark.parametrize(
        ("encoding", "mark"), [("utf-8", b""), ("utf-8-sig", b""), ("utf-16", b"")]
    )
    def test_is_read_in_every_encoding_that_names_itself(self, encoding: str, mark: bytes) -> None:
        """UTF-8 with and without its mark, and UTF-16 with it."""
        assert {"A1": "é", "B1": "£5"} == texts(read(mark + "é,£5\r\n".encode(encoding)))

    def test_in_windows_1252_is_read_and_told(self) -> None:
        """Excel's plain “CSV” is still written so in Britain."""
        book = read("Café;£5\n".encode("cp1252"))
        assert {"A1": "Café;£5"} == texts(book)
        assert book.notes[0].startswith("The file is in Windows-1252")

    def test_in_an_unknown_encoding_is_refused_with_the_byte(self) -> None:
        """Byte 0x81 stands for nothing in Windows-1252."""
        assert "The text is in no encoding that can be read: see byte 3" == refused(b"abc\x81,\xe9")

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_has_the_separator_that_its_header_has(self, separator: str) -> None:
        """Commas inside of quotation marks do not count."""
        lines = [["Promise", '"a, b, c, d"', "Quantity"], ["x", "y", "1"]]
        body = "\n".join(separator.join(line) for line in lines).encode()
        expected = {"A1": "Promise", "B1": "a, b, c, d", "C1": "Quantity"}
        expected |= {"A2": "x", "B2": "y", "C2": "1"}
        assert expected == texts(read(body))

    def test_is_told_its_separator_by_its_first_line(self) -> None:
        """`sep=;` is Excel's own; the rows keep their numbers."""
        assert {"A2": "a,b", "B2": "c"} == texts(read(b"sep=;\r\na,b;c\r\n"))

    def test_counts_rows_as_a_spreadsheet_does(self) -> None:
        """A quoted text may hold ends of lines; blank rows are passed over and counted."""
        body = b'a,b,c\n\n , ,\n"two\nlines",x,y\n'
        assert {"A1": "a", "B1": "b", "C1": "c", "A4": "two\nlines", "B4": "x", "C4": "y"} == texts(
            read(body)
        )

    def test_with_an_open_quotation_mark_is_refused(self) -> None:
        """Else everything after it would be one cell."""
        message = "A quotation mark at or before line 3 is not closed, or not where it can be"
        assert message == refused(b'a,b,c\n1,"x,3\n4,5,6\n')

    def test_gives_back_what_was_made_harmless(self) -> None:
        """The apostrophe of our own files is no part of the text; any other is."""
        assert {"A1": "=1+1", "B1": "'tis", "C1": "-5"} == texts(read(b"'=1+1,'tis,'-5\n"))

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"", "The file is empty"),
            (b"\xef\xbb\xbf \r\n", "The file is empty"),
            (b"%PDF-1.7", "This is a PDF, not a spreadsheet"),
            (b'{"lines": []}', "This is JSON, not a spreadsheet"),
            (b"<html><table>", "This is a web page or XML, not a spreadsheet"),
            (b"\x89PNG\r\n\x00\x00", "This is no spreadsheet: it holds bytes that are no text"),
            ("a,b".encode("utf-16-le"), "This is no spreadsheet: it holds bytes that are no text"),
            (
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
                "This is an Excel file of before 2007 (XLS), or it is protected by a password",
            ),
        ],
    )
    def test_is_not_what_begins_otherwise(self, body: bytes, message: str) -> None:
        """The first bytes decide, and the refusal names what it is."""
        assert message == refused(body)

    def test_has_bounds(self) -> None:
        """The first cell outside of them ends the reading."""
        assert "Cell CW1 lies beyond column CV" == refused(b"," * 100 + b"x\n")
        assert "There are more than 5,000 rows" == refused(b"a,b,c\n" * 5_021)
        assert 5_020 == len(read(b"a,b,c\n" * 5_020).sheets[0].rows)
        assert "The file is larger than 10 MB" == refused(b"a" * (tables.BYTES_MAX + 1))

    def test_tells_a_text_that_is_too_long_by_its_cell(self) -> None:
        """The rest of the file is still read."""
        book = read(b"a,b,c\n" + b"x" * 5_001 + b",1,2\n")
        long = book.sheets[0].rows[1].cells[1]
        expected = tables.Misread("This has more than 5,000 characters", "Shorten it.")
        assert ("A2", expected) == (long.address, long.misread)
        assert "1" == book.sheets[0].rows[1].cells[2].text


class TestXlsx:
    def test_has_its_values_with_their_kinds(self) -> None:
        """As a common program writes them."""
        written = io.BytesIO()
        with xlsxwriter.Workbook(written) as made:
            sheet = made.add_worksheet("Lines")
            sheet.write_row(0, 0, ["Promise", 18250.5, True])
            sheet.write_datetime(
                2, 1, date(2026, 10, 6), made.add_format({"num_format": "dd/mm/yy"})
            )
            sheet.write_datetime(2, 2, time(9, 30), made.add_format({"num_format": "hh:mm"}))
            sheet.write_number(2, 3, 0.5, made.add_format({"num_format": "0%"}))
        (sheet_read,) = read(written.getvalue()).sheets
        assert ("Lines", [1, 3]) == (sheet_read.name, [row.number for row in sheet_read.rows])
        first, third = (list(row.cells.values()) for row in sheet_read.rows)
        assert ["Promise", Decimal("18250.5"), True] == [each.value for each in first]
        assert ["2026-10-06", "09:30", "50%"] == [each.text for each in third]
        expected = [date(2026, 10, 6), time(9, 30), Decimal("0.5")]
        assert expected == [each.value for each in third]
        assert [False, False, True] == [each.is_percent for each in third]

    @pytest.mark.parametrize(
        ("written", "code", "text"),
        [
            ("46301", "dd/mm/yyyy", "2026-10-06"),
            ("46301", "[$-809]d mmmm yyyy;@", "2026-10-06"),
            ("46301.395833333336", "d mmm yy hh:mm", "2026-10-06 09:30"),
            ("0.39583333333333331", "h:mm AM/PM", "09:30"),
            ("0.30000000000000004", "0.00", "0.3"),
            ("18250", "[Red]#,##0.00", "18250"),
            ("18250", "&quot;days&quot; 0.0", "18250"),
            ("1.8E+4", "General", "18000"),
            ("1234567", "00000000", "01234567"),
            ("0.155", "0.0%", "15.5%"),
            ("61", "dd/mm/yyyy", "1900-03-01"),
            ("59", "dd/mm/yyyy", "1900-02-28"),
        ],
    )
    def test_shows_a_number_as_its_style_does(self, written: str, code: str, text: str) -> None:
        """Days, times, percentages, zeros in front; colours and words in a style are none."""
        assert text == number(written, code).text

    def test_knows_both_calendars(self) -> None:
        """In Excel's other calendar day 44839 is the same 6 October 2026."""
        assert date(2026, 10, 6) == number("44839", "dd/mm/yyyy", is_1904=True).value
        assert date(1904, 1, 1) == number("0", "dd/mm/yyyy", is_1904=True).value

    @pytest.mark.parametrize("written", ["60", "-1", "2958466", "1e300", "NaN", "0x1", "1_0"])
    def test_has_no_days_that_are_none(self, written: str) -> None:
        """Excel believes in 29 February 1900, day 60."""
        assert number(written, "dd/mm/yyyy").misread is not None

    @pytest.mark.parametrize(
        ("xml", "message"),
        [
            ('<c r="B7"><f>A1*2</f></c>', "No value is stored here"),
            ('<c r="B7"><f>A1*2</f><v></v></c>', "No value is stored here"),
            ('<c r="B7" t="str"><f>A1</f></c>', "No value is stored here"),
            (
                '<c r="B7" t="e"><f>A1</f><v>#REF!</v></c>',
                "The formula here ends in an error, #REF!",
            ),
            ('<c r="B7" t="e"><v>#N/A</v></c>', "The formula here ends in an error, #N/A"),
        ],
    )
    def test_tells_a_formula_without_its_value_by_its_cell(self, xml: str, message: str) -> None:
        """It is never taken for a blank cell."""
        found = cell(f'<row r="7">{xml}</row>')
        assert found.misread is not None
        assert ("B7", message) == (found.address, found.misread.message)

    def test_takes_the_stored_value_of_a_formula(self) -> None:
        """A number, a text, or a text that is empty, which is a blank cell."""
        cells = (
            '<c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>"a"</f><v>a</v></c>'
            '<c r="C1" t="str"><f>""</f><v></v></c>'
        )
        assert {"A1": "2", "B1": "a"} == texts(read(xlsx.book(f"<row>{cells}</row>")))

    def test_reads_cells_that_do_not_say_where_they_are(self) -> None:
        """Some programs leave the addresses out; others write prefixes and texts in place."""
        rows = '<row><c t="inlineStr"><is><t>a</t></is></c><c/><c><v>3</v></c></row>'
        rows += '<row><c t="inlineStr"><is><r><t>b</t></r><rPh><t>no</t></rPh></is></c></row>'
        assert {"A1": "a", "C1": "3", "A2": "b"} == texts(read(xlsx.book(rows)))
        prefixed = xlsx.sheet(rows).replace("<", "<x:").replace("<x:/", "</x:")
        parts = unpacked(xlsx.book(""))
        parts["xl/worksheets/sheet1.xml"] = prefixed.replace("xmlns=", "xmlns:x=")
        assert {"A1": "a", "C1": "3", "A2": "b"} == texts(read(xlsx.packed(parts)))

    def test_passes_over_hidden_sheets_and_says_so(self) -> None:
        """Hidden rows are read: a filter hides what is meant all the same."""
        written = io.BytesIO()
        with xlsxwriter.Workbook(written) as made:
            sheet = made.add_worksheet("Lines")
            sheet.write(0, 0, "seen")
            sheet.write(1, 0, "filtered")
            sheet.set_row(1, None, None, {"hidden": True})
            made.add_worksheet("Old").hide()
        book = read(written.getvalue())
        assert {"A1": "seen", "A2": "filtered"} == texts(book)
        assert [
            "Rows of “Lines” are hidden in your file. They were read too.",
            "The sheet “Old” is hidden: it was passed over.",
        ] == list(book.notes)

    def test_tells_merged_cells(self) -> None:
        """For those who look for headings."""
        written = io.BytesIO()
        with xlsxwriter.Workbook(written) as made:
            made.add_worksheet().merge_range("A1:A2", "Promise")
        assert (tables.Block(1, 1, 2, 1),) == read(written.getvalue()).sheets[0].merged


def unpacked(body: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(body)) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


class TestReadingAside:
    async def test_lets_the_event_loop_go_on(self) -> None:
        """A service that stops for a file would lose its place at the broker."""
        body = b"a,b,c,d,e,f\n" * 5_020
        task = asyncio.ensure_future(reading.read_aside(body))
        turns = 0
        while not task.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert isinstance(task.result(), tables.Book)
        assert 5 < turns


class TestHostileXlsx:
    def test_with_a_cell_far_away_costs_nothing(self) -> None:
        """A library that lays out a sheet in memory needs 700 GB for these two cells."""
        rows = '<row r="1"><c r="A1"><v>1</v></c></row>'
        rows += '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        assert "Cell XFD1048576 of the sheet “Sheet1” lies beyond column CV" == refused(
            xlsx.book(rows)
        )
        assert {"A1": "1", "B1048576": "1"} == texts(read(xlsx.book(rows.replace("XFD", "B"))))

    def test_that_unpacks_to_far_more_is_not_unpacked(self) -> None:
        """A bomb of 50 MB of blanks is some 50 kB."""
        body = xlsx.book(" " * 50 * 1024 * 1024)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = stopwatch.perf_counter()
        assert "The file unpacks to 50 MB, which is too much" == refused(body)
        assert 0.1 > stopwatch.perf_counter() - started
        assert 10_000 > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # kB
        assert "The file unpacks to 20 MB, which is too much" == refused(
            xlsx.book(" " * 20 * 1024 * 1024)
        )

    def test_of_blank_cells_without_end_is_not_read_to_its_end(self) -> None:
        """They cost time, though they hold nothing: 1,500,001 of them on two sheets."""
        rows = "".join(f"<row>{'<c/>' * 100}</row>{at:07}" for at in range(7_500))
        assert "The file has too many cells, filled or not" == refused(xlsx.book(rows, rows))
        assert [] == list(read(xlsx.book(rows)).sheets[0].rows)

    @pytest.mark.parametrize("escape", ["_x0000_", "_xD800_", "_x0007_"])
    def test_with_a_character_that_cannot_be_stored_is_told_by_its_cell(self, escape: str) -> None:
        """A NUL or half a surrogate pair, as XLSX writes what XML cannot have."""
        found = cell(f'<row r="7"><c r="B7" t="inlineStr"><is><t>a{escape}</t></is></c></row>')
        expected = tables.Misread("This holds a character that cannot be seen", "Type it again.")
        assert ("B7", "a\ufffd", expected) == (found.address, found.text, found.misread)

    def test_defines_no_entities(self) -> None:
        """Neither the ones that multiply nor the ones that name a file."""
        parts = unpacked(xlsx.book("<row/>"))
        for entity in ('"ha"', 'SYSTEM "file:///etc/passwd"'):
            text = f"<!DOCTYPE w [<!ENTITY a {entity}>]><w>&a;</w>"
            body = xlsx.packed(parts | {"xl/worksheets/sheet1.xml": text})
            assert "The file is damaged: its XML cannot be read" == refused(body)

    def test_is_told_by_what_it_is(self) -> None:
        """Other packed files have names of their own."""
        assert "This is an OpenDocument file (ODS)" == refused(xlsx.packed({"content.xml": "<a/>"}))
        assert "This is a binary Excel file (XLSB)" == refused(
            xlsx.packed({"xl/workbook.bin": "x"})
        )
        assert "This is a packed file, but not an Excel file (XLSX)" == refused(
            xlsx.packed({"a.txt": "x"})
        )

    def test_with_macros_is_read_and_nothing_runs(self) -> None:
        """They are told."""
        parts = unpacked(xlsx.book("<row><c><v>1</v></c></row>"))
        book = read(xlsx.packed(parts | {"xl/vbaProject.bin": "x"}))
        assert ("The file holds macros. They were not run.",) == book.notes
        assert {"A1": "1"} == texts(book)

    def test_has_few_sheets(self) -> None:
        """The twenty-first is one too many."""
        assert 20 == len(read(xlsx.book(*["<row/>"] * 20)).sheets)
        assert "There are more than 20 sheets" == refused(xlsx.book(*["<row/>"] * 21))

    @given(st.integers(0, 10_000), st.integers(0, 255))
    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_that_is_damaged_is_refused_or_read(self, at: int, byte: int) -> None:
        """Whatever byte is another, nothing is raised."""
        body = bytearray(xlsx.book('<row><c t="s"><v>0</v></c><c s="1"><v>1</v></c></row>'))
        body[at % len(body)] = byte
        assert isinstance(reading.read(bytes(body)), tables.Book | tables.Unreadable)

    @given(st.binary(max_size=200))
    @settings(max_examples=80, deadline=None)
    def test_of_any_bytes_is_refused_or_read(self, body: bytes) -> None:
        """Nothing is raised."""
        assert isinstance(reading.read(body), tables.Book | tables.Unreadable)


values = st.one_of(
    st.text("abc =+-@'£é€\"<&1", min_size=1, max_size=20),
    st.integers(-(10**9), 10**9),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 2)),
    st.booleans(),
    st.dates(date(1901, 1, 1), date(2100, 1, 1)),
)


class TestWhatIsRead:
    @given(st.lists(st.lists(values, min_size=1, max_size=6), min_size=1, max_size=6))
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_is_what_another_reader_reads(self, rows: list[list[object]]) -> None:
        """The judge is a library in another language."""
        written = io.BytesIO()
        options = {"strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(written, options) as made:
            sheet = made.add_worksheet()
            day = made.add_format({"num_format": "yyyy-mm-dd"})
            for at, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(at, column, value)
                    else:
                        sheet.write(at, column, value, day if isinstance(value, date) else None)
        judged = python_calamine.load_workbook(io.BytesIO(written.getvalue()))
        theirs = {
            tables.address(at, column): value.strip() if isinstance(value, str) else value
            for at, row in enumerate(
                judged.get_sheet_by_index(0).to_python(skip_empty_area=False), 1
            )
            for column, value in enumerate(row, 1)
        }
        ours = {
            c.address: float(c.value) if isinstance(c.value, Decimal) else c.value
            for row in read(written.getvalue()).sheets[0].rows
            for c in row.cells.values()
        }
        assert {key: value for key, value in theirs.items() if value != ""} == ours
