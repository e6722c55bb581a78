"""People: references come in, random ids go out (rule I7).

Promises: of a person, the other services see only a random id, which belongs to authority, employer
and reference. A shared identifier has a random id too, which is found by a keyed hash.

Refuses: references that look like a name, an e-mail address or a National Insurance number.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from services.intake.domain import submission

_NATIONAL_INSURANCE: Final = re.compile(
    r"(?<![A-Z0-9])[A-Z]{2}[\s.-]*(?:[0-9]{2}[\s.-]*){3}[A-D](?![A-Z0-9])", re.IGNORECASE
)
"""Two letters, six digits, a letter A to D, however they are spaced."""
_WORDS: Final = re.compile(r"[^\W\d_]{2,}[\s.,_]+[^\W\d_]{2,}")
"""Two words in a row: `Jane Smith 2`, `jane.smith99`."""
_LETTERS: Final = re.compile(r"[^\W\d_]{2}")
_DIGIT: Final = re.compile(r"[0-9]")


def looks_like(reference: str) -> str | None:
    """What `reference` looks like if it looks like something forbidden, in words."""
    if "@" in reference:
        return "an e-mail address"
    if _NATIONAL_INSURANCE.search(reference):
        return "a National Insurance number"
    if not _DIGIT.search(reference):
        return "a name" if _LETTERS.search(reference) else None
    words = _WORDS.search(reference)
    if words and words[0].upper() != words[0]:  # `WORKS DEPOT 12` is no name, `Jane Smith 2` is
        return "a name"
    return None


class Reference(NamedTuple):
    """How one employer refers to a person, within one authority."""

    authority_id: str
    employer_id: str
    ref: str


def reference(authority_id: str, person: submission.Person) -> Reference:
    """The reference to a person in a return without faults."""
    assert person.employer_id is not None
    assert person.ref is not None
    return Reference(authority_id, person.employer_id, person.ref.strip())


def keyed_hash(secret: bytes, authority_id: str, shared_id: str) -> bytes:
    """What is kept of a shared identifier. It joins the references of different employers, and says
    nothing by itself."""
    plain = "".join(shared_id.split()).upper()
    return hmac.digest(secret, f"{authority_id}\x1f{plain}".encode(), "sha256")


class PersonIds(NamedTuple):
    """The random ids that the other services see."""

    person_id: UUID
    shared_person_id: UUID | None
    """None if the return gives no shared identifier."""


@dataclass(frozen=True, slots=True)
class Roster:
    """The random ids of the people that a group of returns refers to."""

    secret: bytes
    people: Mapping[Reference, UUID]
    shared: Mapping[bytes, UUID]

    def find_ids(self, authority_id: str, person: submission.Person) -> PersonIds:
        """The ids of a person in one of these returns."""
        person_id = self.people[reference(authority_id, person)]
        if person.shared_id is None:
            return PersonIds(person_id, None)
        shared_hash = keyed_hash(self.secret, authority_id, person.shared_id)
        return PersonIds(person_id, self.shared[shared_hash])
