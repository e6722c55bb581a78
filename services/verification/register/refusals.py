"""Why a change to the register is refused, as a value; the words are the API's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Code: TypeAlias = Literal[
    "alert_unknown",
    "case_unknown",
    "contract_unknown",
    "contract_known",
    "contract_of_another_authority",
    "contract_ends_before_start",
    "award_known",
    "commitment_unknown",
    "commitment_known",
    "commitment_unreadable",
    "too_many_commitments",
    "too_many_versions",
    "not_structured",
    "still_in_prose",
    "nothing_proposed",
    "another_version_proposed",
    "own_proposal",
    "version_refused",
    "officer_unknown",
    "owner_is_deputy",
    "webhook_of_installation",
    "webhook_refused",
    "webhook_unknown",
    "too_many_webhooks",
    "contact_unknown",
    "contact_elsewhere",
    "contacts_full",
    "holiday_entered",
    "holiday_known_too_early",
    "holiday_before_known",
    "holiday_too_far",
    "holiday_no_working_day",
]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that is not made."""

    code: Code
    detail: str | None = None
    """A figure, the fold's code, or a sentence about the field."""
    pointer: str | None = None
    """The field that is wrong, as a JSON pointer."""
