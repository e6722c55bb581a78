"""Who is signed in: a session, which `sealing` seals in a cookie that all three services open."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Final

import msgspec

from shared.web import auth

HOURS_MAX: Final = 21
"""Longer than anybody works at a stretch, so that no page needs a timer (WCAG 2.2.1)."""
_ID_BYTES: Final = 16


class Session(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One person's stay, from sign-in to sign-out."""

    session_id: str
    """Random."""
    actor_id: str
    name: str
    role: auth.Role
    authority_id: str
    party_id: str | None
    """Only suppliers have one."""
    since: datetime
    """When the person signed in, in UTC."""

    @property
    def caller(self) -> auth.Caller:
        """The person as a caller: pages look things up as the API does."""
        return auth.Caller(self.actor_id, self.role, self.authority_id, self.party_id)


def start(name: str, who: auth.Caller, now: datetime) -> Session:
    """A new session of a caller."""
    return Session(
        session_id=os.urandom(_ID_BYTES).hex(),
        actor_id=who.actor_id,
        name=name,
        role=who.role,
        authority_id=who.authority_id,
        party_id=who.party_id,
        since=now,
    )
