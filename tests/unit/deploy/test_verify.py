"""`makegood verify`: what it shows of a file, in words and by its exit code."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from deploy import cli_verify
from services.intake.domain import receipts
from services.ledger.audit import audit, export
from services.ledger.domain.log import notes
from tests.unit.ledger import test_audit as build

Lines = list[dict[str, Any]]
KEY = build.KEY.verifier_key.encode()


def lines(made: audit.Export = build.EXPORT) -> Lines:
    """A whole export, line by line."""
    header = {
        "kind": export.KIND,
        "version": export.VERSION,
        "origin": build.ORIGIN,
        "verifier_key": KEY,
        "checkpoint": made.checkpoint,
        "next_offsets": [[*stream, reached] for stream, reached in made.next_offsets.items()],
    }
    entries = [
        {
            "index": index,
            "leaf": base64.b64encode(leaf).decode(),
        }
        | _disclosed(made, index)
        for index, leaf in enumerate(made.entries)
    ]
    listed = [
        {"why": each.why, **each.stream._asdict(), "first": each.first, "next": each.next}
        | ({"event_id": str(each.event_id)} if each.event_id else {})
        for each in made.listed
    ]
    return [header, *entries, *listed]


def _disclosed(made: audit.Export, index: int) -> dict[str, Any]:
    found = made.disclosed.get(index)
    if found is None:
        return {}
    return {
        "event": base64.b64encode(found.event).decode(),
        "salt": base64.b64encode(found.salt).decode(),
    }


def verify(folder: Path, said: Lines, *options: str) -> Result:
    return verify_text(folder, "".join(json.dumps(line) + "\n" for line in said), *options)


def verify_text(folder: Path, said: str, *options: str) -> Result:
    pack = folder / "pack.jsonl"
    pack.write_text(said)
    return invoke(pack, *options)


def invoke(pack: Path, *options: str) -> Result:
    app = typer.Typer()
    app.command()(cli_verify.verify)
    return CliRunner().invoke(app, [str(pack), *options], env={"COLUMNS": "200"})


class TestVerify:
    def test_proves_a_whole_export(self, tmp_path: Path) -> None:
        """Five sentences, and none about the key if the reader gave one."""
        result = verify(tmp_path, lines(), "--key", KEY)
        assert (0, 5) == (result.exit_code, result.output.count("✓"))
        assert "signed 6 entries" in result.output
        assert "No key was given" not in result.output

    def test_says_where_the_key_is_from(self, tmp_path: Path) -> None:
        """Without a given key, the file only agrees with itself."""
        result = verify(tmp_path, lines())
        assert 0 == result.exit_code
        assert KEY in result.output

    def test_refuses_another_key(self, tmp_path: Path) -> None:
        """A log signed anew with another key is a different log."""
        other = notes.SignerKey(build.ORIGIN, bytes(32)).verifier_key.encode()
        result = verify(tmp_path, lines(), "--key", other)
        assert 1 == result.exit_code
        assert "no known key signed it" in result.output

    @pytest.mark.parametrize(
        ("origin", "words"), [("another.test/log", "a different log"), (build.ORIGIN, "checkpoint")]
    )
    def test_refuses_another_log_of_the_same_key(
        self, tmp_path: Path, origin: str, words: str
    ) -> None:
        """A second log under the trusted key, whatever its file claims."""
        said = lines()
        signed = notes.open_checkpoint(
            said[0]["checkpoint"], build.KEY.verifier_key, origin=build.ORIGIN
        )
        second = notes.Checkpoint("another.test/log", signed.size, signed.root)
        said[0] |= {"origin": origin, "checkpoint": notes.sign(second.body(), build.KEY)}
        result = verify(tmp_path, said, "--key", KEY)
        assert (1, True) == (result.exit_code, words in result.output)

    @pytest.mark.parametrize(
        ("place", "change", "words"),
        [
            (2, lambda line: line | {"leaf": lines()[1]["leaf"]}, "leaves: wrong"),
            (3, lambda line: line | {"salt": base64.b64encode(bytes(32)).decode()}, "payloads"),
            (3, lambda line: line | {"damaged": True}, "the ledger could not open its event"),
            (7, lambda line: line | {"first": 10, "next": 11}, "sources: wrong"),
            (0, lambda line: line | {"next_offsets": []}, "✓ Partitions: 2."),
        ],
    )
    def test_says_what_is_wrong(
        self, tmp_path: Path, place: int, change: Callable[[Any], Any], words: str
    ) -> None:
        """Each change is found by the check that it breaks."""
        said = lines()
        said[place] = change(said[place])
        result = verify(tmp_path, said)
        assert words in result.output
        assert ("wrong" in result.output) == (result.exit_code == 1)

    @pytest.mark.parametrize("missing", range(1, 7))
    def test_finds_a_missing_entry(self, tmp_path: Path, missing: int) -> None:
        """In the middle the file is refused; at the end the signed root gives it away."""
        said = lines()
        del said[missing]
        assert 1 == verify(tmp_path, said).exit_code

    @pytest.mark.parametrize(
        "line",
        [
            {"kind": "another"},
            {"kind": export.KIND, "version": 2},
            {"kind": export.KIND, "version": 1},
            {"kind": export.KIND, "version": 1, "next_offsets": [[1]]},
        ],
    )
    def test_refuses_what_is_no_export(self, tmp_path: Path, line: dict[str, Any]) -> None:
        """Another file, another version, an incomplete header."""
        result = verify(tmp_path, [line])
        assert (1, True) == (result.exit_code, "line 1" in result.output)

    @pytest.mark.parametrize(
        "line", [[], 7, {"index": 0, "leaf": "%"}, {"why": "no reason"}, {"why": "day"}, {}]
    )
    def test_names_the_line_that_it_cannot_read(self, tmp_path: Path, line: Any) -> None:
        """Junk among the lines is refused, never ignored."""
        result = verify(tmp_path, [*lines(), line])
        assert (1, True) == (result.exit_code, f"line {len(lines()) + 1}" in result.output)

    @pytest.mark.parametrize(
        "line", ["[" * 100_000, json.dumps(lines()[-1] | {"first": float("inf")})]
    )
    def test_names_the_line_that_is_too_much(self, tmp_path: Path, line: str) -> None:
        """Brackets too deep, and a number too large, are refused like any other junk."""
        result = verify_text(tmp_path, f"{json.dumps(lines()[0])}\n{line}\n")
        assert 1 == result.exit_code
        assert "line 2: this is not a line of an export" in result.output

    @given(
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 40),
        st.sampled_from([b"", b"\0", b"null", b"-1", b"1e400", b"[]", b'"\\ud800"', b"\n", b"{"]),
    )
    @settings(max_examples=60)
    def test_takes_any_change_of_a_file(self, at: float, gone: int, put: bytes) -> None:
        """It proves or refuses it, in words and by its exit code."""
        whole = "".join(json.dumps(line) + "\n" for line in lines()).encode()
        place = int(at * len(whole))
        with tempfile.TemporaryDirectory() as folder:
            pack = Path(folder) / "pack.jsonl"
            pack.write_bytes(whole[:place] + put + whole[place + gone :])
            result = invoke(pack)
        assert isinstance(result.exception, SystemExit | None)
        assert result.exit_code in (0, 1)
        assert ("✗" in result.output) == (result.exit_code == 1)

    def test_refuses_an_empty_file(self, tmp_path: Path) -> None:
        """An empty file proves nothing."""
        assert 1 == verify(tmp_path, []).exit_code


class TestSince:
    """`--since`: nothing that was signed earlier was taken back."""

    @pytest.mark.parametrize("size", [0, 4, 6])
    def test_takes_a_checkpoint(self, tmp_path: Path, size: int) -> None:
        """A signed note, as the ledger serves it."""
        old = tmp_path / "checkpoint"
        old.write_text(build.signed(build.ENCODED[:size]))
        result = verify(tmp_path, lines(), "--key", KEY, "--since", str(old))
        assert 0 == result.exit_code
        assert f"These entries begin with all {size} of the earlier checkpoint." in result.output

    def test_takes_an_export(self, tmp_path: Path) -> None:
        """An earlier export, which was signed over more entries than the later one has."""
        old = tmp_path / "old.jsonl"
        header = lines()[0] | {"checkpoint": build.signed((*build.ENCODED, build.ENCODED[0]))}
        old.write_text(json.dumps(header) + "\n")
        result = verify(tmp_path, lines(), "--key", KEY, "--since", str(old))
        assert 1 == result.exit_code
        assert "signed over 7 entries, but here are 6" in result.output

    @pytest.mark.parametrize("content", [b"junk", b"{}", b"", b"\xff\xfe", b"{\n"])
    def test_refuses_what_is_neither(self, tmp_path: Path, content: bytes) -> None:
        """The file is named."""
        old = tmp_path / "old"
        old.write_bytes(content)
        result = verify(tmp_path, lines(), "--key", KEY, "--since", str(old))
        assert (1, True) == (result.exit_code, str(old) in result.output)


class TestReceipt:
    """`--receipt`: what intake promised is in the log."""

    signer = receipts.Signer(bytes(32))

    def issued(self, folder: Path, **said: Any) -> Path:
        """The receipt of the withdrawal that is entry 2."""
        own: dict[str, Any] = {
            "kind": "withdrawal",
            "receipt_no": 3,
            "return_id": UUID(int=102),
            "contract_id": "A",
            "party_id": "GB-COH-00000001",
            "period": "2026-10",
            "revision": 1,
            "sha256": bytes(32),
            "salt": bytes(16),
            "received_at": build.NOON,
            "merge_by": build.NOON,
        }
        path = folder / f"receipt{len(list(folder.iterdir()))}.json"
        issued = self.signer.issue(receipts.Receipt(**own | said))
        path.write_text(json.dumps(receipts.document(issued)))
        return path

    def verify(self, folder: Path, *paths: Path, key: bytes | None = None) -> Result:
        asked = [word for path in paths for word in ("--receipt", str(path))]
        own = base64.b64encode(key or self.signer.public_key).decode()
        return verify(folder, lines(), "--key", KEY, "--receipt-key", own, *asked)

    def test_is_kept(self, tmp_path: Path) -> None:
        """Its entry is there."""
        result = self.verify(tmp_path, self.issued(tmp_path))
        assert 0 == result.exit_code
        assert "1 receipts were issued by intake" in result.output

    def test_says_where_the_key_is_from(self, tmp_path: Path) -> None:
        """Without intake's key the receipt only agrees with itself."""
        path = self.issued(tmp_path)
        result = verify(tmp_path, lines(), "--key", KEY, "--receipt", str(path))
        assert 0 == result.exit_code
        assert base64.b64encode(self.signer.public_key).decode() in result.output

    def test_finds_one_that_was_broken(self, tmp_path: Path) -> None:
        """One of two has no entry, though it is due."""
        broken = self.issued(tmp_path, return_id=UUID(int=9), receipt_no=17)
        result = self.verify(tmp_path, self.issued(tmp_path), broken)
        assert 1 == result.exit_code
        assert "receipt 17: it promised an entry by 2026-10-31 12:00 UTC" in result.output

    def test_waits_until_it_is_due(self, tmp_path: Path) -> None:
        """That is said, and nothing is wrong."""
        later = datetime.now(UTC) + timedelta(days=1)
        path = self.issued(tmp_path, return_id=UUID(int=9), merge_by=later)
        result = self.verify(tmp_path, path)
        assert (0, True) == (result.exit_code, "it has no entry here yet" in result.output)

    def test_refuses_another_key(self, tmp_path: Path) -> None:
        """Someone else signed it."""
        result = self.verify(tmp_path, self.issued(tmp_path), key=bytes(32))
        assert 1 == result.exit_code
        assert "the signature does not match" in result.output

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"public_key": "%"}', "[" * 100_000])
    def test_refuses_what_is_no_receipt(self, tmp_path: Path, content: str) -> None:
        """The file is named."""
        path = tmp_path / "receipt.json"
        path.write_text(content)
        result = verify(tmp_path, lines(), "--key", KEY, "--receipt", str(path))
        assert (1, True) == (result.exit_code, str(path) in result.output)
