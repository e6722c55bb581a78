"""One type for each kind of thing, on every door and on the wire."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import fields
from shared.wire import parts


def read(kind: Any, value: Any) -> Any:
    return pydantic.TypeAdapter(kind).validate_python(value)


def is_taken(kind: Any, value: Any) -> bool:
    try:
        read(kind, value)
    except pydantic.ValidationError:
        return False
    return True


def is_on_the_wire(kind: Any, value: str) -> bool:
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=kind)
    except msgspec.ValidationError:
        return False
    return True


class TestAPeriod:
    @pytest.mark.parametrize(
        ("period", "is_one"),
        [
            ("1990-01", True),
            ("2026-10", True),
            ("2100-12", True),
            ("0000-01", False),
            ("1989-12", False),
            ("2101-01", False),
            ("9999-12", False),
            ("2026-13", False),
            ("2026-1", False),
            ("2026-10\n", False),
            ("\u0662026-10", False),
        ],
    )
    def test_is_the_same_on_every_door_and_on_the_wire(self, period: str, is_one: bool) -> None:
        """A month of the years in which contracts lie."""
        assert is_one is is_taken(fields.Period, period)
        assert is_one is is_on_the_wire(parts.Period, period)


class TestAnIdentifier:
    @given(
        st.text(max_size=4) | st.sampled_from(["a\n", "\n", "a\x85", "\u200b", " a ", "a" * 201])
    )
    def test_is_the_same_on_every_door_and_on_the_wire(self, text: str) -> None:
        """Not blank, without control characters, not too long."""
        assert is_taken(fields.Identifier, text) is is_on_the_wire(parts.Identifier, text)

    @pytest.mark.parametrize("text", ["a\x00", "a\n", "\x7f", "a\x9f", "", " ", "a" * 201])
    def test_has_limits(self, text: str) -> None:
        """Neither side takes these."""
        assert not is_taken(fields.Identifier, text)
        assert not is_on_the_wire(parts.Identifier, text)


class TestADay:
    @pytest.mark.parametrize(
        "value",
        [
            "1783296000",
            "0",
            0,
            1783296000,
            "2026-1-6",
            "2026-10-06T00:00",
            "2026-02-30",
            " 2026-10-06",
            "1989-12-31",
            "2101-01-01",
            "2026-10-0\uff16",
            "20261006",
            None,
            True,
        ],
    )
    def test_has_one_form(self, value: Any) -> None:
        """`YYYY-MM-DD`, with the digits 0 to 9; nothing is read as seconds."""
        assert not is_taken(fields.Day, value)

    def test_is_read(self) -> None:
        """As a date."""
        assert date(2026, 10, 6) == read(fields.Day, "2026-10-06")


class TestANumber:
    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("0", "0"),
            ("-0", "0"),
            ("-0.00", "0.00"),
            ("0005.50", "5.50"),
            ("-007", "-7"),
            ("12.50", "12.50"),
            ("0.5", "0.5"),
            ("00.5", "0.5"),
        ],
    )
    def test_has_one_form(self, text: str, plain: str) -> None:
        """Its value stays, and so do its decimal places."""
        assert plain == read(fields.Number, text)
        assert Decimal(text) == Decimal(read(fields.Number, text))

    @pytest.mark.parametrize(
        "value", ["1e3", "1_000", "1,000", "+1", ".5", "1.", "\u0663", "NaN", " 1", "1\n", 1, 1.0]
    )
    def test_has_no_other_form(self, value: Any) -> None:
        """A number in another form than its own is refused."""
        assert not is_taken(fields.Number, value)

    @pytest.mark.parametrize("value", ["1_0", "+1", " 1", "1.0", "\u0661", "1" * 20, ""])
    def test_in_an_address_is_made_of_digits(self, value: str) -> None:
        """Programming languages read more than people write."""
        assert not is_taken(fields.Whole, value)

    def test_that_is_promised_is_exact(self) -> None:
        """Text, or a whole number; never a float."""
        assert Decimal("600000.50") == read(fields.Target, "600000.50")
        assert Decimal(5) == read(fields.Target, 5)
        for value in (0.1, True, "1e3", "0", "-5", "NaN"):
            assert not is_taken(fields.Target, value)

    def test_that_is_an_amount_is_not_negative(self) -> None:
        """But -0 is 0."""
        assert "0" == read(fields.Amount, "-0")
        assert not is_taken(fields.Amount, "-1")
