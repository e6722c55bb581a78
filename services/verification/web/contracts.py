"""The pages of one contract."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from services.verification import store
from services.verification.api import cases, commitments, contracts, figures
from services.verification.api.dependencies import Injected
from services.verification.api.documents import alerts as documents
from services.verification.pages import contract
from shared import fields
from shared.pages import site
from shared.pages.access import Reader

CASES_MAX: Final = 100
"""On the page of a contract."""

router = APIRouter()


@router.get("/contracts/{contract_id}")
async def show_contract(
    request: Request, contract_id: fields.ContractId, who: Reader, dependencies: Injected
) -> Response:
    """One contract: is it on course?"""
    caller, pool = who.caller, dependencies.delivery.pool
    row = await contracts.find(dependencies, caller, contract_id)
    versions = await store.register.list_commitments(pool, contract_id)
    known = await figures.known_now(pool, row)
    asked = documents.CasesQuery(contract=contract_id, limit=CASES_MAX)
    followed = await cases.list_cases(caller, dependencies, asked)
    page = contract.show(
        contracts.whole(row, versions),
        figures.show(known, commitments.titles(versions)),
        followed.items,
    )
    return site.show(request, "contract.html", page, who)
