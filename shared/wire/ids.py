"""Identifiers. Origin events take a UUIDv7 (time-ordered); derived ones a UUIDv5 of what they say.

A derived id is of the subject, step, rule set, winner …, never of the arrival that happened to
cause it: the same fact found again has the same id, so that saying it twice is a no-op.
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
    tail = int.from_bytes(os.urandom(10), "big")
    value = (moment_ms & ((1 << 48) - 1)) << 80 | tail
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def derived(*parts: object) -> UUID:
    """The UUIDv5 of `parts`, in their order, under the project's own name space."""
    text = _SEPARATOR.join(map(str, parts)).encode()
    digest = hashlib.sha1(_NAMESPACE + text, usedforsecurity=False).digest()
    value = int.from_bytes(digest[:16], "big")
    value = value & ~(0xF << 76) | 0x5 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
