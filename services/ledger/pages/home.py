"""The record: one box to search it, and its entries, the newest first.

Promises: pure. What the box names exactly is opened; where it may be two things, both are shown; if
it is nothing, the page says what was searched. A filter that is left empty asks for nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Alias

from services.ledger.api import documents
from services.ledger.domain.entries import sought, words
from services.ledger.pages import log
from shared import fields, formats, identifiers
from shared.pages import names
from shared.pages.parts import Cell, Choice, Fault, Field, Head, Pages, Table

TITLE: Final = "The record"

Text: TypeAlias = Annotated[
    str, StringConstraints(max_length=sought.CHARACTERS_MAX, strip_whitespace=True)
]


class Asked(BaseModel):
    """The form as it was sent: what is empty is not asked for."""

    model_config = ConfigDict(extra="forbid")  # a misspelt filter would show too much

    q: Text = ""
    contract: Text = ""
    supplier: Text = ""
    type: Text = ""
    month: Text = ""
    since: Text = Alias("", alias="from")
    until: Text = Alias("", alias="to")
    cursor: Annotated[str | None, StringConstraints(max_length=2000)] = None

    @property
    def given(self) -> dict[str, str]:
        """The fields that say something, by their names in the address."""
        values = self.model_dump(by_alias=True, exclude={"cursor"})
        return {name: value for name, value in values.items() if value}

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and the last day, if one of them is given. Only where `check` finds nothing."""
        if not self.since and not self.until:
            return None
        first = _day(self.since) if self.since else fields.DAY_MIN
        last = _day(self.until) if self.until else fields.DAY_MAX
        assert first is not None, "checked before"
        assert last is not None, "checked before"
        return first, last

    @property
    def party(self) -> str | None:
        """The supplier, as the log spells its org-id."""
        return identifiers.org_id(self.supplier) or self.supplier or None


class Leaf(NamedTuple):
    """An entry in the list."""

    idx: int
    encoded: bytes


class Log(NamedTuple):
    """How large the log is, when that was signed, and what time it is."""

    size: int
    signed_at: datetime | None
    now: datetime


class Told(NamedTuple):
    """What the record answers: what a search found, or a page of the list."""

    log: Log
    hits: Sequence[documents.Hit]
    leaves: Sequence[Leaf]
    pages: Pages
    known: names.Names = names.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list, or what a search found."""

    title: str
    sentence: str
    whole: str
    """What the list holds, of all that there is."""
    faults: tuple[Fault, ...]
    box: Field
    filters: tuple[Field, ...]
    is_narrowed: bool
    searched: tuple[str, ...]
    """What a search came to, if it opened nothing."""
    table: Table | None
    nothing: str
    pages: Pages


def show(asked: Asked, faults: tuple[Fault, ...], told: Told, *, is_supplier: bool) -> Page:
    """The page of a list, or of what a search found."""
    size, signed_at, now = told.log
    leaves = [_read(each) for each in told.leaves]
    is_search = bool(asked.q)
    table = _found(told.hits) if told.hits else _list(leaves, told.known) if leaves else None
    return Page(
        title=f"Error: {TITLE}" if faults else TITLE,
        sentence=log.NOTHING if signed_at is None else log.signed(size, signed_at, now),
        whole=_WHOLE_SUPPLIER if is_supplier else _WHOLE,
        faults=faults,
        box=Field(name="q", label=_BOX, value=asked.q),
        filters=_filters(asked, faults),
        is_narrowed=bool(asked.given),
        searched=_searched(asked.q, told.hits) if is_search else (),
        table=table,
        nothing="" if is_search or faults else _nothing(asked),
        pages=told.pages,
    )


_BOX: Final = "Receipt or entry number, contract, supplier, return, SHA-256"
_WHOLE: Final = "Each contract's entries are numbered without a gap: nothing is left out here."
_WHOLE_SUPPLIER: Final = (
    "You see those that are about you. Each contract's entries are numbered without a gap; the "
    "numbers between yours are other suppliers' and the council's."
)


# --- the search ----------------------------------------------------------------------------------


def ways(hits: Sequence[documents.Hit]) -> list[str]:
    """Where the things that were found are, each once."""
    return list(dict.fromkeys(map(_way, hits)))


def _way(hit: documents.Hit) -> str:
    if hit.kind == "contract":
        return f"/contracts/{hit.contract_id}"
    if hit.kind == "supplier":
        return f"/?supplier={hit.party_id}"
    if hit.kind == "root":
        return f"/log?from={hit.size}&to={hit.size}"
    if hit.kind in ("receipt", "return") and hit.return_id is not None:
        return f"/returns/{hit.return_id}"
    return f"/entries/{hit.entry}"


_KINDS: Final = {
    "entry": "Entry {entry}",
    "receipt": "The return of this receipt",
    "event": "The entry of this event",
    "return": "This return",
    "hash": "The entry with this hash",
    "commitment": "The entry that commits to this event",
    "root": "The checkpoint with this root",
    "contract": "This contract",
    "supplier": "Entries about this supplier",
}


def _found(hits: Sequence[documents.Hit]) -> Table:
    rows = [
        (Cell(_KINDS[each.kind].format(entry=each.entry), _way(each)), Cell(each.words))
        for each in hits
    ]
    heads = (Head("Open"), Head("What it is"))
    return Table("What was found", heads, tuple(rows), is_caption_shown=False)


def _searched(text: str, hits: Sequence[documents.Hit]) -> tuple[str, ...]:
    if hits:
        return (f"{formats.count(len(hits), 'thing')} match '{text}'.",)
    wanted = sought.read(text)
    if wanted.digest is not None:
        return (f"Nothing that you may see has the SHA-256 {text}.", *_DIGESTS)
    return (f"Nothing that you may see is called '{text}'.", _SEARCHED)


_SEARCHED: Final = (
    "The numbers of entries and receipts were searched, the ids of returns and events, the "
    "references of contracts and the org-ids of suppliers. Each must be written in full: part of a "
    "reference finds nothing."
)
_DIGESTS: Final = (
    (
        "The hashes of entries were searched (SHA-256 of a zero byte and the leaf), what leaves "
        "say of their events (payload), and the roots of checkpoints."
    ),
    (
        "The SHA-256 of a return's file is nowhere in the log, only that of a salt and the file, "
        "inside the event, so that nobody can try out what a file might say. Search for the number "
        "of the receipt instead: it has the salt, and the event of its entry has words_digest to "
        "compare."
    ),
)


# --- the list ------------------------------------------------------------------------------------


def key(asked: Asked, idx: int, occurred_at: datetime | None) -> list[str | int]:
    """Where the next page of the list begins, of the last entry of this one."""
    return [idx] if asked.days is None else [str(occurred_at), idx]


def contract_ids(leaves: Sequence[Leaf]) -> set[str]:
    """Of which contracts these entries are."""
    found = {_read(each).said.get("contract_id") for each in leaves}
    return {each for each in found if each is not None}


class _Read(NamedTuple):
    idx: int
    said: Mapping[str, Any]


def _read(leaf: Leaf) -> _Read:
    return _Read(leaf.idx, json.loads(leaf.encoded))


def _list(leaves: Sequence[_Read], known: names.Names) -> Table:
    return Table(
        caption="Entries, the newest first",
        heads=tuple(map(Head, ("Entry", "When", "What happened", "Contract"))),
        rows=tuple(_row(each, known) for each in leaves),
        is_caption_shown=False,
    )


def _row(each: _Read, known: names.Names) -> tuple[Cell, ...]:
    contract_id = each.said.get("contract_id")
    return (
        Cell(f"Entry {each.idx}", f"/entries/{each.idx}", is_whole=True),
        Cell(formats.moment(datetime.fromisoformat(each.said["occurred_at"]))),
        Cell(words.of(each.said)),
        known.contract_cell(contract_id, f"/contracts/{contract_id}") if contract_id else Cell(""),
    )


def _nothing(asked: Asked) -> str:
    """The empty list, in words."""
    if not asked.given:
        return "Nothing is recorded yet that you may see."
    narrowed = [f"{_LABELS[name].lower()} {value}" for name, value in asked.given.items()]
    return f"No entry that you may see matches: {formats.listed(narrowed)}."


# --- the filters ---------------------------------------------------------------------------------

_LABELS: Final = {
    "type": "Type",
    "month": "Month",
    "from": "From day",
    "to": "To day",
    "contract": "Contract",
    "supplier": "Supplier",
}
_HINTS: Final = {"month": "2026-10", "from": "2026-10-01", "to": "2026-10-31"}
_CHOICES: Final = (
    Choice("", "All"),
    *(Choice(code, words.NOUNS[code]) for code in documents.TYPES),
)
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def _filters(asked: Asked, faults: Sequence[Fault]) -> tuple[Field, ...]:
    wrong = dict(faults)
    return tuple(
        Field(
            name=name,
            label=label,
            value=asked.given.get(name, ""),
            kind="select" if name == "type" else "text",
            choices=_CHOICES if name == "type" else (),
            hint=f"Like {_HINTS[name]}" if name in _HINTS else "",
            fault=wrong.get(name),
        )
        for name, label in _LABELS.items()
    )


def check(asked: Asked) -> tuple[Fault, ...]:
    """Every filter that asks for what cannot be."""
    faults = []
    if asked.type and asked.type not in documents.TYPES:
        faults.append(Fault("type", "Type is none of the list. Choose one."))
    if asked.month and not _MONTH.fullmatch(asked.month):
        faults.append(Fault("month", f"'{asked.month}' is no month. Write one such as 2026-10."))
    for name, value in (("from", asked.since), ("to", asked.until)):
        if value and _day(value) is None:
            faults.append(Fault(name, f"'{value}' is no day. Write one such as 2026-10-31."))
    if not faults and asked.since and asked.until and asked.since > asked.until:
        faults.append(Fault("from", "The first day is after the last. Exchange the two."))
    return tuple(faults)


def _day(text: str) -> date | None:
    """A day that can be asked for."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    is_known = fields.DAY_MIN <= found <= fields.DAY_MAX
    return found if is_known and text == str(found) else None
