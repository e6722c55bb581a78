"""Who is signed in: a session, sealed in a cookie that all three services can open.

Promises: nobody without the key can make, read or change a session; one that was copied ends with
its `HOURS_MAX` hours like any other. A form is taken from a page of ours only: its token is of the
session, and the browser says where it comes from.
Refuses: what was sealed with another key, has expired, or is no session.
"""

from __future__ import annotations

import base64
import hmac
import os
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from shared.web import auth

HOURS_MAX: Final = 21
"""Longer than anybody works at a stretch, so that no page needs a timer (WCAG 2.2.1)."""
COOKIE_CHARACTERS_MAX: Final = 2000
_NONCE_BYTES: Final = 12
_ID_BYTES: Final = 16
_KEY_BYTES: Final = 32
_SEALED: Final = b"makegood session v1"
_FORMS: Final = b"makegood forms v1"


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


class Sealer:
    """Seals sessions with a key of 32 bytes, the same in all services."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(_derive(key, _SEALED))
        self._forms_key = _derive(key, _FORMS)

    def seal(self, session: Session) -> str:
        """The session as the value of a cookie. Inverse of `open`."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, msgspec.json.encode(session), _SEALED)
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, value: str, now: datetime) -> Session | None:
        """The session in a cookie; None if it is none, or has expired by `now`."""
        if len(value) > COOKIE_CHARACTERS_MAX:
            return None
        try:
            sealed = base64.b64decode(value, altchars=b"-_", validate=True)
            plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _SEALED)
            session = msgspec.json.decode(plain, type=Session)
        except (InvalidTag, ValueError):
            return None
        is_running = timedelta() <= now - session.since.astimezone(UTC) < _HOURS
        return session if is_running else None

    def form_token(self, session: Session) -> str:
        """What the forms of a session carry, in hexadecimal."""
        return hmac.digest(self._forms_key, session.session_id.encode(), "sha256").hex()

    def is_form_token(self, session: Session, token: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(self.form_token(session).encode(), token.encode())


_HOURS: Final = timedelta(hours=HOURS_MAX)


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDFExpand(hashes.SHA256(), _KEY_BYTES, purpose).derive(key)
