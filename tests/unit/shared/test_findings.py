"""Findings in words: every code has its sentences for both readers, and no sentence is without its
code."""

from __future__ import annotations

import ast
import string
from pathlib import Path
from typing import Any, get_args

import pytest

from services.intake.domain import return_status
from shared import findings
from shared.findings import About, Claim
from shared.wire import events

DOMAIN = Path(__file__).parents[3] / "services/verification/domain"
CHOSEN = {"credit_of_nothing", "credit_elsewhere", "claimed_again", "claimed_by_other"}
"""Codes that a function of the domain chooses between."""
READERS = get_args(findings.Reader)
OTHER = Claim(
    receipt_no=20,
    contract_id="KMBC-2026-0101",
    period="2026-09",
    line_id="4",
    party_id="GB-COH-99000001",
    party_name="Brackenfold Builders (fictional)",
)
BOUGHT = About("INV-1042", OTHER)


def codes() -> set[str]:
    """The codes that the domain gives to a `Finding`, and those that it chooses from."""
    found = set(CHOSEN)
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


def finding(code: str, *facts: str | None) -> events.Finding:
    found, wanted, of = (*facts, None, None, None)[:3]
    return events.Finding(rule="V0", code=code, found=found, wanted=wanted, of=of)


class TestSaid:
    def test_has_every_code_of_the_domain_and_no_other(self) -> None:
        """Nobody reads a bare code; intake adds those of a return that has ended."""
        ended = {f"return_{end}" for end in get_args(return_status.End)}
        assert codes() | ended == findings.SAID.keys()

    @pytest.mark.parametrize("code", findings.SAID)
    def test_has_two_sentences_for_each_reader(self, code: str) -> None:
        """Why, and what to do; each ends like a sentence and names only facts that there are."""
        for said in findings.SAID[code]:
            for sentence in said:
                assert sentence.endswith("."), sentence
                named = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
                assert named <= {"found", "wanted", "of", "thing", "other"}

    @pytest.mark.parametrize("code", findings.SAID)
    def test_leaves_no_gap_where_a_fact_is_missing(self, code: str) -> None:
        """An older program sent less: the sentence still reads."""
        for reader in READERS:
            why, to_do = findings.words(finding(code), reader)
            assert not set("{}[]") & set(why + to_do)


class TestWords:
    @pytest.mark.parametrize(
        ("found", "about", "supplier", "council"),
        [
            (
                finding("commitment_not_active", "2026-05-04", "2026-06-01"),
                About(),
                (
                    "This promise was not in force on 4 May 2026; it starts on 1 June 2026. "
                    "Check the date."
                ),
                (
                    "This promise was not in force on 4 May 2026; it starts on 1 June 2026. "
                    "Nothing to do, unless the promise should start earlier."
                ),
            ),
            (
                finding("unit_differs", "hours", "visits"),
                About(),
                "You gave hours; this promise counts visits. Correct the line.",
                (
                    "The line gives hours; the promise counts visits. Nothing to do: the "
                    "supplier corrects the line."
                ),
            ),
            (
                finding("outside_area", "IM1 1AD", "E08000011"),
                About(),
                (
                    "IM1 1AD is not in this contract's local area. The line does not count. "
                    "Check the postcode."
                ),
                (
                    "IM1 1AD is outside the local area (E08000011). Nothing to do, unless the "
                    "postcode is wrong."
                ),
            ),
            (
                finding("postcode_unknown", "L36 9ZZ", "E08000011"),
                About(),
                (
                    "We do not know L36 9ZZ. The council will look at the line. If it is wrong, "
                    "correct it: that is quicker."
                ),
                "The directory does not have L36 9ZZ. Ask the supplier, or decide by the evidence.",
            ),
            (
                finding("postcode_gone", "2025-05"),
                About(),
                (
                    "This postcode ended in May 2025. The council will look at the line. Give "
                    "the postcode of today: that is quicker."
                ),
                (
                    "The postcode ended in May 2025; 12 months are allowed. Ask the supplier, or "
                    "decide by the evidence."
                ),
            ),
            (
                finding("weeks_worked_out", "6", "1"),
                About(),
                (
                    "You gave 6 weeks; by its dates it comes to 1 week. If that is wrong, "
                    "correct the dates."
                ),
                "The line gives 6 weeks; by its dates it comes to 1 week. Nothing to do.",
            ),
            (
                finding("counted_once", None, "2026-05"),
                About("GB-EDU-143878"),
                "GB-EDU-143878: This counted before, in May 2026; it counts once. Nothing to do.",
                "GB-EDU-143878: This counted before, in May 2026; it counts once. Nothing to do.",
            ),
            (
                finding("invoice_full", "9000", "0", "9000"),
                About("INV-1042"),
                (
                    "INV-1042: This invoice was claimed before; another claim goes first. £0 of "
                    "the invoice's £9,000 is left, and this line claims £9,000. It waits for the "
                    "council, or for the other claim's withdrawal. If the invoice is another "
                    "one, correct its number."
                ),
                (
                    "INV-1042: This invoice was claimed before; another claim goes first. £0 of "
                    "the invoice's £9,000 is left, and this line claims £9,000. Decide which of "
                    "the claims counts."
                ),
            ),
            (
                finding("invoice_full", "9000", "0", "9000"),
                BOUGHT,
                (
                    "INV-1042: This invoice was claimed before; your receipt 20 for September "
                    "2026 on KMBC-2026-0101 goes first. £0 of the invoice's £9,000 is left, and "
                    "this line claims £9,000. It waits for the council, or for the other claim's "
                    "withdrawal. If the invoice is another one, correct its number."
                ),
                (
                    "INV-1042: This invoice was claimed before; receipt 20 of Brackenfold "
                    "Builders (fictional) for September 2026 on KMBC-2026-0101 goes first. £0 of "
                    "the invoice's £9,000 is left, and this line claims £9,000. Decide which of "
                    "the claims counts."
                ),
            ),
            (
                finding("session_claimed"),
                About("2026-09-12T09:30"),
                (
                    "12 September 2026, 09:30: This session was claimed before; another claim "
                    "goes first. The line waits for the council, or for the other claim's "
                    "withdrawal. If it is another session, correct its start."
                ),
                (
                    "12 September 2026, 09:30: This session was claimed before; another claim "
                    "goes first. Decide which of the claims counts."
                ),
            ),
            (
                finding("credit_above_invoice", "500", "300"),
                About(),
                (
                    "£300 of £500 was taken off: no more of the invoice counts. If that is "
                    "wrong, check the amount."
                ),
                "£300 of £500 was taken off: no more of the invoice counts. Nothing to do.",
            ),
        ],
    )
    def test_say_why_and_what_to_do(
        self, found: events.Finding, about: About, supplier: str, council: str
    ) -> None:
        """Figures with their units, months by their names."""
        said = [" ".join(findings.words(found, reader, about)) for reader in READERS]
        assert [supplier, council] == said

    def test_show_a_code_that_is_newer(self) -> None:
        """Old and new versions run side by side."""
        newer = finding("not_known_yet")
        assert ("not_known_yet", "") == findings.words(newer, "supplier")

    def test_show_a_figure_of_another_form_as_it_is(self) -> None:
        """What an older program wrote is no reason to fail."""
        said = findings.words(finding("postcode_gone", "long ago"), "council")
        assert "The postcode ended in long ago; 12 months are allowed." == said.why


class TestShown:
    def test_keeps_rule_code_and_facts(self) -> None:
        """For programs, beside the words."""
        shown = findings.shown(finding("postcode_terminated", "2026-05", "E08000011"), "council")
        assert {
            "rule": "V0",
            "code": "postcode_terminated",
            "found": "2026-05",
            "wanted": "E08000011",
            "words": "The postcode ended in May 2026; it still counts for 12 months.",
            "what_to_do": "Nothing to do.",
        } == shown

    def test_names_the_claim_that_goes_first_where_it_is_handed_in(self) -> None:
        """Only beside a finding that another claim caused."""
        expected: dict[str, Any] = {
            "receipt_no": 20,
            "contract_id": "KMBC-2026-0101",
            "period": "2026-09",
            "line_id": "4",
            "party_id": "GB-COH-99000001",
            "party_name": "Brackenfold Builders (fictional)",
        }
        full = finding("invoice_full", "9000", "0", "9000")
        assert expected == findings.shown(full, "council", BOUGHT)["goes_first"]
        for code, about in (("invoice_full", About("INV-1")), ("postcode_missing", BOUGHT)):
            assert "goes_first" not in findings.shown(finding(code), "council", about)
