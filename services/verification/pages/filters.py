"""What the list of who is behind can be narrowed down to: a form whose answers stand in the
address.

Promises: pure. A field that is left empty asks for nothing. Every fault is named at once, beside
its field, and what was written stays there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from services.verification.api.documents import standings as documents
from services.verification.pages import ratings
from shared import fields
from shared.pages.parts import Choice, Fault, Field

ROWS: Final = 40
"""On one page. A row says more than those of other lists: fifty would weigh over 60 kB."""
CHARACTERS_MAX: Final = 200
"""Of one field: more than any id has."""

Text: TypeAlias = Annotated[
    str, StringConstraints(max_length=CHARACTERS_MAX, strip_whitespace=True)
]


class Asked(BaseModel):
    """The form as it was sent: what is empty is not asked for."""

    model_config = ConfigDict(extra="forbid")  # a misspelt filter would show too much

    rating: Text = ""
    missing: Text = ""
    case: Text = ""
    supplier: Text = ""
    contract: Text = ""
    cursor: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """The fields that say something, by name."""
        values = {name: getattr(self, name) for name in LABELS}
        return {name: value for name, value in values.items() if value}


LABELS: Final = {
    "rating": "Rating",
    "missing": "Returns missing",
    "case": "Case open",
    "supplier": "Supplier (org-id)",
    "contract": "Contract (reference)",
}
CHOICES: Final[Mapping[str, tuple[Choice, ...]]] = {
    "rating": tuple(Choice(each, each) for each in ratings.COLOURS),
    "missing": (Choice("true", "Yes"), Choice("false", "No")),
    "case": (Choice("open", "Yes"), Choice("none", "No")),
}
_ANY: Final = Choice("", "All")


def show(asked: Asked, faults: Sequence[Fault] = ()) -> tuple[Field, ...]:
    """The form, filled as it was sent."""
    wrong = dict(faults)
    return tuple(
        Field(
            name=name,
            label=label,
            value=asked.given.get(name, ""),
            kind="select" if name in CHOICES else "text",
            choices=(_ANY, *CHOICES[name]) if name in CHOICES else (),
            fault=wrong.get(name),
        )
        for name, label in LABELS.items()
    )


def query(asked: Asked) -> documents.StandingsQuery:
    """What the API is asked for. Only where `check` finds nothing."""
    found = documents.StandingsQuery.model_validate({**asked.given, "limit": ROWS})
    return found.model_copy(update={"cursor": asked.cursor})  # checked by the list that it is of


# --- what is wrong -------------------------------------------------------------------------------


def check(asked: Asked, *, has_contract: bool) -> tuple[Fault, ...]:
    """Every field that asks for what cannot be. `has_contract`: there is such a contract, which
    this person may see."""
    found = (_check(*each, has_contract=has_contract) for each in asked.given.items())
    return tuple(each for each in found if each is not None)


_CHOOSE: Final = "Choose one of the list."
_ORG_ID: Final[TypeAdapter[str]] = TypeAdapter(fields.OrgId)


def _check(name: str, value: str, *, has_contract: bool) -> Fault | None:
    if name in CHOICES:
        is_one = value in {each.value for each in CHOICES[name]}
        return None if is_one else Fault(name, f"{LABELS[name]} cannot be '{value}'. {_CHOOSE}")
    if name == "contract":
        unknown = f"You have no contract '{value}'. Write its reference as the list does."
        return None if has_contract else Fault(name, unknown)
    try:
        _ORG_ID.validate_python(value)
    except ValidationError:
        return Fault(name, f"'{value}' is no org-id. Write one such as GB-COH-01234567.")
    return None
