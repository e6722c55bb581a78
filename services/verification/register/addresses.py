"""Ids as they may be part of an address, made of ids as published."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from shared import fields

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def contract_id(ocid: str, award_id: str, signed_id: str | None = None) -> str:
    """The award's id, with the OCID put first unless the id begins with it. The further contracts
    of an award have their own ids added."""
    whole = award_id if award_id.startswith(ocid) else f"{ocid}-{award_id}"
    return safe(f"{whole}-{signed_id}" if signed_id else whole, fields.CONTRACT_ID_CHARACTERS_MAX)


def safe(text: str, characters_max: int) -> str:
    """`text` as it may be part of an address. If it must be changed, a digest keeps it unique."""
    plain = _UNSAFE.sub("-", text).strip("-._")
    if plain == text and len(text) <= characters_max:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{plain[: characters_max - 9] or 'x'}-{digest}"
