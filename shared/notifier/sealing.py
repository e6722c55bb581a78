"""Secrets of webhooks, as they are stored.

Promises: the database alone does not tell a secret: it is sealed with a key derived from the one of
the sessions, which lies in a file. It is bound to its URL: whoever changes the URL in the database
gets calls that nobody can check.
Refuses: what was sealed with another key, or for another URL.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_PURPOSE: Final = b"makegood webhooks v1"


class SealError(ValueError):
    """This was not sealed with this key for this URL."""


def seal(key: bytes, secret: bytes, url: str) -> bytes:
    """A secret as it is stored. Inverse of `open_sealed`."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, secret, url.encode("utf-8"))


def open_sealed(key: bytes, sealed: bytes, url: str) -> bytes:
    """The secret. Raises SealError."""
    try:
        return _cipher(key).decrypt(
            sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], url.encode("utf-8")
        )
    except (InvalidTag, ValueError):
        raise SealError("sealed with another key, or for another URL") from None


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(HKDFExpand(hashes.SHA256(), _KEY_BYTES, _PURPOSE).derive(key))
