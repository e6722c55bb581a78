"""The service's tables. The queries of each module are in the `.sql` of the same name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.ledger.store import (
    around,
    changes,
    checking,
    checkpoints,
    log,
    names,
    newest,
    reading,
    rows,
    search,
)

__all__ = [
    "MIGRATIONS",
    "around",
    "changes",
    "checking",
    "checkpoints",
    "log",
    "names",
    "newest",
    "reading",
    "rows",
    "search",
]

MIGRATIONS: Final = Path(__file__).with_name("migrations")
