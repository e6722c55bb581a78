"""What a file may make us hold: bounds are looked at before anything is made."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime

import pytest

from services.verification.register import imports, releases
from tests.support import published

AT = datetime(2026, 11, 5, 9, tzinfo=UTC)
MANY = 300_000
PER_BYTE_MAX = 40
"""How much memory a byte of the worst file may cost."""


def an_award_of(awards: bytes) -> bytes:
    return b'{"ocid":"ocds-x-1","tag":["award"],"awards":[' + awards + b"]}"


class TestAFile:
    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"{}" + b"\n" * 6 * MANY + b"{}", None),
            (b"{}\n" * MANY, "releases"),
            (b"{}" + b"\n" * (releases.LINES_MAX + 1), "2,000,001 lines, and 2,000,000"),
            (an_award_of(b"{}," * MANY + b"{}"), "600,006 values, and 50,000"),
            (b"[" + b"0," * releases.VALUES_MAX + b"0,0]", "values"),
        ],
        ids=["empty lines", "releases", "lines", "awards", "values"],
    )
    def test_costs_little_before_it_is_refused(self, body: bytes, reason: str | None) -> None:
        """Lines without anything cost nothing; too many releases, parts or values are refused
        before they are made."""
        tracemalloc.start()
        read = imports.read(body, AT)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert PER_BYTE_MAX * len(body) > peak
        if reason is None:
            assert isinstance(read, imports.File)
            assert 2 == len(read.releases)
        else:
            assert isinstance(read, releases.Unreadable)
            assert reason in read.reason

    def test_of_lines_keeps_their_numbers(self) -> None:
        """Blank lines count; blanks before a line belong to it."""
        rows = published.rows(b'\n \n{"a":1}\n\n\t\r\n  {"b":2}\n  nonsense')
        assert ["line 3 ", "line 6 ", "line 7 "] == [row.place for row in rows]
        assert rows[2].fault is not None
        assert "column 3" in rows[2].fault.reason
