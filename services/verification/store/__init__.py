"""The service's tables. Each module has its queries in the `.sql` file of the same name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.verification.store import (
    batches,
    cases,
    figures,
    histories,
    holidays,
    names,
    overviews,
    people,
    postcodes,
    previews,
    proposals,
    queried,
    reading,
    register,
    rows,
    telling,
    webhooks,
    worklist,
)

__all__ = [
    "MIGRATIONS",
    "batches",
    "cases",
    "figures",
    "histories",
    "holidays",
    "names",
    "overviews",
    "people",
    "postcodes",
    "previews",
    "proposals",
    "queried",
    "reading",
    "register",
    "rows",
    "telling",
    "webhooks",
    "worklist",
]

MIGRATIONS: Final = Path(__file__).with_name("migrations")
