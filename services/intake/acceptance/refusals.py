"""Why a request is refused before or without a look at a return's content, as a value.

The API has the words (`api/refusals.py`). What is wrong with a return is in `domain/faults.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Code: TypeAlias = Literal[
    "disk_nearly_full",
    "messages_not_sent",
    "too_many_requests",
    "return_unknown",
    "contract_unknown",
    "party_unknown",
    "return_superseded",
    "contact_unknown",
    "contact_elsewhere",
    "contacts_full",
]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that has no effect."""

    code: Code
    retry_seconds: int | None = None
    """When the same request may succeed, if waiting helps."""
