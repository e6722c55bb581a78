"""The status of a return: received, held, checked, superseded or withdrawn.

Promises: `MOVES` is the whole life of a return. `status` derives where a return is in it from the
facts that are stored; the status itself is not. It is never one that `MOVES` does not lead to.
Refuses: to withdraw a return that a later revision has superseded (rule I3).
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

ReturnStatus: TypeAlias = Literal["received", "held", "checked", "superseded", "withdrawn"]

MOVES: Final[dict[ReturnStatus | None, frozenset[ReturnStatus]]] = {
    None: frozenset({"received"}),
    "received": frozenset({"held", "checked", "superseded", "withdrawn"}),
    "held": frozenset({"checked", "superseded", "withdrawn"}),
    "checked": frozenset({"held", "superseded", "withdrawn"}),
    "superseded": frozenset(),
    "withdrawn": frozenset({"held"}),
}
"""From each status, the next ones. None: the return does not exist yet. A withdrawn return is held
if a service cannot take its withdrawal."""

HELD: Final[dict[bool, str]] = {
    False: "received, not yet counted: we are looking at it",
    True: "withdrawal received, not yet taken into account: we are looking at it",
}
"""What a held return is told, by whether it is withdrawn."""


def status(
    *, is_withdrawn: bool, is_superseded: bool, is_checked: bool, is_held: bool = False
) -> ReturnStatus:
    """The status of a return. A withdrawn return stays withdrawn when the next revision of its
    month comes, and a check that comes late does not bring back a return that has ended. What is
    held no longer matters once the next revision is there."""
    if is_superseded:
        return "withdrawn" if is_withdrawn else "superseded"
    if is_held:
        return "held"
    if is_withdrawn:
        return "withdrawn"
    return "checked" if is_checked else "received"


class Facts(NamedTuple):
    """What must be so for a status; None: it may be either."""

    is_withdrawn: bool | None = None
    is_superseded: bool | None = None
    is_checked: bool | None = None
    is_held: bool | None = None


NEEDS: Final[dict[ReturnStatus | None, Facts]] = {
    None: Facts(),
    "received": Facts(is_withdrawn=False, is_superseded=False, is_checked=False, is_held=False),
    "held": Facts(is_superseded=False, is_held=True),
    "checked": Facts(is_withdrawn=False, is_superseded=False, is_checked=True, is_held=False),
    "superseded": Facts(is_withdrawn=False, is_superseded=True),
    "withdrawn": Facts(is_withdrawn=True),
}
"""What a return of each status has, for those who look for them. `status` decides: a withdrawn
return may be held instead."""


def may_move(current: ReturnStatus, to: ReturnStatus) -> bool:
    """Whether a return may go from its current status to `to`."""
    return to in MOVES[current]


End: TypeAlias = Literal["withdrawn", "superseded"]


def end(*, is_withdrawn: bool, is_replaced: bool, is_held: bool) -> End | None:
    """How a return has ended, so that its lines no longer count; None while they do. `is_replaced`:
    by a revision that is not held. A withdrawal that is held has not been taken into account."""
    if is_withdrawn and (is_replaced or not is_held):
        return "withdrawn"
    return "superseded" if is_replaced else None
