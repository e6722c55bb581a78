"""Identifiers in one normal form (docs/rules.md, One normal form).

Promises: two spellings of one identifier have one normal form, and a normal form is its own. Every
door and every claim compares, keys and maps by it. What people must recognise is stored as they
wrote it.
Refuses (None): what is no identifier of its kind. A placeholder (N/A, 0, none, a company number of
another length) identifies nothing.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

CHARACTERS_MAX: Final = 200
"""The longest identifier on any door and on the wire. Org-ids and codes are far below."""
ORG_ID_CHARACTERS_MAX: Final = 100
"""An org-id is part of a topic's name, which has a limit of its own."""
MAIL_CHARACTERS_MAX: Final = 320
"""Of an e-mail address: 64 before the @, 255 behind it."""
OWN_SCHEME: Final = "MG-NAME"
"""Our scheme, for organisations of published data that have no identifier there."""

_COMPANY_CHARACTERS: Final = 8
_COMPANY_CHARACTERS_MIN: Final = 6
"""Spreadsheets and people drop up to two zeros: `1234567` and `SC12345` are filled up. With fewer
characters than this it is a guess."""
_REMEMBERED: Final = 16_384
"""Normal forms that are kept, since the same ones come again in every return."""

_COMPANY: Final = re.compile(
    r"[0-9]{8}|[A-Z]{2}[0-9]{6}|R[0-9]{7}|(?:IP|SP|RS|NP|NO)[0-9A-Z]{6}|SL[0-9]{5}[A-Z]"
)
_URN: Final = re.compile(r"[0-9]{6}")
_POSTCODE: Final = re.compile(r"(?:[A-Z]{1,2}[0-9][A-Z0-9]?|GIR)[0-9][ABD-HJLNP-UW-Z]{2}")
_ORG_ID: Final = re.compile(r"([A-Z]{2,3}-[A-Z0-9]+)-([A-Z0-9](?:[A-Z0-9._/-]*[A-Z0-9])?)")
_ZEROS_IN_FRONT: Final = re.compile(r"(?<![0-9])0+(?=[0-9])")
_INVISIBLE_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Fillers and the empty Braille cell: no category tells that they show nothing."""
_LOOKALIKES: Final = str.maketrans(
    "αβεζηικμνορτυχаверсктмнохуіјѕ",
    "abezhikmnoptuxabepcktmhoxyijs",
)
"""Greek and Cyrillic letters whose capitals look like Latin ones, so that a copy from elsewhere is
the same identifier."""
_PLACEHOLDERS: Final = frozenset(
    (
        "",
        "na",
        "nan",
        "nil",
        "none",
        "null",
        "missing",
        "notapplicable",
        "notavailable",
        "notgiven",
        "notknown",
        "tba",
        "tbc",
        "tbd",
        "undefined",
        "unknown",
        "9999999999",  # a learner number that is not known
    )
)


def mail_address(text: str) -> str | None:
    """An e-mail address in its plain form, without blanks around it: neither quoted nor with a
    comment, and in ASCII, so that it is one address wherever it is written."""
    stripped = text.strip()
    return stripped if len(stripped) <= MAIL_CHARACTERS_MAX and _MAIL.fullmatch(stripped) else None


_MAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@(?=.{1,255}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
)


@functools.lru_cache(_REMEMBERED)
def org_id(text: str) -> str | None:
    """`gb-coh-sc123456` → `GB-COH-SC123456`; `GB-COH-1234567` → `GB-COH-01234567`."""
    parts = _ORG_ID.fullmatch(_packed(text).upper())
    if parts is None or len(parts[0]) > ORG_ID_CHARACTERS_MAX:
        return None
    scheme, number = parts.groups()
    if scheme == "GB-COH":
        found = company_number(number)
    elif scheme == "GB-EDU":
        found = urn(number)
    elif scheme == OWN_SCHEME:
        found = number.lower()  # as the import makes it
    else:
        found = None if is_placeholder(number) else number
    return found and f"{scheme}-{found}"


def company_number(text: str) -> str | None:
    """`1234567` → `01234567`, `sc123456` → `SC123456`. Zeros that were dropped are put back."""
    packed = _packed(text).upper()
    if is_placeholder(packed):
        return None
    if len(packed) >= _COMPANY_CHARACTERS_MIN:
        letters = packed.rstrip("0123456789")
        packed = letters + packed[len(letters) :].zfill(_COMPANY_CHARACTERS - len(letters))
    return packed if _COMPANY.fullmatch(packed) else None


def urn(text: str) -> str | None:
    """A school's number in the register: six digits."""
    packed = _packed(text)
    return packed if _URN.fullmatch(packed) and not is_placeholder(packed) else None


def school(text: str) -> str | None:
    """A school as an organisation: `gb-edu-143878` → `GB-EDU-143878`."""
    found = org_id(text)
    return found if found is not None and found.startswith("GB-EDU-") else None


@functools.lru_cache(_REMEMBERED)
def postcode(text: str) -> str | None:
    """`l369yu` → `L36 9YU`."""
    packed = _packed(text).upper()
    return f"{packed[:-3]} {packed[-3:]}" if _POSTCODE.fullmatch(packed) else None


@functools.lru_cache(_REMEMBERED)
def invoice_number(text: str) -> str | None:
    """`INV-02231` → `inv2231`. Punctuation means nothing, and neither do zeros in front of a run of
    digits (rule V6)."""
    found = person_reference(text)
    return found and _ZEROS_IN_FRONT.sub("", found)


def person_reference(text: str) -> str | None:
    """`APP 014` → `app014`. Punctuation means nothing; zeros do, since staff numbers may differ in
    nothing else. It is not remembered: whom it is about may be erased (rule I7)."""
    return None if is_placeholder(text) else _bare(text)


def shared_identifier(text: str) -> str | None:
    """A learner number or a council's code for a person, read as a reference is."""
    return person_reference(text)


def is_placeholder(text: str) -> bool:
    """Whether a text stands for nothing: `N/A`, `0`, `none`, `-`."""
    bare = _bare(text)
    return bare in _PLACEHOLDERS or not bare.strip("0")


def visible(text: str) -> str:
    """The text by NFKC, without the characters that show nothing. Blanks stay."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if not _is_invisible(c))


def without_marks(text: str) -> str:
    """The text with `é` as `e` and Greek and Cyrillic look-alikes as Latin letters, in small
    letters."""
    split = unicodedata.normalize("NFKD", visible(text).casefold())
    return "".join(c for c in split if not unicodedata.combining(c)).translate(_LOOKALIKES)


def _packed(text: str) -> str:
    """Without blanks, and with one sort of hyphen. Marks stay: they have no place in a code."""
    return "".join(
        "-" if unicodedata.category(c) == "Pd" else c for c in visible(text) if not c.isspace()
    )


def _bare(text: str) -> str:
    """Letters and digits alone."""
    return "".join(c for c in without_marks(text) if c.isalnum())


def _is_invisible(character: str) -> bool:
    """Controls, formats, surrogates, unassigned; variation selectors and fillers. A blank shows
    that something is apart."""
    if character.isspace():
        return False
    return (
        unicodedata.category(character)[0] == "C"
        or "\ufe00" <= character <= "\ufe0f"
        or "\u180b" <= character <= "\u180f"
        or "\U000e0100" <= character <= "\U000e01ef"
        or character == "\u034f"
        or character in _INVISIBLE_LETTERS
    )
