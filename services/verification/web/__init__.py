"""Verification's pages: the routes, a module for each kind of thing. What a page says is in
`pages`; what it looks up is the API's.

A page is asked for by a person who is signed in (`access`), and shows what the API would answer to
this person's role, authority and party.
"""

from __future__ import annotations

from fastapi import APIRouter

from services.verification.web import (
    alerts,
    approvals,
    cases,
    contracts,
    imports,
    overviews,
    people,
    work,
)
from shared.pages import telling

router = APIRouter(include_in_schema=False)
for each in (contracts, people, cases, approvals, imports, work, overviews, alerts, telling):
    router.include_router(each.router)
