"""The service's tables. Each module has its queries beside it, in the `.sql` of its name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.ledger.store import checking, checkpoints, log, reading, rows

__all__ = ["MIGRATIONS", "checking", "checkpoints", "log", "reading", "rows"]

MIGRATIONS: Final = Path(__file__).with_name("migrations")
