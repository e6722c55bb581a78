"""What a field may hold: one type for each kind of thing, on every door (rules I4 to I13).

Promises: what one service accepts the next accepts, since the documents of all services are made of
these types, and the wire (`wire/parts.py`) has the same limits. Identifiers of organisations and
places come out in their normal form; numbers without zeros in front, and `-0` as `0`.
Refuses: another form than a thing's own: a date is `YYYY-MM-DD`, a digit is 0 to 9, an identifier
has no control characters and is no placeholder. `documents` has refused a NUL before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared import identifiers
from shared.wire import bounds, parts

TEXT_CHARACTERS_MAX: Final = 2_000
"""Rule I12: of one text that people write."""
TITLE_CHARACTERS_MAX: Final = 500
CONTRACT_ID_CHARACTERS_MAX: Final = 150
CODE_CHARACTERS_MAX: Final = 100
MAIL_CHARACTERS_MAX: Final = identifiers.MAIL_CHARACTERS_MAX
DAY_MIN: Final = date(bounds.YEAR_MIN, 1, 1)
DAY_MAX: Final = date(bounds.YEAR_MAX, 12, 31)

_WRITTEN_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WRITTEN_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)
_WRITTEN_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
_WRITTEN_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")

# --- texts ---------------------------------------------------------------------------------------

_NO_CONTROLS: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
_LINES: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
"""Ends of lines and tabs are part of a text that people write; other control characters are not."""

Text = Annotated[str, StringConstraints(max_length=TEXT_CHARACTERS_MAX, pattern=_LINES)]
Words = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1)]
"""A text that says something."""
Name = Annotated[str, StringConstraints(max_length=TITLE_CHARACTERS_MAX, pattern=_NO_CONTROLS)]
Title = Annotated[Name, StringConstraints(strip_whitespace=True, min_length=1)]

# --- identifiers ---------------------------------------------------------------------------------

_IDENTIFIER: Final = re.compile(
    r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x1f\x7f-\x9f\s][^\x00-\x1f\x7f-\x9f]*$"
)
Identifier = Annotated[
    str,
    StringConstraints(max_length=identifiers.CHARACTERS_MAX, pattern=_IDENTIFIER.pattern),
]
"""Not only blanks, and without control characters."""
ContractId = Annotated[
    str,
    StringConstraints(
        max_length=CONTRACT_ID_CHARACTERS_MAX, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$"
    ),
]
"""Part of addresses, and a key on the wire."""
CommitmentId = Annotated[
    str,
    StringConstraints(max_length=CODE_CHARACTERS_MAX, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"),
]
Code = Annotated[
    str, StringConstraints(max_length=CODE_CHARACTERS_MAX, pattern=r"^[A-Za-z0-9._:/-]+$")
]
"""An identifier that goes into events, so it must not be able to hold a name."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{64}$")]


def _normal(read: Callable[[str], str | None], kind: str) -> AfterValidator:
    """The normal form of an identifier of that kind."""

    def validate(text: str) -> str:
        found = read(text)
        if found is None:
            raise _odd(f"This is not {kind}")
        return found

    return AfterValidator(validate)


def _written(read: Callable[[str], str | None], kind: str) -> AfterValidator:
    """The identifier as people wrote it, if it has a normal form."""

    def validate(text: str) -> str:
        if read(text) is None:
            raise _odd(f"This is not {kind}")
        return text.strip()

    return AfterValidator(validate)


def _odd(message: str) -> PydanticCustomError:
    return PydanticCustomError("odd_form", "{message}", {"message": message})


OrgId = Annotated[Identifier, _normal(identifiers.org_id, "an org-id, such as GB-COH-01234567")]

MailAddress = Annotated[
    str,
    StringConstraints(max_length=MAIL_CHARACTERS_MAX, pattern=_IDENTIFIER.pattern),
    _normal(identifiers.mail_address, "an e-mail address, such as a.person@firm.example"),
]


def _each_once(names: Any) -> Any:
    if isinstance(names, dict) and len({identifiers.org_id(str(each)) for each in names}) < len(
        names
    ):
        raise _odd("This names one organisation twice, in two spellings")
    return names


NamesByOrgId = Annotated[dict[OrgId, Name], BeforeValidator(_each_once)]
School = Annotated[Identifier, _normal(identifiers.school, "a school, such as GB-EDU-143878")]
Postcode = Annotated[Identifier, _normal(identifiers.postcode, "a full postcode, such as L36 9YU")]
InvoiceNumber = Annotated[
    Identifier, _written(identifiers.invoice_number, "the number of an invoice")
]
PersonReference = Annotated[
    Identifier, _written(identifiers.person_reference, "a reference to a person")
]
SharedIdentifier = Annotated[
    Identifier, _written(identifiers.shared_identifier, "a shared identifier")
]

# --- days and moments ----------------------------------------------------------------------------

Period = Annotated[str, StringConstraints(pattern=parts.PERIOD_PATTERN)]
"""A month, `YYYY-MM`."""


def _read_day(value: Any) -> Any:
    if isinstance(value, str) and _WRITTEN_DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise _odd("This day does not exist") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise _odd("This is not a date, YYYY-MM-DD")


Day = Annotated[date, BeforeValidator(_read_day), Field(ge=DAY_MIN, le=DAY_MAX)]


def _read_moment(value: Any) -> Any:
    if isinstance(value, str) and not _WRITTEN_MOMENT.fullmatch(value):
        raise _odd("This is not a moment with its offset from UTC, such as 2026-11-05T09:00:00Z")
    return value


Moment = Annotated[datetime, BeforeValidator(_read_moment)]
LocalTime = Annotated[
    str,
    StringConstraints(
        pattern=rf"^{parts.YEAR_PATTERN}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]$",
    ),
]

# --- numbers -------------------------------------------------------------------------------------


def _plain(number: str) -> str:
    """`0005.50` → `5.50`, `-0.00` → `0.00`: one number has one form."""
    if not number.startswith(("-", "0")):
        return number
    sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number)
    whole, point, places = digits.partition(".")
    whole = whole.lstrip("0") or "0"
    is_zero = whole == "0" and not places.strip("0")
    return ("" if is_zero else sign) + whole + point + places


Number = Annotated[
    str, StringConstraints(pattern=rf"^{_WRITTEN_NUMBER.pattern}$"), AfterValidator(_plain)
]
"""A decimal number, as text, since many programs read JSON numbers as floats. With a seventh
decimal place `Decimal` would write it with an exponent."""


def _not_negative(number: str) -> str:
    if number.startswith("-"):
        raise _odd("This is negative")
    return number


Amount = Annotated[Number, AfterValidator(_not_negative)]
Money = Annotated[
    str, StringConstraints(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"), AfterValidator(_plain)
]


def _read_decimal(value: Any) -> Any:
    if isinstance(value, str) and _WRITTEN_NUMBER.fullmatch(value):
        return Decimal(_plain(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, Decimal):
        return value
    raise _odd("This is not a decimal number, as text, such as 12.50")


Target = Annotated[
    Decimal,
    BeforeValidator(_read_decimal),
    Field(gt=0, max_digits=18, decimal_places=6, allow_inf_nan=False),
]


def _read_whole(value: Any) -> Any:
    if isinstance(value, str) and not _WRITTEN_WHOLE.fullmatch(value):
        raise _odd("This is not a whole number")
    return value


Whole = Annotated[int, BeforeValidator(_read_whole)]
"""A whole number in an address, where everything is text."""

# --- structures ----------------------------------------------------------------------------------


def _is_identifier(text: str) -> bool:
    return len(text) <= identifiers.CHARACTERS_MAX and bool(_IDENTIFIER.fullmatch(text))


def _check_texts(structure: dict[str, Any]) -> dict[str, Any]:
    left: list[Any] = [structure]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, list):
            left += value
        elif isinstance(value, str) and not _is_identifier(value):
            raise _odd("This holds a text that is too long, empty, or has control characters")
    return structure


Structure = Annotated[dict[str, Any], AfterValidator(_check_texts)]
"""A profile or an area: figures, days and codes. The domain says what they must be."""
