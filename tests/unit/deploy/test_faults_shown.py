"""How faults are shown on a terminal: in the order of the file, and never cut."""

from __future__ import annotations

import io
import json
from typing import Any

import rich.console

from deploy import faults

BODY = {
    "period": "2026-10",
    "lines": [
        {"unit": "GBP", "quantity": "1"},
        {"quantity": "x", "person": {"ref": "a"}, "unit": "FTE"},
    ],
    "contract_id": "C",
    "a/b": 1,
}


def fault(pointer: str | None, value: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "pointer": pointer,
        "value": value,
        "rule": "I4",
        "message": "This is wrong",
        "fix": "Correct it.",
    } | more


def shown(*found: dict[str, Any], columns: int = 80) -> list[str]:
    printed = io.StringIO()
    console = rich.console.Console(file=printed, width=columns)
    faults.show(console, list(found), json.dumps(BODY).encode())
    return [line.rstrip() for line in printed.getvalue().splitlines()]


class TestFaults:
    def test_are_in_the_order_of_the_file(self) -> None:
        """Of the whole first; what is missing at the end of what it is missing in."""
        pointers = [
            *("/a~1b", "/contract_id", "/declaration", "/lines/1/unit", "/lines/1/person/ref"),
            *("/lines/1/quantity", "/lines/1/from", "/lines/0/invoice", "/period", ""),
        ]
        arranged = faults.arrange([fault(each) for each in pointers], json.dumps(BODY).encode())
        assert [
            *("", "/period", "/lines/0/invoice", "/lines/1/quantity", "/lines/1/person/ref"),
            *("/lines/1/unit", "/lines/1/from", "/contract_id", "/a~1b", "/declaration"),
        ] == [each["pointer"] for each in arranged]

    def test_keep_their_order_if_the_file_is_no_json(self) -> None:
        """Then there is one of the whole, and no place."""
        found = [fault("/b"), fault("/a")]
        assert found == faults.arrange(found, b"{")

    def test_say_where_what_and_what_to_do(self) -> None:
        """A line of the return by its number, as people count, with its pointer."""
        assert [
            "line 2 (/lines/1/unit)  EUR",
            "    This is wrong (rule I4).",
            "    → Correct it.",
        ] == shown(fault("/lines/1/unit", "EUR"))
        assert "the whole document" == shown(fault(""))[0]
        assert "idempotency-key  x" == shown(fault(None, "x", parameter="idempotency-key"))[0]

    def test_cut_neither_pointer_nor_value(self) -> None:
        """However narrow the terminal is: it is for the terminal to fold them."""
        pointer, value = "/lines/1/" + "x" * 90, "y" * 100
        head, *rest = shown(fault(pointer, value, message="long words " * 20), columns=40)
        assert f"line 2 ({pointer})  {value}" == head
        assert all(len(line) <= 40 for line in rest)
