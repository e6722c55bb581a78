"""Contracts with promises in force and no owner (rule L2).

Promises: it is said at the end of a day, so that who sets up a contract has the day to name its
owner; once, and again only after another owner has come and gone. It comes of no journal: who holds
which part changes no figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.verification.domain import announcements
from shared import calendar
from shared.rules import RULE_SET
from shared.wire import events, ids

KIND: Final = "commitment_without_owner"
AT_ONCE_MAX: Final = 200
"""Of one batch of days. If there are more, they are told the next day: nobody reads so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownerless:
    """A contract with an active commitment and no owner, of which that is to be said."""

    contract_id: str
    authority_id: str
    suppliers: Sequence[str]
    owners: int
    """How many it has had."""


def tell(contract: Ownerless, day: events.DayEnded) -> events.AlertRaised:
    """That a contract has no owner at the end of a day."""
    contract_id, suppliers = contract.contract_id, contract.suppliers
    transition = f"owners:{contract.owners}"
    raised_on = calendar.london_day(day.occurred_at)
    return events.AlertRaised(
        event_id=ids.derived("AlertRaised", contract_id, KIND, contract_id, transition, RULE_SET),
        authority_id=contract.authority_id,
        occurred_at=day.occurred_at,
        caused_by=day.event_id,
        contract_id=contract_id,
        kind="commitment_without_owner",
        subject=contract_id,
        supplier_id=suppliers[0] if len(suppliers) == 1 else None,
        step="name_owner",
        step_by=calendar.working_day(raised_on, announcements.NOTICE_WORKING_DAYS),
        rule_set=RULE_SET,
    )
