"""Whether a pack or a proof holds: a form for everyone, and what was found.

Promises: pure. What is shown of a file is cut: it may say anything. The page says that it is ours
too, and how to check without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.ledger.audit import audit, handed, sentences
from shared import formats
from shared.pages.parts import Cell, Fact, Fault, Field, Head, Table, Tag

TITLE: Final = "Verify"
FILE_BYTES_MAX: Final = 10_000_000
"""Of a pack: some four thousand entries with their events. `makegood verify` takes any size."""
FAILURES_SHOWN_MAX: Final = 10
"""Of each check; the others are counted."""
CHARACTERS_SHOWN_MAX: Final = 300
"""Of what a failure quotes from a file."""

_TOO_LARGE: Final = (
    "The file is larger than 10 MB. Check it with makegood verify, which takes any size."
)
_SLOW: Final = "This file takes longer than a page may. Check it with makegood verify."
_BUSY: Final = "Another file is being checked. Send yours again in a few seconds."
BY_STATUS: Final = {
    408: "The file did not arrive in time. Send it again.",
    413: _TOO_LARGE,
    503: _BUSY,
}
"""What is said where the file did not get as far as being checked."""
NOT_WHOLE: Final = "The form did not arrive whole. Send it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The form, and what was found in a file."""

    title: str
    verdict: str | None
    holds: bool
    facts: tuple[Fact, ...]
    checks: Table | None
    advice: tuple[str, ...]
    faults: tuple[Fault, ...]
    form: tuple[Field, ...]
    is_reader: bool
    """Whether this person may download a pack here."""


def show(
    key: str,
    own_key: str,
    outcome: handed.Outcome | None = None,
    faults: tuple[Fault, ...] = (),
    *,
    is_reader: bool,
) -> Page:
    """The page. `key`: what was written into the form; `own_key`: this log's."""
    if isinstance(outcome, handed.Refused):
        faults = (Fault(outcome.field, outcome.text),)
    if faults or outcome is None or isinstance(outcome, handed.Refused):
        title, verdict, holds = f"Error: {TITLE}" if faults else TITLE, None, False
    else:
        title, (verdict, holds) = TITLE, _verdict(outcome)
    whose = "this log's" if key in ("", own_key) else "the given"
    report = outcome.report if isinstance(outcome, handed.PackChecked) else None
    return Page(
        title=title,
        verdict=verdict,
        holds=holds,
        facts=() if outcome is None else tuple(_facts(outcome, key or own_key, is_own=not key)),
        checks=None if report is None else _checks(report, whose),
        advice=() if report is None else tuple(_advice(report)),
        faults=faults,
        form=_form(key, faults),
        is_reader=is_reader,
    )


def too_slow() -> tuple[Fault, ...]:
    """A file that takes too long."""
    return (Fault("file", _SLOW),)


# --- what was found ------------------------------------------------------------------------------


def _verdict(outcome: handed.Outcome) -> tuple[str, bool]:
    match outcome:
        case handed.PackChecked(report=report):
            failed = sum(bool(each.failures) for each in report.checks)
            if not failed:
                return "It holds: every check found all as it should be.", True
            checks = formats.count(len(report.checks), "check")
            return f"It does not hold: {failed} of {checks} found something wrong.", False
        case handed.EntryProved(entry=entry, checkpoint=checkpoint):
            return f"It holds: entry {entry} is in {_tree(checkpoint.size)}.", True
        case handed.GrowthProved(old=old, new=new):
            return f"It holds: tree {old.size} is the beginning of tree {new.size}.", True
        case handed.NotProved():
            return "It does not hold.", False
        case _:
            raise AssertionError("a refusal has no verdict")


def _tree(size: int) -> str:
    return f"the tree of {formats.count(size, 'entry', 'entries')} that was signed"


def _facts(outcome: handed.Outcome, key: str, *, is_own: bool) -> Iterator[Fact]:
    match outcome:
        case handed.EntryProved():
            yield Fact("What it says", outcome.words)
            yield Fact("Hash of the entry", outcome.leaf_hash.hex())
            yield Fact("Root", outcome.checkpoint.root.hex())
        case handed.GrowthProved():
            yield Fact(f"Root of tree {outcome.old.size}", outcome.old.root.hex())
            yield Fact(f"Root of tree {outcome.new.size}", outcome.new.root.hex())
        case handed.NotProved():
            yield Fact("Why", _cut(outcome.why))
            yield Fact(
                "What to do",
                "Make sure that both files belong together and that the key is that of the log. If "
                "they are, keep them, and ask the operator of the log.",
            )
        case handed.Refused():
            return
    yield Fact("Checked with the key", key)
    if is_own:
        yield Fact("Whose key it is", _OWN)


_OWN: Final = (
    "This log's own, as it stands here. That proves that the file and this site agree. Compare the "
    "key with the one that you noted, or have from somebody else."
)
_NAMES: Final = {
    "checkpoint": "Signature",
    "leaves": "Tree",
    "contracts": "Chains",
    "sources": "Sources",
    "payloads": "Events",
}


def _checks(report: audit.Report, whose: str) -> Table:
    return Table(
        caption="What was checked",
        heads=(
            Head("Check"),
            Head("Result"),
            Head("Checked", is_number=True),
            Head("What it shows"),
        ),
        rows=tuple(_row(each, report, whose) for each in report.checks),
    )


def _row(check: audit.Check, report: audit.Report, whose: str) -> tuple[Cell, ...]:
    found = report.checkpoint
    said = sentences.PROVED[check.name].format(
        origin=found.origin if found else "",
        size=found.size if found else 0,
        checked=f"{check.checked:,}",
        whose=whose,
    )
    failed = bool(check.failures)
    return (
        Cell(_NAMES[check.name]),
        Cell("", tag=Tag("Wrong", "red") if failed else Tag("Holds", "green")),
        Cell(f"{check.checked:,}"),
        Cell("Where it is wrong:", why=tuple(_failures(check))) if failed else Cell(said),
    )


def _failures(check: audit.Check) -> Iterator[str]:
    for place, what in check.failures[:FAILURES_SHOWN_MAX]:
        yield _cut(f"{place}: {what}.")
    more = len(check.failures) - FAILURES_SHOWN_MAX
    if more > 0:
        yield f"And {more:,} more."


def _advice(report: audit.Report) -> Iterator[str]:
    for check in report.checks:
        if check.failures:
            yield f"{_NAMES[check.name]}: {sentences.ADVICE[check.name].replace('`', '')}"


def _cut(text: str) -> str:
    is_long = len(text) > CHARACTERS_SHOWN_MAX
    return f"{text[:CHARACTERS_SHOWN_MAX]}…" if is_long else text


# --- the form ------------------------------------------------------------------------------------


def _form(key: str, faults: tuple[Fault, ...]) -> tuple[Field, ...]:
    wrong = dict(faults)
    return (
        Field(
            name="file",
            label="A pack or a proof",
            kind="file",
            hint="A pack is what makegood export writes. At most 10 MB.",
            fault=wrong.get("file"),
        ),
        Field(
            name="second",
            label="What it is of, if it is a proof",
            kind="file",
            hint="The leaf of the entry; or the earlier checkpoint, of a proof that the log grew.",
            fault=wrong.get("second"),
        ),
        Field(
            name="key",
            label="The log's key, as you know it",
            value=key,
            hint="Leave it empty for this log's own, which the page of the log shows.",
            fault=wrong.get("key"),
        ),
    )
