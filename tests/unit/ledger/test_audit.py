"""The offline audit: it passes a whole export, and finds every kind of tampering in its place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.audit import audit
from services.ledger.domain.entries import leaves, offsets, payloads, recording
from services.ledger.domain.log import notes, tree
from shared.wire import events

KEY = notes.SignerKey("makegood.example/log", bytes(range(32)))
ORIGIN = "makegood.example/log"
RETURNS = offsets.Stream("makegood.returns.v1", 1, 0)
PARKED = offsets.Stream("makegood.parked.v1", 1, 0)
NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)


def withdrawn(number: int, contract_id: str) -> events.ReturnWithdrawn:
    return events.ReturnWithdrawn(
        event_id=UUID(int=number),
        authority_id="E08000011",
        occurred_at=NOON,
        contract_id=contract_id,
        return_id=UUID(int=100 + number),
        receipt_no=number + 1,
        party_id="GB-COH-00000001",
        period="2026-10",
        revision=1,
    )


def parked(number: int, offset: int) -> events.RecordParked:
    return events.RecordParked(
        event_id=UUID(int=number),
        authority_id=events.INSTALLATION,
        occurred_at=NOON,
        service="ledger",
        topic=RETURNS.topic,
        incarnation=RETURNS.incarnation,
        partition=RETURNS.partition,
        offset=offset,
        digest="ab" * 32,
        reason="malformed_json",
    )


def arrival(event: Any, stream: offsets.Stream, offset: int) -> recording.Arrival:
    return recording.Arrival(event, events.write(event), leaves.Source(*stream, offset))


def secrets(count: int) -> list[payloads.Secrets]:
    return [
        payloads.cut(hashlib.shake_256(b"%d" % number).digest(payloads.SECRETS_BYTES))
        for number in range(count)
    ]


ARRIVALS = (
    arrival(withdrawn(0, "A"), RETURNS, 0),
    arrival(withdrawn(1, "B"), RETURNS, 1),
    arrival(withdrawn(2, "A"), RETURNS, 3),
    arrival(parked(3, 5), PARKED, 0),
    arrival(withdrawn(4, "A"), RETURNS, 7),
    arrival(withdrawn(5, "B"), RETURNS, 8),
)
LISTED = (
    offsets.Listed(RETURNS, 2, 3, "day"),
    offsets.Listed(RETURNS, 4, 5, "repeat", UUID(int=1)),
    offsets.Listed(RETURNS, 5, 6, "parked"),
    offsets.Listed(RETURNS, 6, 7, "hole"),
)
MADE, _ = recording.record(ARRIVALS, {}, secrets(len(ARRIVALS)))
ENCODED = tuple(entry.encoded for entry in MADE)


def signed(encoded: tuple[bytes, ...], key: notes.SignerKey = KEY) -> str:
    edge, _ = tree.append(tree.EMPTY_EDGE, [tree.leaf_hash(each) for each in encoded])
    return notes.sign(notes.Checkpoint(ORIGIN, edge.size, tree.root(edge)).body(), key)


DISCLOSED = {
    index: payloads.Disclosed(arrival.body, entry.secrets.salt)
    for index, (arrival, entry) in enumerate(zip(ARRIVALS, MADE, strict=True))
}
EXPORT = audit.Export(
    checkpoint=signed(ENCODED),
    entries=ENCODED,
    listed=LISTED,
    next_offsets={RETURNS: 9, PARKED: 1},
    disclosed=DISCLOSED,
)


def failures(export: audit.Export) -> dict[str, list[audit.Failure]]:
    """The failures of each check that has any."""
    report = audit.check(export, KEY.verifier_key, origin=ORIGIN)
    assert report.holds == (not any(check.failures for check in report.checks))
    return {check.name: check.failures for check in report.checks if check.failures}


def forged(change: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]) -> audit.Export:
    """An export with changed leaves, signed with the log's stolen key."""
    encoded = change(ENCODED)
    return replace(EXPORT, entries=encoded, checkpoint=signed(encoded), disclosed={})


class TestWholeExport:
    """An export as it should be."""

    def test_holds(self) -> None:
        """Nothing fails, and the report says how much was seen."""
        report = audit.check(EXPORT, KEY.verifier_key, origin=ORIGIN)
        assert {} == failures(EXPORT)
        assert {
            "checkpoint": 1,
            "leaves": 6,
            "contracts": 2,
            "sources": 2,
            "payloads": 6,
        } == {check.name: check.checked for check in report.checks}

    def test_of_an_empty_log_holds(self) -> None:
        """A log without entries proves that it has none."""
        assert {} == failures(audit.Export(checkpoint=signed(()), entries=()))

    def test_parked_leaf_accounts_for_its_record(self) -> None:
        """The list of parked records may be absent, for the leaf says it."""
        listed = tuple(each for each in LISTED if each.why != "parked")
        assert {} == failures(replace(EXPORT, listed=listed))


class TestCheckpoint:
    """The signature."""

    def test_refuses_another_key(self) -> None:
        """A checkpoint that someone else signed proves nothing."""
        other = notes.SignerKey("makegood.example/log", bytes(32))
        found = failures(replace(EXPORT, checkpoint=signed(ENCODED, other)))
        assert ["checkpoint", "leaves"] == list(found)

    def test_refuses_another_origin(self) -> None:
        """A log's key proves only that log."""
        report = audit.check(EXPORT, KEY.verifier_key, origin="other.example")
        assert not report.holds


class TestLeaves:
    """Tampering that the signed root shows."""

    @given(st.integers(0, len(ENCODED) - 1), st.data())
    def test_finds_any_changed_byte(self, index: int, data: st.DataObject) -> None:
        """Any bit of any leaf may be changed."""
        at = data.draw(st.integers(0, len(ENCODED[index]) - 1))
        changed = bytearray(ENCODED[index])
        changed[at] ^= 1 << data.draw(st.integers(0, 7))
        tampered = (*ENCODED[:index], bytes(changed), *ENCODED[index + 1 :])
        assert "leaves" in failures(replace(EXPORT, entries=tampered))

    @pytest.mark.parametrize(
        "tampered",
        [
            ENCODED[:-1],
            ENCODED[1:],
            (*ENCODED, ENCODED[0]),
            (ENCODED[1], ENCODED[0], *ENCODED[2:]),
            (),
        ],
    )
    def test_finds_leaves_left_out_added_or_swapped(self, tampered: tuple[bytes, ...]) -> None:
        """The leaves are those of the root, in order."""
        assert "leaves" in failures(replace(EXPORT, entries=tampered))


class TestForgery:
    """Tampering by someone who has the log's key: the signed root agrees, the chains do not."""

    def test_finds_a_leaf_left_out(self) -> None:
        """Its contract has a gap, and so has its partition."""
        found = failures(forged(lambda all_: all_[:2] + all_[3:]))
        assert [("entry 3", "A: number 3 follows number 1")] == found["contracts"]
        assert (
            audit.Failure(f"{RETURNS} offset 4", "nothing accounts for offsets 3 to 3")
            in found["sources"]
        )

    def test_finds_a_rewritten_leaf(self) -> None:
        """The next leaf of the contract has the hash of another one."""

        def rewrite(all_: tuple[bytes, ...]) -> tuple[bytes, ...]:
            leaf = leaves.parse(all_[0])
            other = msgspec.structs.replace(leaf, facts={**leaf.facts, "revision": 2})
            return (leaves.build(other), *all_[1:])

        found = failures(forged(rewrite))
        assert {"contracts": [("entry 2", "A: prev is not the hash of the leaf before")]} == found

    def test_finds_an_event_recorded_twice(self) -> None:
        """An event is one leaf only."""
        found = failures(forged(lambda all_: (*all_, all_[3])))
        assert [("entry 6", f"event {UUID(int=3)} was recorded before")] == found["leaves"]
        assert f"{PARKED} offset 0" in {failure.place for failure in found["sources"]}

    def test_finds_what_is_not_a_leaf(self) -> None:
        """Bytes that are not a leaf are named, and do not stop the audit."""
        found = failures(forged(lambda all_: (*all_, b"{}")))
        assert {"leaves": [("entry 6", "the bytes are not a leaf")]} == found

    def test_finds_a_changed_order(self) -> None:
        """The order of a partition is the order of its leaves."""
        found = failures(forged(lambda all_: (all_[1], all_[0], *all_[2:])))
        assert {"sources": [(f"{RETURNS}, entry 1", "offset 0 comes after offset 1")]} == found


class TestSources:
    """Every offset is accounted for exactly once."""

    @pytest.mark.parametrize("missing", [0, 1, 3])
    def test_finds_what_is_not_listed(self, missing: int) -> None:
        """A day, a repeat or a hole that is not listed is a gap."""
        listed = LISTED[:missing] + LISTED[missing + 1 :]
        offset = LISTED[missing].first
        [failure] = failures(replace(EXPORT, listed=listed))["sources"]
        assert f"nothing accounts for offsets {offset} to {offset}" == failure.what

    def test_finds_what_is_listed_twice(self) -> None:
        """The offset of a leaf cannot also be that of a day."""
        listed = (*LISTED, offsets.Listed(RETURNS, 7, 8, "day"))
        twice = (f"{RETURNS} offset 7", "it is accounted for twice: day, entry 4")
        assert [twice] == failures(replace(EXPORT, listed=listed))["sources"]

    def test_finds_a_repeat_of_nothing(self) -> None:
        """A repeat must repeat a leaf."""
        listed = (LISTED[0], LISTED[1]._replace(event_id=UUID(int=99)), *LISTED[2:])
        assert "sources" in failures(replace(EXPORT, listed=listed))

    @pytest.mark.parametrize("next_offset", [8, 10])
    def test_finds_another_end(self, next_offset: int) -> None:
        """What was read must be what is accounted for."""
        export = replace(EXPORT, next_offsets={RETURNS: next_offset})
        assert [str(RETURNS)] == [failure.place for failure in failures(export)["sources"]]

    def test_finds_a_partition_left_out(self) -> None:
        """A partition that was read but has no leaf at all is a gap."""
        other = offsets.Stream("makegood.returns.v1", 1, 1)
        export = replace(EXPORT, next_offsets={other: 4})
        assert [str(other)] == [failure.place for failure in failures(export)["sources"]]


class TestPayloads:
    """Disclosed events."""

    def test_finds_another_event(self) -> None:
        """Changed bytes, another salt, the event of another leaf."""
        own = DISCLOSED
        for put in (
            own[1]._replace(event=own[1].event.replace(b"E08000011", b"E08000012")),
            own[1]._replace(salt=bytes(32)),
            own[0],
        ):
            found = failures(replace(EXPORT, disclosed={1: put}))
            what = "the event is not the one that the leaf committed to"
            assert {"payloads": [("entry 1", what)]} == found

    @pytest.mark.parametrize("event", [b"junk", b"[]", b"\xff", b'{"event_id":"another"}'])
    def test_finds_a_leaf_that_committed_to_another_event(self, event: bytes) -> None:
        """Even if the commitment holds, the event must be that of the leaf."""
        committed = payloads.commit(b"salt", event)
        leaf = msgspec.structs.replace(leaves.parse(ENCODED[3]), payload=committed)
        encoded = (*ENCODED[:3], leaves.build(leaf), *ENCODED[4:])
        disclosed = {3: payloads.Disclosed(event, b"salt")}
        export = replace(EXPORT, entries=encoded, checkpoint=signed(encoded), disclosed=disclosed)
        what = "the event's id is not that of its leaf"
        assert {"payloads": [("entry 3", what)]} == failures(export)

    def test_finds_an_event_that_the_ledger_could_not_open(self) -> None:
        """The export goes on without it and says so."""
        found = failures(replace(EXPORT, disclosed=DISCLOSED | {2: None}))
        assert {"payloads": [("entry 2", "the ledger could not open its event")]} == found

    def test_finds_an_event_of_no_leaf(self) -> None:
        """A disclosed event must belong to a leaf."""
        found = failures(replace(EXPORT, disclosed={6: EXPORT.disclosed[0]}))
        assert ["payloads"] == list(found)


def earlier(encoded: tuple[bytes, ...]) -> notes.Checkpoint:
    return notes.open_checkpoint(signed(encoded), KEY.verifier_key, origin=ORIGIN)


class TestSince:
    """Compared with an earlier checkpoint, the log only grew."""

    @pytest.mark.parametrize("size", range(len(ENCODED) + 1))
    def test_holds(self, size: int) -> None:
        """Each size that it ever had."""
        since = earlier(ENCODED[:size])
        report = audit.check(EXPORT, KEY.verifier_key, origin=ORIGIN, since=since)
        assert (True, "since", size) == (
            report.holds,
            report.checks[-1].name,
            report.checks[-1].checked,
        )

    @pytest.mark.parametrize(
        ("signed_over", "words"),
        [
            (
                (*ENCODED, ENCODED[0]),
                "it was signed over 7 entries, but here are 6: entries were taken back",
            ),
            (
                (ENCODED[1], ENCODED[0]),
                "it was signed over other entries: the log was changed or forked",
            ),
        ],
    )
    def test_finds_what_was_taken_back(self, signed_over: tuple[bytes, ...], words: str) -> None:
        """Entries that are gone, or others in their place."""
        since = earlier(signed_over)
        report = audit.check(EXPORT, KEY.verifier_key, origin=ORIGIN, since=since)
        (found,) = report.checks[-1].failures
        assert f"checkpoint {since.size}" == found.place
        assert found.what.startswith(words)


PROMISE = audit.Promise(
    type="ReturnWithdrawn",
    return_id=UUID(int=102),
    receipt_no=3,
    contract_id="A",
    party_id="GB-COH-00000001",
    period="2026-10",
    revision=1,
    is_due=True,
    merge_by="2026-11-01 12:00 UTC",
)


class TestReceipts:
    """Each receipt has its leaf (docs/ledger.md, Completeness 1)."""

    def receipts(self, **said: Any) -> audit.Check:
        promises = [PROMISE._replace(**said)]
        report = audit.check(EXPORT, KEY.verifier_key, origin=ORIGIN, promises=promises)
        return report.checks[-1]

    def test_hold(self) -> None:
        """The withdrawal of return 102 is entry 2."""
        found = self.receipts()
        assert ("receipts", 1, []) == (found.name, found.checked, found.failures)

    @pytest.mark.parametrize("said", [{"return_id": UUID(int=9)}, {"type": "ReturnReceived"}])
    def test_finds_what_was_left_out(self, said: dict[str, Any]) -> None:
        """A return, or its withdrawal, that should be here by now."""
        what = "it promised an entry by 2026-11-01 12:00 UTC, and there is none"
        assert [("receipt 3", what)] == self.receipts(**said).failures

    def test_waits_until_it_is_due(self) -> None:
        """Before that nothing is wrong."""
        found = self.receipts(return_id=UUID(int=9), is_due=False)
        what = "it has no entry here yet; it is promised by 2026-11-01 12:00 UTC"
        assert ([], [("receipt 3", what)]) == (found.failures, found.waiting)

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("receipt_no", 9),
            ("party_id", "GB-COH-00000002"),
            ("contract_id", "B"),
            ("period", "2026-09"),
            ("revision", 2),
        ],
    )
    def test_finds_another_entry(self, name: str, told: Any) -> None:
        """The entry says something else than the receipt."""
        (found,) = self.receipts(**{name: told}).failures
        assert found.what.startswith(f"its entry says {name} ")
