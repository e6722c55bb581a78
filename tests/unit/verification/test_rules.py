"""What is not checked is not passed off as checked."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from services.verification.register import terms
from services.verification.register.refusals import Refusal
from services.verification.register.terms import Life, Terms
from shared import catalogue, rules

RULES = (Path(__file__).parents[3] / "docs/rules.md").read_text()


class TestChecks:
    def test_are_the_checks_of_the_rule_book(self) -> None:
        """Those that it says are not built are those that answers name so; V8 is in part: posts
        wait, and nothing ends that."""
        states = dict(re.findall(r"^\| (V\d+) \| [^|]+ \| (.+?) \|$", RULES, re.MULTILINE))
        assert states.keys() == {*rules.CHECKS, "V12"}
        assert rules.NOT_BUILT == {
            rule for rule, state in states.items() if state == "Not built yet" or rule == "V8"
        }

    @pytest.mark.parametrize(
        ("measure", "has_area", "applied", "not_built"),
        [
            ("school-visits", False, "V1 V2 V6", "V4 V7 V9 V10"),
            ("local-spend", True, "V1 V2 V3 V6", "V7 V9 V10 V11"),
            ("apprentices-started", True, "V1 V2 V3 V6", "V5 V7 V8 V9 V10"),
            ("unpaid-placements", False, "V1 V2", "V5 V7 V9 V10"),
        ],
    )
    def test_of_a_measure(self, measure: str, has_area: bool, applied: str, not_built: str) -> None:
        """Which of them concern it."""
        found = rules.checks(measure, has_area=has_area)
        assert (applied.split(), not_built.split()) == (
            [check.rule for check in found.applied],
            [check.rule for check in found.not_built],
        )


class TestDraft:
    @pytest.mark.parametrize("measure", sorted(catalogue.NEVER_COUNTED))
    def test_is_refused_for_a_measure_of_which_nothing_could_ever_count(self, measure: str) -> None:
        """With the reason, at the measure."""
        life = Life(date(2026, 10, 1), date(2027, 9, 30))
        wanted = Terms(measure=measure, target=Decimal(4), profile={"kind": "linear"})
        draft = terms.structure("c", 1, wanted, life)
        assert isinstance(draft, Refusal)
        assert ("commitment_unreadable", "/measure") == (draft.code, draft.pointer)
