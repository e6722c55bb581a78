"""What each check of an export shows, and what to do where it fails: the words of `makegood verify`
and of the page `/verify`."""

from __future__ import annotations

from typing import Final

PROVED: Final = {
    "checkpoint": "The log {origin} signed {size} entries with {whose} key.",
    "leaves": "{checked} entries are exactly those that were signed; each event is there once.",
    "contracts": "Contracts: {checked}. The entries of each have no gap, and are chained.",
    "sources": "Partitions: {checked}. All that was read is an entry, or listed with a reason.",
    "payloads": "{checked} events are those that their entries committed to.",
    "since": "These entries begin with all {checked} of the earlier checkpoint.",
    "receipts": "{checked} receipts were issued by intake, and what is due of them is here.",
}
_AGAIN: Final = "Download the export again with `makegood export`. If it fails again, "
_OPERATOR: Final = (
    "keep this file, and ask the operator of the log for the result of "
    "`python -m services.ledger fsck`."
)
ADVICE: Final = {
    "checkpoint": "Make sure that the key is that of this log. If it is, trust nothing in this "
    "file: keep it, and ask whoever gave it to you where it is from.",
    "leaves": f"{_AGAIN}the entries are not those that were signed: {_OPERATOR}",
    "contracts": "What was signed leaves out or reorders entries of these contracts: do not rely "
    f"on their history, {_OPERATOR}",
    "sources": f"{_AGAIN}something that was read is not accounted for: {_OPERATOR}",
    "payloads": "Do not rely on these events; their entries are proved all the same. To learn "
    f"what happened to them, {_OPERATOR}",
    "since": "Make sure that the earlier file is of this log, and the older one. If it is, entries "
    "were taken back or changed: keep both files, for together they prove it.",
    "receipts": "A receipt is a signed promise. Keep it with this file, and show both to the "
    "authority.",
}
