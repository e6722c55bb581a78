"""Checking a draft, and sending it: once, however often it is pressed.

A return is sent as a program would send it: its bytes are those of the draft with the declaration,
under the draft's own Idempotency-Key for this revision. Its draft goes when the return is in. If we
stop in between, the draft is still there, and sent again it gets the same receipt.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Response
from starlette.datastructures import FormData

from services.intake import store
from services.intake.api import refusals, returns
from services.intake.domain import admission, drafts
from services.intake.drafts import drafting, months
from services.intake.pages import check, meanwhile
from services.intake.web.drafting import Visit, Visited
from shared import calendar, formats, sql
from shared.web import problems, scope

router = APIRouter(prefix="/drafts/{contract_id}/{period}", include_in_schema=False)


@router.get("/check")
async def show_check(visit: Visited) -> Response:
    """What would be sent, and the declaration."""
    if visit.month.draft is None:
        return visit.to(visit.here)
    reason = str(visit.month.content.document.get("reason") or "")
    return visit.show("check.html", await _show(visit, check.Typed(visit.who.name, reason=reason)))


@router.post("/check")
async def send_return(visit: Visited) -> Response:
    """Sends the return: 303 to its receipt."""
    form, draft = await visit.form(), visit.month.draft
    typed, hidden = _typed(form), _hidden(form)
    if draft is None or str(draft.key) != hidden.key:
        return await _answer_without_draft(visit, hidden)
    sending = _Sending(visit, await _show(visit, typed), typed)
    if draft.version != hidden.version:
        saved = f"{draft.saved_by} saved this draft {formats.moment(draft.saved_at)}."
        return sending.show_again(409, f"{saved} Look at it again, then send it.")
    made = check.declaration(typed)
    content = drafts.declare(visit.month.content, hidden.revision, typed.reason, made)
    checked = await months.check(visit.month, content)
    wrong = check.of_form(checked.faults) | check.check(typed, is_again=hidden.revision > 1)
    if sending.page.faults or wrong:
        return sending.show_again(422, wrong=wrong)
    return await sending.send(draft, content.body, _key(hidden))


class _Sending(NamedTuple):
    """One press of the button."""

    visit: Visit
    page: check.Page
    typed: check.Typed

    async def send(self, draft: drafts.Draft, body: bytes, key: str) -> Response:
        """Sends the bytes, and drops the draft once they are in."""
        visit, caller = self.visit, self.visit.who.caller
        try:
            refusals.accept(visit.dependencies.throttle.admit(caller.client))
            decision = await returns.commit(body, key, caller, visit.dependencies)
        except problems.Problem as problem:
            return self.show_again(problem.status, _KEPT, headers=problem.headers)
        if isinstance(decision, admission.Refused):
            return await self._show_refused(decision)
        with contextlib.suppress(*sql.BROKEN):  # the return is in: its draft may stay
            await drafting.drop(visit.pool, draft.place, draft.version)
        return _to_receipt(visit, decision.issued.receipt.return_id)

    async def _show_refused(self, refused: admission.Refused) -> Response:
        """Something came in between: another return, or another version of the contract."""
        visit, place = self.visit, self.visit.month.place
        slot = months.Slot(place.contract_id, place.period)
        today = calendar.london_day(visit.dependencies.clock.now())
        month = await months.find(visit.pool, scope.of(visit.who.caller), slot, today)
        if refused.status == 409 and month is not None and month.sent is not None:
            page = meanwhile.show(month, month.sent, await visit.names())
            return visit.show("meanwhile.html", page, 409)
        return self.show_again(refused.status, check.refused(refused.faults))

    def show_again(
        self,
        status: int,
        why: str = "",
        wrong: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The page with what was typed: why it was not sent, and what is wrong."""
        page = check.show_again(self.visit.month, self.page, self.typed, why, wrong or {})
        answer = self.visit.show("check.html", page, status)
        answer.headers.update(headers or {})
        return answer


_KEPT: Final = "We cannot take it now. Your draft is kept. Send it again in a moment."


async def _answer_without_draft(visit: Visit, hidden: check.Hidden) -> Response:
    """The draft is gone. If that is because it was sent, to its receipt; else to what is there."""
    of = scope.of(visit.who.caller)
    return_id = await store.reading.find_return_id(visit.pool, of, _key(hidden))
    return visit.to(visit.here) if return_id is None else _to_receipt(visit, return_id)


def _key(hidden: check.Hidden) -> str:
    """The Idempotency-Key of a draft, sent as a revision."""
    return f"{hidden.key}-{hidden.revision}"


async def _show(visit: Visit, typed: check.Typed) -> check.Page:
    checked = await months.check(visit.month)
    before = await months.find_lines_before(visit.pool, visit.month)
    return check.show(visit.month, checked, before, typed, await visit.names())


def _typed(form: FormData) -> check.Typed:
    said = {name: str(form.get(name, "")) for name in ("name", "role", "reason")}
    statements = tuple(str(each) for each in form.getlist("statements"))
    return check.Typed(**said, statements=statements)


def _hidden(form: FormData) -> check.Hidden:
    return check.Hidden(
        str(form.get("key", "")), _whole(form.get("version")), _whole(form.get("revision"))
    )


def _whole(text: object) -> int:
    """A number that a page wrote; 0 if it is none."""
    is_whole = isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= 9
    return int(str(text)) if is_whole else 0


def _to_receipt(visit: Visit, return_id: UUID) -> Response:
    return visit.to(f"/returns/{return_id}/receipt")
