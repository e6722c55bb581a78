"""What stands as it was said last: contracts as they are now, and what things are called.

Promises: each of these events is complete, and the next of its key takes its place; their topics
are compacted. None becomes an entry of the log.

Names are here, and in no other event, for display only (docs/decisions/0013-names-for-display.md).
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from shared.wire import bounds
from shared.wire.parts import Event, Frozen, Identifier, Period


class ContractPublished(Event, frozen=True, kw_only=True):
    """The current contract, for intake, which holds what was published last."""

    contract_id: Identifier
    version: bounds.Number
    supplier_ids: tuple[Identifier, ...]
    starts_on: date
    ends_on: date
    commitments: tuple[PublishedCommitment, ...]
    obligations: Obligations | None = None
    """Which returns are asked for; None in what was published before this field was there."""
    names: ContractNames | None = None
    """For display; None in what was published before this field was there."""


class OfficerNamed(Event, frozen=True, kw_only=True):
    """What an officer of a council is called and does, for display; without a name, it is
    forgotten. What was said last stands."""

    officer_id: Identifier
    """The officer's account id."""
    name: bounds.Name | None = None
    role: bounds.Code | None = None


# --- their parts ---------------------------------------------------------------------------------


class PublishedCommitment(Frozen, frozen=True, kw_only=True):
    """What intake must know about a commitment to read a line."""

    commitment_id: Identifier
    measure: Identifier
    kind: Literal["sum", "distinct", "ratio", "post", "done"]
    unit: Identifier
    state: Literal["draft", "active", "closed"]


class Named(Frozen, frozen=True, kw_only=True):
    """What something is called, for display."""

    id: Identifier
    name: bounds.Name


class ContractNames(Frozen, frozen=True, kw_only=True):
    """What people call a contract and what belongs to it. For display only: nothing is decided by
    it, and it is no part of the log."""

    title: bounds.Name | None = None
    suppliers: tuple[Named, ...] = ()
    commitments: tuple[Named, ...] = ()


class Days(Frozen, frozen=True, kw_only=True):
    """Days, both included; without `last` no end is known."""

    first: date
    last: date | None = None


class OwedMonths(Frozen, frozen=True, kw_only=True):
    """Months without a gap, both included, of each of which a supplier owes the return."""

    party_id: Identifier
    first: Period
    last: Period


class LateHoliday(Frozen, frozen=True, kw_only=True):
    """A bank holiday that was declared when due days had been counted without it."""

    day: date
    known_from: date
    """Only what is counted on this day or later is counted with it."""


class Obligations(Frozen, frozen=True, kw_only=True):
    """What says which returns a contract asks for (rule O1). For months that had ended it is what
    was owed then; for later ones it follows from the days on which a commitment is active."""

    ended_through: Period
    """The last month that had ended."""
    owed_from: Period | None = None
    """The first month that was owed; None: none was yet."""
    active: tuple[Days, ...] = ()
    """When any commitment is active; in order, apart."""
    owed: tuple[OwedMonths, ...] = ()
    """Of ended months, what was owed and not in."""
    late_holidays: tuple[LateHoliday, ...] = ()
    """Bank holidays that were declared late: due days are counted with them from a day on."""
