"""C2SP tlog-tiles: paths, which tiles a tree has, entry bundles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.log import tiles, tree

ADDRESSES = st.builds(
    tiles.Address,
    level=st.integers(min_value=tiles.ENTRIES, max_value=tiles.LEVEL_MAX),
    n=st.integers(min_value=0, max_value=2**56),
    width=st.integers(min_value=1, max_value=256),
)


class TestPath:
    """The path of a tile."""

    @pytest.mark.parametrize(
        ("address", "path"),
        [
            (tiles.Address(0, 0), "tile/0/000"),
            (tiles.Address(0, 1_234_067), "tile/0/x001/x234/067"),
            (tiles.Address(2, 5, 17), "tile/2/005.p/17"),
            (tiles.Address(tiles.ENTRIES, 1000, 1), "tile/entries/x001/000.p/1"),
            (tiles.Address(63, 999, 255), "tile/63/999.p/255"),
        ],
    )
    def test_known_paths(self, address: tiles.Address, path: str) -> None:
        """Paths as the specification spells them, both ways."""
        assert path == address.path
        assert address == tiles.parse(path)

    @given(ADDRESSES)
    def test_parse_is_the_inverse(self, address: tiles.Address) -> None:
        """Every address is read back from its path."""
        assert address == tiles.parse(address.path)

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "tile/0/0",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/01",
            "tile/0/000.p/256",
            "tile/0/000.p/",
            "tile/data/000",
            "tile/0/٠٠٠",
            "/tile/0/000",
            "tile/0/000\n",
        ],
    )
    def test_refuses_other_spellings(self, path: str) -> None:
        """One tile has one path."""
        with pytest.raises(tiles.PathRefusedError):
            tiles.parse(path)


class TestOfTree:
    """The tiles that a tree has."""

    def test_seventy_thousand(self) -> None:
        """The specification's own example."""
        found = [address for address in tiles.of_tree(70_000) if address.level != tiles.ENTRIES]
        partial = [address for address in found if not address.is_full]
        assert 273 == sum(a.level == 0 and a.is_full for a in found)
        assert 1 == sum(a.level == 1 and a.is_full for a in found)
        assert [
            tiles.Address(0, 273, 112),
            tiles.Address(1, 1, 17),
            tiles.Address(2, 0, 1),
        ] == partial

    def test_exactly_one_tile(self) -> None:
        """At 256 leaves there is a full tile, its bundle, and one hash of level 1."""
        assert [
            tiles.Address(tiles.ENTRIES, 0),
            tiles.Address(0, 0),
            tiles.Address(1, 0, 1),
        ] == list(tiles.of_tree(256))

    def test_empty_tree(self) -> None:
        """An empty tree has no tiles."""
        assert [] == list(tiles.of_tree(0))

    @given(st.integers(0, 140_000), st.integers(0, 140_000))
    def test_growth_publishes_what_is_new(self, one: int, other: int) -> None:
        """A tree has what the earlier one had and what it adds."""
        since, size = sorted((one, other))
        before, after = set(tiles.of_tree(since)), set(tiles.of_tree(size))
        added = list(tiles.of_tree(size, since=since))
        assert len(added) == len(set(added))
        assert after - before == set(added)

    def test_edge_serves_its_partial_tiles(self) -> None:
        """Partial tiles are in the edge, also at a smaller width; full ones are not."""
        leaf_hashes = [tree.leaf_hash(b"%d" % number) for number in range(600)]
        edge, _ = tree.append(tree.EMPTY_EDGE, leaf_hashes)
        assert b"".join(leaf_hashes[512:]) == tiles.in_edge(tiles.Address(0, 2, 88), edge)
        assert b"".join(leaf_hashes[512:520]) == tiles.in_edge(tiles.Address(0, 2, 8), edge)
        assert tiles.in_edge(tiles.Address(0, 2, 89), edge) is None
        assert tiles.in_edge(tiles.Address(0, 1, 8), edge) is None
        assert tiles.in_edge(tiles.Address(2, 0, 1), edge) is None
        assert tiles.in_edge(tiles.Address(tiles.ENTRIES, 2, 8), edge) is None


class TestBundle:
    """Entries, each after its length."""

    def test_known_bytes(self) -> None:
        """The length is a big-endian uint16."""
        assert b"\x00\x03abc\x00\x00" == tiles.write_bundle([b"abc", b""])

    @given(st.lists(st.binary(max_size=300), max_size=20))
    def test_read_is_the_inverse_of_write(self, entries: list[bytes]) -> None:
        """The entries come back as they went in."""
        assert entries == tiles.read_bundle(tiles.write_bundle(entries))

    def test_holds_the_largest_entry(self) -> None:
        """65,535 bytes fit."""
        assert [bytes(65_535)] == tiles.read_bundle(tiles.write_bundle([bytes(65_535)]))

    def test_refuses_a_larger_one(self) -> None:
        """A length that does not fit two bytes is never truncated."""
        with pytest.raises(OverflowError):
            tiles.write_bundle([bytes(65_536)])

    @pytest.mark.parametrize("bundle", [b"\x00", b"\x00\x02a", b"\x00\x01a\x00"])
    def test_refuses_what_is_cut_short(self, bundle: bytes) -> None:
        """An entry that is cut short is not returned."""
        with pytest.raises(tiles.BundleRefusedError):
            tiles.read_bundle(bundle)
