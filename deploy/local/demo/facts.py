"""Compares what was expected with what was seen.

Promises: pure functions. Every figure in `expected.json` is one fact. The expected figures were
worked out by hand, never by the code that is checked against them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple


class Month(NamedTuple):
    """One month of one commitment."""

    contract_id: str
    commitment_id: str
    period: str


class Figures(NamedTuple):
    """A commitment at the end of a month, in its unit."""

    expected: Fraction
    counted: Fraction
    waiting: Fraction
    """Waiting for the council's decision."""
    rating: str
    reason: str | None
    """Why the rating is Other."""


@dataclass(slots=True)
class Seen:
    """What was read back, in the shapes of `expected.json`."""

    heard: dict[Month, Figures] = field(default_factory=dict)
    """The last assessment of each commitment and month on the topic of outcomes."""
    shown: dict[Month, Figures] = field(default_factory=dict)
    """The same, as the public interface shows it."""
    known: dict[tuple[str, Month], Figures] = field(default_factory=dict)
    """By day and month: what the public interface says was known on that day."""
    alerts: Counter[tuple[str | None, ...]] = field(default_factory=Counter)
    """From the public interface: kind, contract, commitment, month."""
    alerts_heard: Counter[tuple[str | None, ...]] = field(default_factory=Counter)
    """The same, from the topic of alerts."""
    cases: set[tuple[str | None, ...]] = field(default_factory=set)
    lines: set[tuple[str, ...]] = field(default_factory=set)
    refusals: Counter[tuple[str, tuple[str, ...], int]] = field(default_factory=Counter)
    receipts: int = 0
    entries: Counter[str] = field(default_factory=Counter)
    """Entries of the log, by type."""
    is_repeat_harmless: bool = False
    """Whether the same return, sent again, got the same receipt."""
    proved: int = 0
    """How many entries the offline verifier found in a signed log; 0 if any check failed."""


class Fact(NamedTuple):
    """One thing that was expected, and what was seen instead (`found`)."""

    what: str
    wanted: str
    found: str

    @property
    def is_seen(self) -> bool:
        return self.wanted == self.found


def compare(expected: dict[str, Any], seen: Seen) -> list[Fact]:
    """Every expected fact, in the order of `expected.json`."""
    return [
        *_performance(expected["performance"], seen),
        *_known(expected["as_at"], seen),
        *_alerts(expected["alerts"], seen),
        *_cases(expected["cases"], seen),
        *_lines(expected["lines"], seen),
        *_refusals(expected["refusals"], seen),
        Fact("receipts issued", str(expected["receipts"]), str(seen.receipts)),
        Fact("the same return again", "the same receipt", _same(seen.is_repeat_harmless)),
        *_entries(expected["entries"], seen),
    ]


def _performance(
    contracts: dict[str, dict[str, list[list[str | None]]]], seen: Seen
) -> Iterator[Fact]:
    for contract_id, commitments in contracts.items():
        for commitment_id, rows in commitments.items():
            for row in rows:
                month = Month(contract_id, commitment_id, str(row[0]))
                what, wanted = " ".join(month), _text(_figures(row))
                yield Fact(what, wanted, _text(seen.shown.get(month)))
                yield Fact(f"{what}, on the topic", wanted, _text(seen.heard.get(month)))


def _known(rows: list[list[str | None]], seen: Seen) -> Iterator[Fact]:
    for row in rows:
        day, *names = map(str, row[:4])
        month = Month(*names)
        what = f"{' '.join(month)}, as at {day}"
        yield Fact(what, _text(_figures(row[3:])), _text(seen.known.get((day, month))))


def _figures(row: list[str | None]) -> Figures:
    _, expected, counted, waiting, rating, reason = row
    return Figures(_exact(expected), _exact(counted), _exact(waiting), str(rating), reason)


def _exact(figure: str | None) -> Fraction:
    return Fraction(figure or 0)


def _text(figures: Figures | None) -> str:
    if figures is None:
        return "nothing"
    expected, counted, waiting, rating, reason = figures
    return (
        f"{_plain(counted)} of {_plain(expected)}, {_plain(waiting)} waiting: "
        f"{rating}{f' ({reason})' if reason else ''}"
    )


def _plain(figure: Fraction) -> str:
    return f"{float(figure):,.10g}"


def _alerts(wanted: list[list[str | None]], seen: Seen) -> Iterator[Fact]:
    for alert, count in Counter(map(tuple, wanted)).items():
        what = _title("alert", alert)
        yield Fact(what, str(count), str(seen.alerts[alert]))
        yield Fact(f"{what}, on the topic", str(count), str(seen.alerts_heard[alert]))
    count = len(wanted)
    yield Fact("alerts, and no others", str(count), str(seen.alerts.total()))


def _cases(wanted: list[list[str | None]], seen: Seen) -> Iterator[Fact]:
    for case in map(tuple, wanted):
        yield _among(_title("case", case), case in seen.cases)
    yield Fact("cases, and no others", str(len(wanted)), str(len(seen.cases)))


def _lines(wanted: list[list[str]], seen: Seen) -> Iterator[Fact]:
    for line in map(tuple, wanted):
        yield _among(_title("line", line), line in seen.lines)
    yield Fact("lines not counted, and no others", str(len(wanted)), str(len(seen.lines)))


def _refusals(wanted: list[tuple[str, list[str], int]], seen: Seen) -> Iterator[Fact]:
    for route, rules, faults in wanted:
        refusal = (route, tuple(rules), faults)
        what = f"refusal by {route}: {', '.join(rules)}, {faults} faults"
        yield Fact(what, "1", str(seen.refusals[refusal]))


def _entries(wanted: dict[str, int], seen: Seen) -> Iterator[Fact]:
    for kind, count in wanted.items():
        yield Fact(f"entries of type {kind}", str(count), str(seen.entries[kind]))
    size = seen.entries.total()
    yield Fact("entries proved offline", str(max(size, 1)), str(seen.proved))


def _among(what: str, is_seen: bool) -> Fact:
    return Fact(what, "seen", "seen" if is_seen else "nothing")


def _same(is_harmless: bool) -> str:
    return "the same receipt" if is_harmless else "another receipt"


def _title(kind: str, parts: tuple[str | None, ...]) -> str:
    return f"{kind} {' '.join(part for part in parts if part)}"
