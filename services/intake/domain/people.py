"""People: references come in, random ids go out (rule I7).

Promises: of a person, the other services see only a random id, which belongs to authority, employer
and reference, however that is spelt. A shared identifier has a random id too, which is found by a
keyed hash.

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
from shared import identifiers

_NATIONAL_INSURANCE: Final = re.compile(
    r"(?<![a-z])[a-z][^a-z0-9]*[a-z][^a-z0-9]*"  # two letters that are not the end of a word
    r"(?:(?:[0-9][^a-z0-9]*){6}[a-d]|(?!0[^a-z0-9]*0)(?:[0-9][^a-z0-9]*){6})(?![a-z0-9])"
)
"""Two letters, six digits, a letter A to D, however they are spaced and marked. The last letter is
often left out; then a number that begins with two zeros is a counter, such as `AP-000123`."""
_WORDS: Final = re.compile(r"[^\W\d_]+")
_VOWEL: Final = re.compile(r"[aeiouy]|[^a-z]")
"""In another script than ours any letter may stand for one."""
_OF_NUMBERS: Final = re.compile(
    "(?:app?|apprentices?|agency|candidate|code|contractor|depot|emp|employee|hr|id|job|learner|"
    "level|no|number|office|participant|payroll|person|personnel|placement|post|ref|reference|"
    "site|staff|starter|team|temp|trainee|works?|worker|yard)+"
)
"""Words that people put before a number, also joined: `EMP 000123`, `staffno-7`."""
_NAME_LETTERS_MIN: Final = 4
"""Shorter words are taken for codes, such as `APP` and `KN`."""
_MADE_BY_MACHINE: Final = re.compile(r"(?=.{16})[a-z]*(?:[0-9]+[a-z]*){4,}")
"""At least 16 letters and digits with four runs of digits: a UUID, a hash. Nobody's name."""
_ANY_DIGIT: Final = re.compile(r"\d")


def looks_like(reference: str) -> str | None:
    """What `reference` looks like if it looks like something forbidden, in words. Marks, blanks and
    case make no difference."""
    plain = identifiers.without_marks(reference)
    if "@" in plain:
        return "an e-mail address"
    if _NATIONAL_INSURANCE.search(plain):
        return "a National Insurance number"
    return "a name" if _has_name(plain) else None


def _has_name(plain: str) -> bool:
    if _MADE_BY_MACHINE.fullmatch("".join(c for c in plain if c.isalnum())):
        return False
    words = [word for word in _WORDS.findall(plain) if not _OF_NUMBERS.fullmatch(word)]
    if not _ANY_DIGIT.search(plain):
        return any(len(word) > 1 for word in _WORDS.findall(plain))
    return any(_is_name(word) for word in words)


def _is_name(word: str) -> bool:
    """A word that can be spoken, or is not in our letters."""
    if not word.isascii():
        return True
    return len(word) >= _NAME_LETTERS_MIN and bool(_VOWEL.search(word))


class Reference(NamedTuple):
    """How one employer refers to a person, within one authority, in normal form."""

    authority_id: str
    employer_id: str
    ref: str


def reference(authority_id: str, person: submission.Person) -> Reference:
    """The reference to a person in a return without faults."""
    assert person.employer_id is not None
    assert person.ref is not None
    ref = identifiers.person_reference(person.ref)
    assert ref is not None
    return Reference(authority_id, person.employer_id, ref)


def keyed_hash(secret: bytes, authority_id: str, shared_id: str) -> bytes:
    """What is kept of a shared identifier. It joins the references of different employers, and says
    nothing by itself."""
    plain = identifiers.shared_identifier(shared_id)
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
