"""E-mail by SMTP.

Promises:

- Encrypted, with a certificate that is checked: from the start (`smtps://`) or by STARTTLS, which
  the server must offer. In the clear only with `?tls=none`, to this machine or where a setting
  allows it.
- Connections stay open and are used again, one for each dispatch that is under way. One that broke
  in the meantime is replaced.
- Every step has a time-out. The steps are taken one by one, so that the outcome is true: what ends
  before the last byte of the message was handed over was not sent; what ends after it, without an
  answer, is in doubt.
- A fault of the server or of our sign-in is no fault of a dispatch (`is_away`).

Refuses: an address with letters beyond ASCII, if the server has no SMTPUTF8; what is no address.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import urllib.parse
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import aiosmtplib

from shared import settings
from shared.notifier import sending
from shared.notifier.channels import answers

PORT: Final = 587
PLAIN_PORT: Final = 25
TLS_PORT: Final = 465

CONNECT_SECONDS_MAX: Final = 20.0
STEP_SECONDS_MAX: Final = 60.0
"""For each answer but the last, and for each part of a message that the server must take."""
END_SECONDS_MAX: Final = 600.0
"""For the answer to the whole message. RFC 5321, 4.5.3.2.6: whoever waits for less sends twice."""
QUIT_SECONDS_MAX: Final = 2.0

_FAULTS: Final = (aiosmtplib.SMTPException, OSError, ValueError)
"""What a step can raise: a refusal, a broken or silent connection, a certificate, a time-out."""

START_INPUT: Final = 354
SIGN_IN_FIRST: Final = 530
SERVICE_ENDS: Final = 421
"""Both say nothing about a recipient, though they can be said to RCPT."""
NOT_WIDE: Final = "the mail server takes no address with letters beyond ASCII (it has no SMTPUTF8)"
PART_BYTES: Final = 64 * 1024

_HOW: Final = "write it as smtp://USER:PASSWORD@HOST:PORT or smtps://USER:PASSWORD@HOST:PORT"
_ADDRESS: Final = re.compile(
    r"[^\s\x00-\x1f\x7f<>()\[\]\\,;:\"@]{1,64}@[^\s\x00-\x1f\x7f<>()\\,;\"@]+"
)
_EIGHT: Final = "8bitmime"
_RULES: Final = {
    (False, True): policy.SMTP,
    (True, True): policy.SMTPUTF8,
    (False, False): policy.SMTP.clone(cte_type="7bit"),  # takes four times as long
    (True, False): policy.SMTPUTF8.clone(cte_type="7bit"),
}
"""How a message is written, by whether its address goes beyond ASCII, and whether the server takes
eight bits (8BITMIME)."""
_DOT: Final = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The mail server, and how it is spoken to."""

    host: str
    port: int
    tls: str
    """`start` (STARTTLS), `whole` (from the start) or `none`."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    authorities: Path | None = None
    """The certificates of whoever may vouch for the server. Without it those of the system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long each step may take."""

    connect_seconds: float = CONNECT_SECONDS_MAX
    step_seconds: float = STEP_SECONDS_MAX
    end_seconds: float = END_SECONDS_MAX


def read_url(
    url: str, *, authorities: Path | None = None, is_plain_allowed: bool = False
) -> Server:
    """The server that a URL names: `smtp://[user:password@]host[:port][?tls=none]` or
    `smtps://…`. Raises ValueError, without the password, which says how to write it."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(_HOW) from None
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/"):
        raise ValueError(_HOW)
    if parts.fragment or parts.query not in ("", "tls=none"):
        raise ValueError(_HOW)
    tls = "whole" if parts.scheme == "smtps" else "none" if parts.query else "start"
    if parts.query:
        if parts.scheme == "smtps":
            raise ValueError("smtps:// is encrypted from the start: leave out ?tls=none")
        if host not in settings.LOOPBACK and not is_plain_allowed:
            raise ValueError("?tls=none sends in the clear: that is for this machine only")
    default = {"start": PORT, "whole": TLS_PORT, "none": PLAIN_PORT}[tls]
    return Server(
        host=host,
        port=port or default,
        tls=tls,
        user=None if parts.username is None else urllib.parse.unquote(parts.username),
        password=None if parts.password is None else urllib.parse.unquote(parts.password),
        authorities=authorities,
    )


class Smtp:
    """Sends e-mails through one server, in the name of one address (the envelope's sender)."""

    def __init__(self, server: Server, sender: str, patience: Patience | None = None) -> None:
        assert _ADDRESS.fullmatch(sender), sender
        self._server, self._sender = server, sender
        self._patience = patience or Patience()
        self._idle: list[aiosmtplib.SMTP] = []
        self._context: ssl.SSLContext | None = None
        self._own_name: str | None = None

    async def send(self, outgoing: sending.Outgoing) -> sending.Outcome:
        if not _ADDRESS.fullmatch(outgoing.address):
            return sending.Outcome("refused", "this is not an e-mail address")
        is_wide = not outgoing.address.isascii()
        try:
            client = await self._begin(is_wide)
        except _FAULTS as error:
            return sending.Outcome("later", _words(error), is_away=True)
        try:
            if is_wide and not client.supports_extension("smtputf8"):
                outcome = sending.Outcome("refused", NOT_WIDE)
            else:
                outcome = await self._hand_over(client, outgoing, is_wide)
        except BaseException:  # cancelled: nobody knows where this connection stands
            client.close()
            raise
        await self._put_back(client, outcome)
        return outcome

    async def close(self) -> None:
        """Says goodbye to the server."""
        while self._idle:
            client = self._idle.pop()
            try:
                await client.quit(timeout=QUIT_SECONDS_MAX)
            except _FAULTS:
                client.close()

    async def _begin(self, is_wide: bool) -> aiosmtplib.SMTP:
        """A connection that has taken the sender. One that was left open may have ended since, or
        have carried as much as the server lets it; then comes the next one, and then a new one."""
        while self._idle:
            client = self._idle.pop()
            try:
                await self._name_sender(client, is_wide)
            except _FAULTS:
                client.close()
            else:
                return client
        client = await self._connect()
        try:
            await self._name_sender(client, is_wide)
        except BaseException:
            client.close()
            raise
        return client

    async def _connect(self) -> aiosmtplib.SMTP:
        if self._context is None and self._server.tls != "none":
            self._context = await asyncio.to_thread(
                ssl.create_default_context, cafile=self._server.authorities
            )
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.user,
            password=self._server.password,
            local_hostname=self._own_name,
            timeout=self._patience.step_seconds,
            use_tls=self._server.tls == "whole",
            start_tls=self._server.tls == "start",
            tls_context=self._context,
        )
        await client.connect(timeout=self._patience.connect_seconds)
        self._own_name = client.local_hostname  # found out once: that asks the resolver
        return client

    async def _name_sender(self, client: aiosmtplib.SMTP, is_wide: bool) -> None:
        options = []
        if is_wide and client.supports_extension("smtputf8"):
            options.append("SMTPUTF8")
        if client.supports_extension(_EIGHT):
            options.append("BODY=8BITMIME")
        await client.mail(self._sender, options=options)

    async def _hand_over(
        self, client: aiosmtplib.SMTP, outgoing: sending.Outgoing, is_wide: bool
    ) -> sending.Outcome:
        """RCPT and DATA. Up to the last byte a fault means `later`."""
        content = _content(outgoing, _RULES[is_wide, client.supports_extension(_EIGHT)])
        try:
            await client.rcpt(outgoing.address, encoding="utf-8")
            response = await client.execute_command(b"DATA")
            if response.code != START_INPUT:
                return _refusal(response.code, response.message)
            await self._write(client, content)
            protocol = _protocol(client)
            protocol.write(b".\r\n")
        except aiosmtplib.SMTPResponseException as error:
            return _refusal(error.code, error.message)
        except _FAULTS as error:
            return sending.Outcome("later", _words(error))
        try:
            response = await protocol.read_response(timeout=self._patience.end_seconds)
        except _FAULTS as error:
            return sending.Outcome("in_doubt", _words(error))
        if response.code // 100 in (4, 5):
            return _refusal(response.code, response.message)
        state: sending.State = "sent" if response.code // 100 == 2 else "in_doubt"
        return sending.Outcome(state, answers.cut(response.code, response.message))

    async def _write(self, client: aiosmtplib.SMTP, content: bytes) -> None:
        """Hands the message over, all but the dot that ends it: the server, or the kernel on its
        way there, has taken it when this returns."""
        protocol = _protocol(client)
        assert isinstance(protocol.transport, asyncio.WriteTransport)
        protocol.transport.set_write_buffer_limits(high=0)
        for start in range(0, len(content), PART_BYTES):
            protocol.write(content[start : start + PART_BYTES])
            async with asyncio.timeout(self._patience.step_seconds):
                # What asyncio's own `StreamWriter.drain` calls: the library has no public word.
                await protocol._drain_helper()

    async def _put_back(self, client: aiosmtplib.SMTP, outcome: sending.Outcome) -> None:
        """Keeps a connection for the next dispatch, if it is clear where it stands."""
        try:
            if outcome.state != "sent":
                if not client.is_connected or outcome.state == "in_doubt":
                    raise aiosmtplib.SMTPServerDisconnected("no longer known")
                await client.rset()
            self._idle.append(client)
        except _FAULTS:
            client.close()


def _content(outgoing: sending.Outgoing, rules: policy.EmailPolicy[EmailMessage]) -> bytes:
    """The message as it is written after DATA: lines that end in CRLF, and a second dot at the
    start of a line that begins with one."""
    assert outgoing.message is not None
    content = outgoing.message.as_bytes(policy=rules)
    return _DOT.sub(b"..", content if content.endswith(b"\r\n") else content + b"\r\n")


def _protocol(client: aiosmtplib.SMTP) -> aiosmtplib.protocol.SMTPProtocol:
    if client.protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    return client.protocol


def _refusal(code: int, message: str) -> sending.Outcome:
    """What a code means that the server gave to RCPT or DATA, or after the message."""
    is_away = code in (SIGN_IN_FIRST, SERVICE_ENDS)
    state: sending.State = "refused" if code // 100 == 5 and not is_away else "later"
    return sending.Outcome(state, answers.cut(code, message), is_away)


def _words(error: Exception) -> str:
    code = [error.code] if isinstance(error, aiosmtplib.SMTPResponseException) else []
    text = error.message if isinstance(error, aiosmtplib.SMTPException) else str(error)
    return answers.cut(*code, text or type(error).__name__)
