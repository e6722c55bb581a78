"""What people write of a contract themselves: no publication, so it has no date and no award.

Promises: what is not said stays as it is registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.verification.register.parties import Organisation
from services.verification.register.things import Thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A contract in force, as somebody wrote it down."""

    thing: Thing
    title: str
    suppliers: tuple[Organisation, ...]
    starts_on: date
    ends_on: date
    value: Decimal | None = None
    """In pounds, without VAT."""
    signed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaid:
    """A contract of which only commitments are written down: it stays as it is registered."""

    thing: Thing
    """Of no row: what becomes of the contract is told by its commitments."""
