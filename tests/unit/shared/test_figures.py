"""How many digits a figure on the wire may have."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pydantic
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared import fields
from shared.wire import events, parts, schemas

DOORS = [pydantic.TypeAdapter(kind) for kind in (fields.Number, fields.Money, fields.Target)]


class TestAFigure:
    @given(
        before=st.integers(1, 60),
        after=st.integers(0, 60),
        digit=st.sampled_from("019"),
        sign=st.sampled_from(["", "-"]),
    )
    @example(before=1, after=50_000, digit="0", sign="")
    @example(before=20, after=20, digit="9", sign="-")
    @example(before=1, after=21, digit="0", sign="")
    @example(before=21, after=0, digit="0", sign="")
    def test_has_at_most_twenty_digits_on_each_side_of_its_point(
        self, before: int, after: int, digit: str, sign: str
    ) -> None:
        """Also zeros: one figure of 50,000 digits would be as long as a whole return. What is wrong
        with it is said in few words."""
        figure = Decimal(f"{sign}1{digit * (before - 1)}.{digit * after}")
        if max(before, after) <= 20:
            parts.assert_sound(figure)
        else:
            with pytest.raises(ValueError, match=r"^.{1,40} is not a figure"):
                parts.assert_sound(figure)

    @given(st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,10})?", fullmatch=True))
    def test_that_a_door_takes_has_room_on_the_wire(self, number: str) -> None:
        """Whatever is accepted can be told to the other services."""
        for door in DOORS:
            try:
                accepted = door.validate_python(number)
            except pydantic.ValidationError:
                continue
            parts.assert_sound(Decimal(str(accepted)))

    @pytest.mark.parametrize(
        "figure", ["1." + "0" * 50_000, "0." + "0" * 21, "0E-50000", "0E+50000", "1.5E-20"]
    )
    def test_with_more_is_none_of_our_events(self, figure: str) -> None:
        """However small or round it is."""
        said = json.loads((schemas.EXAMPLES / "ReturnReceived.json").read_bytes())
        said["lines"][0]["quantity"] = figure
        with pytest.raises(msgspec.ValidationError):
            events.read(json.dumps(said).encode())
