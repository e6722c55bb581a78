"""Spreadsheets of lines in a browser: a template, a file checked, and what goes into the draft.

What is checked is kept for an hour under a random name (`kept`), so that what is used is what was
shown. The page carries the name alone.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final

from fastapi import APIRouter, Request, Response

from services.intake import store
from services.intake.api import files
from services.intake.api.dependencies import Dependencies, Injected
from services.intake.domain import drafts
from services.intake.drafts import drafting
from services.intake.pages import upload
from services.intake.spreadsheets import filling, kept, marked, using
from services.intake.web.drafting import Supplier, Visit, Visited
from shared import calendar
from shared.pages import access, sessions, site
from shared.spreadsheets import reading, tables
from shared.web import problems, scope
from shared.wire import parts

router = APIRouter(include_in_schema=False)

CONTRACTS_OFFERED_MAX: Final = 200
_GONE: Final = "We no longer have the file that you checked. Choose it again."
_CHANGED: Final = "Your draft was changed meanwhile. Check the file again to see what it replaces."
_NOT_NAMED: Final = "The file does not say which contract and month it is for. Choose them."
_NO_FILE: Final = "Choose a file first."


@router.get("/contracts/{contract_id}/template/{period}.{format_}")
async def get_template(visit: Visited, format_: tables.Format) -> Response:
    """A spreadsheet to fill in."""
    return await files.make_template(visit.dependencies, visit.month, format_)


# --- into the draft ------------------------------------------------------------------------------


@router.get("/drafts/{contract_id}/{period}/upload")
async def show_upload(visit: Visited) -> Response:
    """The form for a file."""
    if not visit.month.is_open:
        return visit.to(visit.here)
    return _show(visit, upload.for_month(visit.month))


@router.post("/drafts/{contract_id}/{period}/upload")
async def check_upload(visit: Visited) -> Response:
    """What is wrong with a file, or what it reports. Nothing is stored."""
    form = await access.read_upload(visit.request, upload.FILE)
    if not visit.month.is_open:
        return visit.to(visit.here)
    if not form.body:
        return _show(visit, upload.for_month(visit.month, wrong=_NO_FILE), 422)
    book = await reading.read_aside(form.body)
    if isinstance(book, tables.Unreadable):
        return _show(visit, upload.for_month(visit.month, upload.Sent(form.name, book)), 422)
    checked = await files.check(visit.dependencies, visit.month, book)
    if "mark" in form.values:
        return await _send_back(form.name, checked)
    if checked.judged.faults:
        return _show(visit, upload.for_month(visit.month, upload.Sent(form.name, checked)), 422)
    judged, now = checked.judged, visit.dependencies.clock.now()
    name = visit.dependencies.kept_files.put(
        kept.Checked(_owner(visit), judged.body, judged.content.answers, now)
    )
    return _show(visit, upload.for_month(visit.month, upload.Sent(form.name, checked, name)))


@router.post("/drafts/{contract_id}/{period}/use-file")
async def use_file(visit: Visited) -> Response:
    """Puts the lines of a checked file into the draft, in place of those of the same promises."""
    form = await visit.values()
    if not visit.month.is_open:
        return visit.to(visit.here)
    dependencies, now = visit.dependencies, visit.dependencies.clock.now()
    found = dependencies.kept_files.find(str(form.get("checked", "")), _owner(visit), now)
    if found is None:
        return _show(visit, upload.for_month(visit.month, wrong=_GONE), 422)

    def edit(draft: drafts.Draft) -> drafts.Content | None:
        is_same = drafts.mark(draft.content.lines) == form.get("seen")
        return using.put(draft.content, found.content) if is_same else None

    made = await visit.save(edit)
    if isinstance(made, drafting.Conflict):
        return _show(visit, upload.for_month(visit.month, wrong=_CHANGED), 409)
    return visit.to(visit.here)


def _show(visit: Visit, page: upload.Page, status: int = 200) -> Response:
    return visit.show("upload.html", page, status)


def _owner(visit: Visit) -> kept.Owner:
    """Whose a file is that is checked here."""
    return kept.Owner(visit.who.session_id, visit.month.place)


# --- any file ------------------------------------------------------------------------------------


@router.get("/check-file")
async def show_check(request: Request, who: Supplier, dependencies: Injected) -> Response:
    """The form for a file of any own contract."""
    page = upload.for_any(await _offer(who, dependencies))
    return site.show(request, "upload.html", page, who)


@router.post("/check-file")
async def check_file(request: Request, who: Supplier, dependencies: Injected) -> Response:
    """What is wrong with a file, or what it reports. Nothing is stored."""
    form = await access.read_upload(request, upload.FILE)
    chosen = form.values.get("contract", ""), form.values.get("period", "")
    offer = (await _offer(who, dependencies))._replace(contract=chosen[0], period=chosen[1])

    def show(sent: upload.Sent | None = None, wrong: str | None = None) -> Response:
        is_good = (
            sent is not None
            and isinstance(sent.found, files.Checked)
            and not (sent.found.judged.faults)
        )
        page = upload.for_any(offer, sent, wrong)
        return site.show(request, "upload.html", page, who, 200 if is_good else 422)

    if not form.body:
        return show(wrong=_NO_FILE)
    book = await reading.read_aside(form.body)
    if isinstance(book, tables.Unreadable):
        return show(upload.Sent(form.name, book))
    named = await asyncio.to_thread(filling.named, book)
    contract_id, period = chosen[0] or named[0] or "", chosen[1] or named[1] or ""
    if contract_id not in offer.contracts or not _PERIOD.fullmatch(period):
        return show(wrong=_NOT_NAMED)
    month = await files.find_month(who.caller, dependencies, contract_id, period)
    checked = await files.check(dependencies, month, book)
    if "mark" in form.values:
        return await _send_back(form.name, checked)
    return show(upload.Sent(form.name, checked))


_PERIOD: Final = re.compile(parts.PERIOD_PATTERN)


async def _offer(who: sessions.Session, dependencies: Dependencies) -> upload.Offer:
    seen, pool = scope.of(who.caller), dependencies.delivery.pool
    found = await store.due.list_contracts(pool, seen, None, "", CONTRACTS_OFFERED_MAX)
    today = calendar.london_day(dependencies.clock.now())
    contracts = [each.contract_id for each in found]
    return upload.Offer(contracts, calendar.period_of(today))


async def _send_back(name: str, checked: files.Checked) -> Response:
    """The file with its marks."""
    format_ = checked.book.format
    if checked.judged.filled.sheet is None:
        raise problems.Problem(422, "This file has no sheet with anything in it")
    body = await asyncio.to_thread(marked.mark, checked.judged, format_)
    return files.answer_file(f"{_stem(name)}-marked", body, format_)


def _stem(name: str) -> str:
    """A file's name without its end, of characters that any system takes."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name.rpartition(".")[0] or name)[:60] or "file"
