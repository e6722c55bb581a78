"""JSON documents that can be read in one way only (rule I13)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import documents


def left_out(body: bytes) -> set[documents.Path]:
    document = documents.read(body)
    assert isinstance(document, documents.Document)
    return {each.path for each in document.left_out}


class TestADocument:
    def test_may_begin_with_a_byte_order_mark(self) -> None:
        """It is passed over, once."""
        assert documents.Document({"a": 1}) == documents.read(b'\xef\xbb\xbf{"a": 1}')

    @pytest.mark.parametrize(
        ("body", "paths"),
        [
            (rb'{"a": 1, "a": 1}', {("a",)}),
            (rb'{"a": [{"b": {"c": 1, "c": 2}}]}', {("a", 0, "b", "c")}),
            (rb'{"a": 1, "a": {"b": 1, "b": 2}}', {("a",)}),
            (rb'{"a": "x\u0000"}', {("a",)}),
            (rb'["x", "\ud800", "\ud83d\ude00", "\ude00\ud83d"]', {(1,), (3,)}),
            (rb'{"k\u0000": 1}', {("k\x00",)}),
            (rb'"\u0000"', {()}),
            (rb'{"a": "\\u0000"}', set()),
        ],
    )
    def test_lacks_what_can_be_read_in_two_ways_or_not_at_all(
        self, body: bytes, paths: set[documents.Path]
    ) -> None:
        """Each is named by its path, the outermost only."""
        assert paths == left_out(body)

    def test_keeps_all_else(self) -> None:
        """Items of a list keep their places."""
        document = documents.read(rb'{"a": ["x", "\u0000", {"b": 1, "b": 2, "c": 3}], "d": true}')
        assert isinstance(document, documents.Document)
        assert {"a": ["x", {}, {"c": 3}], "d": True} == document.value

    @pytest.mark.parametrize(
        ("body", "word"),
        [
            ('{"a": "é"}'.encode("utf-16"), "UTF-16"),
            ('{"a": 1}'.encode("utf-32-be"), "UTF-32"),
            (b'\xef\xbb\xbf{"a": "\xe9"}', "byte 10 is 0xe9"),
            (b'{"a": NaN}', "NaN"),
            (b"[1e999]", "too large"),
            (b"[" * 100_000, "nested"),
            (b"[1" + b"0" * 5_000 + b"]", "JSON"),
            (b"", "JSON"),
            (b'{"a": 1', "line 1"),
        ],
    )
    def test_that_cannot_be_read_says_why(self, body: bytes, word: str) -> None:
        """So that its sender can mend it."""
        found = documents.read(body)
        assert isinstance(found, documents.Unreadable)
        assert word in found.message

    @given(st.binary(max_size=100))
    def test_may_be_any_bytes(self, body: bytes) -> None:
        """Reading never raises."""
        documents.read(body)

    @given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner, max_size=3)))
    def test_has_no_odd_text_in_it(self, value: object) -> None:
        """Whatever was sent."""
        found = documents.read(json.dumps(value).encode())
        assert isinstance(found, documents.Document)
        said = json.dumps(found.value)
        assert "\\u0000" not in said.replace("\\\\", "")
