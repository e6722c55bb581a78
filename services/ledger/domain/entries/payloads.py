"""The event itself, kept beside the log under a key of its own, and the leaf's commitment to it.

Promises: `seal` and `unseal` are inverse; what unseals is what the leaf committed to. Forgetting
key and salt forgets the event, and every proof stays valid. Randomness is passed in.

Refuses, with PayloadRefusedError: another key, another event's id, changed bytes, another salt.
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
"""Before each event in a bundle of them: its length, a big-endian uint32."""
SECRETS_BYTES: Final = SALT_BYTES + KEY_BYTES + NONCE_BYTES
"""Random bytes that each event takes."""


class PayloadRefusedError(ValueError):
    """The sealed bytes do not open to what the leaf committed to."""


class Secrets(msgspec.Struct, frozen=True):
    """What one event is sealed with; never shown by `repr`."""

    salt: bytes
    key: bytes
    nonce: bytes

    def __repr__(self) -> str:
        return "Secrets()"


class Sealed(msgspec.Struct, frozen=True):
    """The commitment, in hex as the leaf shows it, and the encrypted event with its tag."""

    commitment: str
    ciphertext: bytes


class Disclosed(NamedTuple):
    """An event's exact bytes, and the salt of its commitment."""

    event: bytes
    salt: bytes


def cut(random: bytes) -> Secrets:
    """The secrets of one event from SECRETS_BYTES fresh random bytes, which are used only once."""
    assert len(random) == SECRETS_BYTES
    return Secrets(random[:SALT_BYTES], random[SALT_BYTES:-NONCE_BYTES], random[-NONCE_BYTES:])


def commit(salt: bytes, event: bytes) -> str:
    """SHA-256(0x02 || salt || event), in hex."""
    return hashlib.sha256(b"\x02" + salt + event).hexdigest()


def seal(event: bytes, event_id: UUID, secrets: Secrets) -> Sealed:
    """The event under AES-256-GCM, bound to its id. Inverse of `unseal`."""
    ciphertext = AESGCM(secrets.key).encrypt(secrets.nonce, event, event_id.bytes)
    return Sealed(commit(secrets.salt, event), ciphertext)


def unseal(sealed: Sealed, event_id: UUID, secrets: Secrets) -> bytes:
    """The event's exact bytes. Raises PayloadRefusedError."""
    try:
        event = AESGCM(secrets.key).decrypt(secrets.nonce, sealed.ciphertext, event_id.bytes)
    except (InvalidTag, ValueError) as error:  # ValueError: a key or nonce of another length
        raise PayloadRefusedError("it does not open with this key and event id") from error
    if not hmac.compare_digest(commit(secrets.salt, event), sealed.commitment):
        raise PayloadRefusedError("it is not the event that the leaf committed to")
    return event
