"""tlog-proof files: written, read back, verified, and refused if anything differs."""

from __future__ import annotations

import base64

import pytest

from services.ledger.domain.log import notes, prooffile, proofs, tiles, tree, verifier

KEY = notes.SignerKey("makegood.example/log", bytes(range(32)))
ORIGIN = "makegood.example/log"
LEAVES = [b"leaf %d" % number for number in range(11)]


def proof_file(index: int) -> prooffile.ProofFile:
    """A proof of leaf `index` in the tree over LEAVES."""
    edge, _ = tree.append(tree.EMPTY_EDGE, [tree.leaf_hash(leaf) for leaf in LEAVES])
    plan = proofs.inclusion(index, edge.size)
    gathered = {address: tiles.in_edge(address, edge) or b"" for address in plan.needs}
    checkpoint = notes.Checkpoint(ORIGIN, edge.size, tree.root(edge))
    note = notes.sign(checkpoint.body(), KEY)
    return prooffile.ProofFile(index, tuple(plan.prove(gathered)), note)


class TestProofFile:
    """The file that an auditor keeps."""

    @pytest.mark.parametrize("index", range(len(LEAVES)))
    def test_verifies(self, index: int) -> None:
        """Each leaf is proved to be under the signed checkpoint."""
        text = prooffile.write(proof_file(index))
        checkpoint = prooffile.verify(text, LEAVES[index], KEY.verifier_key, origin=ORIGIN)
        assert len(LEAVES) == checkpoint.size

    def test_parse_is_the_inverse_of_write(self) -> None:
        """The file comes back as it was written."""
        file = proof_file(7)
        assert file == prooffile.parse(prooffile.write(file))

    def test_is_spelt_as_specified(self) -> None:
        """Header, index, hashes, an empty line, the checkpoint as it is."""
        file = proof_file(2)
        hashes = [base64.b64encode(each).decode() for each in file.proof]
        expected = ["c2sp.org/tlog-proof@v1", "index 2", *hashes, "", *file.checkpoint.split("\n")]
        assert expected == prooffile.write(file).split("\n")

    def test_ignores_extra_data(self) -> None:
        """Extra data is allowed and changes nothing."""
        file = proof_file(2)
        text = prooffile.write(file).replace("index", "extra AAAA\nindex", 1)
        assert file == prooffile.parse(text)

    def test_refuses_another_leaf(self) -> None:
        """The proof of one leaf proves no other."""
        text = prooffile.write(proof_file(2))
        with pytest.raises(verifier.ProofRefusedError):
            prooffile.verify(text, LEAVES[3], KEY.verifier_key, origin=ORIGIN)

    @pytest.mark.parametrize(
        ("found", "put"),
        [
            ("tlog-proof@v1", "tlog-proof@v2"),
            ("index 2", "index 02"),
            ("index 2", "index -2"),
            ("index 2", "extra AAAA"),
            ("index 2", "extra ?\nindex 2"),
            ("index 2\n", ""),
            ("\n\n", "\n"),
            ("=\n", "\n"),
            (f"\n{len(LEAVES)}\n", "\n12\n"),
        ],
    )
    def test_refuses_what_was_changed(self, found: str, put: str) -> None:
        """If format or signature does not hold, nothing does."""
        text = prooffile.write(proof_file(2)).replace(found, put, 1)
        with pytest.raises(notes.NoteRefusedError):
            prooffile.verify(text, LEAVES[2], KEY.verifier_key, origin=ORIGIN)
