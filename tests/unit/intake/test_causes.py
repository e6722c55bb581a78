"""A refusal names causes, not what follows from them (docs/rules.md, Refusals and receipts)."""

from __future__ import annotations

from typing import Any

import pytest

from services.intake.domain import faults, returns, submission
from tests.support import intake_builders as build


def found_in(document: object) -> tuple[faults.Fault, ...]:
    return returns.check(submission.read(build.written(document)), build.a_context())


CONSEQUENCES: list[tuple[str, str, dict[str, Any]]] = [
    # in another unit: neither the figure nor what the measure needs is judged
    ("I4", "/lines/0/unit", build.a_return(build.a_line(unit="GBP", quantity="18250.005"))),
    ("I4", "/lines/0/unit", build.a_return(build.a_line(unit="visits", person=None))),
    ("I4", "/lines/0/unit", build.a_return(build.a_line(build.SPEND, unit="FTE", invoice=None))),
    (
        "I4",
        "/lines/0/unit",
        build.a_return(build.a_line(build.TRAINING, unit="weeks", quantity="7")),
    ),
    ("I4", "/lines/0/quantity", build.a_return(build.a_line(quantity="12.555"))),
    ("I4", "/lines/0/quantity", build.a_return(build.a_line(build.TRAINING, quantity="-7"))),
    (
        "I4",
        "/lines/0/quantity",
        build.a_return(build.a_line(build.SPEND, quantity="-5.00", invoice__net_total="-5.00")),
    ),
    # a wrong month: the lines are not held against it
    ("I2", "/period", build.a_return(period="2026-12")),
    ("I2", "/period", build.a_return(period="2026-09")),
    ("I2", "/period", build.a_return(build.a_line(), build.VISIT, period="2026-09")),
    # wrong days of a line
    ("I5", "/lines/0/from", build.a_return(build.a_line(build.VISIT, from_="2026-09-14"))),
    (
        "I5",
        "/lines/0/from",
        build.a_return(build.a_line(from_="2026-09-14", to="2026-09-20")),
    ),
    (
        "I5",
        "/lines/0/to",
        build.a_return(build.a_line(build.VISIT, from_="2026-10-20", to="2026-10-13")),
    ),
    # a first return has no reason
    ("I3", "/revision", build.a_return(revision=2)),
    # whether there must be lines is for nil to say
    ("I3", "/nil", build.a_return(nil="no", lines=[])),
    # a misspelt field is not missing as well
    ("form", "/lnies", build.a_return(lines=None, lnies=[])),
    (
        "form",
        "/lines/0/comitment_id",
        build.a_return(build.a_line(commitment_id=None, comitment_id="x")),
    ),
    (
        "form",
        "/lines/0/person/reff",
        build.a_return(build.a_line(person__ref=None, person__reff="A-1")),
    ),
]


class TestAWrongReturn:
    @pytest.mark.parametrize(("rule", "place", "document"), CONSEQUENCES)
    def test_is_told_a_cause_and_not_what_follows(
        self, rule: str, place: str, document: dict[str, Any]
    ) -> None:
        """What is put right together with its cause is no fault of its own."""
        assert [(rule, place)] == [(f.rule, f.pointer) for f in found_in(document)]

    def test_is_told_which_field_was_meant(self) -> None:
        """Unless several are alike, or the field is there: then nothing is taken for it."""
        (fault,) = found_in(build.a_return(build.a_line(quantity=None, quantty="1")))
        assert ("/lines/0/quantty", "Write quantity.") == (fault.pointer, fault.fix)
        both = build.a_line(quantty="1")
        assert ["Remove it, or correct its name."] == [
            f.fix for f in found_in(build.a_return(both))
        ]
        twice = build.a_line(quantity=None, quantty="1", quantiti="1")
        assert ["Write quantity.", "Remove it, or correct its name."] == [
            f.fix for f in found_in(build.a_return(twice))
        ]
