"""What somebody looks for, of what they wrote into one box.

Promises: pure; reads a number, the id of an event or a return, a SHA-256, and else a reference.
`receipt 24` and `entry 24` say which of the two is meant; `24` may be either.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from shared import identifiers

CHARACTERS_MAX: Final = 200
"""More than any reference has."""
_NUMBER: Final = re.compile(
    r"(?:(?P<kind>receipt|entry)\b)?\s*(?:number|no\.?)?\s*#?\s*"
    r"(?P<number>[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})",
    re.IGNORECASE,
)
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
_KINDS: Final = frozenset({"entry", "receipt", "event", "return", "hash", "commitment"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for; None where it cannot be that."""

    kinds: Set[str] = _KINDS
    """As what an entry may be found."""
    number: int | None = None
    id: UUID | None = None
    digest: bytes | None = None
    contract: str | None = None
    party: str | None = None
    """An org-id in its normal form."""

    @property
    def is_reference(self) -> bool:
        """Whether it is neither a number nor an id nor a digest."""
        return self.number is None and self.id is None and self.digest is None


def read(text: str) -> Sought:
    """What a text may mean."""
    asked = text.strip()
    if number := _NUMBER.fullmatch(asked):
        kind = (number["kind"] or "").lower()
        value = int(number["number"].replace(",", ""))
        # a contract's reference may be a number too, but not one with a word before it
        contract = asked if not kind else None
        return Sought(kinds={kind} if kind else _KINDS, number=value, contract=contract)
    if _ID.fullmatch(asked):
        return Sought(id=UUID(asked), contract=asked)
    if _DIGEST.fullmatch(asked):
        return Sought(digest=bytes.fromhex(asked), contract=asked)
    return Sought(contract=asked, party=identifiers.org_id(asked))
