"""Which officers are told of an alert, and when (rules C2, L3).

Promises: pure. Whoever is told is named once, in the order of the parts. An alert that asks for
nothing is said once and never again. Where a part is held by nobody, those are told who were told
at the step before: time without an answer always reaches somebody.
Refuses: to tell suppliers' people: intake tells them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from shared.notifier.kinds import Step
from shared.wire import events

Part: TypeAlias = Literal["owner", "deputy", "category_lead", "director"]
PARTS: Final[tuple[Part, ...]] = ("owner", "deputy", "category_lead", "director")
"""What an officer can be to a contract."""

UNANSWERED: Final[dict[int, Step]] = {
    5: "unanswered_5",
    10: "unanswered_10",
    20: "unanswered_20",
}
"""The working days without an answer after which more people are told (rule C2)."""

KINDS: Final = frozenset(get_args(events.AlertKind)) - {"return_due"}
"""Of what officers are told. That a return is due, only its supplier is told."""
_ASKS_FOR_NOTHING: Final = frozenset({"shortfall_recovered"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Officers:
    """The council's people of one contract, by account id; None: nobody."""

    owner: str | None = None
    deputy: str | None = None
    category_lead: str | None = None
    director: str | None = None

    def holder(self, part: Part) -> str | None:
        """Who holds a part."""
        held: str | None = getattr(self, part)
        return held


NOBODY: Final = Officers()


def told(kind: str, step: Step, officers: Officers, managers: Sequence[str]) -> tuple[str, ...]:
    """Who is told of an alert of this kind at this step. `managers`: all of the authority, who
    stand in for an owner."""
    if kind not in KINDS or (step != "raised" and kind in _ASKS_FOR_NOTHING):
        return ()
    if step == "unanswered_20" and officers.director is not None:
        return (officers.director,)
    if step in ("unanswered_10", "unanswered_20") and officers.category_lead is not None:
        return (officers.category_lead,)
    return _first(officers, managers)


def _first(officers: Officers, managers: Sequence[str]) -> tuple[str, ...]:
    """Owner and deputy; for an owner that there is not, every manager."""
    owners = managers if officers.owner is None else (officers.owner,)
    deputies = () if officers.deputy is None else (officers.deputy,)
    return tuple(dict.fromkeys((*owners, *deputies)))
