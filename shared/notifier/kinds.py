"""The kinds of change that people are told of, and how each is told (rules L2, L3).

Promises: pure. Whoever chose nothing gets what is usual. What may not be stopped is told at once,
whatever was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

How: TypeAlias = Literal["at_once", "daily", "never"]
HOWS: Final[tuple[How, ...]] = get_args(How)
Step: TypeAlias = Literal["raised", "unanswered_5", "unanswered_10", "unanswered_20"]
"""When it is told: as it is raised, or after so many working days in which nobody acknowledged
it."""


class Kind(NamedTuple):
    """One kind."""

    words: str
    """What it is about, as the page of choices says it."""
    usual: How
    may_stop: bool = True
    is_for_operators: bool = False
    """Whoever keeps the installation is told of it, and nobody else."""


UNANSWERED: Final = "unanswered"
"""The kind by which people choose how they are reminded of alerts."""
COUNCIL: Final[Mapping[str, Kind]] = {
    "shortfall_opened": Kind("A promise is behind", "at_once"),
    "shortfall_worsened": Kind("A promise has fallen further behind", "at_once"),
    "shortfall_recovered": Kind("A promise is back on course", "daily"),
    "contract_ends_with_gap": Kind("A contract ends in 90 days with a gap", "at_once"),
    "return_overdue": Kind("A return is overdue", "daily"),
    "queue_holds_rating": Kind("Lines that wait for the council hold a rating", "daily"),
    "duplicate_claim": Kind("The same thing was claimed twice", "daily"),
    "correction_changed_rating": Kind("A correction would change a rating", "at_once"),
    "commitment_without_owner": Kind("A promise has no owner", "daily"),
    UNANSWERED: Kind("An alert was not acknowledged in time", "at_once", may_stop=False),
    "reference_out_of_date": Kind("Reference data is out of date", "daily", is_for_operators=True),
}
"""Of the people of a council."""
SUPPLIER: Final[Mapping[str, Kind]] = {
    "return_due": Kind("A return is due soon", "at_once"),
    "return_overdue": Kind("A return is overdue", "at_once", may_stop=False),
    "return_checked": Kind("Not all lines of a return count", "at_once"),
    "duplicate_claim": Kind("A line was claimed before", "daily"),
}
"""Of the people of a supplier."""


def of(kinds: Mapping[str, Kind], *, is_operator: bool) -> dict[str, Kind]:
    """The kinds of which somebody is told."""
    return {name: each for name, each in kinds.items() if each.is_for_operators == is_operator}


def how(kinds: Mapping[str, Kind], kind: str, choices: Mapping[str, How]) -> How:
    """How a recipient who chose so is told of a kind; what is no known kind, at once."""
    known = kinds.get(kind)
    if known is None or not known.may_stop:
        return "at_once"
    return choices.get(kind, known.usual)
