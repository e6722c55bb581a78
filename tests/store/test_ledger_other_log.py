"""The ledger's fsck looks into the folders of its own log only."""

from __future__ import annotations

import shutil
from pathlib import Path

import asyncpg
import pytest

from services.ledger.audit import fsck
from services.ledger.domain.log import notes
from services.ledger.publishing import paths
from tests.support import ledger_service as build
from tests.support.ledger_service import LedgerService


async def refuse(service: LedgerService, evidence: fsck.Evidence) -> None:
    conn = await asyncpg.connect(service.dsn, server_settings={"search_path": "ledger"})
    try:
        await fsck.refuse_other_log(conn, evidence)
    finally:
        await conn.close()


class TestFolders:
    async def test_are_those_of_the_database(self, database: str, tmp_path: Path) -> None:
        """Of a log that was published, and of one that has still nothing."""
        async with build.at_work(database, tmp_path) as service:
            await refuse(service, build.evidence(service.settings))
            await service.append(build.received(1))
            await service.publisher.publish()
            await refuse(service, build.evidence(service.settings))

    @pytest.mark.parametrize("folder", ["objects", "signed"])
    async def test_hold_no_other_log(self, database: str, tmp_path: Path, folder: str) -> None:
        """Of the same name, by another key: it is said before anything is compared."""
        async with build.at_work(database, tmp_path) as service:
            await service.append(build.received(1))
            await service.publisher.publish()
            evidence = build.evidence(service.settings)
            kept = getattr(evidence, folder)
            note = kept.read(paths.CHECKPOINT).decode()
            name = note.splitlines()[0]
            other = notes.SignerKey(name, b"o" * 32)
            text = note.rpartition("\n\n")[0] + "\n"
            kept.put(paths.CHECKPOINT, notes.sign(text, other).encode())
            key_id = other.verifier_key.key_id.hex()
            with pytest.raises(
                fsck.OtherLogError, match=f"{kept.folder} holds another log, {name}, key {key_id}"
            ):
                await refuse(service, evidence)

    async def test_are_there(self, database: str, tmp_path: Path) -> None:
        """Else the settings name the wrong place."""
        async with build.at_work(database, tmp_path) as service:
            evidence = build.evidence(service.settings)
            for kept in (evidence.objects, evidence.signed):
                shutil.rmtree(kept.folder, ignore_errors=True)
            service.settings.key_path.unlink(missing_ok=True)
            with pytest.raises(fsck.OtherLogError, match="There is no log at"):
                await refuse(service, build.evidence(service.settings))
