"""The postcode directory as it is loaded: reference data is a door too (docs/rules.md, One normal
form)."""

from __future__ import annotations

import io

import pytest

from services.verification.reference import postcodes

HEAD = "postcode,district,ward,introduced,terminated,edition"
ONS = "pcd7,pcds,dointr,doterm,lad25cd,wd25cd"


def read(*rows: str, head: str = HEAD, edition: str | None = None) -> list[object]:
    return list(postcodes.read(io.BytesIO("\n".join([head, *rows]).encode()), edition))


class TestTheDirectory:
    def test_has_each_postcode_in_its_normal_form(self) -> None:
        """However the publisher spells it."""
        assert [
            postcodes.Row(2, "L36 9YU", "2026-08", "E08000011", None, "1980-01", None),
            postcodes.Row(4, "L36 9YG", "2026-08", "E08000011", "E05013966", "1980-01", "1994-05"),
        ] == read(
            "l369yu,E08000011,,1980-01,,2026-08",
            "# a comment",
            "L36  9YG,E08000011,E05013966,1980-01,1994-05,2026-08",
        )

    def test_is_read_as_ons_publishes_it(self) -> None:
        """With its own names of columns, months without a dash, and the edition given."""
        assert [
            postcodes.Row(2, "AB1 0AA", "2025-11", "S12000033", "S13002843", "1980-01", "1996-06")
        ] == read(
            '"AB1 0AA","AB1 0AA","198001","199606","S12000033","S13002843"',
            head=ONS,
            edition="2025-11",
        )

    @pytest.mark.parametrize(
        ("head", "words"),
        [
            (ONS, "give --edition"),
            ("postcode,ward,edition", "no column district, introduced, terminated"),
            ("", "no column postcode"),
        ],
    )
    def test_needs_its_columns(self, head: str, words: str) -> None:
        """The sentence names those that are missing."""
        with pytest.raises(postcodes.HeadRefusedError, match=words):
            read(head=head)

    @pytest.mark.parametrize(
        ("row", "word"),
        [
            ("L36-9YU,E08000011,,1980-01,,2026-08", "postcode"),
            ("none,E08000011,,1980-01,,2026-08", "postcode"),
            ("L36 9YU,E08000011,,0000-01,,2026-08", "month"),
            ("L36 9YU,E0800001\u0661,,1980-01,,2026-08", "GSS"),
            ("L36 9YU,E08000011,,1980-01,,", "edition"),
            ("L36 9YU,E08000011,,1980-01,,a\x00", "edition"),
            ("L36 9YU,E08000011", "columns"),
            ("x" * 140_000, "field"),
        ],
    )
    def test_names_the_line_that_is_wrong(self, row: str, word: str) -> None:
        """And goes on with the next."""
        good = "L36 9YX,E08000011,,1980-01,,2026-08"
        first, fault, last = read(good, row, good)
        assert isinstance(first, postcodes.Row)
        assert isinstance(last, postcodes.Row)
        assert isinstance(fault, postcodes.Fault)
        assert (3, True) == (fault.line, word in fault.what)
