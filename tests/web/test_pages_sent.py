"""What was sent, for operators: as a page and for programs."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from shared.notifier.dispatches import State
from shared.pages import listing
from shared.web import auth
from tests.support import tellings, verification_service
from tests.support import verification_builders as build
from tests.support.verification_service import VerificationService
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_intake_api import open_system
from tests.web.test_pages import HTML_BYTES_MAX, QUERIES_MAX

LENA: Final = auth.Caller("lena-quist@GB-LAE-KWL", "operator", build.AUTHORITY)
PRIYA: Final = "priya-nair@GB-LAE-KWL"
PATH: Final = "/notifications"


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """Priya can be told."""
    async with verification_service.at_work(database) as made:
        await tellings.add_recipient(made.pool, PRIYA)
        yield made


async def opened(service: VerificationService, path: str = PATH) -> str:
    answer = await Visitor(service.app, LENA).get(path)
    assert 200 == answer.status_code, answer.text
    return answer.text


class TestSent:
    async def test_says_what_became_of_each(self, service: VerificationService) -> None:
        """The newest first, and never a whole address: not in what the server said either."""
        said = "550 <priya.nair@knowsley.example>: no such mailbox"
        await tellings.add_dispatch(service.pool, PRIYA, "refused", answer=said)
        await tellings.add_dispatch(service.pool, PRIYA, "sent", answer="250 2.0.0 Ok")
        page = await opened(service)
        text = drawing.text(page)
        assert "1 could not be delivered. Look at it, then send it again." in text
        row = f"3 November 2026, 09:00 {PRIYA} p…@knowsley.example A promise is behind"
        assert f"{row} Sent 250 2.0.0 Ok" in text
        assert f"{row} Refused 550 &lt;p…@knowsley.example&gt;: no such mailbox" in text
        assert text.index("Sent 250") < text.index("Refused 550")
        assert "priya.nair@" not in page

    async def test_is_narrowed_down(self, service: VerificationService) -> None:
        """By state and by account."""
        await tellings.add_dispatch(service.pool, PRIYA, "refused")
        await tellings.add_dispatch(service.pool, "joe@GB-LAE-KWL", "sent")
        for filters, count in (
            ("state=refused", 1),
            ("state=given_up", 0),
            (f"recipient={PRIYA}", 1),
            (f"state=sent&recipient={PRIYA}", 0),
            ("state=&recipient=", 2),
        ):
            page = await opened(service, f"{PATH}?{filters}")
            assert count == page.count('role="rowheader"'), filters
        odd = await Visitor(service.app, LENA).get(f"{PATH}?state=lost")
        assert (422, True) == (odd.status_code, 'href="#state"' in odd.text)

    async def test_goes_on_page_by_page(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every row once."""
        monkeypatch.setattr(listing, "ROWS", 2)
        made = {str(await tellings.add_dispatch(service.pool, PRIYA, "refused")) for _ in range(5)}
        seen, path = [], f"{PATH}?state=refused"
        while path:
            page = await opened(service, path)
            seen += re.findall(r'name="dispatch" value="([^"]+)"', page)
            further = re.search(r'href="[^"]*(/notifications[^"]+)" rel="next"', page)
            path = further[1].replace("&amp;", "&") if further else ""
        assert (5, made) == (len(seen), set(seen))

    async def test_costs_little(self, service: VerificationService) -> None:
        """Two queries, however many rows."""
        for _ in range(60):
            await tellings.add_dispatch(service.pool, PRIYA, "refused", answer="550 " + "x" * 496)
        async with counted(service.pool) as queries:
            page = await opened(service)
        assert 2 == len(queries) <= QUERIES_MAX, queries
        assert HTML_BYTES_MAX >= len(page.encode())

    async def test_is_for_operators(self, service: VerificationService) -> None:
        """Of the same authority."""
        await tellings.add_dispatch(service.pool, PRIYA, "refused")
        for role in ("manager", "approver", "auditor"):
            who = auth.Caller(role, role, build.AUTHORITY)
            assert 403 == (await Visitor(service.app, who).get(PATH)).status_code
        elsewhere = auth.Caller("o", "operator", "GB-LAE-SHN")
        assert "Nothing was sent yet." in (await Visitor(service.app, elsewhere).get(PATH)).text

    async def test_of_suppliers_is_on_intakes_site(self, database: str, tmp_path: Path) -> None:
        """With the words of their kinds."""
        async with open_system(database, tmp_path) as system:
            await tellings.add_recipient(system.pool, "asha@GB-COH-1", party_id=build.SUPPLIER)
            await tellings.add_dispatch(system.pool, "asha@GB-COH-1", "doubtful")
            answer = await Visitor(system.app, LENA).get(PATH)
            assert "It may have been sent: ask, before you send it again." in answer.text


async def state_of(service: VerificationService, dispatch_id: uuid.UUID) -> tuple[object, ...]:
    row = await service.pool.fetchrow(
        "SELECT state, is_repeat, attempts, ended_at, answer, next_at <= now() "
        "FROM dispatch WHERE dispatch_id = $1",
        dispatch_id,
    )
    assert row is not None
    return tuple(row)


class TestSendingAgain:
    @pytest.mark.parametrize("state", ["refused", "given_up", "doubtful"])
    async def test_lets_it_wait_as_a_repeat(
        self, service: VerificationService, state: State
    ) -> None:
        """At once, as if it had never been tried; pressed twice, it is one repeat. Then the same
        part of the list is shown."""
        dispatch_id = await tellings.add_dispatch(service.pool, PRIYA, state, answer="550")
        visitor = Visitor(service.app, LENA)
        for _ in range(2):
            answer = await visitor.send(f"{PATH}/resend?state={state}", dispatch=str(dispatch_id))
            assert 303 == answer.status_code
            assert answer.headers["location"].endswith(f"{PATH}?state={state}")
            expected = ("waiting", True, 0, None, None, True)
            assert expected == await state_of(service, dispatch_id)

    @pytest.mark.parametrize("state", ["sent", "waiting"])
    async def test_is_not_for_what_was_sent_or_waits(
        self, service: VerificationService, state: State
    ) -> None:
        """It changes nothing."""
        dispatch_id = await tellings.add_dispatch(service.pool, PRIYA, state)
        before = await state_of(service, dispatch_id)
        await Visitor(service.app, LENA).send(f"{PATH}/resend", dispatch=str(dispatch_id))
        assert before == await state_of(service, dispatch_id)

    async def test_is_refused_if_nobody_would_get_it(self, service: VerificationService) -> None:
        await tellings.add_recipient(service.pool, "joe", is_on=False)
        dispatch_id = await tellings.add_dispatch(service.pool, "joe", "refused")
        visitor = Visitor(service.app, LENA)
        answer = await visitor.send(f"{PATH}/resend", dispatch=str(dispatch_id))
        assert 409 == answer.status_code
        assert "this recipient gets nothing any more" in answer.text
        assert "refused" == (await state_of(service, dispatch_id))[0]

    @pytest.mark.parametrize("odd", ["", "x", str(uuid.UUID(int=7))])
    async def test_of_what_there_is_not_is_not_found(
        self, service: VerificationService, odd: str
    ) -> None:
        answer = await Visitor(service.app, LENA).send(f"{PATH}/resend", dispatch=odd)
        assert 404 == answer.status_code


class TestForPrograms:
    async def test_has_the_same(self, service: VerificationService) -> None:
        """By state and account, page by page."""
        first = await tellings.add_dispatch(service.pool, PRIYA, "refused", answer="550 no")
        second = await tellings.add_dispatch(service.pool, PRIYA, "sent")
        operator = await service.caller("operator")
        (item,) = (await operator.get(PATH, state="refused")).json()["items"]
        assert str(first) == item["dispatch_id"]
        assert ("p…@knowsley.example", "550 no", {"shortfall_opened": 1}, False) == (
            *(item["address"], item["answer"], item["kinds"], item["is_repeat"]),
        )
        page = (await operator.get(PATH, limit=1)).json()
        assert [str(second)] == [each["dispatch_id"] for each in page["items"]]
        after = (await operator.get(PATH, limit=1, cursor=page["next"])).json()
        assert ([str(first)], None) == (
            [each["dispatch_id"] for each in after["items"]],
            after["next"],
        )
        assert [] == (await operator.get(PATH, recipient="joe")).json()["items"]
        assert 422 == (await operator.get(PATH, state="lost")).status_code
        assert 400 == (await operator.get(PATH, cursor="x")).status_code

    async def test_sends_again(self, service: VerificationService) -> None:
        """Once; then it is no longer what could not be delivered."""
        dispatch_id = await tellings.add_dispatch(service.pool, PRIYA, "given_up")
        operator = await service.caller("operator")
        done = await operator.post(f"{PATH}/{dispatch_id}/resend")
        assert {"dispatch_id": str(dispatch_id), "state": "waiting"} == done.json()
        again = await operator.post(f"{PATH}/{dispatch_id}/resend")
        assert (409, "Only what could not be delivered can be sent again") == (
            again.status_code,
            again.json()["title"],
        )
        manager = await service.caller("manager")
        assert 403 == (await manager.post(f"{PATH}/{dispatch_id}/resend")).status_code
