"""The service's tables. Each module has its queries in the `.sql` file of the same name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.intake.store import (
    checking,
    contacts,
    desk,
    draft_rows,
    drafts,
    due,
    names,
    parties,
    people,
    projections,
    reading,
    rows,
    told,
    withdrawals,
)

__all__ = [
    "MIGRATIONS",
    "checking",
    "contacts",
    "desk",
    "draft_rows",
    "drafts",
    "due",
    "names",
    "parties",
    "people",
    "projections",
    "reading",
    "rows",
    "told",
    "withdrawals",
]

MIGRATIONS: Final = Path(__file__).with_name("migrations")
