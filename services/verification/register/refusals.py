"""Why a change to the register is refused, as a value: who answers a request chooses the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Code: TypeAlias = Literal[
    "contract_known",
    "award_known",
    "contract_of_another_authority",
    "commitment_unknown",
    "commitment_known",
    "too_many_commitments",
    "commitment_unreadable",
    "not_structured",
    "still_in_prose",
    "nothing_proposed",
    "another_version_proposed",
    "own_proposal",
    "version_refused",
]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that is not made; nothing was written."""

    code: Code
    detail: str | None = None
    """The figure, the fold's code or the sentence that belongs to it."""
    pointer: str | None = None
    """The field that is wrong, as a JSON pointer."""


class RefusedError(Exception):
    """Rolls back a transaction in which something was written before the refusal was known."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
