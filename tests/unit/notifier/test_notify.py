"""E-mail by GOV.UK Notify, against a server that speaks its interface."""

from __future__ import annotations

import json
from typing import Any, Final

import jwt
import pytest

from shared.notifier import sending
from shared.notifier.channels import notify
from tests.support import letters, receiver

SERVICE: Final = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET: Final = "3d844edf-8d35-48ac-975b-e847b4f122b0"
TEMPLATE: Final = "f33517ff-2a88-4f6e-b855-c550268ce08a"
REFERENCE: Final = "00000000-0000-0000-0000-000000000007"
AUTH: Final = {"error": "AuthError", "message": "Invalid token: service not found"}
LIMIT: Final = {"error": "TooManyRequestsError", "message": "Exceeded send limits (50) for today"}
ADDRESS: Final = {
    "error": "ValidationError",
    "message": "email_address Not a valid email address",
}


class Office:
    """Notify: keeps mails by reference."""

    def __init__(self) -> None:
        self.mails: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.fails: receiver.Answer | receiver.Silent | None = None
        """What it says to a mail instead of taking it."""
        self.takes_and_fails = False
        self.lists: receiver.Answer | None = None
        """What it says when it is asked what it has."""

    async def behave(self, request: receiver.Request) -> receiver.Answer | receiver.Silent:
        scheme, token = request.headers["authorization"].split(" ")
        claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iat": False})
        assert ("Bearer", SERVICE) == (scheme, claims["iss"])
        if request.method == "GET":
            self.asked.append(request.target)
            return self.lists or self._list(request.target)
        assert ("POST", "/v2/notifications/email") == (request.method, request.target)
        if self.fails is None or self.takes_and_fails:
            self.mails.append(json.loads(request.body))
        return self.fails or receiver.Answer(201, b'{"id": "740e5834"}')

    def _list(self, target: str) -> receiver.Answer:
        found = [mail for mail in self.mails if target.endswith(f"?reference={mail['reference']}")]
        return receiver.Answer(200, json.dumps({"notifications": found, "links": {}}).encode())


async def send(office: Office, **changes: Any) -> sending.Outcome:
    async with receiver.running(office.behave) as port:
        made = notify.Notify(account(port))
        try:
            return await made.send(letters.outgoing(**changes))
        finally:
            await made.close()


def account(port: int) -> notify.Account:
    return notify.Account(
        api_key=f"makegood-{SERVICE}-{SECRET}",
        template_id=TEMPLATE,
        url=f"http://127.0.0.1:{port}",
        request_seconds=0.5,
        call_seconds=1.0,
    )


def failure(status: int, *errors: dict[str, str]) -> receiver.Answer:
    return receiver.Answer(status, json.dumps({"status_code": status, "errors": errors}).encode())


class TestADispatch:
    async def test_fills_the_template(self) -> None:
        """Subject and body of the template, and the dispatch as its reference."""
        office = Office()
        assert sending.Outcome("sent", "taken as 740e5834") == await send(office)
        expected = {
            "email_address": letters.TO,
            "template_id": TEMPLATE,
            "personalisation": {
                "subject": "Apprenticeship weeks are behind",
                "body": "12 of 40 weeks are counted.\n",
            },
            "reference": REFERENCE,
        }
        assert [expected] == office.mails
        assert [] == office.asked

    async def test_is_not_repeated_if_notify_has_it(self) -> None:
        """After a crash it is asked first, by reference."""
        office = Office()
        await send(office)
        assert sending.Outcome("sent", notify.HAS_IT) == await send(office, is_repeat=True)
        assert [f"/v2/notifications?reference={REFERENCE}"] == office.asked
        assert 1 == len(office.mails)

    async def test_is_repeated_if_notify_does_not_have_it(self) -> None:
        """Nothing is lost."""
        office = Office()
        assert "sent" == (await send(office, is_repeat=True)).state
        assert 1 == len(office.mails)

    async def test_is_not_repeated_as_long_as_notify_cannot_be_asked(self) -> None:
        """It waits instead."""
        office = Office()
        office.lists = failure(500)
        outcome = await send(office, is_repeat=True)
        assert ("later", True, []) == (outcome.state, outcome.is_away, office.mails)


class TestARefusal:
    @pytest.mark.parametrize(
        ("answer", "expected", "words"),
        [
            (failure(400, ADDRESS), ("refused", False), ADDRESS["message"]),
            (failure(403, AUTH), ("later", True), AUTH["message"]),
            (failure(429, LIMIT), ("later", True), LIMIT["message"]),
            (failure(500, {"message": "Internal server error"}), ("later", False), "Internal"),
            (failure(503, {"message": "Service unavailable"}), ("later", True), "unavailable"),
            (receiver.Answer(502, b"<html>"), ("later", False), "502"),
            (receiver.Answer(200, b"<html>"), ("in_doubt", False), "JSON"),
            (receiver.Answer(201, b"[]"), ("in_doubt", False), "TypeError"),
        ],
    )
    async def test_is_told_in_notifys_words(
        self, answer: receiver.Answer, expected: tuple[str, bool], words: str
    ) -> None:
        """What is wrong with one mail is refused; what is wrong with us or Notify waits."""
        office = Office()
        office.fails = answer
        outcome = await send(office)
        assert expected == (outcome.state, outcome.is_away)
        assert words in outcome.answer

    async def test_does_not_tell_the_key(self) -> None:
        """Not in the answer, nor where the account is shown."""
        office = Office()
        office.fails = failure(403, AUTH)
        assert SECRET not in (await send(office)).answer
        assert SECRET not in repr(account(1))

    def test_comes_at_once_for_what_is_no_key(self) -> None:
        """A setting that is wrong is no matter of mails."""
        with pytest.raises(ValueError, match="UUID"):
            notify.Account(api_key="makegood", template_id=TEMPLATE)


class TestALostAnswer:
    @pytest.mark.parametrize("is_closed", [True, False])
    async def test_leaves_a_doubt(self, is_closed: bool) -> None:
        """Nobody knows, and Notify says that it does not have it: not yet, perhaps."""
        office = Office()
        office.fails = receiver.Silent(is_closed)
        assert "in_doubt" == (await send(office)).state
        assert 1 == len(office.asked)

    @pytest.mark.parametrize(
        "answer", [receiver.Silent(True), receiver.Silent(False), receiver.Answer(504)]
    )
    async def test_leaves_none_if_notify_has_it(
        self, answer: receiver.Answer | receiver.Silent
    ) -> None:
        """It is asked at once: what it has was sent."""
        office = Office()
        office.fails, office.takes_and_fails = answer, True
        assert sending.Outcome("sent", notify.HAS_IT) == await send(office)

    async def test_is_none_where_nobody_listens(self) -> None:
        """Nothing left this machine."""
        async with receiver.running(Office().behave) as port:
            pass
        outcome = await notify.Notify(account(port)).send(letters.outgoing())
        assert ("later", True) == (outcome.state, outcome.is_away)
