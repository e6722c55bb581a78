"""The status of a return: received, checked, superseded or withdrawn.

Promises: `MOVES` is the whole life of a return. `status` derives where a return is in it from the
facts that are stored; the status itself is not. It is never one that `MOVES` does not lead to.
Refuses: to withdraw a return that a later revision has superseded (rule I3).
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

ReturnStatus: TypeAlias = Literal["received", "checked", "superseded", "withdrawn"]

MOVES: Final[dict[ReturnStatus | None, frozenset[ReturnStatus]]] = {
    None: frozenset({"received"}),
    "received": frozenset({"checked", "superseded", "withdrawn"}),
    "checked": frozenset({"superseded", "withdrawn"}),
    "superseded": frozenset(),
    "withdrawn": frozenset(),
}
"""From each status, the next ones. None: the return does not exist yet."""


def status(*, is_withdrawn: bool, is_superseded: bool, is_checked: bool) -> ReturnStatus:
    """The status of a return. A withdrawn return stays withdrawn when the next revision of its
    month comes, and a check that comes late does not bring back a return that has ended."""
    if is_withdrawn:
        return "withdrawn"
    if is_superseded:
        return "superseded"
    return "checked" if is_checked else "received"


def may_move(current: ReturnStatus, to: ReturnStatus) -> bool:
    """Whether a return may go from its current status to `to`."""
    return to in MOVES[current]
