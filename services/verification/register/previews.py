"""What somebody is shown of a file before it is imported, and importing just that.

Promises: what is imported is what was shown: the same bytes, and the same that becomes of each
thing in them. If the register has changed meanwhile, it is shown again and nothing is stored. A
preview is kept for an hour, and until its person looks at another file.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from services.verification import store
from services.verification.register import imports
from services.verification.register.imports import Summary
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from services.verification.register.releases import Unreadable
from services.verification.register.things import Thing
from shared import sql
from shared.delivery import transaction

KEPT: Final = timedelta(hours=1)
"""Long enough to read it; the file may be large."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a file would do."""

    digest: str
    """Of its bytes."""
    name: str
    summary: Summary


@dataclass(frozen=True, slots=True)
class Done:
    """What a file did. `changed`: the register had changed, so it did nothing and is shown anew."""

    name: str
    state: Literal["done", "changed", "gone"]
    counts: Counts | None = None
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What was imported, in figures."""

    new: int
    changed: int
    unchanged: int
    drafted: int
    """Promises, in figures or in prose."""
    left_out: int
    """Contracts."""


def count(summary: Summary) -> Counts:
    """What a summary comes to."""
    contracts, by_kind = summary.contracts(), summary.counts()
    promises = [by_kind[kind] for kind in ("metric", "commitment") if kind in by_kind]
    whole = by_kind["award"] if "award" in by_kind else by_kind["contract"]
    return Counts(
        new=contracts["new"],
        changed=contracts["changed"],
        unchanged=contracts["unchanged"],
        drafted=sum(each["draft"] + each["needs_structuring"] for each in promises),
        left_out=whole["skipped"] + whole["faulty"],
    )


async def show(
    delivery: transaction.Delivery, name: str, body: bytes, acting: Acting
) -> Shown | Unreadable:
    """What a file would do. It is kept, so that just this can be imported."""
    summary = await _dry_run(delivery, body, acting)
    if isinstance(summary, Unreadable):
        return summary
    await store.previews.drop_previews(delivery.pool, acting.at - KEPT)
    shown = Shown(hashlib.sha256(body).hexdigest(), name, summary)
    await _keep(delivery.pool, shown, body, acting)
    return shown


async def commit(delivery: transaction.Delivery, digest: str, acting: Acting) -> Done:
    """Imports what was shown."""
    row = await find(delivery.pool, digest, acting)
    if row is None:
        return Done("", "gone")
    name, body = row["name"], row["body"]
    if body is None:  # pressed twice
        return Done(name, "done", Counts(**json.loads(row["counts"])))
    summary = await _dry_run(delivery, body, acting)
    assert isinstance(summary, Summary), "it could be read when it was shown"
    if _digest(summary.things) != row["told"]:
        shown = Shown(digest, name, summary)
        await _keep(delivery.pool, shown, body, acting)
        return Done(name, "changed", shown=shown)
    file = await asyncio.to_thread(imports.read, body, acting.at)
    assert not isinstance(file, Unreadable), "it could be read when it was shown"
    counts = count(await imports.run(delivery, file, acting, is_committed=True))
    written = json.dumps({name: getattr(counts, name) for name in counts.__slots__})
    await store.previews.set_imported(delivery.pool, counts=written, **_key(digest, acting))
    return Done(name, "done", counts)


async def find_done(pool: sql.Pool, digest: str, acting: Acting) -> Done | None:
    """What this person imported, if that is not too long ago."""
    row = await find(pool, digest, acting)
    if row is None or row["body"] is not None:
        return None
    return Done(row["name"], "done", Counts(**json.loads(row["counts"])))


async def find(pool: sql.Pool, digest: str, acting: Acting) -> sql.Record | None:
    """What this person was shown, if it is not too old."""
    return await store.previews.find_preview(pool, since=acting.at - KEPT, **_key(digest, acting))


def _key(digest: str, acting: Acting) -> dict[str, Any]:
    return {
        "authority_id": acting.authority_id,
        "actor_id": acting.actor_id,
        "digest": bytes.fromhex(digest),
    }


async def _dry_run(
    delivery: transaction.Delivery, body: bytes, acting: Acting
) -> Summary | Unreadable:
    file = await asyncio.to_thread(imports.read, body, acting.at)
    if isinstance(file, Unreadable):
        return file
    return await imports.run(delivery, file, acting, is_committed=False)


async def _keep(pool: sql.Pool, shown: Shown, body: bytes, acting: Acting) -> None:
    await store.previews.set_preview(
        pool,
        name=shown.name,
        body=body,
        told=_digest(shown.summary.things),
        made_at=acting.at,
        **_key(shown.digest, acting),
    )


def _digest(things: Iterable[Thing]) -> bytes:
    """Of what becomes of everything."""
    found = hashlib.sha256()
    for each in things:
        reason = each.reason.code if isinstance(each.reason, Refusal) else each.reason
        found.update(repr((each.place, each.fate, each.contract_id, reason)).encode())
    return found.digest()
