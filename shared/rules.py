"""Which rules these are: docs/rules.md, as this version of the code applies them.

Promises: what is not checked is not passed off as checked. Each commitment can say which checks its
lines get, and which of those that concern its measure are not built.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from shared import catalogue
from shared.catalogue import Measure

RULE_SET: Final = "makegood-rules-1"
"""Stored with every outcome, and part of the ids of derived events."""

CHECKS: Final[dict[str, str]] = {
    "V1": "The commitment is active on the day",
    "V2": "The unit is the commitment's",
    "V3": "The place lies in the local area",
    "V4": "The school exists and was open",
    "V5": "One person's shares never exceed 1 in a week",
    "V6": "The same thing counts once",
    "V7": "Overlaps with other measures, and payments passed on",
    "V8": "A post lasts for its retention weeks",
    "V9": "The evidence that is asked for is there",
    "V10": "Impossible and unusual figures",
    "V11": "The value invoiced to date fits the spend",
}
"""What a line is checked for, by rule. V12 says when a check is run again."""

NOT_BUILT: Final = frozenset({"V4", "V5", "V7", "V8", "V9", "V10", "V11"})


class Check(NamedTuple):
    rule: str
    title: str


class Checks(NamedTuple):
    applied: tuple[Check, ...]
    not_built: tuple[Check, ...]
    """They concern the measure, and no line is held against them yet."""


def checks(measure: str, *, has_area: bool) -> Checks:
    """The checks that lines of this measure get, and those that they should get and do not."""
    known = catalogue.by_code[measure]
    concerning = [
        Check(rule, title)
        for rule, title in CHECKS.items()
        if _concerns(rule, known, has_area=has_area)
    ]
    return Checks(
        tuple(check for check in concerning if check.rule not in NOT_BUILT),
        tuple(check for check in concerning if check.rule in NOT_BUILT),
    )


def _concerns(rule: str, measure: Measure, *, has_area: bool) -> bool:
    is_of_weeks, is_post = measure.unit == "weeks", measure.kind == "post"
    return {
        "V3": has_area,
        "V4": measure.theme == "school engagement",
        "V5": is_of_weeks or is_post,
        "V6": not is_of_weeks,
        "V8": is_post,
        "V11": measure.needs_invoice,
    }.get(rule, True)
