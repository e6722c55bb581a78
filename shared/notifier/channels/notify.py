"""E-mail by GOV.UK Notify, through its own client.

Promises:

- The template has two fields, `subject` and `body`. The reference of each mail is its dispatch.
- Whether Notify has a mail is asked by its reference before it is sent again, and when no answer
  came: what Notify has was sent.
- The client waits in a thread, and each thread has its own. A request that is still there after its
  time-out is left to end by itself, and its client is not used again.
- A wrong key, a limit or a failure of Notify is no fault of a dispatch (`is_away`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

import requests
import urllib3.exceptions
from notifications_python_client import notifications
from notifications_python_client.errors import APIError
from requests import exceptions

from shared.notifier import sending
from shared.notifier.channels import answers

URL: Final = "https://api.notifications.service.gov.uk"
REQUEST_SECONDS_MAX: Final = 30.0
"""For connecting, and for each silence within the answer."""
CALL_SECONDS_MAX: Final = 45.0
"""For all of one request."""
REFUSES_EVERYBODY: Final = frozenset({401, 403, 429})
"""A key that is not known, and a limit."""
HAS_IT: Final = "Notify has it already"

_KEY: Final = re.compile(r"\S+(-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}){2}")
_FAULTS: Final = (APIError, TimeoutError, LookupError, TypeError)
"""No answer, or one that is none of Notify's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """As whom mails are sent, and with which template."""

    api_key: str = field(repr=False)
    template_id: str
    url: str = URL
    request_seconds: float = REQUEST_SECONDS_MAX
    call_seconds: float = CALL_SECONDS_MAX

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.api_key):
            raise ValueError("an API key of GOV.UK Notify is NAME-SERVICE-SECRET, with two UUIDs")


class Notify:
    """Sends e-mails by GOV.UK Notify."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._idle: list[notifications.NotificationsAPIClient] = []

    async def send(self, outgoing: sending.Outgoing) -> sending.Outcome:
        if outgoing.is_repeat:
            try:
                if await self._has(outgoing.dispatch_id):
                    return sending.Outcome("sent", HAS_IT)
            except _FAULTS as error:
                return sending.Outcome("later", _words(error), is_away=True)
        try:
            taken = await self._call(lambda client: _post(client, self._account, outgoing))
        except _FAULTS as error:
            return await self._resolve(outgoing.dispatch_id, _judge(error))
        return sending.Outcome("sent", answers.cut("taken as", taken))

    async def close(self) -> None:
        """Lets go of connections that nobody uses."""
        while self._idle:
            self._idle.pop().request_session.close()

    async def _resolve(self, dispatch_id: UUID, judged: _Judged) -> sending.Outcome:
        """Asks whether Notify has what it did not say that it has taken."""
        if judged.may_have_it:
            try:
                if await self._has(dispatch_id):
                    return sending.Outcome("sent", HAS_IT)
            except _FAULTS:
                pass  # then it is as it was judged
        return judged.outcome

    async def _has(self, dispatch_id: UUID) -> bool:
        found = await self._call(
            lambda client: client.get_all_notifications(  # type: ignore[no-untyped-call]  # has no types
                reference=str(dispatch_id)
            )
        )
        return bool(found["notifications"])

    async def _call(self, ask: Callable[[notifications.NotificationsAPIClient], Any]) -> Any:
        """What one request of a client gives. A client whose request has not ended is lost."""
        client = self._idle.pop() if self._idle else self._make()
        try:
            async with asyncio.timeout(self._account.call_seconds):
                answer = await asyncio.to_thread(ask, client)
        except APIError:
            self._idle.append(client)
            raise
        self._idle.append(client)
        return answer

    def _make(self) -> notifications.NotificationsAPIClient:
        return notifications.NotificationsAPIClient(  # type: ignore[no-untyped-call]  # has no types
            self._account.api_key,
            base_url=self._account.url,
            timeout=self._account.request_seconds,
        )


class _Judged(NamedTuple):
    """What a failed request comes to, as long as Notify was not asked."""

    outcome: sending.Outcome
    may_have_it: bool


def _post(
    client: notifications.NotificationsAPIClient, account: Account, outgoing: sending.Outgoing
) -> Any:
    """What Notify calls the mail."""
    taken = client.send_email_notification(  # type: ignore[no-untyped-call]  # has no types
        outgoing.address,
        account.template_id,
        personalisation={"subject": outgoing.subject, "body": outgoing.text},
        reference=str(outgoing.dispatch_id),
    )
    return taken["id"]


def _judge(error: Exception) -> _Judged:
    response = getattr(error, "response", None)
    words = _words(error)
    if response is None:
        if _never_left(error.__cause__):
            return _Judged(sending.Outcome("later", words, is_away=True), may_have_it=False)
        return _Judged(sending.Outcome("in_doubt", words), may_have_it=True)
    status = response.status_code
    if status in REFUSES_EVERYBODY:
        return _Judged(sending.Outcome("later", words, is_away=True), may_have_it=False)
    if status // 100 == 4:
        return _Judged(sending.Outcome("refused", words), may_have_it=False)
    if status // 100 == 5:  # a gateway's as well, behind which it may have been taken
        is_away = status == requests.codes.unavailable
        return _Judged(sending.Outcome("later", words, is_away), may_have_it=True)
    return _Judged(sending.Outcome("in_doubt", words), may_have_it=True)


def _never_left(cause: BaseException | None) -> bool:
    """Whether a request failed before it was sent."""
    if isinstance(cause, requests.ConnectTimeout | exceptions.SSLError | exceptions.ProxyError):
        return True
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def _words(error: Exception) -> str:
    """What Notify says, or what happened to the request."""
    if not isinstance(error, APIError):
        return answers.cut(type(error).__name__, error)
    if error.response is None:
        return answers.cut(type(error.__cause__).__name__, error.__cause__ or "")
    said = error.message
    if isinstance(said, list):
        said = "; ".join(str(each.get("message", "")) for each in said)
    return answers.cut(error.status_code, said)
