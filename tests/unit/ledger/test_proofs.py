"""Prover and verifier: the known answers, and that they agree at every size."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.log import proofs, tiles, tree, verifier
from tests.support import reference

KNOWN_ANSWERS = reference.DATA / "merkle" / "known-answers.jsonl"

LEAF_HASHES = [tree.leaf_hash(b"%d" % number) for number in range(1200)]
ROOTS = [
    tree.root(tree.append(tree.EMPTY_EDGE, LEAF_HASHES[:size])[0])
    for size in range(len(LEAF_HASHES) + 1)
]


def tiles_of(size: int, leaf_hashes: list[bytes] = LEAF_HASHES) -> Mapping[tiles.Address, bytes]:
    """Every tile of the tree over the first `size` leaves."""
    edge, full = tree.append(tree.EMPTY_EDGE, leaf_hashes[:size])
    gathered = {tiles.Address(tile.level, tile.n): tile.hashes for tile in full}
    for address in tiles.of_tree(size):
        partial = tiles.in_edge(address, edge)
        if partial is not None:
            gathered[address] = partial
    return gathered


def prove(plan: proofs.Plan) -> list[bytes]:
    """The proof, from only those tiles that the plan needs."""
    gathered = tiles_of(plan.size)
    return plan.prove({address: gathered[address] for address in plan.needs})


def refused(probe: dict[str, Any]) -> bool:
    """Whether the verifier refuses the probe."""
    proof = [base64.b64decode(each) for each in probe["proof"] or []]
    root = {name: base64.b64decode(probe[name] or "") for name in probe if "root" in name}
    try:
        if probe["kind"] == "inclusion":
            leaf_hash = base64.b64decode(probe["leafHash"] or "")
            index, size = probe["leafIdx"], probe["treeSize"]
            verifier.check_inclusion(index, size, leaf_hash, proof, root["root"])
        else:
            sizes = probe["size1"], probe["size2"]
            verifier.check_consistency(*sizes, proof, root["root1"], root["root2"])
    except verifier.ProofRefusedError:
        return True
    return False


@reference.needed
class TestKnownAnswers:
    """The probes that every verifier of RFC 6962 should answer."""

    def test_verifier_answers_as_known(self) -> None:
        """All 196 probes are answered as they should be."""
        probes = [json.loads(line) for line in KNOWN_ANSWERS.read_text().splitlines()]
        assert 196 == len(probes)
        wrong = [probe["name"] for probe in probes if refused(probe) != probe["wantErr"]]
        assert [] == wrong


class TestInclusion:
    """Proofs that a leaf is in a tree."""

    def test_holds_at_every_small_size(self) -> None:
        """Each leaf of each tree of up to 40 leaves is proved."""
        for size in range(1, 41):
            for index in range(size):
                proof = prove(proofs.inclusion(index, size))
                leaf_hash = LEAF_HASHES[index]
                verifier.check_inclusion(index, size, leaf_hash, proof, ROOTS[size])

    @given(st.data())
    def test_holds(self, data: st.DataObject) -> None:
        """Any leaf of any tree is proved, also across tiles."""
        size = data.draw(st.integers(1, len(LEAF_HASHES)))
        index = data.draw(st.integers(0, size - 1))
        proof = prove(proofs.inclusion(index, size))
        verifier.check_inclusion(index, size, LEAF_HASHES[index], proof, ROOTS[size])

    @given(st.data())
    def test_refuses_what_was_tampered_with(self, data: st.DataObject) -> None:
        """Another leaf, index, root or proof is refused."""
        size = data.draw(st.integers(2, 600))
        index = data.draw(st.integers(0, size - 1))
        other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index))
        proof, leaf_hash, root = (
            prove(proofs.inclusion(index, size)),
            LEAF_HASHES[index],
            ROOTS[size],
        )
        flawed = data.draw(st.sampled_from(tampered(proof)))
        for attempt in (
            (other, size, leaf_hash, proof, root),
            (index, size, LEAF_HASHES[other], proof, root),
            (index, size, leaf_hash, proof, ROOTS[size - 1]),
            (index, size, leaf_hash, flawed, root),
            (size, size, leaf_hash, proof, root),
            (-1, size, leaf_hash, proof, root),
        ):
            with pytest.raises(verifier.ProofRefusedError):
                verifier.check_inclusion(*attempt)

    def test_needs_two_tiles_a_level_at_most(self) -> None:
        """A proof in a tree of ten million reads a handful of tiles."""
        plan = proofs.inclusion(1_234_567, 10_000_000)
        assert len(plan.needs) <= 2 * len(tree.row_lengths(plan.size))


class TestConsistency:
    """Proofs that a tree begins with an earlier one."""

    def test_holds_at_every_small_size(self) -> None:
        """Each pair of trees of up to 40 leaves is proved."""
        for new in range(1, 41):
            for old in range(1, new + 1):
                proof = prove(proofs.consistency(old, new))
                verifier.check_consistency(old, new, proof, ROOTS[old], ROOTS[new])

    @given(st.data())
    def test_holds(self, data: st.DataObject) -> None:
        """Any tree is proved to begin with any earlier one, also across tiles."""
        new = data.draw(st.integers(1, len(LEAF_HASHES)))
        old = data.draw(st.integers(1, new))
        proof = prove(proofs.consistency(old, new))
        verifier.check_consistency(old, new, proof, ROOTS[old], ROOTS[new])

    @given(st.data())
    def test_refuses_what_was_tampered_with(self, data: st.DataObject) -> None:
        """Another size, root or proof is refused."""
        new = data.draw(st.integers(2, 600))
        old = data.draw(st.integers(1, new - 1))
        proof = prove(proofs.consistency(old, new))
        flawed = data.draw(st.sampled_from(tampered(proof)))
        for attempt in (
            (old, new, flawed, ROOTS[old], ROOTS[new]),
            (old, new, proof, ROOTS[old - 1], ROOTS[new]),
            (old, new, proof, ROOTS[old], ROOTS[new - 1]),
            (old, new, [], ROOTS[old], ROOTS[new]),
            (new, old, proof, ROOTS[new], ROOTS[old]),
            (0, new, proof, ROOTS[0], ROOTS[new]),
            (new, new, proof, ROOTS[new], ROOTS[new]),
        ):
            with pytest.raises(verifier.ProofRefusedError):
                verifier.check_consistency(*attempt)

    @pytest.mark.parametrize("length", [0, 31, 33])
    def test_refuses_odd_roots(self, length: int) -> None:
        """Also if the old root is hashed as the first of the proof (if `old` is 2 ** n)."""
        proof = prove(proofs.consistency(4, 7))
        for roots in ((bytes(length), ROOTS[7]), (ROOTS[4], bytes(length))):
            with pytest.raises(verifier.ProofRefusedError, match="not 32 bytes"):
                verifier.check_consistency(4, 7, proof, *roots)

    @given(st.integers(2, 600), st.data())
    def test_refuses_a_rewritten_past(self, new: int, data: st.DataObject) -> None:
        """If one old leaf was changed, the tree cannot be proved to begin with the old one."""
        old = data.draw(st.integers(1, new - 1))
        changed = list(LEAF_HASHES[:new])
        changed[data.draw(st.integers(0, old - 1))] = tree.leaf_hash(b"another")
        gathered = tiles_of(new, changed)
        proof = proofs.consistency(old, new).prove(gathered)
        edge, _ = tree.append(tree.EMPTY_EDGE, changed)
        with pytest.raises(verifier.ProofRefusedError):
            verifier.check_consistency(old, new, proof, ROOTS[old], tree.root(edge))


def tampered(proof: list[bytes]) -> list[list[bytes]]:
    """Proofs that are not `proof`, each wrong in one way."""
    flipped = [
        [*proof[:i], bytes([proof[i][0] ^ 1]) + proof[i][1:], *proof[i + 1 :]]
        for i in range(len(proof))
    ]
    return [
        *flipped,
        proof[:-1],
        [*proof, bytes(32)],
        [bytes(32), *proof],
        [*proof[:-1], proof[-1][:31]],
        [*proof[:-1], proof[-1] + b"\x00"],
        [*proof, b""],
    ]
