"""From what verification says to the mail of a supplier's person, on a real database and a real
mail server."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from services.intake.notifier import compose
from shared.notifier import kinds
from shared.notifier.channels import smtp
from shared.notifier.notifier import Letterhead, Notifier, Outlet
from tests.store.test_intake_telling import (
    ASHA,
    CLAIMED,
    OUTSIDE,
    SITE,
    a_check,
    a_result,
    add_contact,
    alerts,
    an_alert,
    outcomes,
    send,
    service,
)
from tests.support import intake_service, mail_server, notifying

__all__ = ["service"]


def notifier(made: intake_service.IntakeService, port: int) -> Notifier:
    """Intake's, an hour later."""

    async def now() -> datetime:
        return made.clock.now() + timedelta(hours=1)

    server = smtp.read_url(f"smtp://127.0.0.1:{port}?tls=none")
    letterhead = Letterhead(
        from_=notifying.FROM,
        name="Knowsley",
        reply_to=None,
        base=SITE,
        stop_key=b"k" * 32,
        kinds=kinds.SUPPLIER,
    )
    outlet = Outlet("email", [smtp.Smtp(server, notifying.FROM)])
    return Notifier(made.pool, compose.Composer(SITE), [outlet], letterhead, now)


async def work(made: intake_service.IntakeService) -> list[str]:
    """Plans and sends what is due. Returns the text of each mail, after its subject."""
    box = mail_server.Box()
    async with mail_server.running(box) as port:
        working = notifier(made, port)
        await working.plan_once()
        await working.send_once(working.outlets[0])
    read = [mail_server.read(each) for each in box.got]
    assert {"asha@b.example"} >= {str(each["To"]) for each in read}
    bodies = [each.get_body(("plain",)) for each in read]
    texts = ["" if each is None else each.get_content() for each in bodies]
    return [f"{each['Subject']}\n{text}" for each, text in zip(read, texts, strict=True)]


class TestASupplier:
    async def test_gets_one_mail_of_what_happens_together(
        self, service: intake_service.IntakeService
    ) -> None:
        """September's return is overdue, and October's does not count in full: the worst stands on
        top, and whatever comes again is not sent again."""
        await add_contact(service)
        return_id = await send(service)
        late = an_alert(period="2026-09")
        checked = a_check(return_id, a_result("2", "not_counted", OUTSIDE))
        await alerts(service, late)
        await outcomes(service, checked)
        (text,) = await work(service)
        overdue = "The return for September 2026 is overdue: Community hub (Brackenfold)"
        share = "Return for October 2026, 3 of 4 lines count: Community hub (Brackenfold)"
        assert -1 < text.index(overdue) < text.index(share)
        assert "You get this because you are a contact of Brackenfold." in text
        await alerts(service, late, first=1)
        await outcomes(service, checked, first=1)
        assert [] == await work(service)

    async def test_gets_none_of_what_has_ended_before_it_was_sent(
        self, service: intake_service.IntakeService
    ) -> None:
        """The return came meanwhile."""
        await add_contact(service)
        await alerts(service, an_alert())
        await send(service)
        assert [] == await work(service)

    async def test_gets_what_they_want_daily_with_the_others_of_the_day(
        self, service: intake_service.IntakeService
    ) -> None:
        """That a line was claimed before is told daily: not an hour later."""
        await add_contact(service)
        return_id = await send(service)
        await outcomes(service, a_check(return_id, a_result("2", "counted")))
        duplicate = an_alert(event_id=UUID(int=2), kind="duplicate_claim", subject=f"{return_id}/2")
        await alerts(service, duplicate)
        await outcomes(service, a_check(return_id, a_result("2", "queried", CLAIMED)), first=1)
        (text,) = await work(service)  # the check, at once
        assert "claimed before:" not in text
        waits = "SELECT count(*) FROM notification WHERE dispatch_id IS NULL AND recipient_id = $1"
        assert 1 == await service.pool.fetchval(waits, ASHA)
