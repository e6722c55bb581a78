"""What a new demo forgets of the one before it: how much was registered and received, since when.

Promises: the figures are those of the last clean end, or of the summary if the demo was killed. If
it never came so far, that is said instead.
"""

from __future__ import annotations

import contextlib
import json
from datetime import datetime
from pathlib import Path
from typing import Final

import asyncpg

from deploy.local.servers import process
from shared import sql

FILE: Final = "played.json"
COUNTS: Final = """
    SELECT (SELECT count(*) FROM verification.contract) AS contracts,
        (SELECT receipt_no FROM intake.desk) AS receipts
"""


async def note(state: Path, dsn: str, began: datetime) -> None:
    """Writes down what there is now. Does nothing if the database does not answer any more."""
    with contextlib.suppress(*sql.BROKEN, asyncpg.PostgresError):
        conn = await asyncpg.connect(dsn, timeout=sql.CONNECT_SECONDS_MAX)
        try:
            counts = await conn.fetchrow(COUNTS)
        finally:
            await conn.close()
        assert counts is not None
        process.write(state / FILE, json.dumps({"began": began.isoformat(), **counts}))


def words(state: Path) -> str:
    """What is forgotten with this state folder, as a sentence."""
    try:
        found = json.loads((state / FILE).read_text())
        began = datetime.fromisoformat(found["began"])
        what = f"{found['contracts']} contracts and {found['receipts']} receipts"
    except (OSError, ValueError, KeyError, TypeError):
        return "The previous demo is forgotten, which never came to its end. Each starts anew."
    return (
        f"The previous demo is forgotten: {what} since {began:%-d %B %Y, %H:%M} UTC. Each starts "
        "anew; the data of `makegood up` is not touched."
    )
