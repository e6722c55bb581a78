"""Correcting a return: why, before its draft is filled with what was sent.

Promises: pure. A reason is asked for, and what was typed comes back with what is wrong with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.intake.api import documents
from services.intake.pages import addresses
from shared import fields, formats
from shared.pages.names import NONE, Names
from shared.pages.parts import Fault, Field

REASON: Final = "reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The form."""

    title: str
    heading: str
    of: str
    return_href: str
    sentences: tuple[str, ...]
    faults: tuple[Fault, ...]
    reason: Field


def show(
    found: documents.Return, reason: str = "", fault: Fault | None = None, names: Names = NONE
) -> Page:
    """The page. `reason` and `fault`: what was typed, and what is wrong."""
    heading = f"Correct the return for {formats.month(found.period)}"
    is_of_field = fault is not None and fault.name == REASON
    return Page(
        title=heading if fault is None else f"Error: {heading}",
        heading=heading,
        of=names.contract(found.contract_id),
        return_href=f"/returns/{found.return_id}",
        sentences=(
            "You get a draft with all that you sent. Change what is wrong, then check and send it.",
            "Until then this return stands, and goes on counting.",
        ),
        faults=() if fault is None else (fault,),
        reason=Field(
            name=REASON,
            label="Why do you correct it?",
            hint="The council reads this. Do not name people.",
            kind="area",
            value=reason,
            characters_max=fields.TEXT_CHARACTERS_MAX,
            fault=fault.text if fault is not None and is_of_field else None,
        ),
    )


def check(reason: str) -> Fault | None:
    """What is wrong with a reason."""
    if not reason.strip():
        return Fault(REASON, "Say why you correct it.")
    if len(reason) > fields.TEXT_CHARACTERS_MAX:
        return Fault(REASON, f"Write at most {fields.TEXT_CHARACTERS_MAX:,} characters.")
    return None


def has_draft(found: documents.Return) -> Fault:
    """There is a draft of the month already: it is not overwritten."""
    at = addresses.month(found.contract_id, found.period)
    return Fault(at, "You have a draft of this month already. Send it, or delete it first.")
