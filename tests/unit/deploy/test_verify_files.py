"""`makegood verify` and `verify-proof` as programs: no file breaks them, and each refusal is a
sentence with its place."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from services.ledger.audit import export
from services.ledger.domain.log import notes, prooffile
from tests.unit.deploy import test_verify as command
from tests.unit.ledger import test_audit as exports

MAKEGOOD = Path(sys.executable).with_name("makegood")
WHOLE = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in command.lines()).encode()
CUT = WHOLE[: WHOLE.index(b"\n", 3000) + 40]
PROOF = prooffile.write(prooffile.ProofFile(0, (), exports.signed(exports.ENCODED[:1]))).encode()
"""Of the only entry of a log."""


class Ended(NamedTuple):
    code: int
    said: str


def run(*words: str | Path, folder: Path) -> Ended:
    """Runs the command at 80 columns, as in a terminal."""
    done = subprocess.run(
        [MAKEGOOD, *words],
        cwd=folder,
        env={"COLUMNS": "80", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ended(done.returncode, done.stdout + done.stderr)


def lines_of(number: int) -> bytes:
    return b"".join(WHOLE.splitlines(keepends=True)[:number])


class TestVerify:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "file, line 1: this is not the header of a makegood-export."),
            (b"\0\xff\xfe" * 2000, "file, line 1: this is not a line of an export."),
            (b"[1, 2", "file, line 1: this is not a line of an export."),
            (b'{"a": 1}\n', "file, line 1: this is not the header of a makegood-export."),
            (b"x" * (export.LINE_BYTES_MAX + 1), "file, line 1: it has more than 8,000,000 bytes"),
            (b"[" * 100_000, "file, line 1: this is not a line of an export."),
            (exports.signed(exports.ENCODED).encode(), "It is a checkpoint: give it with --since."),
            (PROOF, "It is a proof file: check it with `makegood verify-proof`."),
            (WHOLE[:200], "file, line 1: the file ends in the middle of this line"),
            (CUT, "the download was cut off. Download it again with `makegood export`."),
            (lines_of(4), "only 3 of the 6 entries that were signed are here: the download was"),
            (
                WHOLE.replace(b'"version":1', b'"version":2'),
                "file, line 1: this is version 2 of a makegood-export, and only 1 can be read",
            ),
            (WHOLE.replace(b"+", b"-", 1), "file, line 1, verifier_key: "),
        ],
    )
    def test_refuses_every_other_file(self, tmp_path: Path, content: bytes, words: str) -> None:
        """Empty, binary, another program's, too deep, too long, cut off: by name, with exit code 1
        and no traceback."""
        (tmp_path / "file").write_bytes(content)
        ended = run("verify", "file", folder=tmp_path)
        assert 1 == ended.code
        assert words in ended.said
        assert "Traceback" not in ended.said

    def test_refuses_as_json_too(self, tmp_path: Path) -> None:
        """If it is asked for JSON, also what cannot be read is answered so."""
        (tmp_path / "file").write_bytes(CUT)
        ended = run("verify", "file", "--json", folder=tmp_path)
        said = json.loads(ended.said)
        assert (1, False) == (ended.code, said["holds"])
        assert "the download was cut off" in said["error"]

    def test_refuses_what_is_no_file(self, tmp_path: Path) -> None:
        """A folder, and nothing at all."""
        for name in (".", "nothing"):
            ended = run("verify", name, folder=tmp_path)
            assert ended.code not in (0, 1)
            assert f"'{name}'" in ended.said
            assert "Traceback" not in ended.said

    @pytest.mark.parametrize("option", ["--since", "--receipt"])
    @pytest.mark.parametrize("content", [b"", b"\0\xff\xfe", b"[" * 100_000, b'{"a": 1}', b"[]"])
    def test_refuses_another_file_beside_it(
        self, tmp_path: Path, option: str, content: bytes
    ) -> None:
        """It is named too."""
        (tmp_path / "pack").write_bytes(WHOLE)
        (tmp_path / "other").write_bytes(content)
        ended = run("verify", "pack", option, "other", folder=tmp_path)
        assert 1 == ended.code
        assert "✗ other: " in ended.said
        assert "Traceback" not in ended.said

    def test_says_first_whose_key_it_is(self, tmp_path: Path) -> None:
        """Before any check; and nothing of it if a key was given."""
        (tmp_path / "pack").write_bytes(WHOLE)
        ended = run("verify", "pack", folder=tmp_path)
        assert 0 == ended.code
        assert ended.said.startswith("No key was given, so the key is the one in the file.")
        assert "but not whose log it is" in ended.said.split("✓")[0]
        assert command.KEY in ended.said.split("✓")[0]
        assert run("verify", "pack", "--key", command.KEY, folder=tmp_path).said.startswith("✓")

    def test_lets_no_file_steer_the_terminal(self, tmp_path: Path) -> None:
        """Control characters in the file do not come out."""
        header = command.lines()[0] | {"origin": "log\x1b[2J\u202e"}
        (tmp_path / "pack").write_text(json.dumps(header) + "\n")
        ended = run("verify", "pack", folder=tmp_path)
        assert 1 == ended.code
        assert not {"\x1b", "\u202e"} & set(ended.said)


class TestVerifyProof:
    def run(self, folder: Path, *options: str, proof: bytes = PROOF, leaf: bytes = b"") -> Ended:
        (folder / "proof").write_bytes(proof)
        (folder / "leaf").write_bytes(leaf or exports.ENCODED[0])
        return run("verify-proof", "proof", "--leaf", "leaf", *options, folder=folder)

    @pytest.mark.parametrize(
        "leaf",
        [
            exports.ENCODED[0],
            exports.ENCODED[0] + b"\n",
            json.dumps(
                {"index": 0, "leaf_base64": base64.b64encode(exports.ENCODED[0]).decode()}
            ).encode(),
        ],
    )
    def test_proves_that_the_entry_is_in_the_log(self, tmp_path: Path, leaf: bytes) -> None:
        """With the leaf's bytes, and with the entry as the API answers it."""
        ended = self.run(tmp_path, "--key", command.KEY, leaf=leaf)
        assert 0 == ended.code
        assert "✓ Entry 0 is in the log makegood.example/log, as the trusted key" in ended.said
        words = "Return for October 2026 of GB-COH-00000001, revision 1, withdrawn, receipt 1."
        assert words in ended.said
        as_json = json.loads(self.run(tmp_path, "--key", command.KEY, "--json", leaf=leaf).said)
        assert (True, 0, 1, words) == tuple(
            as_json[name] for name in ("holds", "index", "size", "words")
        )

    @pytest.mark.parametrize(
        ("proof", "words"),
        [
            (b"", "✗ proof: this is not a c2sp.org/tlog-proof@v1 file. Give the answer of"),
            (b"\xff\xfe", "✗ proof: it is no text, so it is no proof file."),
            (b"x" * 16_000_001, "✗ proof: it has more than 16,000,000 bytes, which is too many."),
            (WHOLE, "✗ proof: it is an export: check it with `makegood verify`."),
            (PROOF.replace(b"index 0", b"index 7"), "✗ proof: there is no leaf 7 in a tree of 1."),
            (PROOF.replace(b"index 0", b"index x"), "✗ proof: the index is missing."),
            (PROOF[:-1], "✗ proof: it does not end with a blank line and signatures."),
        ],
    )
    def test_refuses_another_file(self, tmp_path: Path, proof: bytes, words: str) -> None:
        """By name, and says what to do."""
        ended = self.run(tmp_path, "--key", command.KEY, proof=proof)
        assert 1 == ended.code
        assert words in ended.said
        assert "Traceback" not in ended.said

    @pytest.mark.parametrize(
        ("leaf", "words"),
        [
            (exports.ENCODED[1], "✗ proof: the proof leads to a different root."),
            (b'{"index": 4, "leaf_base64": ""}', "✗ leaf: it is entry 4, and the proof is of"),
            (b'{"index": 0, "leaf_base64": "%"}', "✗ leaf, leaf_base64: it is not base64."),
        ],
    )
    def test_refuses_another_leaf(self, tmp_path: Path, leaf: bytes, words: str) -> None:
        """It is not the one that was signed."""
        ended = self.run(tmp_path, "--key", command.KEY, leaf=leaf)
        assert 1 == ended.code
        assert words in ended.said

    def test_needs_a_key(self, tmp_path: Path) -> None:
        """A proof file has none; another key, and what is no key, are refused."""
        other = notes.SignerKey(exports.ORIGIN, bytes(32)).verifier_key.encode()
        for options, words in (
            ((), "✗ proof has no key, and none was given."),
            (("--key", other), "✗ proof: no known key signed it."),
            (("--key", "junk"), "✗ --key: "),
        ):
            ended = self.run(tmp_path, *options)
            assert 1 == ended.code
            assert words in ended.said
