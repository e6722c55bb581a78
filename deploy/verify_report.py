"""What `makegood verify` found, for people and for programs.

Promises: readable at 80 columns, and no id is ever cut: a line that is too long goes on in the next
one. Control characters of a file reach no terminal. Each check that fails says what to do.
"""

from __future__ import annotations

import itertools
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import rich.text

from deploy.client import console
from services.ledger.audit import sentences

if typing.TYPE_CHECKING:
    from services.ledger.audit import additions, audit
    from services.ledger.domain.entries import figures

FAILURES_SHOWN_MAX: Final = 20
"""Of each check. The others are only counted."""
CONTRACTS_SHOWN_MAX: Final = 100
FIGURES_SHOWN_MAX: Final = 100
"""More than anybody reads on a screen; as JSON there are all of them."""

_Item = TypeVar("_Item")

_CAUSES: Final = {
    "return_received": "a return was received",
    "return_revised": "a return was revised",
    "return_withdrawn": "a return was withdrawn",
    "day_ended": "a day ended",
    "line_elsewhere": "a line of another contract changed",
    "commitment_changed": "the commitment was changed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was found in a file, and with which keys."""

    origin: str
    key: str
    """The verifier key that was trusted."""
    is_key_given: bool
    """Not the file's own."""
    report: audit.Report
    added: additions.Additions | None
    """If an earlier export or checkpoint was given."""
    receipt_key: str | None
    """Intake's key as the receipts have it, if none was given."""

    @property
    def size(self) -> int:
        """How many entries were signed."""
        return self.report.checkpoint.size if self.report.checkpoint else 0

    @property
    def is_cut_off(self) -> bool:
        """Whether the file ends before the last entry that was signed."""
        return any(each.checked < self.size for each in self.report.checks if each.name == "leaves")

    @property
    def is_comparable(self) -> bool:
        """Whether what was added is part of a whole log that continues the earlier one."""
        compared = ("checkpoint", "leaves", "since")
        return not any(each.failures for each in self.report.checks if each.name in compared)


# --- for people ----------------------------------------------------------------------------------


def show_key(key: str) -> None:
    """Says first of all that nobody vouched for the key."""
    _say("No key was given, so the key is the one in the file. What follows shows that the")
    _say("file is whole in itself, but not whose log it is. Compare this key with the one")
    _say("that you noted or have from somebody else, and give that one with --key:")
    _say(f"  {key}")


def show(outcome: Outcome) -> None:
    """Every check, what it proves or where it fails, and what to do; then what was added."""
    for check in outcome.report.checks:
        _show_check(outcome, check)
    if outcome.receipt_key is not None:
        _say("The receipts were checked with the key in them. Compare it with intake's:")
        _say(f"  {outcome.receipt_key}")
    if outcome.added is None:
        return
    if outcome.is_comparable:
        _show_added(outcome.added)
    else:
        _say("What was added is not shown: first the checks above must hold.")


def _show_check(outcome: Outcome, check: audit.Check) -> None:
    whose = "the trusted" if outcome.is_key_given else "its own"
    proved = sentences.PROVED[check.name].format(
        origin=outcome.origin, size=outcome.size, checked=check.checked, whose=whose
    )
    mark = "[red]✗[/]" if check.failures else "[green]✓[/]"
    said = f"{check.name}: wrong" if check.failures else proved
    console.print(mark, rich.text.Text(plain(said)), soft_wrap=True)
    if check.name == "sources" and check.failures and outcome.is_cut_off:
        _say("    This follows from the entries that are missing at the end of the file.")
        return
    for place, what in (*check.waiting, *check.failures[:FAILURES_SHOWN_MAX]):
        _say(f"    {place}: {what}")
    if len(check.failures) > FAILURES_SHOWN_MAX:
        _say(f"    and {len(check.failures) - FAILURES_SHOWN_MAX} more")
    if check.failures:
        _say(f"    What to do: {sentences.ADVICE[check.name]}")


def _show_added(added: additions.Additions) -> None:
    if not added.count:
        _say("\nNothing was added since.")
        return
    last = added.size + added.count - 1
    _say(f"\nAdded since: entries {added.size} to {last} ({added.count:,}).")
    groups = itertools.groupby(added.added(), lambda each: each.contract_id)
    for contract, found in _first(groups, CONTRACTS_SHOWN_MAX, "contracts"):
        _say(f"\n{contract or 'Of no contract'}")
        numbers = sorted(each.receipt_no for each in added.receipts if each.contract_id == contract)
        if numbers:
            _say(f"  receipts {ranges(numbers)}")
        for each in found:
            newest = f"newest: entry {each.newest}, {each.newest_at:%Y-%m-%d %H:%M} UTC"
            _say(f"  {each.type:<20}{each.entries:>8,}   {newest}")
    _show_figures(added)


def _show_figures(added: additions.Additions) -> None:
    found = added.changed()
    changed = [each for each in found if each.before is not None]
    new = [each for each in found if each.before is None]
    for words, shown, some in (
        ("Figures that changed", _show_changed, changed),
        ("Figures stated for the first time", _show_new, new),
    ):
        _say(f"\n{words}: {len(some)}.")
        limited = _first(some, FIGURES_SHOWN_MAX, "figures")
        for contract, group in itertools.groupby(limited, lambda each: each.key.contract_id):
            _say(f"\n{contract}")
            for each in group:
                shown(each)
    for entry in added.unread:
        _say(f"\nThe figures of entry {entry} are in its event, which this file does not show.")


def _show_changed(each: additions.Changed) -> None:
    assert each.before is not None
    was, now = each.before.figure, each.after.figure
    _say(f"  {each.key.commitment_id}, {each.key.period}")
    _say(f"    rating   {rated(was)} → {rated(now)}")
    for name in ("counted", "expected", "target"):
        before, after = getattr(was, name), getattr(now, name)
        if name == "counted" or before != after:
            _say(f"    {name:<9}{before} → {after}")
    for by in each.by:
        _say(f"    by entry {by.entry}: {_because(by)}")


def _show_new(each: additions.Changed) -> None:
    now = each.after.figure
    entries = ", ".join(str(by.entry) for by in each.by)
    noun = "entry" if len(each.by) == 1 else "entries"
    _say(f"  {each.key.commitment_id}, {each.key.period}")
    _say(f"    {rated(now)}, {now.counted} counted, by {noun} {entries}")


def _first(items: Iterable[_Item], count: int, noun: str) -> Iterator[_Item]:
    """The first `count` of the items; then it says how many more there are."""
    rest = iter(items)
    yield from itertools.islice(rest, count)
    more = sum(1 for _ in rest)
    if more:
        _say(f"\nand {more} more {noun}: --json has all of them")


def _because(by: additions.By) -> str:
    words = _CAUSES[by.cause.kind]
    if by.cause.receipt_no is not None:
        words += f", receipt {by.cause.receipt_no}"
    return words if by.cause_entry is None else f"{words}, entry {by.cause_entry}"


def rated(figure: figures.Figure) -> str:
    """The rating, and why it is Other."""
    return figure.rating if figure.reason is None else f"{figure.rating} ({figure.reason})"


def ranges(numbers: list[int]) -> str:
    """`1 to 3, 7`: sorted numbers, in few words."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in spans)


def plain(text: str) -> str:
    """The text without what would steer a terminal."""
    return "".join(each if each.isprintable() or each == "\n" else "�" for each in text)


def _say(text: str) -> None:
    console.print(rich.text.Text(plain(text)), soft_wrap=True)


# --- for programs --------------------------------------------------------------------------------


def document(outcome: Outcome) -> dict[str, Any]:
    """All of it as JSON."""
    checkpoint = outcome.report.checkpoint
    found: dict[str, Any] = {
        "holds": outcome.report.holds,
        "origin": outcome.origin,
        "verifier_key": outcome.key,
        "is_key_given": outcome.is_key_given,
        "checkpoint": checkpoint and {"size": checkpoint.size, "root": checkpoint.root.hex()},
        "checks": [_check(each) for each in outcome.report.checks],
    }
    if outcome.receipt_key is not None:
        found["receipt_key"] = outcome.receipt_key
    if outcome.added is not None:
        found["added"] = _added(outcome.added) if outcome.is_comparable else None
    return found


def _check(check: audit.Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "holds": not check.failures,
        "checked": check.checked,
        "failures": [each._asdict() for each in check.failures],
        "waiting": [each._asdict() for each in check.waiting],
        "what_to_do": sentences.ADVICE[check.name] if check.failures else None,
    }


def _added(added: additions.Additions) -> dict[str, Any]:
    from shared.wire import events

    return {
        "first": added.size,
        "entries": added.count,
        "by_contract": [
            {
                "contract_id": each.contract_id,
                "type": each.type,
                "entries": each.entries,
                "newest": each.newest,
                "newest_at": each.newest_at and events.utc(each.newest_at),
            }
            for each in added.added()
        ],
        "receipts": [each._asdict() for each in added.receipts],
        "figures": [
            {
                **each.key._asdict(),
                "before": _stated(each.before),
                "after": _stated(each.after),
                "by": [
                    {
                        "entry": by.entry,
                        "cause": by.cause.kind,
                        "cause_entry": by.cause_entry,
                        "receipt_no": by.cause.receipt_no,
                    }
                    for by in each.by
                ],
            }
            for each in added.changed()
        ],
        "entries_not_read": added.unread,
    }


def _stated(stated: figures.Stated | None) -> dict[str, Any] | None:
    from services.ledger.domain.entries import figures

    if stated is None:
        return None
    figure = stated.figure
    return {"entry": stated.entry} | {name: getattr(figure, name) for name in figures.COMPARED}
