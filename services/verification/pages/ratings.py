"""Ratings and cases in the words of pages."""

from __future__ import annotations

from typing import Final

from shared.pages.parts import Tag

COLOURS: Final = {
    "Good": "green",
    "Approaching target": "yellow",
    "Requires improvement": "orange",
    "Inadequate": "red",
    "Other": "grey",
}
"""By the words of the Procurement Act 2023."""
WHY_OTHER: Final = {
    "data_missing": "a return is missing",
    "awaiting_council": "the council must decide lines",
    "nothing_due": "nothing is due yet",
    "suspended": "it is suspended",
}
BEHIND: Final = frozenset({"Approaching target", "Requires improvement", "Inadequate"})
"""The ratings of what is behind."""
STATES: Final = {
    "opened": "Open: the supplier is to be notified",
    "notified": "Open: the supplier was notified",
    "replied": "Open: the supplier has answered",
    "plan_agreed": "Open: a plan was agreed",
    "reassessed": "Open: assessed again",
    "resolved_completely": "Resolved",
    "resolved_partly": "Resolved in part",
    "resolved_not": "Not resolved",
    "withdrawn": "Withdrawn",
}
"""Of a case."""
RETURN_MISSING: Final = "Open: the return is missing"
"""Of the case of a return that does not come, before anybody was notified."""


def case_state(kind: str, state: str) -> str:
    """Where a case stands."""
    is_missing = kind == "no_data" and state == "opened"
    return RETURN_MISSING if is_missing else STATES.get(state, state)


def tag(rating: str) -> Tag:
    """A rating, in its colour."""
    return Tag(rating, COLOURS.get(rating, "grey"))


def reason(code: str | None) -> tuple[str, ...]:
    """Why a rating is Other, as a sentence; none for any other rating."""
    if code is None:
        return ()
    words = WHY_OTHER.get(code, code)
    return (f"{words[:1].upper()}{words[1:]}.",)
