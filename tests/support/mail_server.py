"""A mail server on a free port, which keeps what it gets and answers as a test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any, Final

from aiosmtpd import smtp

USER: Final = b"makegood"
PASSWORD: Final = b"a p@ss/word"
TAKEN: Final = "250 taken"


class Box:
    """What a mail server got, and what it says."""

    def __init__(self) -> None:
        self.got: list[smtp.Envelope] = []
        self.connections = 0
        self.says: dict[str, str] = {}
        """What it answers to MAIL, RCPT and DATA instead of taking it."""
        self.closes_at: str | None = None
        """The step at which it closes the connection without a word."""
        self.silent_at: str | None = None
        """The step at which it says nothing more."""
        self.takes_eight = True
        """Whether it has 8BITMIME."""

    async def handle_EHLO(  # noqa: N802  aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, hostname: str, says: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [line for line in says if self.takes_eight or not line.endswith("8BITMIME")]

    async def handle_MAIL(  # noqa: N802  aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._answer("MAIL", server, envelope)

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self._answer("RCPT", server, envelope)

    async def handle_DATA(  # noqa: N802  aiosmtpd's name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        return await self._answer("DATA", server, envelope)

    async def _answer(self, step: str, server: Any, envelope: smtp.Envelope) -> str:
        if step == "DATA":
            self.got.append(envelope)
        if self.closes_at == step:
            server.transport.close()
        if self.silent_at == step:
            await asyncio.Event().wait()
        return self.says.get(step, TAKEN)


def read(got: smtp.Envelope) -> EmailMessage:
    """The mail in an envelope."""
    content = got.content
    whole = content.encode() if isinstance(content, str) else content or b""
    made: EmailMessage = email.message_from_bytes(whole, policy=email.policy.default)
    return made


def _check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
    """Lets the one user in who is known."""
    is_known = (data.login, data.password) == (USER, PASSWORD)
    return smtp.AuthResult(success=is_known, handled=is_known)


@contextlib.asynccontextmanager
async def running(
    box: Box, *, whole_tls: ssl.SSLContext | None = None, port: int = 0, **options: Any
) -> AsyncIterator[int]:
    """The mail server, on the port that is given. `options` are aiosmtpd's own,
    but for `is_wide`: it takes addresses beyond ASCII."""
    if options.get("auth_required"):
        options["authenticator"] = _check
    is_wide = options.pop("is_wide", False)
    made: list[smtp.SMTP] = []

    def make() -> smtp.SMTP:
        box.connections += 1
        made.append(smtp.SMTP(box, enable_SMTPUTF8=is_wide, **options))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", port, ssl=whole_tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for each in made:
            if each.transport is not None:
                each.transport.close()
