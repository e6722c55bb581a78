"""The fields of a return for people: what each is called, and what is wrong with it in words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.intake.domain import faults, field_help, returns, submission
from services.intake.pages import fields
from tests.support import intake_builders as build


def worded(**changes: Any) -> list[str]:
    """What is wrong with a return, in words."""
    reading = submission.read(build.written(build.a_return(**changes)))
    return [fields.word(each) for each in returns.check(reading, build.a_context())]


def of_line(line: Any, **changes: Any) -> list[str]:
    return worded(lines=[build.a_line(line, **changes)])


class TestLabel:
    def test_is_there_for_every_field_of_a_return(self) -> None:
        """And for no other."""
        assert set(field_help.FORMS) == set(fields.LABELS)

    @pytest.mark.parametrize(
        ("pointer", "label", "name"),
        [
            ("/lines/0/invoice/number", "Invoice number", "invoice-number"),
            ("/lines/12/from", "Date", "from"),
            ("/lines/3/evidence/0/sha256", "SHA-256 of the file", "evidence-0-sha256"),
            ("/declaration/name", "Name", "declaration-name"),
            ("/invoiced_to_date", "Value invoiced to date", "invoiced_to_date"),
            ("/lines", "Lines", "lines"),
            ("/lines/4", "Lines", "lines-4"),
            ("/lines/0/colour", "colour", "colour"),
            ("", "This return", ""),
        ],
    )
    def test_goes_by_the_pointer(self, pointer: str, label: str, name: str) -> None:
        """With the name of the form's field, within its line."""
        assert (label, name) == (fields.label(pointer), fields.name(pointer))


class TestFault:
    @pytest.mark.parametrize(
        ("line", "changes", "words"),
        [
            (
                build.VISIT,
                {"from_": "2026-09-30", "session": None},
                (
                    "Date: this is before October 2026, the month of this return. If it is a late "
                    "claim, say why it is late."
                ),
            ),
            (
                build.VISIT,
                {"from_": "yesterday", "session": None},
                "Date: this must be a date, such as 6 October 2026 or 6/10/2026.",
            ),
            (
                build.VISIT,
                {"from_": None, "session": None},
                "Date: nothing is given. Give a date, such as 6 October 2026 or 6/10/2026.",
            ),
            (
                build.VISIT,
                {"session__attendees": "28"},
                "People who came: this must be a whole number of people.",
            ),
            (
                build.APPRENTICE,
                {"person__ref": "Jane Smith"},
                (
                    "Your number for the person: this looks like a name. Use a number of your own, "
                    "such as APP-014. Never send names."
                ),
            ),
            (
                build.APPRENTICE,
                {"person__employer_id": None},
                "Employer: nothing is given. Give the company number.",
            ),
            (
                build.SPEND,
                {"invoice__payee_id": "Plant Hire"},
                (
                    "Company number of the firm that was paid: this must be a company number of 8 "
                    "characters, such as 01234567, or another register’s identifier, such as "
                    "GB-CHC-1234567."
                ),
            ),
            (
                build.SPEND,
                {"quantity": "10.005"},
                (
                    "Quantity: the quantity must have at most 2 decimal places. Round it as your "
                    "records do."
                ),
            ),
            (
                build.TRAINING,
                {"quantity": "25"},
                (
                    "Quantity: 2.0 hours for 12 people make 24.0 hours. Correct the quantity, the "
                    "hours or the attendees."
                ),
            ),
            (
                build.APPRENTICE,
                {"attribution": "1.5"},
                (
                    "Share that is for this contract: a share must be above 0 and at most 1, with "
                    "at most 4 decimal places. Give a share in percent, such as 50."
                ),
            ),
            (
                build.APPRENTICE,
                {"person__left_on": "2026-12-01"},
                (
                    "Left on: this is after the day on which the return is received, 5 November "
                    "2026. Report it when it has happened, or correct the day."
                ),
            ),
        ],
    )
    def test_is_worded_for_people(self, line: Any, changes: dict[str, Any], words: str) -> None:
        """What the field is called, what is wrong, what to do."""
        assert [words] == of_line(line, **changes)

    def test_of_the_return_is_worded_too(self) -> None:
        """Of the month, and of what is declared."""
        assert ["Month: this month has not begun yet. Report it when it has begun."] == worded(
            period="2026-12"
        )
        said = {"this_contract_and_period_only": True, "answers_a_commitment": False}
        assert [
            "Each line answers a promise: nothing is given. Tick it, if it is true.",
            "Role: nothing is given. Give the role of the person who declares.",
        ] == worded(declaration=said | {"name": "A. Signatory"})

    def test_can_have_the_label_of_its_form(self) -> None:
        fault = faults.Fault(
            "/lines/0/from", None, "I5", "This is missing", "Write it as 2026-10-06."
        )
        assert fields.word(fault, "Started on").startswith("Started on: nothing is given.")

    @pytest.mark.parametrize("name", field_help.FORMS)
    def test_never_speaks_to_a_program(self, name: str) -> None:
        """Whatever field has the wrong form, or is missing."""
        form = field_help.FORMS[name]
        for message in (f"This must be {form.wanted} (in JSON true or false)", "This is missing"):
            said = fields.word(faults.Fault(f"/lines/0/{name}", None, form.rule, message, form.fix))
            assert not re.search(r"JSON|GB-COH|GB-EDU|\d{4}-\d\d|YYYY|line_id|org-id", said), said
