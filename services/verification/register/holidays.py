"""Bank holidays that are declared late, as an operator enters them (rule O1).

Promises: a holiday takes effect on a day that lies ahead, so nothing that was counted before has to
be counted again: due days that were set stay. Then all contracts tell intake of it, also after a
crash, and until all have.
Refuses: a day that is no working day, that is not after the day from which it is known, or that
was entered before; to take effect today or earlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from services.verification import store
from services.verification.register import publication
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from shared import calendar, clock, sql

AHEAD_DAYS_MAX: Final = 731
"""Two years. What lies further ahead is a slip of the pen, or comes with the calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """What an operator enters."""

    day: date
    known_from: date
    reason: str


async def add(conn: sql.Connection, wanted: Holiday, acting: Acting) -> Refusal | None:
    """Enters a holiday for the operator's authority, or for the installation."""
    refusal = _refusal(wanted, calendar.london_day(acting.at))
    if refusal is not None:
        return refusal
    is_new = await store.holidays.add_holiday(
        conn,
        authority_id=acting.authority_id,
        day=wanted.day,
        known_from=wanted.known_from,
        reason=wanted.reason,
        entered_by=acting.actor_id,
        entered_at=acting.at,
    )
    return None if is_new else Refusal("holiday_entered", f"{wanted.day}", "/day")


def _refusal(wanted: Holiday, today: date) -> Refusal | None:
    if wanted.known_from <= today:
        return Refusal("holiday_known_too_early", f"{today + timedelta(days=1)}", "/known_from")
    if wanted.day <= wanted.known_from:
        return Refusal("holiday_before_known", f"{wanted.known_from}", "/day")
    if wanted.day > today + timedelta(days=AHEAD_DAYS_MAX):
        return Refusal("holiday_too_far", f"{today + timedelta(days=AHEAD_DAYS_MAX)}", "/day")
    if not calendar.is_working_day(wanted.day):
        return Refusal("holiday_no_working_day", f"{wanted.day}", "/day")
    return None


async def publish(pool: sql.Pool, now: clock.Clock) -> int:
    """Publishes again the contracts of every holiday that intake was not told of. Returns how many
    holidays there were."""
    found = await store.holidays.list_unpublished(pool)
    for row in found:
        for contract_id in await store.holidays.list_contract_ids(pool, row["authority_id"]):
            await publication.again(pool, contract_id, now.now())
        await store.holidays.set_published(pool, row["authority_id"], row["day"], now.now())
    return len(found)
