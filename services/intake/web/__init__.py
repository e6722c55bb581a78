"""Intake's pages: the routes. What a page says is in `pages`, what it looks up is the API's.

A page is asked for by a person who is signed in (`access`), and shows what the API would answer to
this person's role, authority and party. A module for each part of the desk.
"""

from __future__ import annotations

from fastapi import APIRouter

from services.intake.web import (
    contracts,
    drafts,
    files,
    home,
    lines,
    promises,
    receipts,
    returns,
    revisions,
    sending,
    signing_in,
    withdrawals,
)
from shared.pages import telling

router = APIRouter(include_in_schema=False)
for each in (
    home,
    drafts,
    promises,
    lines,
    files,
    sending,
    returns,
    receipts,
    revisions,
    withdrawals,
    contracts,
    signing_in,
    telling,
):
    router.include_router(each.router)
