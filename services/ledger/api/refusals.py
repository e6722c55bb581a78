"""What the ledger's endpoints refuse, as problem documents."""

from __future__ import annotations

from datetime import date
from typing import Final

from shared.web.problems import INVALID, Fault, Problem

RETRY_SOON: Final = {"retry-after": "2"}
"""A checkpoint is signed about once a second."""


def no_entry() -> Problem:
    """Or none that the caller may see."""
    return Problem(404, "There is no such entry")


def no_event() -> Problem:
    """Or none that the caller may see, or that opens."""
    return Problem(404, "The event of this entry is not shown")


def no_return() -> Problem:
    """Or none that the caller may see."""
    return Problem(404, "No return with this id is recorded")


def no_contract() -> Problem:
    """Or none that the caller may see."""
    return Problem(404, "No contract with this id is recorded")


def no_supplier() -> Problem:
    """Or none that the caller may see."""
    return Problem(404, "No supplier with this id is recorded")


def no_receipt() -> Problem:
    """Or none that the caller may see."""
    return Problem(404, "No receipt with this number is recorded")


def other_digest() -> Problem:
    """Or the ledger cannot say, since the event does not open."""
    detail = "The digest of a return is SHA-256(salt || file), with the salt of its receipt."
    return Problem(404, "The return of this receipt has another digest", detail)


def not_with_receipt(parameter: str) -> Problem:
    """The number of a receipt names one entry: there is nothing to narrow down."""
    fix = "Leave it out, or ask without `receipt`."
    fault = Fault("form", "A receipt is of one entry.", fix, parameter=parameter)
    return Problem(422, INVALID, errors=[fault])


def digest_alone(digest: str) -> Problem:
    """The log has salted digests, which nobody can look up."""
    words = "The log holds no SHA-256 of a return that could be searched, only a salted one."
    fix = "Send the number of the receipt as `receipt` too. The digest is SHA-256(salt || file)."
    fault = Fault("form", words, fix, parameter="digest", value=digest)
    return Problem(422, INVALID, errors=[fault])


def days_reversed(since: date, until: date) -> Problem:
    """`from` is after `to`."""
    words = f"`from` is after `to`: {since}, {until}."
    fault = Fault("form", words, "Swap them.", parameter="from", value=str(since))
    return Problem(422, INVALID, errors=[fault])


def day_to_come(until: date, known: date) -> Problem:
    """What will change then is not known."""
    words = f"`to` is {until}, which has not begun."
    fault = Fault("form", words, f"Ask up to {known}.", parameter="to", value=str(until))
    return Problem(422, INVALID, errors=[fault])


def sizes_reversed(older: int, newer: int) -> Problem:
    """`from` is more than `to`."""
    words = f"`from` is more than `to`: {older}, {newer}."
    fault = Fault("form", words, "Swap them.", parameter="from", value=str(older))
    return Problem(422, INVALID, errors=[fault])


def not_signed_yet(newer: int, size: int) -> Problem:
    """A proof leads to what was signed."""
    words = f"Only {size} entries are signed for."
    fault = Fault("form", words, f"Ask up to {size}.", parameter="to", value=str(newer))
    return Problem(422, INVALID, errors=[fault])


def no_proof() -> Problem:
    """There are no such trees, or the later one was not signed."""
    return Problem(404, "There is no such proof")


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
