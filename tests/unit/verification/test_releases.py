"""A file of releases, from bytes to rows: read in one way, or refused with the place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.register import releases
from services.verification.register.releases import Unreadable
from tests.support import published, published_any


class TestAFile:
    @pytest.mark.parametrize(
        ("body", "places"),
        [
            (b'{"releases": [{}, 7]}', ["/releases/0", "/releases/1"]),
            (b"[{}, {}]", ["/0", "/1"]),
            (b'{"ocid": "a"}', [""]),
            (b'"a text"', [""]),
            (b'{"releases": 7}', [""]),
            (b'{"releases": []}', []),
            (b'{}\r\n\r\n{"releases": [{}]}\n7', ["line 1 ", "line 3 /releases/0", "line 4 "]),
        ],
    )
    def test_is_a_row_for_each_release(self, body: bytes, places: list[str]) -> None:
        """A package, a list, a release, or one of these a line; also what is no release."""
        assert places == [row.place for row in published.rows(body)]

    def test_has_lines_that_end_at_line_feeds_only(self) -> None:
        """Other characters that end lines elsewhere are part of the text."""
        titles = ["roof\u2028renewal", "next\u0085line", "plain"]
        body = "\n".join(json.dumps({"t": each}, ensure_ascii=False) for each in titles)
        assert titles == [row.value["t"] for row in published.rows(body.encode())]

    def test_may_begin_with_a_byte_order_mark(self) -> None:
        """Of UTF-8; it is passed over."""
        assert [("/0", {})] == [row[:2] for row in published.rows(b"\xef\xbb\xbf[{}]")]

    def test_keeps_numbers_exact(self) -> None:
        """No figure goes through a float."""
        assert "0.10" == str(published.rows(b"[0.10]")[0].value)


class TestARelease:
    @pytest.mark.parametrize("around", [b'{"releases":[{},%b]}', b"[{}, %b]", b"%b"])
    def test_has_bounds(self, around: bytes) -> None:
        """More than 1 MiB or 50,000 values: the file is refused, with the place, the limit and what
        to do; in JSON Lines the line is."""
        large = b'{"a":"' + b"x" * 1024 * 1024 + b'"}'
        dense = b"[" + b"0," * 50_000 + b"0]"
        for release, why in (
            (large, "what begins here has more than 1,048,576 bytes"),
            (dense, "what begins here has 50,001 values, and 50,000 are the limit"),
        ):
            body = around % release if around != b"%b" or release is large else b"[%b]" % release
            reason = published.refused(body)
            assert reason.startswith("The file cannot be read, line 1, column ")
            assert reason.endswith(f"{why}. Send it in parts, or shorten it")
            bad, good = published.rows(body + b"\n{}")[-2:]
            assert bad.fault is not None
            assert bad.fault.reason.endswith(why)
            assert bad.fault.reason.startswith("this line cannot be read: column ")
            assert good.fault is None

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b'{"releases": [{"a": 1}', "line 1, column 23: expecting ',' delimiter"),
            (b'{"releases": [{}}', "line 1, column 17: expecting ',' delimiter, at }"),
            (b'{"releases": [{}], "releases": []}', 'the key "releases" is given twice'),
            (b'{"a": 1, "releases": [{}], "a": 1}', 'the key "a" is given twice'),
            (b'{"releases": [{}]} {}', "line 1, column 20: extra data, at {}"),
            (b'{"releases": [{}], \n"x": 00}', "line 2, column 7: expecting ',' delimiter"),
            (b'{"\xc3\xa9": 0, "releases": [{}, \x0b]}', "line 1, column 27: expecting value"),
            (b'["a', "line 1, column 2: unterminated string"),
            (b"[{}] ]", "line 1, column 6: extra data, at ]"),
        ],
    )
    def test_is_not_read_if_what_is_around_it_is_faulty(self, body: bytes, reason: str) -> None:
        """Of a list or package nothing is read that is no JSON as a whole."""
        assert published.refused(body).startswith(f"The file is not JSON: {reason}")

    @given(published_any.FILES, st.sampled_from([None, 1]))
    def test_is_the_same_as_if_all_was_read_at_once(
        self, made: list[Any], indent: int | None
    ) -> None:
        """In a package or a list, printed in any way, with other things around."""
        text = json.dumps({"a": ["releases", '"]'], "releases": made, "b": [{}]}, indent=indent)
        assert made == [
            json.loads(json.dumps(row.value, default=float))
            for row in published.rows(text.encode())
        ]
        listed = json.dumps(made, indent=indent).encode()
        assert [f"/{n}" for n in range(len(made))] == [row.place for row in published.rows(listed)]


class TestALine:
    def test_that_cannot_be_read_is_a_row_of_its_own(self) -> None:
        """The others are read. A key given twice, a number that is none, and a nest too deep."""
        lines = (
            b'{"a": 1}',
            b'{"b": ',
            b'{"c": 1, "c": 2}',
            b"[NaN]",
            b"[" * 5000,
            b"[1e999999999999999999999]",
            b"[" + b"1" * 200 + b"]",
            b'{"d": 1}',
        )
        read = published.rows(b"\n".join(lines))
        assert [0, 7] == [number for number, row in enumerate(read) if row.fault is None]
        assert [
            ("line 2", "this line is not JSON: column 7: expecting value"),
            ("line 3", 'this line is not JSON: the key "c" is given twice'),
            ("line 4", "this line is not JSON: NaN is no number of JSON"),
            ("line 5", "this line is not JSON: it is nested too deeply"),
            (
                "line 6",
                "this line is not JSON: the number 1e999999999999999999… cannot be read",
            ),
            ("line 7", "this line is not JSON: a number has more than 100 digits"),
        ] == [(row.fault.place, row.fault.reason) for row in read if row.fault is not None]


class TestAFileThatCannotBeRead:
    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"", "The file is empty"),
            (b" \n\n", "The file is empty"),
            (b"Dear council,\nhello", "The file is not JSON: line 1, column 1: expecting value"),
            (
                b'{"releases": [\n{"ocid": "a"},\n{"value": 000}\n]}',
                "The file is not JSON: line 3, column 12: expecting ',' delimiter, at 00}",
            ),
            (
                b'{"releases": [{"ocid": "a", "ocid": "b"}]}',
                'The file is not JSON: the key "ocid" is given twice',
            ),
            (b"[Infinity]", "The file is not JSON: Infinity is no number of JSON"),
            (b"{half\n{}", "The file is not JSON: line 1, column 2: "),
            (b"[" * 5000, "The file is not JSON: it is nested too deeply"),
            (
                b'[\n{"title": "Caf\xe9"}]',
                "The file is not UTF-8: line 2, byte 15 is 0xE9, as in Windows-1252",
            ),
            ("[{}]".encode("utf-16"), "The file is UTF-16: save it as UTF-8"),
            ("[{}]".encode("utf-16-le"), "The file is UTF-16: save it as UTF-8"),
            ("[{}]".encode("utf-16-be"), "The file is UTF-16: save it as UTF-8"),
            ("[{}]".encode("utf-32"), "The file is UTF-32: save it as UTF-8"),
        ],
    )
    def test_is_refused_whole_with_the_place(self, body: bytes, reason: str) -> None:
        """No fragment of it passes for a release, and no character is replaced."""
        *_, last = releases.stream(body)
        assert isinstance(last, Unreadable)
        assert last.reason.startswith(reason)

    def test_has_more_than_can_be_taken_at_once(self) -> None:
        """Nothing is cut off in silence."""
        many = b"[" + b"0," * releases.RELEASES_MAX + b"0]"
        assert "more than 20,000 releases" in published.refused(many)
        values = "The file has 2,000,001 values, and 2,000,000 are the limit: send it in parts"
        assert values == published.refused(b"," * 2_000_001)
        parts = b'[{"ocid": "a", "awards": [' + b"0," * 30_000 + b"0]}]"
        assert "more than 30,000 parts" in published.refused(parts)

    def test_names_a_repeated_key_among_very_many(self) -> None:
        """In one look at each key."""
        keys = ",".join(f'"{number}": 1' for number in range(40_000))
        assert 'the key "39999" is given twice' in published.refused(
            f'{{{keys}, "39999": 2}}'.encode()
        )
