"""Restores a backup into an empty state folder, and lets the services go on from there.

Promises: the whole backup is checked before anything is written. All or nothing: what a restore
made is removed if it fails. Kafka is not in a backup; the new broker is empty. So every service
begins at the first record of each topic, and sends again all that it ever sent: what was processed
before is known by its id and has no effect (docs/runbooks/broker_and_database_disagree.md).
Refuses: a folder that holds data, a stack that runs, and a backup that was changed.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from deploy import topics as system_topics
from deploy.backup import RefusedError, dump, manifest, places
from deploy.local import steps
from deploy.local.servers import both, logins, postgres
from shared import sql
from shared.delivery import kafka, offsets, outbox, topics
from shared.settings import Settings

OURS: Final = ("kafka", "postgres", "intake", "verification", "ledger")
"""What a stack keeps in its state folder."""


async def restore(state: Path, source: Path, progress: steps.Steps) -> manifest.Manifest:
    """Restores the backup in `source` into this state folder. Raises RefusedError and
    CannotStart."""
    wanted = manifest.read(source)
    servers = both.Servers(state, progress=progress)
    try:
        await servers.lock()
        _require_empty(state, source)
        with progress.step("Sums", wanted.total_bytes) as advance:
            await asyncio.to_thread(manifest.check, source, wanted, advance)
        before = set(state.iterdir())
        try:
            await servers.start()
            with progress.step("Files", len(wanted.files)) as advance:
                _put_files(state, source, wanted, advance)
            await _fill(servers, source, progress)
        except BaseException:
            await servers.stop()
            servers.postgres.remove()
            for path in set(state.iterdir()) - before:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            raise
    finally:
        await servers.stop()
    return wanted


def _require_empty(state: Path, source: Path) -> None:
    if source.resolve().is_relative_to(state.resolve()):
        raise RefusedError(f"{source} is inside {state}: move the backup elsewhere first")
    found = [state / name for name in OURS if (state / name).exists()]
    found += [path for path in (postgres.home(state),) if path.exists() and path not in found]
    found += [path for path in _targets(state) if path.exists() and state not in path.parents]
    if found:
        raise RefusedError(
            f"{', '.join(map(str, found))} holds data, and nothing is overwritten: keep a copy, "
            "then delete it with `makegood down --forget`"
        )


def _targets(state: Path) -> list[Path]:
    """Where settings put files outside of the state folder."""
    return [*places.folders(state).values(), *places.keys(state).values()]


def _put_files(
    state: Path, source: Path, wanted: manifest.Manifest, advance: manifest.Advance
) -> None:
    folders, keys = places.folders(state), places.keys(state)
    for name in wanted.files:
        target = keys.get(name)
        for inside, folder in folders.items():
            if name.startswith(f"{inside}/"):
                target = folder / name.removeprefix(f"{inside}/")
        if target is not None:
            manifest.copy(source / name, target, lambda _: None)
        advance(1)


async def _fill(servers: both.Servers, source: Path, progress: steps.Steps) -> None:
    with progress.step("Database"):
        await logins.create(servers.dsn)  # the dump grants rights to their roles
        await dump.load(servers.state, servers.dsn, source / places.DATABASE)
    with progress.step("Topics"):
        settings = Settings(
            kafka_bootstrap_servers=servers.bootstrap, database_url=SecretStr(servers.dsn)
        )
        pools = {service: await sql.connect(settings, service) for service in logins.SERVICES}
        try:
            await system_topics.create(settings)
            await _begin_anew(settings, pools)
        finally:
            for pool in pools.values():
                await pool.close()


async def _begin_anew(settings: Settings, pools: Mapping[str, sql.Pool]) -> None:
    """The records are lost with the broker: each service begins every topic anew, and sends again
    all that it wrote."""
    admin = await kafka.start_admin(settings)
    try:
        inbound = await pools["intake"].fetch("SELECT party_id FROM inbound_topic")
        parties = [row["party_id"] for row in inbound]
        both = (topics.inbound, topics.replies_to)  # what waits for a party holds up all messages
        await topics.create(admin, tuple(make(each) for each in parties for make in both))
        cluster_id = str((await admin.describe_cluster())["cluster_id"])
    finally:
        await admin.close()
    for pool in pools.values():
        for row in await pool.fetch("SELECT topic FROM topic_incarnation"):
            await offsets.accept_loss(pool, row["topic"], cluster_id)
        async with pool.acquire() as conn, conn.transaction():
            for topic in topics.ALL:
                await outbox.republish(conn, topic.name)
