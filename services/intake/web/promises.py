"""A promise of a month's return while it is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.intake.domain import carrying, drafts, submission
from services.intake.drafts import drafting
from services.intake.pages import conflict, promise
from services.intake.web.drafting import Visit, Visited
from shared.fields import CommitmentId

router = APIRouter(
    prefix="/drafts/{contract_id}/{period}/promises/{commitment_id}", include_in_schema=False
)


@router.get("")
async def show_promise(
    visit: Visited,
    commitment_id: CommitmentId,
    cursor: Annotated[int, Query(ge=0, le=submission.LINES_MAX)] = 0,
) -> Response:
    """Its lines, and whether that is all."""
    task = await visit.task(commitment_id)
    if not visit.month.is_open:
        return visit.to(visit.here)
    roster = await _find_roster(visit, task)
    form = promise.Form(start=cursor)
    page = promise.show(visit.month, task, await visit.names(), roster, form)
    return visit.show("promise.html", page)


@router.post("")
async def save_promise(visit: Visited, commitment_id: CommitmentId) -> Response:
    """The answer, and a line for each person who was asked about."""
    values = await visit.values()
    task = await visit.task(commitment_id)
    if not visit.month.is_open:
        return visit.to(visit.here)
    roster = await _find_roster(visit, task)
    wrong = promise.find_faults(values, task, roster, visit.month.place.period)
    if wrong:
        form = promise.Form(values, wrong)
        page = promise.show(visit.month, task, await visit.names(), roster, form)
        return visit.show("promise.html", page, 422)
    said = promise.answer_of(values)

    def edit(draft: drafts.Draft) -> drafts.Content | None:
        now = draft.content.answers.get(commitment_id)
        if drafts.mark(now) != values.get("seen") and now != said:
            return None
        taken = carrying.taken(draft.content.lines)
        left = [each for each in roster if carrying.who(each.line) not in taken]
        content = promise.stays(draft.content, values, left)
        return drafts.answer(content, commitment_id, said)

    made = await visit.save(edit)
    if isinstance(made, drafting.Conflict):
        return _show_conflict(visit, made.draft, commitment_id, values)
    return visit.to(visit.here)


async def _find_roster(visit: Visit, task: drafts.Task) -> list[carrying.Carried]:
    """Who was in post last month, of a promise of posts."""
    if task.measure is None or not task.measure.needs_person:
        return []
    own = [each for each in await visit.carried() if each.who.commitment_id == task.commitment_id]
    return own[: promise.ROSTER_MAX]


def _show_conflict(
    visit: Visit, draft: drafts.Draft, commitment_id: str, values: Mapping[str, str]
) -> Response:
    now = draft.content.answers.get(commitment_id)
    words = dict(promise.ANSWERS)
    here = visit.promise(commitment_id)
    mine = words[promise.answer_of(values)]
    page = conflict.show(
        draft,
        [conflict.Row("Have you finished this?", mine, words[now] if now else "")],
        {**values, "seen": drafts.mark(now)},
        action=here,
        theirs=here,
    )
    return visit.show("conflict.html", page, 409)
