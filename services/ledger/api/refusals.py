"""What the ledger's endpoints refuse, as problem documents."""

from __future__ import annotations

from typing import Final

from shared.web.problems import Problem

RETRY_SOON: Final = {"retry-after": "2"}
"""A checkpoint is signed about once a second."""


def no_entry() -> Problem:
    """Or none that the caller may see."""
    return Problem(404, "There is no such entry")


def no_return() -> Problem:
    """Or none that the caller may see."""
    return Problem(404, "No return with this id is recorded")


def no_tile() -> Problem:
    """The path is well-formed, but the tree is smaller."""
    return Problem(404, "The tree has no such tile")


def no_tile_path() -> Problem:
    """The path is not spelt as C2SP tlog-tiles says."""
    return Problem(404, "This is not the path of a tile")


def not_covered() -> Problem:
    """The entry is newer than the newest checkpoint."""
    words = "The entry is recorded. The next checkpoint, in about a second, will cover it."
    return Problem(404, "Not under a checkpoint yet", words, headers=RETRY_SOON)


def no_checkpoint() -> Problem:
    """The log has just been created."""
    words = "Nothing has been signed yet. The first checkpoint follows in about a second."
    return Problem(404, "No checkpoint yet", words, headers=RETRY_SOON)
