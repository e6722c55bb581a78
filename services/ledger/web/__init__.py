"""The ledger's pages: the routes. What a page says is in `pages`, what it looks up is the API's.

Most pages are asked for by a person who is signed in (`access`), and show what the API would answer
to this person's role, authority and party. The log itself and the check of a file are public.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter

from services.ledger.web import entries, log, record, verify

TEMPLATES: Final = Path(__file__).parents[1] / "pages"

router = APIRouter(include_in_schema=False)
for each in (record, entries, log, verify):
    router.include_router(each.router)
