"""A spreadsheet of contracts and their promises, from its sheets to entries of the register.

Promises: pure. Every sheet and every row comes out exactly once, with every fault at its cell. A
contract stands with all its promises or not at all: one faulty promise leaves it out. A contract of
which the file has only promises stays as it is registered.
Refuses, as a whole: what is no spreadsheet, and one without a sheet of contracts or promises.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.verification.register import published
from services.verification.register.agreed_metrics import Metric
from services.verification.register.releases import Unreadable
from services.verification.register.spreadsheets import cells, columns, contracts, promises
from services.verification.register.succession import Entry
from services.verification.register.terms import Life
from services.verification.register.things import Fault, Kind, Thing
from services.verification.register.written import Unsaid, Written
from shared import sql
from shared.spreadsheets import headings, reading, tables

ROWS_MAX: Final = 10_000
"""Of all sheets together: the answer tells of each."""
ENTRIES_AT_ONCE: Final = 100
"""They are looked up together."""


@dataclass
class Sheets:
    """What a spreadsheet contains."""

    sheets: list[Thing] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    """Ids of contracts that one of its entries has."""

    def batches(self) -> Iterator[Sheets]:
        """Its contracts, some at a time."""
        for start in range(0, len(self.entries), ENTRIES_AT_ONCE):
            some = self.entries[start : start + ENTRIES_AT_ONCE]
            yield Sheets(entries=some, taken=self.taken)

    def contract_ids(self) -> list[str]:
        """The ids that its contracts have in the register."""
        return [entry.contract_id for entry in self.entries]

    def ocids(self) -> list[str]:
        """None: it publishes nothing."""
        return []

    def settle(self, known: Iterable[sql.Record]) -> Iterator[Entry]:
        """What it tells of each contract."""
        del known
        yield from self.entries

    def things(self) -> list[Thing]:
        """All that is in it, in order."""
        return [each for sheet in self.sheets for each in sheet.all()]


def read(body: bytes, window: published.Window) -> Sheets | Unreadable:
    """All that is in a spreadsheet."""
    book = reading.read(body)
    if isinstance(book, tables.Unreadable):
        return Unreadable(f"{book.message}. {book.fix.rstrip('.')}")
    found = [(sheet, columns.of(sheet)) for sheet in book.sheets]
    if not any(each for _, each in found):
        return Unreadable(_NO_HEADINGS)
    if sum(len(sheet.rows) for sheet, _ in found) > ROWS_MAX:
        return Unreadable(f"The file has more than {ROWS_MAX:,} rows: send it in parts")
    file = Sheets()
    read_ = [_Sheet(sheet, known) for sheet, known in found]
    file.sheets = [each.thing for each in read_]
    known_contracts = _contracts(read_, window)
    file.entries = list(_entries(read_, known_contracts, window))
    return file


_NO_HEADINGS: Final = (
    "No sheet has the headings of contracts or of promises: fill in the template, or take its "
    "headings"
)


class _Sheet:
    """A sheet with its rows, as far as its headings can be read."""

    def __init__(self, sheet: tables.Sheet, known: columns.Columns | None) -> None:
        self.known = known
        self.thing = Thing("sheet", sheet.name or "the file", None, id=sheet.name or None)
        self.rows: list[tuple[cells.Row, Thing]] = []
        if known is None:
            is_ours = sheet.name.lower() in columns.PASSED_OVER
            self.thing.becomes("skipped", _OURS if is_ours else _NOT_OURS)
            return
        found = headings.find(sheet, known.known, known.needed)
        kind: Kind = "contract" if known is columns.CONTRACTS else "commitment"
        for row in found.rows:
            cell = cells.Row(sheet, found.columns, row)
            thing = Thing(kind, cell.place(columns.REFERENCE), None)
            self.thing.parts.append(thing)
            self.rows.append((cell, thing))
        if found.faults:
            faults = [_fault(sheet.name, each) for each in found.faults]
            self.thing.fail_with(faults)
            self.rows = []
        else:
            self.thing.becomes("read")


_OURS: Final = "it explains the template"
_NOT_OURS: Final = "it has no headings of contracts or of promises"


def _fault(sheet: str, found: headings.Fault) -> Fault:
    place = cells.address(sheet, found.address) if found.address else sheet or "the file"
    return Fault(place, found.text or None, cells.plain(found.message), found.fix)


# --- contracts -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Contract:
    """A row of a contract, and the contract if it can be read."""

    thing: Thing
    said: tuple[str, ...]
    """What stands in the row."""
    written: Written | None


def _contracts(sheets: Iterable[_Sheet], window: published.Window) -> dict[str, _Contract]:
    """The contracts of all sheets, by reference. One that is there twice is told."""
    found: dict[str, _Contract] = {}
    for row, thing in _rows(sheets, columns.CONTRACTS):
        contract_id = contracts.reference(row)
        thing.id = contract_id or row.text(columns.REFERENCE)
        written = contracts.read(row, thing, window)
        if contract_id is not None and (twin := found.get(contract_id)) is not None:
            if row.all() == twin.said:
                thing.skip("it is there twice, word for word")
            else:
                reason = "another row has the same reference, and says something else"
                fix = "Keep one of the two."
                thing.fail_with([Fault(thing.place, contract_id, reason, fix)])
            continue
        if row.faults:
            thing.fail_with(row.faults)
        if contract_id is not None:
            found[contract_id] = _Contract(thing, row.all(), written)
    return found


def _rows(sheets: Iterable[_Sheet], known: columns.Columns) -> Iterator[tuple[cells.Row, Thing]]:
    return itertools.chain.from_iterable(each.rows for each in sheets if each.known is known)


# --- promises ------------------------------------------------------------------------------------


def _entries(
    sheets: Sequence[_Sheet], known: dict[str, _Contract], window: published.Window
) -> Iterator[Entry]:
    """The contracts that can be registered, each with its promises."""
    by_contract: dict[str, list[_Promise]] = {contract_id: [] for contract_id in known}
    for row, thing in _rows(sheets, columns.PROMISES):
        contract_id = contracts.reference(row)
        written = known[contract_id].written if contract_id in known else None
        life = None if written is None else Life(written.starts_on, written.ends_on)
        is_left_out = contract_id in known and written is None
        metric = None if is_left_out else promises.read(row, thing, life, window)
        thing.id = row.text(columns.PROMISE_REFERENCE) or row.text(columns.MEASURE)
        if row.faults:
            thing.fail_with(row.faults)
        elif is_left_out:
            thing.skip("the row of its contract is faulty")
        if contract_id is not None:
            by_contract.setdefault(contract_id, []).append(_Promise(thing, row.all(), metric))
    for contract_id, own in by_contract.items():
        _tell_twins(own)
        contract = known.get(contract_id)
        faulty = [each.thing for each in own if each.thing.fate == "faulty"]
        if contract is not None and contract.written is None:
            continue
        if faulty:
            _leave_out(contract, own, faulty[0])
            continue
        metrics = tuple(each.metric for each in own if each.metric and each.thing.fate is None)
        if contract is not None or metrics:
            yield _entry(contract_id, contract, metrics)


@dataclass(slots=True)
class _Promise:
    """A row of a promise, and the promise if it can be read."""

    thing: Thing
    said: tuple[str, ...]
    metric: Metric | None


def _tell_twins(own: Iterable[_Promise]) -> None:
    """Of promises of one contract with one reference the first stands."""
    found: dict[str, _Promise] = {}
    for each in own:
        if each.metric is None or each.thing.fate is not None:
            continue
        twin = found.setdefault(each.metric.commitment_id, each)
        if twin is each:
            continue
        if twin.said == each.said:
            each.thing.skip("it is there twice, word for word")
        else:
            reason = "another promise of this contract has the same reference, or the same measure"
            fix = f"Give each its own “{columns.PROMISE_REFERENCE}”."
            place, sent = each.thing.place, each.metric.commitment_id
            each.thing.fail_with([Fault(place, sent, reason, fix)])


def _leave_out(contract: _Contract | None, own: Iterable[_Promise], faulty: Thing) -> None:
    """Nothing of a contract is imported in part."""
    reason = "a promise of its contract is faulty"
    for each in own:
        each.thing.skip_alone(reason, faulty.place)
    if contract is not None:
        contract.thing.skip_alone("a promise of it is faulty", faulty.place)


def _entry(contract_id: str, contract: _Contract | None, metrics: tuple[Metric, ...]) -> Entry:
    told: Written | Unsaid
    if contract is None or contract.written is None:
        told = Unsaid(thing=Thing("contract", metrics[0].thing.place, None, id=contract_id))
    else:
        told = contract.written
    return Entry(contract_id=contract_id, told=told, metrics=metrics)
