"""Consistency files: written, read back, verified, and refused if anything differs."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from services.ledger.domain.log import consistencyfile, notes, proofs, tiles, tree, verifier
from tests.support import reference

KEY = notes.SignerKey("makegood.example/log", bytes(range(32)))
ORIGIN = "makegood.example/log"
HASHES = [tree.leaf_hash(b"leaf %d" % number) for number in range(11)]
KNOWN_ANSWERS = reference.DATA / "merkle" / "known-answers.jsonl"


def root(size: int) -> bytes:
    return tree.root(tree.append(tree.EMPTY_EDGE, HASHES[:size])[0])


def signed(size: int, of: bytes) -> str:
    return notes.sign(notes.Checkpoint(ORIGIN, size, of).body(), KEY)


def a_file(old: int, new: int = len(HASHES)) -> consistencyfile.ConsistencyFile:
    """That the tree of `new` begins with that of `old`."""
    edge, _ = tree.append(tree.EMPTY_EDGE, HASHES[:new])
    plan = proofs.consistency(old, new)
    gathered = {address: tiles.in_edge(address, edge) or b"" for address in plan.needs}
    return consistencyfile.ConsistencyFile(old, tuple(plan.prove(gathered)), signed(new, root(new)))


def verified(text: str, old_root: bytes) -> int:
    key = KEY.verifier_key
    return consistencyfile.verify(text, old_root, key, origin=ORIGIN).size


class TestConsistencyFile:
    @pytest.mark.parametrize("old", range(1, len(HASHES) + 1))
    def test_verifies(self, old: int) -> None:
        """Every earlier tree is the beginning of the signed one."""
        text = consistencyfile.write(a_file(old))
        assert len(HASHES) == verified(text, root(old))

    def test_is_spelt_as_a_witness_reads_it(self) -> None:
        """`old`, hashes, an empty line, the checkpoint as it is (C2SP tlog-witness)."""
        file = a_file(6)
        hashes = [base64.b64encode(each).decode() for each in file.proof]
        expected = ["old 6", *hashes, "", *file.checkpoint.split("\n")]
        assert expected == consistencyfile.write(file).split("\n")
        assert file == consistencyfile.parse(consistencyfile.write(file))

    def test_refuses_another_beginning(self) -> None:
        text = consistencyfile.write(a_file(6))
        with pytest.raises(verifier.ProofRefusedError, match="different old root"):
            verified(text, root(7))

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text.replace("old 6", "old 7"),
            lambda text: text.replace("old 6", "old 06"),
            lambda text: text.replace("old 6", "index 6"),
            lambda text: text.replace("\n\n", "\n", 1),
            lambda text: text.replace("\n", "\n" + "AAAA\n" * 64, 1),
            lambda text: text.replace("\n11\n", "\n12\n"),
            lambda text: "",
        ],
    )
    def test_refuses_what_was_changed(self, change: object) -> None:
        assert callable(change)
        with pytest.raises((notes.NoteRefusedError, verifier.ProofRefusedError)):
            verified(change(consistencyfile.write(a_file(6))), root(6))


class TestTheDocumentation:
    def test_has_a_file_that_verifies(self) -> None:
        """With the key that it names, and the root of the first four known leaves."""
        text = (Path(__file__).parents[3] / "docs" / "ledger.md").read_text()
        file = re.findall(r"```\n(old 4\n.*?)```", text, re.DOTALL)[0]
        [key] = set(re.findall(r"makegood\.example/log\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}", text))
        [root_of_four] = re.findall(r"^4  ([0-9a-f]{64})$", text, re.MULTILINE)
        known = notes.parse_verifier_key(key)
        shown = consistencyfile.verify(file, bytes.fromhex(root_of_four), known, origin=known.name)
        assert 7 == shown.size
        [root_of_seven] = re.findall(r"^7  ([0-9a-f]{64})$", text, re.MULTILINE)
        assert root_of_seven == shown.root.hex()


@reference.needed
class TestKnownAnswers:
    def test_are_the_same_as_files(self) -> None:
        """Each proof of consistency of others' test data, as a file of its own: those that should
        hold do, and those that should not are refused. A file ends with a checkpoint, whose root
        has 32 bytes: one probe has another."""
        probes = [json.loads(line) for line in KNOWN_ANSWERS.read_text().splitlines()]
        of_growth = [
            each for each in probes if len(base64.b64decode(each.get("root2") or "")) == 32
        ]
        assert 50 < len(of_growth)
        assert {True, False} == {each["wantErr"] for each in of_growth}
        wrong = [each["name"] for each in of_growth if refused(each) != each["wantErr"]]
        assert [] == wrong


def refused(probe: dict[str, object]) -> bool:
    """Whether the probe is refused as a file."""
    roots = [base64.b64decode(str(probe[name] or "")) for name in ("root1", "root2")]
    hashes = probe["proof"]
    assert hashes is None or isinstance(hashes, list)
    proof = tuple(base64.b64decode(each) for each in hashes or ())
    old, new = probe["size1"], probe["size2"]
    assert isinstance(old, int)
    assert isinstance(new, int)
    try:
        note = notes.sign(f"{ORIGIN}\n{new}\n{base64.b64encode(roots[1]).decode()}\n", KEY)
        text = consistencyfile.write(consistencyfile.ConsistencyFile(old, proof, note))
        verified(text, roots[0])
    except (notes.NoteRefusedError, verifier.ProofRefusedError):
        return True
    return False
