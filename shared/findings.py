"""Findings in words: what a rule found in a line, as one sentence (docs/rules.md, Outcomes and
findings).

Promises: every code has a sentence, which says no more than the finding does.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from shared.wire import events

WORDS: Final[dict[str, str]] = {
    "commitment_not_active": "The commitment was not in force on {found}.",
    "unit_differs": "The line is in {found}; the commitment counts {wanted}.",
    "outside_area": "The place is not in the contract's local area.",
    "postcode_missing": "There is no postcode, so the place waits for the council.",
    "postcode_unknown": "The postcode is not known, so the place waits for the council.",
    "postcode_gone": "The postcode ended in {found}, too long ago to count by itself.",
    "postcode_terminated": "The postcode ended in {found}; for twelve months it still counts.",
    "thing_missing": "The line does not say which one it is about.",
    "person_missing": "The line names no person, so no weeks can be worked out for good.",
    "hours_missing": "The line gives no weekly hours, so the post waits for the council.",
    "waits_for_retention": "The post counts for now. Whether it counts for good depends on its "
    "retention weeks, which are not checked yet.",
    "weeks_worked_out": "{found} weeks were stated; by the dates {wanted} sit on this line.",
    "counted_once": "Another line of this party reports the same; it counts once.",
    "claimed_again": "Another line of this month reports the same.",
    "claimed_by_other": "Another party reported the same first.",
    "session_claimed": "A session of this deliverer with this start was claimed before.",
    "invoice_full": "The invoice was claimed before: {found} is claimed here, {wanted} is left.",
    "credited": "A credit took {found} off what waits.",
    "credit_of_queried": "{found} was taken off an invoice that waits for the council.",
    "credit_above_invoice": "{wanted} of {found} was taken off: no more of it counts here.",
    "credit_elsewhere": "The credited invoice is claimed elsewhere: {found}.",
    "credit_of_nothing": "Nobody claims the credited invoice.",
    "credit_without_invoice": "The line is negative and does not say which invoice it credits.",
    "return_superseded": "A later revision has taken the place of this return: {found}.",
    "return_withdrawn": "The return was withdrawn.",
}
"""By code. `{found}` and `{wanted}` are those of the finding."""


def words(finding: events.Finding) -> str:
    """The sentence of a finding; its code, if that is newer than this program."""
    sentence = WORDS.get(finding.code, finding.code)
    return sentence.format(found=finding.found or "nothing", wanted=finding.wanted or "nothing")


def shown(finding: events.Finding) -> dict[str, Any]:
    """A finding as an API shows it: what it has of rule, code, found and wanted, and its words."""
    return {**msgspec.to_builtins(finding), "words": words(finding)}
