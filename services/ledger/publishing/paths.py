"""The paths of published files in the object store, besides those of C2SP tlog-tiles."""

from __future__ import annotations

from typing import Final

from services.ledger.domain.log import tiles, tree
from services.ledger.publishing.objects import Objects

HEADS: Final = "head"
"""The folder of all published roots. They are never replaced."""
HEADS_PER_FOLDER: Final = 1_000_000
CHECKPOINT: Final = "checkpoint"
"""The newest checkpoint, a signed note: in the object store, and in the folder that keeps the last
signed one a second time."""


def head_path(size: int) -> str:
    """The file with the root of a published size. Its folder is small enough to be listed."""
    return f"{HEADS}/{size // HEADS_PER_FOLDER:07d}/{size:013d}"


def newest_head(objects: Objects) -> tree.TreeHead:
    """The largest tree that was published; the empty one if none was."""
    for folder in reversed(objects.names(HEADS)):
        for name in reversed(objects.names(f"{HEADS}/{folder}")):
            root = objects.read(f"{HEADS}/{folder}/{name}")
            assert root is not None
            return tree.TreeHead(int(name), root)
    return tree.EMPTY_HEAD


def payload_path(address: tiles.Address) -> str:
    """The file with the encrypted events of an entry bundle."""
    return address.path.replace("tile/entries/", "payload/")


def partial_folders(address: tiles.Address) -> set[str]:
    """The folders of a tile's partial widths, and of those of its encrypted events."""
    whole = address._replace(width=tree.TILE_HASHES)
    return {f"{path}.p" for path in (whole.path, payload_path(whole))}
