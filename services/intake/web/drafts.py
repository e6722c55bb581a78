"""A month's return while it is filled in: its tasks, and what is done with it as a whole."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Response

from services.intake.domain import carrying, drafts
from services.intake.drafts import drafting, months
from services.intake.pages import confirm, conflict, copied, fields, line_form
from services.intake.pages import month as month_page
from services.intake.web.drafting import Visit, Visited

router = APIRouter(prefix="/drafts/{contract_id}/{period}", include_in_schema=False)

_INVOICED: Final = "invoiced_to_date"
"""The one field on the page of a month."""


@router.get("")
async def show_month(visit: Visited) -> Response:
    """A task for each promise, and the way to send."""
    checked = await months.check(visit.month)
    return visit.show("month.html", month_page.show(visit.month, checked, await visit.names()))


@router.post("/invoiced")
async def save_invoiced(visit: Visited) -> Response:
    """What was invoiced to date."""
    form = await visit.values()
    if not visit.month.is_open:
        return visit.to(visit.here)
    typed = form.get(_INVOICED, "").strip()
    value = line_form.read_number(typed) or None
    checked = await months.check(visit.month, drafts.put(visit.month.content, _INVOICED, value))
    wrong = [fields.word(each) for each in checked.faults if each.pointer == f"/{_INVOICED}"]
    if wrong:
        names = await visit.names()
        page = month_page.show(visit.month, checked, names, typed=typed, fault=wrong[0])
        return visit.show("month.html", page, 422)

    def edit(draft: drafts.Draft) -> drafts.Content | None:
        now = draft.content.document.get(_INVOICED)
        is_same = drafts.mark(now) == form.get("seen") or now == value
        return drafts.put(draft.content, _INVOICED, value) if is_same else None

    made = await visit.save(edit)
    if isinstance(made, drafting.Conflict):
        return _show_conflict(visit, made.draft, typed)
    return visit.to(visit.here)


def _show_conflict(visit: Visit, draft: drafts.Draft, typed: str) -> Response:
    now: Any = draft.content.document.get(_INVOICED)
    page = conflict.show(
        draft,
        [conflict.Row(fields.label(f"/{_INVOICED}"), typed, str(now or ""))],
        {_INVOICED: typed, "seen": drafts.mark(now)},
        action=f"{visit.here}/invoiced",
        theirs=visit.here,
    )
    return visit.show("conflict.html", page, 409)


# --- nothing to report, and deleting -------------------------------------------------------------


@router.get("/nothing")
async def ask_nothing(visit: Visited) -> Response:
    """Whether there is nothing to report."""
    if not visit.month.is_open:
        return visit.to(visit.here)
    return visit.show("confirm.html", confirm.nothing(visit.month))


@router.post("/nothing")
async def save_nothing(visit: Visited) -> Response:
    """Answers every promise with nothing; asks again if lines were added meanwhile."""
    form = await visit.values()
    if not visit.month.is_open:
        return visit.to(visit.here)

    def edit(draft: drafts.Draft) -> drafts.Content | None:
        is_same = drafts.mark(draft.content.lines) == form.get("seen")
        return drafts.clear(draft.content, visit.month.promises) if is_same else None

    made = await visit.save(edit)
    is_conflict = isinstance(made, drafting.Conflict)
    return visit.to(f"{visit.here}/nothing" if is_conflict else visit.here)


@router.get("/delete")
async def ask_delete(visit: Visited) -> Response:
    """Whether to delete the draft."""
    if visit.month.draft is None:
        return visit.to(visit.here)
    return visit.show("confirm.html", confirm.delete(visit.month, visit.month.draft))


@router.post("/delete")
async def delete(visit: Visited) -> Response:
    """Deletes the draft; asks again if it was saved meanwhile."""
    form, draft = await visit.values(), visit.month.draft
    if draft is None:
        return visit.to("/")
    is_seen = form.get("seen") == str(draft.version)
    if is_seen and await drafting.drop(visit.pool, draft.place, draft.version):
        return visit.to("/")
    return visit.to(f"{visit.here}/delete")


# --- copying last month --------------------------------------------------------------------------


@router.get("/copy")
async def show_copy(visit: Visited) -> Response:
    """What goes on from last month."""
    if not visit.month.is_open:
        return visit.to(visit.here)
    titles = month_page.titles(await visit.names(), visit.month)
    return visit.show("copied.html", copied.show(visit.month, await visit.carried(), titles))


@router.post("/copy")
async def copy(visit: Visited) -> Response:
    """Copies the lines that are ticked, unless they are there by now."""
    form, month = await visit.form(), visit.month
    if not month.is_open:
        return visit.to(visit.here)
    ticked = {str(each) for each in form.getlist(copied.LINES)}
    offered = await visit.carried()
    chosen = [each for each in offered if copied.value(each) in ticked]
    if not chosen:
        titles = month_page.titles(await visit.names(), month)
        page = copied.show(month, offered, titles, "Tick at least one line, or go back.")
        return visit.show("copied.html", page, 422)

    def edit(draft: drafts.Draft) -> drafts.Content:
        taken = carrying.taken(draft.content.lines)
        left = [each.line for each in chosen if carrying.who(each.line) not in taken]
        return drafts.add_lines(draft.content, left)

    await visit.save(edit)
    return visit.to(visit.here)
