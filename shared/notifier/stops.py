"""Stopping mails by a link in them, without signing in.

Promises: whoever holds a letter can stop what it says, for its reader alone, and nothing else;
nobody without the key can make such a link, or read whose it is. It works as long as the key is
the same: a letter may be read years later. What was stopped is told no more, also what waits.
Refuses: a link that was cut off, or sealed with another key.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from shared import sql
from shared.notifier.kinds import Kind

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))

TOKEN_CHARACTERS_MAX: Final = 1000
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_PURPOSE: Final = b"makegood stops v1"


class Stop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a link stops."""

    recipient_id: str
    kind: str
    """Empty: all that may be stopped."""

    def kinds(self, known: Mapping[str, Kind]) -> tuple[str, ...]:
        """Those of `known` that it stops; none if it may not be stopped."""
        wanted = known if not self.kind else {self.kind} & set(known)
        return tuple(each for each in known if each in wanted and known[each].may_stop)


def token(key: bytes, recipient_id: str, kind: str) -> str:
    """What the link of a letter carries. Inverse of `read`."""
    nonce = os.urandom(_NONCE_BYTES)
    plain = msgspec.json.encode(Stop(recipient_id, kind))
    return base64.urlsafe_b64encode(nonce + _cipher(key).encrypt(nonce, plain, _PURPOSE)).decode()


def read(key: bytes, token: str) -> Stop | None:
    """What a link stops; None if it is none of ours, or not whole."""
    if len(token) > TOKEN_CHARACTERS_MAX:
        return None
    try:
        sealed = base64.b64decode(token, altchars=b"-_", validate=True)
        plain = _cipher(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _PURPOSE)
        return msgspec.json.decode(plain, type=Stop)
    except (InvalidTag, ValueError):
        return None


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(HKDFExpand(hashes.SHA256(), _KEY_BYTES, _PURPOSE).derive(key))


async def stop(conn: sql.Connection | sql.Pool, recipient_id: str, kinds: Collection[str]) -> bool:
    """Tells a recipient of these kinds no more. False if there is no such recipient."""
    never = json.dumps(dict.fromkeys(kinds, "never"))
    found = await QUERIES.set_never(conn, recipient_id=recipient_id, never=never)
    await drop_waiting(conn, recipient_id, kinds)
    return found is not None


async def drop_waiting(
    conn: sql.Connection | sql.Pool, recipient_id: str, kinds: Collection[str]
) -> None:
    """Forgets what was to be told of these kinds and is in no dispatch yet."""
    await QUERIES.drop_waiting(conn, recipient_id=recipient_id, kinds=list(kinds))
