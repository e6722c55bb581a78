"""What lists can be narrowed down to: forms whose answers stand in the address.

Promises: pure. A field that is left empty asks for nothing. Every fault is named at once, beside
its field, and what was written stays there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Annotated, ClassVar, Final, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from services.verification.api.documents import alerts, overviews
from services.verification.api.documents import standings as documents
from services.verification.pages import ratings
from shared import calendar, fields
from shared.pages import listing
from shared.pages.parts import Choice, Fault, Field

PROMISES: Final = 40
"""On one page. A row says more than those of other lists: fifty would weigh over 60 kB."""
ALERTS: Final = 30
"""An alert is a paragraph, with a tick and a button."""
LINES: Final = 40
"""Of lines that wait, with the reason of each."""
CHARACTERS_MAX: Final = 200
"""Of one field: more than any id has."""

Text: TypeAlias = Annotated[
    str, StringConstraints(max_length=CHARACTERS_MAX, strip_whitespace=True)
]


class Filter(NamedTuple):
    """One field of a form."""

    label: str
    choices: tuple[Choice, ...] = ()
    """Beside all; of a text there are none."""
    hint: str = ""


class Asked(BaseModel):
    """A form as it was sent: what is empty is not asked for. Its fields are those of `FILTERS`."""

    model_config = ConfigDict(extra="forbid")  # a misspelt filter would show too much

    FILTERS: ClassVar[Mapping[str, Filter]]

    cursor: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """The fields that say something, by name."""
        values = {name: getattr(self, name) for name in self.FILTERS}
        return {name: value for name, value in values.items() if value}

    def form(
        self, faults: Sequence[Fault] = (), left_out: Collection[str] = ()
    ) -> tuple[Field, ...]:
        """The form, filled as it was sent. `left_out`: fields that are none of the reader's
        business."""
        wrong = dict(faults)
        return tuple(
            Field(
                name=name,
                label=each.label,
                value=self.given.get(name, ""),
                kind="select" if each.choices else "text",
                choices=(_ANY, *each.choices) if each.choices else (),
                hint=each.hint,
                fault=wrong.get(name),
            )
            for name, each in self.FILTERS.items()
            if name not in left_out
        )

    def check(self, *, has_contract: bool = True) -> tuple[Fault, ...]:
        """Every field that asks for what cannot be. `has_contract`: the contract that is asked for
        is one that this person may see."""
        found = (self._check(*each, has_contract=has_contract) for each in self.given.items())
        return tuple(each for each in found if each is not None)

    def _check(self, name: str, value: str, *, has_contract: bool) -> Fault | None:
        label, choices, _ = self.FILTERS[name]
        if choices:
            is_one = value in {each.value for each in choices}
            return None if is_one else Fault(name, f"{label} cannot be '{value}'. {_CHOOSE}")
        if name == "contract" and not (has_contract and _is_contract_id(value)):
            unknown = f"You have no contract '{value}'. Write its reference as the list does."
            return Fault(name, unknown)
        return None


def _is_contract_id(value: str) -> bool:
    try:
        _CONTRACT_ID.validate_python(value)
    except ValidationError:
        return False
    return True


_CONTRACT_ID: Final[TypeAdapter[str]] = TypeAdapter(fields.ContractId)
_ANY: Final = Choice("", "All")
_CHOOSE: Final = "Choose one of the list."
_RATING: Final = Filter("Rating", tuple(Choice(each, each) for each in ratings.COLOURS))
_MISSING: Final = Filter("Returns missing", (Choice("true", "Yes"), Choice("false", "No")))
_CASE: Final = Filter("Case open", (Choice("open", "Yes"), Choice("none", "No")))
_CONTRACT: Final = Filter("Contract (reference)")


# --- contracts -----------------------------------------------------------------------------------


class Contracts(Asked):
    """Of all contracts."""

    FILTERS: ClassVar[Mapping[str, Filter]] = {
        "search": Filter("Reference or title"),
        "supplier": Filter("Supplier"),
        "owner": Filter("Owner", (Choice("me", "Me, or me as deputy"), Choice("none", "Nobody"))),
        "rating": _RATING._replace(label="Worst rating"),
        "missing": _MISSING,
        "case": _CASE,
        "ends": Filter(
            "Ends within",
            (Choice("3", "3 months"), Choice("6", "6 months"), Choice("12", "12 months")),
        ),
    }

    search: Text = ""
    supplier: Text = ""
    owner: Text = ""
    rating: Text = ""
    missing: Text = ""
    case: Text = ""
    ends: Text = ""

    def query(self, today: date) -> overviews.OverviewsQuery:
        """What the API is asked for. Only where `check` finds nothing."""
        asked = dict(self.given)
        months = asked.pop("ends", None)
        found = overviews.OverviewsQuery.model_validate({**asked, "limit": listing.ROWS})
        ends_by = _in_months(today, int(months)) if months else None
        return found.model_copy(update={"cursor": self.cursor, "ends_by": ends_by})


def _in_months(day: date, months: int) -> date:
    """The same day of a later month, or the last that this month has."""
    period = calendar.add_months(calendar.period_of(day), months)
    last = calendar.last_day(period)
    return last.replace(day=min(day.day, last.day))


# --- alerts --------------------------------------------------------------------------------------

KINDS: Final = {
    "return_due": "A return is due",
    "return_overdue": "A return is overdue",
    "shortfall_opened": "A promise is behind",
    "shortfall_worsened": "Further behind",
    "shortfall_recovered": "Back on course",
    "duplicate_claim": "Claimed twice",
    "correction_changed_rating": "A correction changes a rating",
    "queue_holds_rating": "Waiting lines hold a rating",
    "contract_ends_with_gap": "The contract ends, with a gap",
    "commitment_without_owner": "No owner",
}
"""Of alerts, in words."""


class Alerts(Asked):
    """Of alerts."""

    FILTERS: ClassVar[Mapping[str, Filter]] = {
        "kind": Filter("Kind", tuple(Choice(*each) for each in KINDS.items())),
        "acknowledged": Filter("Acknowledged", (Choice("false", "No"), Choice("true", "Yes"))),
        "contract": _CONTRACT,
    }

    kind: Text = ""
    acknowledged: Text = ""
    contract: Text = ""

    def query(self) -> alerts.AlertsQuery:
        """What the API is asked for. Only where `check` finds nothing."""
        found = alerts.AlertsQuery.model_validate({**self.given, "limit": ALERTS})
        return found.model_copy(update={"cursor": self.cursor})


# --- queried lines -------------------------------------------------------------------------------


class Queried(Asked):
    """Of lines that wait for the council."""

    FILTERS: ClassVar[Mapping[str, Filter]] = {"contract": _CONTRACT}

    contract: Text = ""


# --- promises ------------------------------------------------------------------------------------


class Promises(Asked):
    """Of the promises of all contracts."""

    FILTERS: ClassVar[Mapping[str, Filter]] = {
        "rating": _RATING,
        "missing": _MISSING,
        "case": _CASE,
        "supplier": Filter("Supplier (org-id)"),
        "contract": _CONTRACT,
    }

    rating: Text = ""
    missing: Text = ""
    case: Text = ""
    supplier: Text = ""
    contract: Text = ""

    def query(self) -> documents.StandingsQuery:
        """What the API is asked for. Only where `check` finds nothing."""
        found = documents.StandingsQuery.model_validate({**self.given, "limit": PROMISES})
        return found.model_copy(update={"cursor": self.cursor})  # checked by the list it is of

    def _check(self, name: str, value: str, *, has_contract: bool) -> Fault | None:
        if name != "supplier":
            return super()._check(name, value, has_contract=has_contract)
        try:
            _ORG_ID.validate_python(value)
        except ValidationError:
            return Fault(name, f"'{value}' is no org-id. Write one such as GB-COH-01234567.")
        return None


_ORG_ID: Final[TypeAdapter[str]] = TypeAdapter(fields.OrgId)
