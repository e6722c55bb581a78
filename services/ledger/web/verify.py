"""A file is checked, for everyone; and the pack that can be checked, for those who may read.

Promises: nobody needs to sign in, and nothing is stored: so a form has no token, and only its
origin is looked at. One file at a time is read and checked (`bodies`), in a thread, within bounds
of bytes and seconds; after each the next one waits as long as it took, so that strangers never take
more than half of one core.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from services.ledger import store
from services.ledger.api import export
from services.ledger.api.dependencies import Injected
from services.ledger.audit import handed
from services.ledger.domain.log import notes
from services.ledger.pages import verify
from shared.pages import access, sessions, site
from shared.pages.access import Reader
from shared.pages.parts import Fault
from shared.web import problems

ADDRESS: Final = "/verify"
BODY_BYTES_MAX: Final = verify.FILE_BYTES_MAX + 2 * handed.PROOF_BYTES_MAX
"""The file, what it is of, and the form around them."""
SECONDS_MAX: Final = 20.0
"""A pack of 10 MB takes about two."""
FIELDS_MAX: Final = 5
KEY_CHARACTERS_MAX: Final = 500

router = APIRouter()


class Turn:
    """When the next file may be checked."""

    def __init__(self) -> None:
        self._ready_at = 0.0

    async def check(self, given: handed.Handed) -> handed.Outcome:
        """What a file shows. Raises handed.TooSlowError."""
        await asyncio.sleep(max(0.0, self._ready_at - time.monotonic()))
        began = time.monotonic()
        try:
            return await asyncio.to_thread(handed.check, given, began + SECONDS_MAX, time.monotonic)
        finally:
            ended = time.monotonic()
            self._ready_at = ended + (ended - began)


_turn: Final = Turn()


@router.get(ADDRESS)
async def show_verify(request: Request, dependencies: Injected) -> Response:
    """The form."""
    who = site.of(request.app).session(request)
    page = verify.show("", await _own_key(dependencies), is_reader=_is_reader(who))
    return site.show(request, "verify.html", page, who)


@router.post(ADDRESS)
async def check_file(request: Request, dependencies: Injected) -> Response:
    """What was found in a file."""
    if not access.is_from_here(request):
        raise problems.Problem(
            403, "This form came from elsewhere", "Open the page, and send it there."
        )
    here, own_key = site.of(request.app), await _own_key(dependencies)
    who = here.session(request)
    try:
        form = await request.form(max_files=2, max_fields=FIELDS_MAX)
    except HTTPException as error:
        text = verify.BY_STATUS.get(error.status_code, verify.NOT_WHOLE)
        page = verify.show("", own_key, None, (Fault("file", text),), is_reader=_is_reader(who))
        answer = site.show(request, "verify.html", page, who, error.status_code)
        answer.headers.update(error.headers or {})
        return answer
    try:
        key = str(form.get("key", ""))[:KEY_CHARACTERS_MAX].strip()
        outcome, faults = await _check(form, key or own_key)
    finally:
        await form.close()
    page = verify.show(key, own_key, outcome, faults, is_reader=_is_reader(who))
    return site.show(request, "verify.html", page, who, 422 if page.faults else 200)


async def _check(form: FormData, key: str) -> tuple[handed.Outcome | None, tuple[Fault, ...]]:
    file, second = form.get("file"), form.get("second")
    if not isinstance(file, UploadFile) or not file.size:
        return None, (Fault("file", "Choose a file."),)
    if file.size > verify.FILE_BYTES_MAX:
        return None, (Fault("file", verify.BY_STATUS[413]),)
    try:
        known = notes.parse_verifier_key(key)
    except notes.KeyRefusedError:
        text = "A key is written name+id+base64, as the page of the log shows it."
        return None, (Fault("key", text),)
    content = await second.read(handed.PROOF_BYTES_MAX) if isinstance(second, UploadFile) else b""
    try:
        given = handed.Handed(file=file.file, second=content, key=known)
        return await _turn.check(given), ()
    except handed.TooSlowError:
        return None, verify.too_slow()


async def _own_key(dependencies: Injected) -> str:
    async with dependencies.pool.acquire() as conn:
        return (await store.log.get_head(conn)).verifier_key


def _is_reader(who: sessions.Session | None) -> bool:
    return who is not None and who.role != "operator"


@router.get("/export.jsonl")
async def save_export(who: Reader, dependencies: Injected) -> Response:
    """A pack: the whole log, with the events that this person may see."""
    return await export.export_lines(dependencies, who.caller)
