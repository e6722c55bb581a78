"""Files that are handed in to be checked: what each shows, and why another is refused."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from services.ledger.audit import export, handed
from services.ledger.domain.log import consistencyfile, notes, prooffile
from tests.unit.deploy import test_verify
from tests.unit.ledger import test_audit as build
from tests.unit.ledger import test_consistencyfile as growth
from tests.unit.ledger import test_prooffile as entries

KEY = build.KEY.verifier_key
OTHER = notes.SignerKey("another.example/log", bytes(32)).verifier_key


def packed(lines: test_verify.Lines | None = None) -> bytes:
    found = test_verify.lines() if lines is None else lines
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in found).encode()


def checked(
    file: bytes, second: bytes = b"", key: notes.VerifierKey = KEY, *, seconds: float = 1.0
) -> handed.Outcome:
    """At a clock that goes on by a tenth of a second each time that it is asked."""
    ticks = iter(range(1_000_000))
    given = handed.Handed(file=io.BytesIO(file), second=second, key=key)
    return handed.check(given, seconds, lambda: next(ticks) / 10)


class TestPack:
    def test_that_is_whole_holds(self) -> None:
        """Each check says how much it saw: 6 entries, 2 contracts, 2 streams."""
        found = checked(packed(), seconds=1000)
        assert isinstance(found, handed.PackChecked)
        assert found.report.holds
        counted = {each.name: each.checked for each in found.report.checks}
        assert {
            "checkpoint": 1, "leaves": 6, "contracts": 2, "sources": 2, "payloads": 6
        } == counted  # fmt: skip

    def test_that_was_changed_does_not(self) -> None:
        lines = test_verify.lines()
        lines[1], lines[2] = lines[2] | {"index": 0}, lines[1] | {"index": 1}
        found = checked(packed(lines), seconds=1000)
        assert isinstance(found, handed.PackChecked)
        failed = [each.name for each in found.report.checks if each.failures]
        assert "leaves" in failed

    def test_of_another_log_is_refused(self) -> None:
        found = checked(packed(), key=OTHER, seconds=1000)
        assert isinstance(found, handed.Refused)
        assert "key" == found.field
        assert "of the log makegood.example/log, and the key of another.example/log" in found.text

    def test_that_takes_too_long_is_stopped(self) -> None:
        """After a second, which is ten lines here; the pack has eleven."""
        assert 10 < len(test_verify.lines())
        with pytest.raises(handed.TooSlowError):
            checked(packed(), seconds=0.9)

    @pytest.mark.parametrize(
        ("content", "text"),
        [
            (packed()[:-20], "This is no whole pack. Line 11: the file ends in the middle"),
            (
                b"{}\n",
                "This is no whole pack. Line 1: this is not the header of a makegood-export.",
            ),
            (b'{"a":' * 100_000, "This is no whole pack. Line 1: this is not a line of an export."),
            (b"{" + b"1" * (export.LINE_BYTES_MAX + 1), "Line 1: it has more than 8,000,000 bytes"),
        ],
    )
    def test_that_is_not_whole_is_refused(self, content: bytes, text: str) -> None:
        found = checked(content, seconds=1000)
        assert isinstance(found, handed.Refused)
        assert "file" == found.field
        assert text in found.text


class TestProof:
    FILE = prooffile.write(entries.proof_file(2)).encode()

    def test_of_an_entry_holds(self) -> None:
        """With its leaf, also if an editor has ended the line."""
        for leaf in (entries.LEAVES[2], entries.LEAVES[2] + b"\n"):
            found = checked(self.FILE, leaf)
            assert isinstance(found, handed.EntryProved)
            assert (2, 11) == (found.entry, found.checkpoint.size)

    @pytest.mark.parametrize(
        ("leaf", "key", "why"),
        [
            (b"leaf 3", KEY, "The proof leads to a different root."),
            (b"leaf 2", OTHER, "No known key signed it."),
        ],
    )
    def test_of_something_else_does_not(
        self, leaf: bytes, key: notes.VerifierKey, why: str
    ) -> None:
        assert handed.NotProved(why) == checked(self.FILE, leaf, key)

    def test_needs_its_leaf(self) -> None:
        found = checked(self.FILE)
        assert handed.Refused("second", "Choose the leaf that the proof is of.") == found


class TestGrowth:
    FILE = consistencyfile.write(growth.a_file(6)).encode()
    OLD = growth.signed(6, growth.root(6)).encode()

    def test_holds_with_the_checkpoint_that_was_kept(self) -> None:
        found = checked(self.FILE, self.OLD)
        assert isinstance(found, handed.GrowthProved)
        assert (6, 11) == (found.old.size, found.new.size)

    def test_does_not_hold_for_another_history(self) -> None:
        """The same key signed another tree of six: both files together prove it."""
        forked = growth.signed(6, growth.root(7)).encode()
        assert handed.NotProved("The proof leads to a different old root.") == checked(
            self.FILE, forked
        )

    @pytest.mark.parametrize(
        ("second", "text"),
        [
            (b"", "Choose the earlier checkpoint, which you kept."),
            (b"\xff", "This is no checkpoint of this key."),
            (growth.signed(7, growth.root(7)).encode(), "This checkpoint is of 7 entries: another"),
        ],
    )
    def test_needs_the_earlier_checkpoint(self, second: bytes, text: str) -> None:
        found = checked(self.FILE, second)
        assert isinstance(found, handed.Refused)
        assert "second" == found.field
        assert text in found.text


class TestFile:
    @pytest.mark.parametrize(
        ("content", "text"),
        [
            (b"%PDF-1.7", "This is neither a pack nor a proof. Choose a file that came from here."),
            (b"\0\xff" * 1000, "This is neither a pack nor a proof."),
            (growth.signed(6, growth.root(6)).encode(), "This is a checkpoint."),
            (b"c2sp.org/tlog-proof@v1\n\xff", "This is no text, so it is no proof."),
            (b"old 1\n" + b"x" * 200_000, "This is no text, so it is no proof."),
        ],
    )
    def test_of_another_kind_is_refused(self, content: bytes, text: str) -> None:
        found: Any = checked(content, b"x")
        assert isinstance(found, handed.Refused)
        assert "file" == found.field
        assert text in found.text
