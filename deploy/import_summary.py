"""What `makegood import-contracts` prints: everything in the file, counted and grouped.

Promises: every thing of the answer is in a count. What is alike is one group, with its first
places; of what is faulty: place, value, why, and what to do.
"""

from __future__ import annotations

import collections
from typing import Any, Final

import rich.console
import rich.table
import rich.text

PLACES_MAX: Final = 10
"""How many places of one group are shown; the answer of the service has all."""

COUNT_CHARACTERS: Final = 6

_KINDS: Final = {
    "release": "releases",
    "award": "awards",
    "contract": "contracts",
    "metric": "metrics",
    "sheet": "sheets",
    "commitment": "commitments",
}
_FATES: Final = {
    "new": "new",
    "changed": "changed",
    "unchanged": "unchanged",
    "draft": "draft",
    "needs_structuring": "in prose",
    "skipped": "skipped",
    "faulty": "faulty",
    "read": "read",
}
"""What may become of a thing, in the order of the table."""
_TITLES: Final = {
    "new": "New",
    "changed": "Changed",
    "draft": "Drafted from metrics",
    "needs_structuring": "Drafted in prose: give each a measure, a target and a period",
    "skipped": "Skipped",
    "faulty": "Faulty",
}
"""What is listed, in this order: faults last, where they are read first."""


def show(to: rich.console.Console, summary: dict[str, Any]) -> None:
    """Counts first, then what was made, what was left out and what is faulty."""
    registered = summary["contracts"]
    words = ", ".join(f"{count} {fate}" for fate, count in registered.items())
    to.print(rich.text.Text(f"Contracts of the register: {words}"))
    to.print(_counts(summary["counts"]))
    for fate, title in _TITLES.items():
        told = (each for each in summary["outcomes"] if each["fate"] == fate)
        listed = [one for each in told for one in (each, *_more(each))]
        if listed:
            to.print(rich.text.Text(f"{title}: {len(listed)}", style="bold"))
            _show_groups(to, listed)


def _more(outcome: dict[str, Any]) -> list[dict[str, Any]]:
    """The other faults of a row of a spreadsheet."""
    return [outcome | each for each in outcome["more"]]


def _counts(counts: dict[str, dict[str, int]]) -> rich.table.Table:
    """Kinds down, fates across. A fate that nothing has is left out."""
    fates = [each for each in _FATES if any(each in found for found in counts.values())]
    table = rich.table.Table("", box=None, pad_edge=False)
    for fate in fates:
        table.add_column(_FATES[fate], justify="right")
    for kind, title in _KINDS.items():
        if kind in counts:
            table.add_row(title, *(str(counts[kind].get(fate, "")) for fate in fates))
    return table


def _show_groups(to: rich.console.Console, listed: list[dict[str, Any]]) -> None:
    groups: dict[tuple[str, str | None, str | None], list[dict[str, Any]]]
    groups = collections.defaultdict(list)
    for each in listed:
        groups[each["kind"], each["reason"], each["fix"]].append(each)
    grid = rich.table.Table.grid(padding=(0, 2), pad_edge=False)
    grid.add_column(justify="right", width=COUNT_CHARACTERS)
    grid.add_column(overflow="fold")
    for (kind, reason, fix), group in sorted(groups.items(), key=lambda item: -len(item[1])):
        words = kind if len(group) == 1 else _KINDS[kind]
        words += f": {reason}" if reason else ""
        grid.add_row(str(len(group)), rich.text.Text(words + (f". {fix}" if fix else "")))
        for each in group[:PLACES_MAX]:
            grid.add_row("", rich.text.Text(f"  {_place(each)}"))
        if len(group) > PLACES_MAX:
            grid.add_row("", f"  … and {len(group) - PLACES_MAX} more")
    to.print(grid)


def _place(outcome: dict[str, Any]) -> str:
    """Where it is: of what was made, in the register, else in the file."""
    place = outcome["place"] or "the whole file"
    if outcome["fate"] in ("skipped", "faulty"):
        return f"{place}  {outcome['value'] or ''}".rstrip()
    if outcome["kind"] in ("metric", "commitment"):
        return f"{outcome['contract_id']}  {outcome['id']}"
    return outcome["contract_id"] or place
