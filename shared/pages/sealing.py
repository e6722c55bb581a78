"""Seals sessions, and opens them again.

Promises: nobody without the key can make, read or change a session; one that was copied ends with
its `HOURS_MAX` hours like any other. The tokens of forms are of one session each.
Refuses: what was sealed with another key, has expired, or is no session.

It is imported with the first session: a service whose pages nobody opens stays smaller.
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

from shared.pages.sessions import HOURS_MAX, Session

COOKIE_CHARACTERS_MAX: Final = 2000
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_SEALED: Final = b"makegood session v1"
_FORMS: Final = b"makegood forms v1"


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
