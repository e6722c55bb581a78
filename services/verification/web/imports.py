"""The page of imports: a file is shown first, then imported as it was shown."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import RedirectResponse

from services.verification.api import imports as api
from services.verification.api.dependencies import Injected
from services.verification.pages import imports
from services.verification.register import previews
from services.verification.register.releases import Unreadable
from services.verification.register.spreadsheets import columns, template
from shared.pages import access, sessions, site
from shared.spreadsheets import writing
from shared.web import problems

router = APIRouter()

_MANAGERS: Final = Depends(access.visitor("manager"))
Manager = Annotated[sessions.Session, _MANAGERS]
_DIGEST: Final = re.compile("[0-9a-f]{64}")


@router.get("/imports")
async def show_imports(request: Request, who: Manager) -> Response:
    """Where a file is chosen."""
    return site.show(request, "imports.html", imports.show(), who)


@router.get("/imports/template.xlsx", dependencies=[_MANAGERS])
async def get_template() -> Response:
    """The spreadsheet to fill in."""
    body = await asyncio.to_thread(template.xlsx)
    return _file(body, writing.XLSX, "contracts.xlsx")


@router.get("/imports/contracts.csv", dependencies=[_MANAGERS])
async def get_contracts_template() -> Response:
    """The headings of contracts."""
    return _file(template.csv(columns.CONTRACTS), writing.CSV, "contracts.csv")


@router.get("/imports/promises.csv", dependencies=[_MANAGERS])
async def get_promises_template() -> Response:
    """The headings of promises."""
    return _file(template.csv(columns.PROMISES), writing.CSV, "promises.csv")


@router.post("/imports")
async def upload(request: Request, who: Manager, dependencies: Injected) -> Response:
    """Shows what a file would do. Nothing is stored but the file, for an hour."""
    sent = await access.read_upload(request, imports.FIELD)
    if not sent.name or not sent.body:
        return site.show(request, "imports.html", imports.show(imports.NO_FILE), who, 422)
    acting = dependencies.acting(who.caller)
    shown = await previews.show(dependencies.delivery, sent.name, sent.body, acting)
    if isinstance(shown, Unreadable):
        page = imports.show(f"{shown.reason}.")
        return site.show(request, "imports.html", page, who, 422)
    return site.show(request, "imports.html", _preview(shown), who)


@router.post("/imports/{digest}")
async def commit(request: Request, digest: str, who: Manager, dependencies: Injected) -> Response:
    """Imports what was shown, and nothing else."""
    await access.read_form(request)
    acting = dependencies.acting(who.caller)
    done = await previews.commit(dependencies.delivery, _known(digest), acting)
    if done.state == "gone":
        return site.show(request, "imports.html", imports.show(imports.GONE), who, 422)
    if done.shown is not None:
        page = _preview(done.shown, imports.CHANGED)
        return site.show(request, "imports.html", page, who, 409)
    return RedirectResponse(site.of(request.app).address(f"/imports/{digest}"), 303)


@router.get("/imports/{digest}")
async def show_import(
    request: Request, digest: str, who: Manager, dependencies: Injected
) -> Response:
    """What a file has done."""
    acting = dependencies.acting(who.caller)
    done = await previews.find_done(dependencies.delivery.pool, _known(digest), acting)
    if done is None or done.counts is None:
        raise problems.Problem(404, "There is no such import")
    page = imports.show_done(imports.File(done.name, digest, _counts(done.counts)))
    return site.show(request, "imports.html", page, who)


def _known(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise problems.Problem(404, "There is no such import")
    return digest


def _preview(shown: previews.Shown, changed: str | None = None) -> imports.Page:
    outcomes = [api.outcome(each) for each in shown.summary.things]
    counts = _counts(previews.count(shown.summary))
    return imports.show_preview(imports.File(shown.name, shown.digest, counts), outcomes, changed)


def _counts(counts: previews.Counts) -> imports.Counts:
    return imports.Counts(*(getattr(counts, name) for name in imports.Counts._fields))


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=headers)
