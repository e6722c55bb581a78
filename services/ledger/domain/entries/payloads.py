"""The event itself, encrypted with a key of its own, and the leaf's commitment to it.

Promises: `seal` and `unseal` are inverse, and what unseals is what the leaf committed to. To forget
key and salt is to forget the event; every proof stays valid. Randomness is passed in.

Refuses, with PayloadRefusedError: another key, the id of another event, changed bytes, another
salt.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SALT_BYTES: Final = 32
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
LENGTH_BYTES: Final = 4
"""In a bundle each event follows its length, a big-endian uint32."""
SECRETS_BYTES: Final = SALT_BYTES + KEY_BYTES + NONCE_BYTES
"""The random bytes that each event needs."""


class PayloadRefusedError(ValueError):
    """The sealed bytes are not what the leaf committed to."""


class Secrets(msgspec.Struct, frozen=True):
    """What one event is sealed with. `repr` never shows it."""

    salt: bytes
    key: bytes
    nonce: bytes

    def __repr__(self) -> str:
        return "Secrets()"


class Sealed(msgspec.Struct, frozen=True):
    """The commitment in hexadecimal, as in the leaf, and the encrypted event with its tag."""

    commitment: str
    ciphertext: bytes


class Disclosed(NamedTuple):
    """An event's exact bytes, and the salt of its commitment."""

    event: bytes
    salt: bytes


def cut(random: bytes) -> Secrets:
    """The secrets of one event, from SECRETS_BYTES random bytes that are used only once."""
    assert len(random) == SECRETS_BYTES
    return Secrets(random[:SALT_BYTES], random[SALT_BYTES:-NONCE_BYTES], random[-NONCE_BYTES:])


def commit(salt: bytes, event: bytes) -> str:
    """SHA-256(0x02 || salt || event), in hex."""
    return hashlib.sha256(b"\x02" + salt + event).hexdigest()


def seal(event: bytes, event_id: UUID, secrets: Secrets) -> Sealed:
    """The event, encrypted with AES-256-GCM and bound to its id. Inverse of `unseal`."""
    ciphertext = AESGCM(secrets.key).encrypt(secrets.nonce, event, event_id.bytes)
    return Sealed(commit(secrets.salt, event), ciphertext)


def unseal(sealed: Sealed, event_id: UUID, secrets: Secrets) -> bytes:
    """The event's exact bytes. Inverse of `seal`. Raises PayloadRefusedError."""
    try:
        event = AESGCM(secrets.key).decrypt(secrets.nonce, sealed.ciphertext, event_id.bytes)
    except (InvalidTag, ValueError) as error:  # ValueError: a key or nonce of another length
        raise PayloadRefusedError("it does not open with this key and event id") from error
    if not hmac.compare_digest(commit(secrets.salt, event), sealed.commitment):
        raise PayloadRefusedError("it is not the event that the leaf committed to")
    return event
