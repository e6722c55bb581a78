"""What the log says of receipts, as anyone can read it: from the ledger's public entry bundles
(docs/ledger.md, Tiles and bundles)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from services.intake.store.checking import Logged

if TYPE_CHECKING:
    import httpx

ENTRIES_PER_BUNDLE: Final = 256
SECONDS_MAX: Final = 30
_LENGTH_BYTES: Final = 2
_RECEIPTED: Final = ("ReturnReceived", "ReturnWithdrawn")
_SAID: Final = ("return_id", "receipt_no", "authority_id", "party_id", "revision")


class UnreadableError(Exception):
    """The ledger does not answer, or not with a log. The message says which."""


class _Leaf(msgspec.Struct):
    type: str
    event_id: UUID
    contract_id: str | None = None
    period: str | None = None
    facts: dict[str, Any] = {}


_leaf: Final = msgspec.json.Decoder(_Leaf)


async def stream_receipts(url: str) -> AsyncIterator[list[Logged]]:
    """What the log at `url` says of receipts, bundle by bundle, up to its newest checkpoint. Raises
    UnreadableError."""
    import httpx  # late: it takes 4 MB, and most of the time nothing is checked

    try:
        async with httpx.AsyncClient(base_url=url, timeout=SECONDS_MAX) as client:
            size = int((await _get(client, "/api/v1/log")).json()["size"])
            for first in range(0, size, ENTRIES_PER_BUNDLE):
                width = min(ENTRIES_PER_BUNDLE, size - first)
                answer = await _get(client, _path(first // ENTRIES_PER_BUNDLE, width))
                yield list(_read(answer.content, first, width))
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise UnreadableError(f"the log at {url} cannot be read: {error}") from error


async def _get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    return (await client.get(path)).raise_for_status()


def _path(number: int, width: int) -> str:
    """Where an entry bundle is (C2SP tlog-tiles): its number in groups of three digits."""
    rest, last = divmod(number, 1000)
    groups = [f"{last:03d}"]
    while rest:
        rest, group = divmod(rest, 1000)
        groups.insert(0, f"x{group:03d}")
    partial = "" if width == ENTRIES_PER_BUNDLE else f".p/{width}"
    return f"/tile/entries/{'/'.join(groups)}{partial}"


def _read(bundle: bytes, first: int, width: int) -> Iterator[Logged]:
    at = 0
    for index in range(first, first + width):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(bundle[at:start], "big")
        leaf = _leaf.decode(bundle[start:at])
        if leaf.type in _RECEIPTED:
            yield Logged(leaf.event_id, index, _said(leaf))


def _said(leaf: _Leaf) -> str | None:
    if "receipt_no" not in leaf.facts:  # too many to be in a leaf: only their digest is
        return None
    return_id, receipt_no, authority_id, party_id, revision = map(leaf.facts.__getitem__, _SAID)
    about = (return_id, receipt_no, authority_id, leaf.contract_id, party_id, leaf.period, revision)
    return " ".join(map(str, (leaf.type, *about)))
