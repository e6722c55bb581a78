"""When a dispatch that was not sent is tried again.

Promises: the pauses grow, and end: e-mail is given up 5 days after its first try, as mail servers
do, a webhook after 5 tries in a day. The same dispatch always gets the same pauses, and two of them
seldom the same one, so that a server that comes back is not met by all at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.notifier.recipients import Channel

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)

EMAIL_PAUSES: Final = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR)
"""The last one is repeated."""
EMAIL_LASTS: Final = timedelta(days=5)
"""RFC 5321, 4.5.4.1, asks for 4 to 5 days."""
WEBHOOK_PAUSES: Final = (_MINUTE, 15 * _MINUTE, 2 * _HOUR, 8 * _HOUR)
"""One before each of the last four tries. With all of their jitter they fit in a day."""
WEBHOOK_LASTS: Final = timedelta(days=1)
JITTER_MAX: Final = 0.1
"""The share of a pause that is added at most."""

_PLANS: Final[Mapping[Channel, tuple[Sequence[timedelta], timedelta]]] = {
    "email": (EMAIL_PAUSES, EMAIL_LASTS),
    "webhook": (WEBHOOK_PAUSES, WEBHOOK_LASTS),
}


def next_at(
    channel: Channel, attempts: int, first_at: datetime, now: datetime, dispatch_id: UUID
) -> datetime | None:
    """When to try again after `attempts` tries, the first at `first_at` and the last one now; None:
    give up."""
    assert attempts >= 1
    pauses, lasts = _PLANS[channel]
    if channel == "webhook" and attempts > len(pauses):
        return None
    pause = pauses[min(attempts, len(pauses)) - 1]
    at = now + pause + pause * (JITTER_MAX * _share(dispatch_id, attempts))
    return at if at <= first_at + lasts else None


def _share(dispatch_id: UUID, attempts: int) -> float:
    """From 0 to below 1, another one for each dispatch and try."""
    drawn = hashlib.sha256(dispatch_id.bytes + attempts.to_bytes(4, "big")).digest()
    return int.from_bytes(drawn[:2], "big") / 65_536
