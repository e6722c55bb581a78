"""The service's own mark on what it says of offsets: an HMAC under its parking key.

Promises: whoever can write to the database, but has no key, cannot make a mark that `holds`. So an
offset cannot be relabelled by hand, for instance as a repeat of another event, without being found.
"""

from __future__ import annotations

import hmac
import json
from typing import Final, TypeAlias

Part: TypeAlias = str | int

_PURPOSE: Final = b"makegood mark v1"


def make(key: bytes, *said: Part) -> bytes:
    """HMAC-SHA-256 over the JSON array of what is said, with a key derived from `key`."""
    own = hmac.digest(key, _PURPOSE, "sha256")
    return hmac.digest(own, json.dumps(said).encode(), "sha256")


def holds(mark: bytes | None, key: bytes, *said: Part) -> bool:
    """Whether `mark` is that of what is said."""
    return mark is not None and hmac.compare_digest(mark, make(key, *said))
