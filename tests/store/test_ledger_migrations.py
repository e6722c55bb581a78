"""A ledger's database that was made before: what a migration derives of what is stored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import asyncpg

from services.ledger import store
from shared import sql
from shared.wire import ids


class TestReceipts:
    async def test_are_found_of_earlier_entries(self, database: str, tmp_path: Path) -> None:
        """The numbers come from the leaves; other entries keep no receipt."""
        for name in ("0001_log.sql", "0002_marks.sql"):
            shutil.copy(store.MIGRATIONS / name, tmp_path)
        await sql.migrate(database, "ledger", tmp_path)
        conn = await asyncpg.connect(database, server_settings={"search_path": "ledger"})
        try:
            for index, (kind, facts) in enumerate(
                [
                    ("ReturnReceived", {"receipt_no": 7}),
                    ("ReturnChecked", {"receipt_no": 7}),
                    ("ReturnWithdrawn", {"receipt_no": 8}),
                    ("ReturnReceived", {"digest": "ab" * 32}),
                ]
            ):
                leaf = json.dumps({"facts": facts}).encode()
                await conn.execute(
                    "INSERT INTO entry VALUES ($1, $2, $3, sha256($3), sha256($3), '')",
                    index,
                    ids.derived("entry", index),
                    leaf,
                )
                await conn.execute(
                    "INSERT INTO entry_index (idx, event_id, type, authority_id, commitment_ids, "
                    "occurred_at) VALUES ($1, $2, $3, 'A', '', now())",
                    index,
                    ids.derived("entry", index),
                    kind,
                )
            await sql.migrate(database, "ledger", store.MIGRATIONS)
            found = await conn.fetch("SELECT receipt_no FROM entry_index ORDER BY idx")
        finally:
            await conn.close()
        assert [7, None, 8, None] == [row["receipt_no"] for row in found]
