"""Importing contracts: choose a file, see what it would do, import just that.

Promises: pure. Every thing of a file is in a count; what is left out is told with the reason, what
is faulty with its place and what to do. Of a long list the first are shown, and how many more there
are.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from services.verification.api.documents import imports as documents
from shared import formats
from shared.pages.parts import Cell, Fault, Field, Head, Link, Table

TITLE: Final = "Import contracts"
FIELD: Final = "file"
FAULTS_SHOWN_MAX: Final = 100
CONTRACTS_SHOWN_MAX: Final = 50
REASONS_SHOWN_MAX: Final = 20
PLACES_SHOWN_MAX: Final = 3
GONE: Final = (
    "What you were shown is not kept any more: it is kept for an hour, or until you look at "
    "another file. Choose the file again."
)
CHANGED: Final = (
    "The register has changed since you looked at this file. Nothing was imported. Look at what "
    "it would do now."
)
NO_FILE: Final = "Choose a file."
_TEMPLATES: Final = (
    Link("Template with lists to choose from (XLSX)", "/imports/template.xlsx"),
    Link("Contracts alone (CSV)", "/imports/contracts.csv"),
    Link("Promises alone (CSV)", "/imports/promises.csv"),
)


class File(NamedTuple):
    """A file, and what it does."""

    name: str
    digest: str
    counts: Counts


class Counts(NamedTuple):
    """What a file does, in figures."""

    new: int
    changed: int
    unchanged: int
    drafted: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The form, and above it what a file would do or has done."""

    heading: str
    form_heading: str = "Choose another file"
    faults: tuple[Fault, ...] = ()
    sentences: tuple[str, ...] = ()
    """The first says what a file would do, or has done."""
    note: str | None = None
    action: str | None = None
    """Where the button leads that imports what is shown. None: there is nothing to import."""
    button: str | None = None
    tables: tuple[Table, ...] = ()
    has_approvals: bool = False
    templates: tuple[Link, ...] = _TEMPLATES

    @property
    def title(self) -> str:
        return f"Error: {self.heading}" if self.faults else self.heading

    @property
    def form(self) -> Field:
        """Where a file is chosen."""
        return Field(
            name=FIELD,
            label="Spreadsheet (XLSX or CSV) or OCDS releases (JSON)",
            kind="file",
            hint="You are shown what it would do before anything is stored.",
            fault=next((each.text for each in self.faults if each.name == FIELD), None),
        )


def show(fault: str | None = None) -> Page:
    """The form alone."""
    faults = (Fault(FIELD, fault),) if fault else ()
    return Page(heading=TITLE, form_heading="Choose a file", faults=faults)


def show_preview(
    file: File, outcomes: Sequence[documents.ImportOutcome], changed: str | None = None
) -> Page:
    """What a file would do. `changed`: why it is shown again."""
    button = _button(file.counts)
    return Page(
        heading=f"{file.name}: what it would do",
        faults=(Fault("preview", changed),) if changed else (),
        sentences=(
            _sentence(file.counts, is_done=False),
            *_promises(file.counts, is_done=False),
        ),
        note="Nothing is stored yet." if button else "There is nothing to import.",
        action=f"/imports/{file.digest}" if button else None,
        button=button,
        tables=tuple(_tables(outcomes)),
    )


def show_done(file: File) -> Page:
    """What a file has done."""
    return Page(
        heading=f"{file.name} was imported",
        sentences=(_sentence(file.counts, is_done=True), *_promises(file.counts, is_done=True)),
        has_approvals=bool(file.counts.drafted),
    )


# --- what stands first ---------------------------------------------------------------------------


def _sentence(counts: Counts, *, is_done: bool) -> str:
    parts = [f"{counts.new:,} new", f"{counts.changed:,} changed", f"{counts.unchanged:,} as"]
    parts[2] += " it is" if counts.unchanged == 1 else " they are"
    parts.append(f"{counts.left_out:,} left out")
    verb = "Imported" if is_done else "Contracts"
    return f"{verb}: {', '.join(parts)}."


def _promises(counts: Counts, *, is_done: bool) -> tuple[str, ...]:
    if not counts.drafted:
        return ()
    many = formats.count(counts.drafted, "promise")
    if is_done:
        verb = "waits" if counts.drafted == 1 else "wait"
        return (f"{many} {verb} for an approver: until then it binds nobody.",)
    verb = "is" if counts.drafted == 1 else "are"
    return (f"{many} {verb} drafted, and will wait for an approver.",)


def _button(counts: Counts) -> str | None:
    contracts = counts.new + counts.changed
    parts = []
    if contracts:
        parts.append(formats.count(contracts, "contract"))
    if counts.drafted:
        parts.append(formats.count(counts.drafted, "promise"))
    return f"Import {formats.listed(parts)}" if parts else None


# --- what is in the file -------------------------------------------------------------------------


def _tables(outcomes: Sequence[documents.ImportOutcome]) -> Iterator[Table]:
    faulty = [each for each in outcomes if each.fate == "faulty"]
    if faulty:
        yield _faults(faulty)
    left = [each for each in outcomes if each.fate == "skipped"]
    if left:
        yield _reasons("Left out, and why", left)
    prose = [each for each in outcomes if each.fate == "needs_structuring"]
    if prose:
        yield _reasons("Promises without figures: an officer gives them later", prose)
    made = [each for each in outcomes if each.fate in ("new", "changed") and each.kind in _WHOLE]
    if made:
        yield _made(made)


_WHOLE: Final = ("award", "contract")


def _faults(faulty: Sequence[documents.ImportOutcome]) -> Table:
    rows = [row for each in faulty for row in _fault_rows(each)]
    return Table(
        caption=_caption("What is wrong", len(rows), FAULTS_SHOWN_MAX),
        heads=tuple(map(Head, ("Where", "You wrote", "What is wrong", "What to do"))),
        rows=tuple(rows[:FAULTS_SHOWN_MAX]),
    )


def _fault_rows(each: documents.ImportOutcome) -> Iterator[tuple[Cell, ...]]:
    yield _fault_row(each)
    for more in each.more:
        yield _fault_row(more)


def _fault_row(it: documents.ImportOutcome | documents.ImportFault) -> tuple[Cell, ...]:
    return (
        Cell(it.place or "The whole file"),
        Cell(it.value or "Nothing"),
        Cell(_sentence_of(it.reason)),
        Cell(_sentence_of(it.fix)),
    )


def _sentence_of(words: str | None) -> str:
    if not words:
        return ""
    end = "" if words.endswith((".", ":", ";")) else "."
    return f"{words[0].upper()}{words[1:]}{end}"


def _reasons(caption: str, left: Iterable[documents.ImportOutcome]) -> Table:
    groups: dict[tuple[str, str], list[documents.ImportOutcome]] = collections.defaultdict(list)
    for each in left:
        groups[each.kind, each.reason or ""].append(each)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    return Table(
        caption=_caption(caption, len(ordered), REASONS_SHOWN_MAX),
        heads=(Head("What"), Head("Why"), Head("Where")),
        rows=tuple(_reason_row(*key, own) for key, own in ordered[:REASONS_SHOWN_MAX]),
    )


def _reason_row(kind: str, reason: str, own: Sequence[documents.ImportOutcome]) -> tuple[Cell, ...]:
    places = [each.place or "the whole file" for each in own[:PLACES_SHOWN_MAX]]
    more = len(own) - len(places)
    if more:
        places.append(f"{more:,} more")
    values = sorted({each.value for each in own if each.value})
    why = (f"See {formats.listed(values)}.",) if 0 < len(values) <= PLACES_SHOWN_MAX else ()
    return (
        Cell(formats.count(len(own), *_KINDS[kind])),
        Cell(_sentence_of(reason), why=why),
        Cell(formats.listed(places)),
    )


_KINDS: Final = {
    "release": ("release", "releases"),
    "award": ("award", "awards"),
    "contract": ("contract", "contracts"),
    "metric": ("promise", "promises"),
    "sheet": ("sheet", "sheets"),
    "commitment": ("promise", "promises"),
}


def _made(made: Sequence[documents.ImportOutcome]) -> Table:
    return Table(
        caption=_caption("Contracts", len(made), CONTRACTS_SHOWN_MAX),
        heads=(Head("Contract"), Head("What becomes of it"), Head("Where")),
        rows=tuple(
            (
                Cell(each.contract_id or each.id or each.place),
                Cell("New" if each.fate == "new" else "Changed", why=_why(each)),
                Cell(each.place),
            )
            for each in made[:CONTRACTS_SHOWN_MAX]
        ),
    )


def _why(each: documents.ImportOutcome) -> tuple[str, ...]:
    return (_sentence_of(each.reason),) if each.reason else ()


def _caption(words: str, count: int, shown_max: int) -> str:
    return words if count <= shown_max else f"{words}: the first {shown_max} of {count:,}"
