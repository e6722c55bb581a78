"""What people are told, over HTTP: their choices, the link that stops mails, who was told of an
alert. Verification and intake have the same pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx
import pytest

from shared.notifier import kinds, recipients, stops
from shared.pages import site
from shared.web import auth
from tests.support import tellings, verification_service
from tests.support import verification_builders as build
from tests.support.verification_service import VerificationService, day_ended
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_intake_api import open_system
from tests.web.test_pages import HTML_BYTES_MAX, QUERIES_MAX

PRIYA: Final = auth.Caller("priya-nair@GB-LAE-KWL", "manager", build.AUTHORITY)
LENA: Final = auth.Caller("lena-quist@GB-LAE-KWL", "operator", build.AUTHORITY)
NOOR: Final = auth.Caller("noor-aziz@GB-LAE-KWL", "auditor", build.AUTHORITY)
ASHA: Final = auth.Caller("asha@GB-COH-1", "supplier", build.AUTHORITY, build.SUPPLIER)
MANAGERS: Final = kinds.of(kinds.COUNCIL, is_operator=False)
USUAL: Final = {name: kind.usual for name, kind in MANAGERS.items() if kind.may_stop}


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """Priya can be told."""
    async with verification_service.at_work(database) as made:
        await tellings.add_recipient(made.pool, PRIYA.actor_id)
        yield made


async def chosen(service: VerificationService, recipient_id: str = PRIYA.actor_id) -> object:
    found = await recipients.find_recipient(service.pool, recipient_id)
    return None if found is None else found.choices


class TestChoices:
    async def test_are_saved(self, service: VerificationService) -> None:
        """And the page says so, in the header of every page there is a way to it."""
        visitor = Visitor(service.app, PRIYA)
        page = (await visitor.get("/me")).text
        assert "Mails go to priya.nair@knowsley.example." in page
        assert '/me">What you are told</a>' in page
        sent = USUAL | {"shortfall_opened": "daily", "duplicate_claim": "never"}
        answer = await visitor.send("/me", **sent)
        assert 303 == answer.status_code
        assert answer.headers["location"].endswith("/me?saved=true")
        assert sent == await chosen(service)
        assert "Your choices are saved." in (await visitor.get("/me?saved=true")).text

    async def test_of_never_hold_for_what_waits(self, service: VerificationService) -> None:
        """What is in a mail already is told."""
        waits = await tellings.add_notification(service.pool, PRIYA.actor_id, kind="return_overdue")
        stays = await tellings.add_notification(service.pool, PRIYA.actor_id)
        await tellings.add_dispatch(service.pool, PRIYA.actor_id, "waiting")
        await Visitor(service.app, PRIYA).send("/me", **(USUAL | {"return_overdue": "never"}))
        rows = await service.pool.fetch("SELECT event_id FROM notification")
        assert (2, True) == (len(rows), stays in {row[0] for row in rows})
        assert waits not in {row[0] for row in rows}

    async def test_with_a_fault_are_not_saved(self, service: VerificationService) -> None:
        """The fault leads to its field, the others stay as they were sent."""
        sent = USUAL | {"shortfall_opened": "hourly", "return_overdue": "never"}
        answer = await Visitor(service.app, PRIYA).send("/me", **sent)
        assert (422, True) == (answer.status_code, 'href="#shortfall_opened"' in answer.text)
        assert {} == await chosen(service)

    async def test_are_ones_own(self, service: VerificationService) -> None:
        """Whoever has no address is told whom to ask, and changes nobody's."""
        other = auth.Caller("joe-marsh@GB-LAE-KWL", "manager", build.AUTHORITY)
        foreign = auth.Caller(PRIYA.actor_id, "manager", "GB-LAE-SHN")
        for who in (other, foreign):
            visitor = Visitor(service.app, who)
            assert "No address is known" in (await visitor.get("/me")).text
            assert 422 == (await visitor.send("/me", **USUAL)).status_code
        assert {} == await chosen(service)

    async def test_are_for_those_who_are_told(self, service: VerificationService) -> None:
        """Auditors are told nothing, suppliers by intake."""
        for who in (NOOR, ASHA):
            visitor = Visitor(service.app, who)
            answer = await visitor.get("/me")
            assert 403 == answer.status_code
            assert (who is ASHA) == ("What you are told" in answer.text)
        assert 401 == (await Visitor(service.app, None).get("/me")).status_code

    async def test_need_a_form_of_this_very_session(self, service: VerificationService) -> None:
        here = {"sec-fetch-site": "same-origin"}
        answer = await Visitor(service.app, PRIYA).post("/me", dict(USUAL), **here)
        assert (403, {}) == (answer.status_code, await chosen(service))

    async def test_of_suppliers_are_kept_by_intake(self, database: str, tmp_path: Path) -> None:
        """With the kinds that suppliers are told."""
        async with open_system(database, tmp_path) as system:
            await tellings.add_recipient(
                system.pool, ASHA.actor_id, party_id=ASHA.party_id, address="asha@brack.example"
            )
            visitor = Visitor(system.app, ASHA)
            assert "Mails go to asha@brack.example." in (await visitor.get("/me")).text
            sent = {"return_due": "never", "return_checked": "daily", "duplicate_claim": "daily"}
            assert 303 == (await visitor.send("/me", **sent)).status_code
            found = await recipients.find_recipient(system.pool, ASHA.actor_id)
            assert found is not None
            assert sent == found.choices


class TestStop:
    async def test_takes_a_look_and_a_button(self, service: VerificationService) -> None:
        """By nobody who is signed in. To look stops nothing; to press twice is to press once."""
        visitor, path = Visitor(service.app, None), link(service, "shortfall_opened")
        shown = await visitor.get(path)
        assert 200 == shown.status_code
        assert "You will get no more mails about: A promise is behind" in drawing.text(shown.text)
        assert f'action="{path}"' in shown.text
        assert {} == await chosen(service)
        for _ in range(2):
            done = await visitor.post(path, {})
            assert (200, True) == (done.status_code, "These mails have stopped" in done.text)
            assert {"shortfall_opened": "never"} == await chosen(service)

    async def test_may_be_one_click_of_a_mail_program(self, service: VerificationService) -> None:
        """RFC 8058, as a form of either kind. What is chosen of other kinds stays."""
        await recipients.set_choices(service.pool, PRIYA.actor_id, {"return_overdue": "never"})
        waits = await tellings.add_notification(service.pool, PRIYA.actor_id)
        reminder = await tellings.add_notification(
            service.pool, PRIYA.actor_id, step="unanswered_5"
        )
        path = link(service, "shortfall_opened")
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(service.app), base_url="http://council"
        ) as client:
            one_click = {"List-Unsubscribe": "One-Click"}
            answers = [
                await client.post(path, data=one_click),
                await client.post(path, files={"List-Unsubscribe": (None, b"One-Click")}),
            ]
        assert [200, 200] == [each.status_code for each in answers]
        expected = {"return_overdue": "never", "shortfall_opened": "never"}
        assert expected == await chosen(service)
        rows = await service.pool.fetch("SELECT event_id FROM notification")
        left = {row["event_id"] for row in rows}
        assert (True, False) == (reminder in left, waits in left)

    async def test_may_be_of_everything_that_may_stop(self, service: VerificationService) -> None:
        """All kinds but that an alert was not acknowledged."""
        answer = await Visitor(service.app, None).post(link(service, ""), {})
        assert 200 == answer.status_code
        stoppable = [name for name, kind in kinds.COUNCIL.items() if kind.may_stop]
        assert dict.fromkeys(stoppable, "never") == await chosen(service)

    async def test_is_refused_for_what_may_not_be_stopped(
        self, service: VerificationService
    ) -> None:
        visitor, path = Visitor(service.app, None), link(service, "unanswered")
        shown = await visitor.get(path)
        assert "These mails cannot be stopped" in shown.text
        assert "<form method" not in shown.text
        assert 409 == (await visitor.post(path, {})).status_code
        assert {} == await chosen(service)

    @pytest.mark.parametrize("end", ["", "x", "A" * 80, "é", "A" * 3000])
    async def test_needs_the_whole_link(self, service: VerificationService, end: str) -> None:
        visitor, path = Visitor(service.app, None), f"/mail/stop?token={end}"
        for answer in (await visitor.get(path), await visitor.post(path, {})):
            assert 404 == answer.status_code
            assert "This link does not work" in answer.text

    async def test_is_bounded_for_each_reader(self, service: VerificationService) -> None:
        """Ten a minute; another reader's link goes on working."""
        visitor, path = Visitor(service.app, None), link(service, "shortfall_opened")
        statuses = [(await visitor.get(path)).status_code for _ in range(site.STOPS_A_MINUTE + 1)]
        assert [200] * 10 + [429] == statuses
        other = stops.token(site.of(service.app).key, "joe-marsh@GB-LAE-KWL", "return_overdue")
        assert 200 == (await visitor.get(f"/mail/stop?token={other}")).status_code

    async def test_of_a_reader_who_is_gone_says_the_same(
        self, service: VerificationService
    ) -> None:
        """There is nothing to find out with a link."""
        token = stops.token(site.of(service.app).key, "gone@GB-LAE-KWL", "return_overdue")
        answer = await Visitor(service.app, None).post(f"/mail/stop?token={token}", {})
        assert (200, True) == (answer.status_code, "These mails have stopped" in answer.text)


def link(service: VerificationService, kind: str) -> str:
    """The link of a mail to Priya."""
    key = site.of(service.app).key
    return f"/mail/stop?token={stops.token(key, PRIYA.actor_id, kind)}"


class TestAlerts:
    async def test_say_who_was_told(self, service: VerificationService) -> None:
        """By name to the council, in the six queries of a page; nobody to suppliers."""
        alert_id = await raised(service)
        await service.pool.execute(
            "INSERT INTO officer (officer_id, authority_id, name, role, said_at) "
            "VALUES ($1, $2, 'Priya Nair', 'manager', $3)",
            PRIYA.actor_id,
            PRIYA.authority_id,
            tellings.AT,
        )
        await tellings.add_dispatch(service.pool, PRIYA.actor_id, "sent", alert_id)
        async with counted(service.pool) as queries:
            page = (await Visitor(service.app, NOOR).get("/alerts")).text
        assert QUERIES_MAX >= len(queries), queries
        assert HTML_BYTES_MAX >= len(page)
        assert "Told: Priya Nair, 3 November 2026, 09:00, by e-mail." in page
        supplier = await Visitor(service.app, ASHA).get("/alerts")
        assert 200 == supplier.status_code
        assert "Told:" not in supplier.text


async def raised(service: VerificationService) -> UUID:
    """An alert of a promise that is behind."""
    await service.promise("C1")
    await service.deliver(
        build.returned(1, "2026-10", build.line("1", "10.00")),
        day_ended("2026-10-31"),
        day_ended("2026-11-14"),
    )
    found: UUID = await service.pool.fetchval("SELECT event_id FROM alert LIMIT 1")
    return found
