"""Findings in words: every code has a sentence, and no sentence is without its code."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

from services.intake.domain import return_status
from shared import findings
from shared.wire import events

DOMAIN = Path(__file__).parents[3] / "services/verification/domain"


def codes() -> set[str]:
    """The codes that the domain gives to a `Finding`, and those that it chooses from."""
    found = {"credit_of_nothing", "credit_elsewhere", "claimed_again", "claimed_by_other"}
    for file in DOMAIN.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                code = node.args[1]
                if isinstance(code, ast.Constant):
                    found.add(str(code.value))
            elif isinstance(node, ast.AnnAssign | ast.Assign) and node.value is not None:
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                if getattr(target, "id", "") == "_AREA_FINDINGS":
                    found |= set(ast.literal_eval(node.value).values())
    return found


class TestWords:
    def test_has_every_code_of_the_domain_and_no_other(self) -> None:
        """A supplier never reads a bare code; intake adds those of a return that has ended."""
        ended = {f"return_{end}" for end in get_args(return_status.End)}
        assert codes() | ended == findings.WORDS.keys()

    def test_says_what_was_found_and_wanted(self) -> None:
        """The figures of the finding, in a sentence."""
        finding = events.Finding(rule="V6", code="invoice_full", found="9000", wanted="0")
        assert "The invoice was claimed before: 9000 is claimed here, 0 is left." == findings.words(
            finding
        )

    def test_shows_a_code_that_is_newer(self) -> None:
        """Old and new versions run side by side."""
        assert "not_known_yet" == findings.words(events.Finding(rule="V9", code="not_known_yet"))
