"""Contracts imported from a file: OCDS releases, or a spreadsheet.

Promises: every release, award, contract and metric of a file, every sheet and row, comes out
exactly once, with what became of it. A dry run does all that an import does, and takes it back. The
newest release of a contract applies, and importing the same file again changes nothing. Each
contract is a transaction of its own, so an import that was interrupted is simply run again. What
cannot be imported is listed; the rest is imported.
Refuses: a file that cannot be read as a whole (`releases`, `spreadsheets.reading`).
"""

from __future__ import annotations

import collections
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, cast

from services.verification import store
from services.verification.register import (
    entries,
    kept,
    ocds,
    published,
    releases,
    succession,
)
from services.verification.register.agreed_metrics import Metric
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from services.verification.register.releases import Unreadable
from services.verification.register.succession import Entry
from services.verification.register.things import Fate, Fault, Kind, Thing
from services.verification.register.written import Unsaid
from shared import sql
from shared.delivery import transaction

if TYPE_CHECKING:
    from services.verification.register.spreadsheets import reading

BODY_BYTES_MAX: Final = releases.BODY_BYTES_MAX
PARTS_MAX: Final = 30_000
"""Releases, awards, contracts, metrics and suppliers of one file: the answer tells of each but the
last. 32 MB of real notices have 11,000."""
CHARACTERS_MAX: Final = 3_000_000
"""Of ids, titles, names and words of one file, which are kept until it is imported. 32 MB of real
notices have 1,000,000."""
AWARDS_AT_ONCE: Final = 100
"""Their contracts are looked up together."""
_REGISTERED: Final[tuple[Fate, ...]] = ("new", "changed", "unchanged")
_PUBLISHED: Final[tuple[Kind, ...]] = ("release", "award", "contract", "metric")
_WRITTEN: Final[tuple[Kind, ...]] = ("sheet", "contract", "commitment")
_PARTS: Final = frozenset({"metric", "commitment"})
"""Of a contract."""


@dataclass
class Summary:
    """What an import did, or would do."""

    things: list[Thing]
    """All that is in the file, in order."""
    kinds: tuple[Kind, ...] = _PUBLISHED
    """What there can be in it."""

    def counts(self) -> dict[Kind, collections.Counter[Fate]]:
        """How many there are of each kind, by what became of them."""
        counts: dict[Kind, collections.Counter[Fate]] = {
            kind: collections.Counter() for kind in self.kinds
        }
        for thing in self.things:
            assert thing.fate is not None, thing.place
            counts[thing.kind][thing.fate] += 1
        return counts

    def contracts(self) -> dict[Fate, int]:
        """How many contracts of the register it tells of, by what became of them."""
        fates = {
            each.contract_id: each.fate
            for each in self.things
            if each.kind not in _PARTS and each.fate in _REGISTERED
        }
        counts = collections.Counter(fates.values())
        return {fate: counts[fate] for fate in _REGISTERED}


async def run(
    delivery: transaction.Delivery, file: Source, acting: Acting, *, is_committed: bool
) -> Summary:
    """Imports a file for the authority of `acting`, or says what would come of it."""
    for batch in file.batches():
        known, versions = await _gather(delivery.pool, batch, acting)
        for entry, plan in decide(batch, known, versions, acting):
            told = plan
            if isinstance(plan, entries.Plan) and plan.is_to_be_kept:
                told = await entries.keep(delivery.pool, entry, acting, is_committed=is_committed)
            tell(entry, told, versions.get(entry.contract_id, []))
    if is_committed:
        delivery.posted.set()
    return summarize(file)


async def _gather(
    pool: sql.Pool, file: Source, acting: Acting
) -> tuple[dict[str, sql.Record], dict[str, list[sql.Record]]]:
    """The contracts of a file that are registered, and their commitments' versions."""
    known = await store.register.load_contracts(pool, file.contract_ids())
    known |= await store.register.load_further_contracts(pool, acting.authority_id, file.ocids())
    return known, await store.register.load_commitments(pool, list(known))


def decide(
    file: Source,
    known: Mapping[str, sql.Record],
    versions: Mapping[str, Sequence[sql.Record]],
    acting: Acting,
) -> Iterator[tuple[Entry, entries.Plan | Refusal]]:
    """What is to become of each contract of a file. `known` and `versions`: the contracts and their
    commitments, as they are registered."""
    for entry in file.settle(known.values()):
        if entry.contract_id in file.taken:  # two awards have ids that come to the same
            yield entry, Refusal("contract_known")
            continue
        file.taken.add(entry.contract_id)
        row, own = known.get(entry.contract_id), versions.get(entry.contract_id, [])
        yield entry, entries.plan(row, own, entry, acting)


def _registered(known: Iterable[sql.Record]) -> dict[succession.Key, dict[str, str]]:
    """By award, which of its contracts a registered contract is, by the id in the register."""
    found: dict[succession.Key, dict[str, str]] = collections.defaultdict(dict)
    for row in known:
        signed = entries.signed(row)
        if signed is not None:
            key = succession.Key(row["ocid"], signed.award_id)
            found[key][row["contract_id"]] = signed.contract_id
    return found


# --- the file ------------------------------------------------------------------------------------


class Source(Protocol):
    """A file, whatever it is: `File` or `reading.Sheets`."""

    taken: set[str]
    """Ids of contracts that one of its entries has."""

    def batches(self) -> Iterator[Source]:
        """Its contracts, some at a time, so that what is registered of all is never in memory."""

    def contract_ids(self) -> list[str]:
        """The ids that its contracts may have in the register."""

    def ocids(self) -> list[str]:
        """What it publishes."""

    def settle(self, known: Iterable[sql.Record]) -> Iterator[Entry]:
        """What stands of each contract. `known`: those that are registered."""


@dataclass
class File:
    """What a file of releases contains."""

    releases: list[Thing] = field(default_factory=list)
    awards: list[ocds.Award] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    """Ids of contracts that one of its awards has."""

    @functools.cached_property
    def by_award(self) -> dict[succession.Key, list[ocds.Award]]:
        return succession.by_award(self.awards)

    def contract_ids(self) -> list[str]:
        """The ids that its contracts may have in the register."""
        return [
            each
            for key, awards in self.by_award.items()
            for each in succession.contract_ids(key, awards)
        ]

    def ocids(self) -> list[str]:
        """The contracting processes that it tells of."""
        return sorted({key.ocid for key in self.by_award})

    def settle(self, known: Iterable[sql.Record]) -> Iterator[Entry]:
        """What stands of each award."""
        registered = _registered(known)
        for key, awards in sorted(self.by_award.items()):
            yield from succession.settle(key, awards, registered[key])

    def batches(self) -> Iterator[File]:
        """Its awards, some at a time."""
        keys = sorted(self.by_award)
        for start in range(0, len(keys), AWARDS_AT_ONCE):
            some = (self.by_award[key] for key in keys[start : start + AWARDS_AT_ONCE])
            yield File(awards=list(itertools.chain.from_iterable(some)), taken=self.taken)


def read(body: bytes | bytearray, at: datetime) -> File | reading.Sheets | Unreadable:
    """All that is in a file that is imported at `at`. What it is shows how it begins."""
    window = published.window(at)
    if _is_spreadsheet(body):
        from services.verification.register.spreadsheets import reading  # with the first one only

        return reading.read(bytes(body), window)
    return _read_releases(body, window)


def _is_spreadsheet(body: bytes | bytearray) -> bool:
    """Whether it begins as XLSX or XLS do, or with headings. JSON begins with a bracket."""
    if body.startswith(_BOOKS):
        return True
    start = bytes(body[:_HEADINGS_BYTES]).lstrip(_MARKS).replace(b"\x00", b"").lstrip()
    first_line = start.splitlines()[0] if start else b""
    is_text = first_line[:1].isalpha() or first_line[:1] in (b'"', b"'")
    parts = max(first_line.count(each) for each in (b",", b";", b"\t"))
    return is_text and parts >= _HEADINGS_MIN


_BOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")
_HEADINGS_MIN: Final = 2
"""Signs between the headings that must be there, at least: a letter has fewer."""
_MARKS: Final = b"\xef\xbb\xbf\xff\xfe"
"""Of the encodings of text."""
_HEADINGS_BYTES: Final = 4096
"""More than all headings take."""


def _read_releases(body: bytes | bytearray, window: published.Window) -> File | Unreadable:
    file = File()
    parts = characters = 0
    for row in releases.stream(body):
        if isinstance(row, Unreadable):
            return row
        parts += kept.count_parts(row)
        if parts > PARTS_MAX:
            return Unreadable(f"The file has more than {PARTS_MAX:,} parts: send it in parts")
        release, awards = ocds.read(row, window)
        release.forget()
        characters += kept.count_characters(release, awards)
        if characters > CHARACTERS_MAX:
            return Unreadable(
                f"The ids, titles, names and words of the file have more than {CHARACTERS_MAX:,}"
                " characters: send it in parts"
            )
        file.releases.append(release)
        file.awards += awards
    return file


def summarize(file: Source) -> Summary:
    """Everything in the file, when each contract has said what became of it."""
    if not isinstance(file, File):
        return Summary(cast("reading.Sheets", file).things(), _WRITTEN)
    for award in file.awards:
        _tell_award(award)
    return Summary([each for release in file.releases for each in release.all()])


def _tell_award(award: ocds.Award) -> None:
    """An award with contracts became what its contracts became."""
    thing = award.thing
    if award.signed and thing.fate is None:
        best = min(award.signed, key=lambda each: _BEST.index(each.fate or "skipped"))
        reason = best.reason
        if isinstance(reason, str):
            reason = f"contract {best.id}: {reason}"
        thing.becomes(best.fate or "skipped", reason)
        thing.contract_id, thing.value, thing.fix = best.contract_id, best.value, best.fix
    thing.skip("its award was not imported")


_BEST: Final[tuple[Fate, ...]] = ("new", "changed", "unchanged", "faulty", "skipped")


# --- what is told --------------------------------------------------------------------------------


def tell(entry: Entry, plan: entries.Plan | Refusal, versions: Sequence[sql.Record]) -> None:
    """Says what became of a contract and its metrics. `versions`: of its commitments, before."""
    thing = entry.told.thing
    if isinstance(plan, Refusal):
        if isinstance(entry.told, Unsaid):
            _tell_unsaid(entry, plan)
            return
        thing.becomes("faulty", plan)
        thing.value = entry.contract_id
        for metric in entry.metrics:
            metric.thing.skip("its contract is faulty")
        return
    thing.becomes(plan.fate, plan.reason)
    if plan.wanted is not None:
        thing.contract_id = entry.contract_id
    for metric in plan.metrics:
        fate: Fate = "needs_structuring" if metric.figures is None else "draft"
        metric.thing.becomes(fate, metric.reason)
    for metric in entry.metrics:
        metric.thing.contract_id = entry.contract_id
        if metric.thing.fate is None:
            own = [each for each in versions if each["commitment_id"] == metric.commitment_id]
            _tell_known(metric, own)


def _tell_unsaid(entry: Entry, refusal: Refusal) -> None:
    """The contract has no row of its own: each of its commitments says what is wrong."""
    for metric in entry.metrics:
        metric.thing.becomes("faulty", refusal)
        metric.thing.value = entry.contract_id


def _tell_known(metric: Metric, versions: Sequence[sql.Record]) -> None:
    """`versions`: of its commitment."""
    thing = metric.thing
    if any(entries.says(version, metric) for version in versions):
        thing.becomes("unchanged")
    elif metric.figures is None:
        thing.becomes("skipped", "its commitment has other words: those stay")
    else:
        reason = "its commitment has other terms: those stay"
        thing.fault(Fault(thing.place, metric.words, reason, "Change the commitment by hand."))
