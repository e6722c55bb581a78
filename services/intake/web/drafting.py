"""What the routes of drafts share: a supplier’s visit to one month of a contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse

from services.intake import store
from services.intake.api import refusals
from services.intake.api.dependencies import Dependencies, Injected
from services.intake.domain import carrying, drafts
from services.intake.drafts import drafting, months
from services.intake.drafts.refusals import Refusal
from services.intake.pages import addresses
from shared import calendar, sql
from shared.fields import ContractId, Period
from shared.pages import access, names, sessions, site
from shared.web import problems, scope

Supplier = Annotated[sessions.Session, Depends(access.visitor("supplier"))]
"""Only suppliers fill in returns."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who fills in which month, and where it is stored."""

    request: Request
    who: sessions.Session
    dependencies: Dependencies
    month: months.Month

    @property
    def pool(self) -> sql.Pool:
        """Where drafts are."""
        return self.dependencies.delivery.pool

    @property
    def here(self) -> str:
        """The address of the month."""
        return addresses.month(self.month.place.contract_id, self.month.place.period)

    def promise(self, commitment_id: str) -> str:
        """The address of one promise of it."""
        place = self.month.place
        return addresses.promise(place.contract_id, place.period, commitment_id)

    async def form(self) -> FormData:
        """The form that was sent."""
        return await access.read_form(self.request)

    async def values(self) -> dict[str, str]:
        """Its fields as texts, without the token."""
        form = await self.form()
        return {name: str(value) for name, value in form.items() if name != access.TOKEN}

    async def names(self) -> names.Names:
        """What the contract and its promises are called."""
        of = scope.of(self.who.caller)
        return await store.names.load_names(self.pool, of, [self.month.place.contract_id])

    async def task(self, commitment_id: str) -> drafts.Task:
        """One promise of the month. Raises a `404` problem if there is none."""
        for task in (await months.check(self.month)).tasks:
            if task.commitment_id == commitment_id:
                return task
        raise problems.Problem(404, "There is no such promise")

    async def carried(self) -> list[carrying.Carried]:
        """What goes on from the month before, and is not there yet."""
        before = await months.find_lines_before(self.pool, self.month)
        month = self.month
        return carrying.carry(before, month.content.lines, month.promises, month.span)

    async def save(self, edit: drafting.Edit) -> drafts.Draft | drafting.Conflict:
        """The draft after a change. Raises the problem of a limit."""
        saver = drafting.Saver(self.who.name, self.dependencies.clock.now())
        made = await drafting.change(self.pool, self.month, edit, saver)
        if isinstance(made, Refusal):
            raise refusals.not_drafted(made)
        return made

    def show(self, template: str, page: object, status: int = 200) -> Response:
        """A page."""
        return site.show(self.request, template, page, self.who, status)

    def to(self, href: str) -> RedirectResponse:
        """To another page: after something was stored, or as there is nothing to do here."""
        return RedirectResponse(site.of(self.request.app).address(href), 303)


async def _find(
    request: Request,
    contract_id: ContractId,
    period: Period,
    who: Supplier,
    dependencies: Injected,
) -> Visit:
    today = calendar.london_day(dependencies.clock.now())
    pool, of = dependencies.delivery.pool, scope.of(who.caller)
    month = await months.find(pool, of, months.Slot(contract_id, period), today)
    if month is None:
        raise problems.Problem(404, "There is no such contract")
    return Visit(request, who, dependencies, month)


Visited = Annotated[Visit, Depends(_find)]
"""The visit to the month that an address names; `404` if it is another supplier’s."""
