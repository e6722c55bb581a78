"""What faults say: to forms, files and programs in the same words, and later without content."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from services.intake.domain import faults, field_help
from tests.support import intake_builders as build
from tests.unit.intake.test_returns import WRONG_LINES, found_in


def texts(value: Any) -> list[str]:
    """Every text in a document."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in texts(each)]


class TestAFault:
    def test_says_what_to_do_to_forms_and_files_too(self) -> None:
        """Never in the words of JSON."""
        said = [f"{form.wanted} {form.fix}" for form in field_help.FORMS.values()]
        for *_, line in WRONG_LINES:
            for document in (build.a_return(line), build.a_return(line, nil=True)):
                said += [fault.fix for fault in found_in(document)]
        odd = re.compile(r"JSON|\bas text\b|[Ww]rite (true|false)|\bobject\b|\w_\w")
        assert [] == [words for words in said if odd.search(words)]

    def test_says_how_json_writes_what_has_another_type(self) -> None:
        """To a program that sends a number for a text, or a text for yes and no."""
        document = build.a_return(build.a_line(quantity=1.5), nil="no", revision="1", lines=None)
        document["lines"] = [build.a_line(quantity=1.5)]
        said = {fault.pointer: fault.message for fault in found_in(document)}
        assert {
            "/lines/0/quantity": "This must be a decimal number (in JSON with quotation marks "
            "around it)",
            "/nil": "This must be yes or no (in JSON true or false, without quotation marks)",
            "/revision": "This must be a whole number from 1 (in JSON without quotation marks)",
        } == said


class TestAFaultThatIsToldLater:
    def test_has_nothing_of_what_was_sent(self) -> None:
        """Neither message nor fix nor place repeats a text of a wrong line."""
        good = {*texts(build.a_return()), "2026-10"}
        examples = json.dumps(list(field_help.FORMS.values()))
        for *_, line in WRONG_LINES:
            told = faults.told(found_in(build.a_return(line)))
            said = json.dumps([[each.message, each.fix, each.pointer] for each in told])
            own = [each for each in texts(line) if each not in good and each not in examples]
            assert [] == [text for text in own if text in said]

    @pytest.mark.parametrize(
        ("place", "kept"),
        [
            ("/lines/12/person/ref", "/lines/12/person/ref"),
            ("/lines/12/Jane Smith", "/lines/12"),
            ("/Jane~1Smith/ref", ""),
            ("/lines/0/person/020794601", "/lines/0/person"),
            ("", ""),
        ],
    )
    def test_is_at_a_place_of_ours(self, place: str, kept: str) -> None:
        """The rest of the pointer is left out, since an unknown field may have any name."""
        fault = faults.Fault(place, "value", "form", "Unknown field", "Remove it.")
        assert [kept] == [each.pointer for each in faults.told([fault])]

    def test_is_one_of_the_first(self) -> None:
        """So that what is kept of a refusal is bounded."""
        found = found_in(build.a_return(*[{"line_id": "x y"}] * 50))
        assert faults.TOLD_MAX == len(faults.told(found)) < len(found)
