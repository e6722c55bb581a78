"""The cursor of lists that go by a moment and an id: alerts and cases."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.verification.store.reading import MomentKey
from shared.web import lists


def key(at: datetime, id_: UUID) -> tuple[str, str]:
    """Where an item is in its list."""
    return at.isoformat(), str(id_)


def read_key(cursor: str | None) -> MomentKey | None:
    """Inverse of `key`. Raises a `400` problem."""
    if cursor is None:
        return None
    moment, id_ = lists.decode_cursor(cursor, str, str)
    try:
        return MomentKey(lists.read_moment(moment), UUID(id_))
    except ValueError:
        raise lists.odd_cursor() from None
