"""The tree of RFC 6962: known roots, growth at the edge, completed tiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.log import tree, verifier

CLASSIC_LEAVES = tuple(
    map(
        bytes.fromhex,
        (
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ),
    )
)

CLASSIC_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def hashes(count: int, *, start: int = 0) -> list[bytes]:
    return [tree.leaf_hash(b"%d" % number) for number in range(start, start + count)]


class TestHashes:
    """Known answers (docs/ledger.md, Known answers)."""

    def test_leaf(self) -> None:
        """A leaf is hashed after a zero byte."""
        expected = "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
        assert expected == tree.leaf_hash(b"L123456").hex()

    def test_node(self) -> None:
        """A node is hashed after a one byte."""
        expected = "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
        assert expected == tree.node_hash(b"N123", b"N456").hex()

    @pytest.mark.parametrize("size", range(9))
    def test_classic_roots(self, size: int) -> None:
        """The roots over the classic eight leaves, by the tree and by the verifier."""
        leaf_hashes = [tree.leaf_hash(leaf) for leaf in CLASSIC_LEAVES[:size]]
        edge, _ = tree.append(tree.EMPTY_EDGE, leaf_hashes)
        assert CLASSIC_ROOTS[size] == tree.root(edge).hex()
        assert CLASSIC_ROOTS[size] == verifier.compute_root(leaf_hashes).hex()


class TestAppend:
    """Growing the tree at its right edge."""

    @given(st.lists(st.integers(min_value=0, max_value=700), max_size=6))
    def test_batches_are_one_batch(self, batches: list[int]) -> None:
        """However the leaves are split into batches, edge and tiles are those of one batch."""
        edge, tiles, size = tree.EMPTY_EDGE, [], 0
        for count in batches:
            edge, completed = tree.append(edge, hashes(count, start=size))
            tiles += completed
            size += count
        whole, completed = tree.append(tree.EMPTY_EDGE, hashes(size))
        assert whole == edge
        assert sorted(completed) == sorted(tiles)

    @given(st.integers(min_value=0, max_value=1500))
    def test_root_is_that_of_all_leaves(self, size: int) -> None:
        """The root from the edge is the root over every leaf."""
        edge, _ = tree.append(tree.EMPTY_EDGE, hashes(size))
        assert verifier.compute_root(hashes(size)) == tree.root(edge)

    @pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 70_000])
    def test_third_level(self, size: int) -> None:
        """If level 1 completes a tile, its hash begins level 2."""
        edge, tiles = tree.append(tree.EMPTY_EDGE, hashes(size))
        assert verifier.compute_root(hashes(size)) == tree.root(edge)
        expected = {0: size // 256} | ({1: 1} if size >= 65_536 else {})
        assert expected == {level: sum(tile.level == level for tile in tiles) for level in expected}

    def test_tiles_hold_the_hashes_below(self) -> None:
        """A tile of level 0 has leaf hashes; their fold is in the row of level 1."""
        leaf_hashes = hashes(600)
        edge, tiles = tree.append(tree.EMPTY_EDGE, leaf_hashes)
        assert [
            tree.FullTile(0, 0, b"".join(leaf_hashes[:256])),
            tree.FullTile(0, 1, b"".join(leaf_hashes[256:512])),
        ] == tiles
        assert b"".join(leaf_hashes[512:]) == edge.rows[0]
        assert b"".join(tree.fold(tile.hashes) for tile in tiles) == edge.rows[1]

    def test_nothing_changes_nothing(self) -> None:
        """An empty batch leaves the edge as it was."""
        edge, _ = tree.append(tree.EMPTY_EDGE, hashes(300))
        assert (edge, []) == tree.append(edge, [])

    def test_refuses_a_short_hash(self) -> None:
        """A leaf hash of 31 bytes is a mistake in our own code."""
        with pytest.raises(AssertionError):
            tree.append(tree.EMPTY_EDGE, [bytes(31)])


class TestEdge:
    """What the head's row keeps."""

    @given(st.integers(min_value=0, max_value=1500))
    def test_decode_is_the_inverse_of_encode(self, size: int) -> None:
        """Size and bytes give the edge back."""
        edge, _ = tree.append(tree.EMPTY_EDGE, hashes(size))
        assert edge == tree.decode(size, edge.encode())

    def test_refuses_bytes_of_another_size(self) -> None:
        """An edge that is cut short is refused."""
        edge, _ = tree.append(tree.EMPTY_EDGE, hashes(5))
        with pytest.raises(ValueError):
            tree.decode(5, edge.encode()[:-1])

    def test_stays_small(self) -> None:
        """At ten million entries the edge is at most three rows of 255 hashes."""
        assert sum(tree.row_lengths(10_000_000)) <= 3 * 255 * 32
