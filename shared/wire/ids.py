"""Identifiers: a UUIDv7 (ordered by time) for an original event, a UUIDv5 for a derived one.

A derived id is made from what the event says (subject, step, rule set, winner …), never from the
arrival that happened to cause it. The same fact found again has the same id, so publishing it twice
has no effect.
"""

from __future__ import annotations

import hashlib
import os
import time
from typing import Final
from uuid import UUID

_NAMESPACE: Final = bytes.fromhex("5b0cf4b54b0f5c1c9c4f6d616b65676f")
_SEPARATOR: Final = "\x1f"


def new(now_ms: int | None = None) -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, 74 random bits."""
    moment_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    random_bits = int.from_bytes(os.urandom(10), "big")
    value = (moment_ms & ((1 << 48) - 1)) << 80 | random_bits
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def derived(*parts: object) -> UUID:
    """The UUIDv5 of `parts`, in order, in the project's own namespace."""
    text = _SEPARATOR.join(map(str, parts)).encode()
    digest = hashlib.sha1(_NAMESPACE + text, usedforsecurity=False).digest()
    value = int.from_bytes(digest[:16], "big")
    value = value & ~(0xF << 76) | 0x5 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
