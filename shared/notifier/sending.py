"""What a channel is given to send, and what it says became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias
from uuid import UUID

ANSWER_MAX: Final = 500
"""Characters of an answer that are kept."""

State: TypeAlias = Literal["sent", "later", "refused", "in_doubt", "pointless"]
"""later: it was not sent, and can be tried again; refused: it never will be taken; in_doubt: it may
have been sent; pointless: there is nobody or nothing to tell any more."""


class Outcome(NamedTuple):
    """What became of it."""

    state: State
    answer: str
    """What the other side said, in at most `ANSWER_MAX` printable characters."""
    is_away: bool = False
    """The server could not be reached, or refuses everybody: no fault of what was to be sent."""
    is_gone: bool = False
    """The recipient wants no more, now and later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One dispatch, ready to be sent: to a person as `message`, to a program as `body`."""

    dispatch_id: UUID
    address: str
    subject: str
    text: str
    message: EmailMessage | None = None
    body: bytes | None = None
    secret: bytes | None = None
    """Of the webhook."""
    kind: str = ""
    """Of the webhook's event."""
    at: datetime
    """When it is sent, in UTC."""
    is_repeat: bool = False


class Sender(Protocol):
    """A channel; one object for each worker."""

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Sends it. Never raises for what the other side does."""
        ...

    async def close(self) -> None:
        """Ends its connection."""
        ...
