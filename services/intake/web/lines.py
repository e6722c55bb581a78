"""The lines of a promise while a month's return is filled in: added, changed, removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Path, Response

from services.intake.domain import drafts, submission
from services.intake.drafts import drafting, months
from services.intake.pages import confirm, conflict, line, line_form
from services.intake.web.drafting import Visit, Visited
from shared import catalogue
from shared.fields import CommitmentId
from shared.web import problems

router = APIRouter(
    prefix="/drafts/{contract_id}/{period}/promises/{commitment_id}/lines",
    include_in_schema=False,
)

Number = Annotated[int, Path(ge=1, le=submission.LINES_MAX)]
"""Of a line in its return, from 1."""
AS_IT_IS: Final = "as_it_is"
"""The button that saves a line although something is wrong with it."""


@router.get("/new")
async def show_new_line(visit: Visited, commitment_id: CommitmentId) -> Response:
    """The form of another line."""
    task = await visit.task(commitment_id)
    if not visit.month.is_open:
        return visit.to(visit.here)
    form = line.Form(None, line_form.begin(_measure(task), visit.month.place.party_id))
    return visit.show("line.html", line.show(visit.month, task, await visit.names(), form))


@router.get("/{number}")
async def show_line(visit: Visited, commitment_id: CommitmentId, number: Number) -> Response:
    """The form of a line, with what is wrong with it."""
    task = await visit.task(commitment_id)
    index = number - 1
    now = _line_at(visit.month.content, index, commitment_id)
    if now is None:
        raise problems.Problem(404, "There is no such line")
    found = tuple(each for each in task.faults if drafts.line_of(each.pointer) == index)
    values = line_form.write(now, _measure(task))
    form = line.Form(index, values, found, drafts.mark(now), may_be_kept=bool(found))
    return visit.show("line.html", line.show(visit.month, task, await visit.names(), form))


@router.post("/new")
async def add_line(visit: Visited, commitment_id: CommitmentId) -> Response:
    """Another line."""
    values = await visit.values()
    task = await visit.task(commitment_id)
    if not visit.month.is_open:
        return visit.to(visit.here)
    new = line_form.read(values, commitment_id, _measure(task))
    wanted = drafts.add_lines(visit.month.content, [new])
    refused = await _refuse(visit, _Sent(task, None, values, wanted))
    if refused is not None:
        return refused
    await visit.save(lambda draft: drafts.add_lines(draft.content, [new]))
    return _go_on(visit, commitment_id, values)


@router.post("/{number}")
async def save_line(visit: Visited, commitment_id: CommitmentId, number: Number) -> Response:
    """A line in the place of one, if that is still as the form was filled with it."""
    values = await visit.values()
    task = await visit.task(commitment_id)
    if visit.month.draft is None:
        return visit.to(visit.here)
    measure, index = _measure(task), number - 1
    now = _line_at(visit.month.content, index, commitment_id)
    if now is None or drafts.mark(now) != values.get("seen"):
        return _show_conflict(visit, visit.month.draft, (task, index), values)
    new = line_form.read(values, commitment_id, measure, now)
    wanted = drafts.put_line(visit.month.content, index, new)
    refused = await _refuse(visit, _Sent(task, index, values, wanted))
    if refused is not None:
        return refused

    def edit(draft: drafts.Draft) -> drafts.Content | None:
        is_same = _line_at(draft.content, index, commitment_id) == now
        return drafts.put_line(draft.content, index, new) if is_same else None

    made = await visit.save(edit)
    if isinstance(made, drafting.Conflict):
        return _show_conflict(visit, made.draft, (task, index), values)
    return _go_on(visit, commitment_id, values)


@router.get("/{number}/remove")
async def ask_remove(visit: Visited, commitment_id: CommitmentId, number: Number) -> Response:
    """Whether to remove a line."""
    task = await visit.task(commitment_id)
    if _line_at(visit.month.content, number - 1, commitment_id) is None:
        raise problems.Problem(404, "There is no such line")
    return visit.show("confirm.html", confirm.remove(visit.month, task, number - 1))


@router.post("/{number}/remove")
async def remove(visit: Visited, commitment_id: CommitmentId, number: Number) -> Response:
    """Removes a line. If another stands there by now, nothing is removed."""
    values = await visit.values()

    def edit(draft: drafts.Draft) -> drafts.Content | None:
        now = _line_at(draft.content, number - 1, commitment_id)
        is_same = now is not None and drafts.mark(now) == values.get("seen")
        return drafts.drop_line(draft.content, number - 1) if is_same else None

    if visit.month.draft is not None:
        await visit.save(edit)
    return visit.to(visit.promise(commitment_id))


# --- what the routes above share -----------------------------------------------------------------


class _Sent(NamedTuple):
    """The form of a line as it was sent, and the draft as it would be."""

    task: drafts.Task
    at: int | None
    """The index of the line; None if it is a new one."""
    values: Mapping[str, str]
    wanted: drafts.Content


def _measure(task: drafts.Task) -> catalogue.Measure:
    if task.measure is None:
        raise problems.Problem(404, "What this promise counts is not known here")
    return task.measure


def _line_at(content: drafts.Content, index: int, commitment_id: str) -> dict[str, Any] | None:
    """The line at an index, if it is of this promise."""
    lines = content.lines
    found = lines[index] if index < len(lines) else {}
    return found if found.get("commitment_id") == commitment_id else None


async def _refuse(visit: Visit, sent: _Sent) -> Response | None:
    """The form again, if something is wrong with what was sent: unless it can be kept and is to
    be."""
    checked = await months.check(visit.month, sent.wanted)
    index = len(sent.wanted.lines) - 1 if sent.at is None else sent.at
    found = tuple(each for each in checked.faults if drafts.line_of(each.pointer) == index)
    is_read = checked.reading.faulty.isdisjoint(each.pointer for each in found)
    if not found or (is_read and sent.values.get("then") == AS_IT_IS):
        return None
    seen = sent.values.get("seen", "")
    form = line.Form(sent.at, sent.values, found, seen, may_be_kept=is_read)
    page = line.show(visit.month, sent.task, await visit.names(), form)
    return visit.show("line.html", page, 422)


def _go_on(visit: Visit, commitment_id: str, values: Mapping[str, str]) -> Response:
    """To the next form, or back to the promise."""
    here = visit.promise(commitment_id)
    return visit.to(f"{here}/lines/new" if values.get("then") == "another" else here)


def _show_conflict(
    visit: Visit,
    draft: drafts.Draft,
    of: tuple[drafts.Task, int],
    values: Mapping[str, str],
) -> Response:
    """What was typed beside what is there now; what was typed becomes a new line if that is no
    more."""
    task, index = of
    now = _line_at(draft.content, index, task.commitment_id)
    here = visit.promise(task.commitment_id)
    page = conflict.show(
        draft,
        line.compare(values, now, _measure(task)),
        {**values, "seen": "" if now is None else drafts.mark(now)},
        action=f"{here}/lines/new" if now is None else f"{here}/lines/{index + 1}",
        theirs=here,
    )
    return visit.show("conflict.html", page, 409)
