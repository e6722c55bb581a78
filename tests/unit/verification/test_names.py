"""What verification publishes of names: fit to be shown, and within the bounds of the wire."""

from __future__ import annotations

import json

import pytest

from services.verification import store
from shared.wire import bounds, events


def named(title: object = None, **words: object) -> events.ContractNames:
    return store.rows.contract_names(json.dumps({"title": title, **words}).encode(), {})


class TestContractNames:
    @pytest.mark.parametrize(
        ("title", "shown"),
        [
            ("Community hub", "Community hub"),
            (" Community\n\thub\x07 ", "Community hub"),
            ("x" * 300, "x" * 300),
            ("x" * 301, "x" * 299 + "…"),
            ("\ud800 hub", "hub"),
            (" \n", None),
            (None, None),
        ],
    )
    def test_stand_on_one_line_of_300_characters(self, title: str | None, shown: str) -> None:
        """Whatever was published: a control character or half a character is no reason to fail."""
        assert shown == named(title).title

    def test_of_suppliers_leave_out_who_has_none(self) -> None:
        """An import may know an id alone."""
        found = named("Hub", suppliers={"GB-COH-2": None, "GB-COH-1": "Brackenfold"})
        assert (events.Named(id="GB-COH-1", name="Brackenfold"),) == found.suppliers

    def test_of_the_largest_contract_fit_into_half_a_message(self) -> None:
        """1,000 suppliers and 200 commitments, each with a name of 300 characters of four bytes."""
        name = "\U0001d11e" * bounds.NAME_CHARACTERS_MAX
        words = json.dumps({"suppliers": {f"GB-COH-{n:08}": name for n in range(1000)}}).encode()
        found = store.rows.contract_names(words, {f"c{n}": name for n in range(200)})
        assert bounds.BODY_BYTES_MAX / 2 > len(events._WRITER.encode(found))
