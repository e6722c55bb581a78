"""What a party is answered on its own topic: the reply to one record of its inbound topic.

Promises: pure. A record has one reply, whose id is made of the record's place. It says what the
same bytes would have been answered over HTTP, but repeats nothing of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from services.intake.domain import admission, faults, receipts
from shared.wire import ids, replies


class Place(NamedTuple):
    """Where the record is."""

    topic: str
    incarnation: int
    offset: int


def answer(decision: admission.Decision, place: Place, at: datetime) -> replies.ReturnAnswered:
    """The reply to the record at `place`, decided at `at`."""
    post = decision.post
    found: tuple[faults.Fault, ...] = ()
    receipt: replies.Receipt | None = None
    if isinstance(decision, admission.Refused):
        found = decision.faults
    else:
        receipt = msgspec.convert(receipts.document(decision.issued), replies.Receipt)
    told = faults.told(found)
    return replies.ReturnAnswered(
        event_id=ids.derived("ReturnAnswered", *place),
        authority_id=post.authority_id,
        occurred_at=at,
        party_id=post.party_id,
        result=RESULTS[type(decision)],
        offset=place.offset,
        idempotency_key=post.key,
        receipt=receipt,
        faults=told,
        faults_more=len(found) - len(told),
    )


RESULTS: Final[dict[type[admission.Decision], replies.Result]] = {
    admission.Accepted: "accepted",
    admission.Again: "again",
    admission.Refused: "refused",
}
