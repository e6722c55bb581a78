"""E-mail by SMTP, against a real mail server."""

from __future__ import annotations

import asyncio
import contextlib
import email
from collections.abc import AsyncIterator, Awaitable, Callable
from email import policy
from pathlib import Path
from typing import Any, Final

import pytest

from shared.notifier import sending
from shared.notifier.channels import smtp
from tests.support import certificates, letters, mail_server, waiting

IMPATIENT: Final = smtp.Patience(connect_seconds=0.5, step_seconds=0.5, end_seconds=0.5)


@contextlib.asynccontextmanager
async def sender(
    port: int, *, url: str = "smtp://127.0.0.1:{}?tls=none", **options: Any
) -> AsyncIterator[smtp.Smtp]:
    patience = options.pop("patience", None)
    made = smtp.Smtp(smtp.read_url(url.format(port), **options), letters.FROM, patience)
    try:
        yield made
    finally:
        await made.close()


async def send(box: mail_server.Box, **options: Any) -> sending.Outcome:
    """What becomes of one dispatch to this server, which nobody waits for longer than half a
    second a step."""
    changes = options.pop("changes", {})
    async with (
        mail_server.running(box, **options) as port,
        sender(port, patience=IMPATIENT) as made,
    ):
        return await made.send(letters.outgoing(**changes))


class TestADispatch:
    async def test_arrives_as_it_was_written(self) -> None:
        """Sender and recipient of the envelope, the message's own header lines, and its text."""
        box = mail_server.Box()
        assert sending.Outcome("sent", "250 taken") == await send(box)
        (got,) = box.got
        assert (letters.FROM, [letters.TO]) == (got.mail_from, got.rcpt_tos)
        assert isinstance(got.content, bytes)
        head, _, text = got.content.partition(b"\r\n\r\n")
        assert b"Message-ID: <one@makegood.example>" in head.split(b"\r\n")
        assert b"12 of 40 weeks are counted.\r\n" == text

    async def test_keeps_lines_that_begin_with_a_dot(self) -> None:
        """A single dot ends a message in SMTP; the dots of the text do not."""
        box = mail_server.Box()
        text = ".\n..two\nlast\n"
        await send(box, changes={"message": letters.message(text=text)})
        assert isinstance(box.got[0].content, bytes)
        assert box.got[0].content.endswith(b"\r\n\r\n.\r\n..two\r\nlast\r\n")

    @pytest.mark.parametrize("takes_eight", [True, False])
    async def test_is_of_seven_bits_where_the_server_takes_no_eight(
        self, takes_eight: bool
    ) -> None:
        """Letters beyond ASCII are encoded then, and read the same."""
        box = mail_server.Box()
        box.takes_eight = takes_eight
        await send(box, changes={"message": letters.message(text="£40 – Zoë\n")})
        (got,) = box.got
        assert isinstance(got.content, bytes)
        assert takes_eight != got.content.isascii()
        read = email.message_from_bytes(got.content, policy=policy.default)
        assert "£40 – Zoë\n" == read.get_content().replace("\r\n", "\n")

    async def test_goes_over_the_connection_of_the_last_one(self) -> None:
        """One connection for one after the other, and after a refusal as well."""
        box = mail_server.Box()
        async with mail_server.running(box) as port, sender(port) as made:
            states = [(await made.send(letters.outgoing())).state for _ in range(2)]
            box.says = {"RCPT": "550 nobody of that name"}
            states.append((await made.send(letters.outgoing())).state)
            box.says = {}
            states.append((await made.send(letters.outgoing())).state)
        assert ["sent", "sent", "refused", "sent"] == states
        assert 1 == box.connections

    async def test_has_a_connection_of_its_own_beside_others(self) -> None:
        """Ten at the same time get through, each to its recipient."""
        box = mail_server.Box()
        addresses = [f"officer-{number}@council.example" for number in range(10)]
        async with mail_server.running(box) as port, sender(port) as made:
            sent = [made.send(letters.outgoing(address=address)) for address in addresses]
            outcomes = await asyncio.gather(*sent)
        assert {"sent"} == {outcome.state for outcome in outcomes}
        assert addresses == sorted(got.rcpt_tos[0] for got in box.got)

    async def test_is_sent_over_a_new_connection_if_the_old_one_broke(self) -> None:
        """A server that was started again in the meantime is met anew, without a failed try."""
        box = mail_server.Box()
        async with mail_server.running(box) as port, sender(port) as made:
            await made.send(letters.outgoing())
            box.closes_at = "MAIL"
            first = await made.send(letters.outgoing())
            box.closes_at = None
            assert ("later", True) == (first.state, first.is_away)
            assert "sent" == (await made.send(letters.outgoing())).state
        async with mail_server.running(box, port=port), sender(port) as made:
            assert "sent" == (await made.send(letters.outgoing())).state

    async def test_is_sent_over_a_new_connection_if_the_old_one_carries_no_more(self) -> None:
        """Servers let one connection carry so many messages, and say 421 to the next one."""
        box = mail_server.Box()
        async with mail_server.running(box) as port, sender(port) as made:
            await made.send(letters.outgoing())
            box.says = {"MAIL": "421 too many messages on this connection"}
            answered = asyncio.create_task(made.send(letters.outgoing()))
            await waiting.until(lambda: box.connections == 2 or answered.done())
            assert 2 == box.connections
            assert "later" == (await answered).state


class TestARefusal:
    @pytest.mark.parametrize(
        ("step", "says", "expected"),
        [
            ("RCPT", "550 no such user", ("refused", False)),
            ("RCPT", "450 try again", ("later", False)),
            ("RCPT", "530 sign in first", ("later", True)),
            ("RCPT", "421 closing", ("later", True)),
            ("DATA", "554 looks like spam", ("refused", False)),
            ("DATA", "452 disk is full", ("later", False)),
            ("MAIL", "550 we do not know you", ("later", True)),
            ("MAIL", "451 not now", ("later", True)),
        ],
    )
    async def test_is_told_by_step_and_code(
        self, step: str, says: str, expected: tuple[str, bool]
    ) -> None:
        """5 is for ever and 4 is for now; what is said to the sender is no recipient's fault."""
        box = mail_server.Box()
        box.says = {step: says}
        outcome = await send(box)
        assert expected == (outcome.state, outcome.is_away)
        assert says == outcome.answer

    async def test_is_kept_within_500_printable_characters(self) -> None:
        """Answers are stored and shown: no control characters, no novel."""
        box = mail_server.Box()
        box.says = {"DATA": "554 \x1b[31mred " + "x" * 490}
        answer = (await send(box)).answer
        assert answer.isprintable()
        assert answer.startswith("554 [31mred xxx")
        assert sending.ANSWER_MAX == len(answer)


class TestAConnection:
    @pytest.mark.parametrize(
        ("step", "expected"),
        [
            ("MAIL", ("later", True)),
            ("RCPT", ("later", False)),
            ("DATA", ("in_doubt", False)),
        ],
    )
    @pytest.mark.parametrize("way", ["closes_at", "silent_at"])
    async def test_leaves_no_doubt_before_the_end_of_the_message(
        self, way: str, step: str, expected: tuple[str, bool]
    ) -> None:
        """Closed or silent: only after the whole message it may have been sent."""
        box = mail_server.Box()
        setattr(box, way, step)
        outcome = await send(box)
        assert expected == (outcome.state, outcome.is_away)
        assert outcome.answer

    async def test_that_breaks_within_the_message_has_sent_nothing(self) -> None:
        """The server stops reading a long message, and goes."""
        async with _raw(_go_within_the_message) as port, sender(port) as made:
            text = "a line of the message\n" * 400_000
            outcome = await made.send(letters.outgoing(message=letters.message(text=text)))
        assert ("later", False) == (outcome.state, outcome.is_away)

    async def test_to_nobody_is_the_servers_fault(self) -> None:
        """Nothing listens: every dispatch would fare like this one."""
        async with mail_server.running(mail_server.Box()) as port:
            pass
        async with sender(port) as made:
            outcome = await made.send(letters.outgoing())
        assert ("later", True) == (outcome.state, outcome.is_away)

    async def test_to_a_server_that_does_not_greet_is_given_up(self) -> None:
        """Time-outs hold from the first step on."""
        async with _raw(_say_nothing) as port, sender(port, patience=IMPATIENT) as made:
            outcome = await made.send(letters.outgoing())
        assert ("later", True) == (outcome.state, outcome.is_away)

    async def test_that_is_cancelled_is_not_used_again(self) -> None:
        """Nobody knows where it stands."""
        box = mail_server.Box()
        box.silent_at = "DATA"
        async with mail_server.running(box) as port, sender(port) as made:
            task = asyncio.create_task(made.send(letters.outgoing()))
            await waiting.until(lambda: len(box.got) == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            box.silent_at = None
            assert "sent" == (await made.send(letters.outgoing())).state
        assert 2 == box.connections


Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def _raw(behave: Behave) -> AsyncIterator[int]:
    server = await asyncio.start_server(behave, "127.0.0.1", 0, limit=1024)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _go_within_the_message(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(b"220 here\r\n")
    answers = {b"EHLO": b"250 here\r\n", b"DATA": b"354 go on\r\n"}
    while line := await reader.readline():
        writer.write(answers.get(line[:4], b"250 taken\r\n"))
        if line.startswith(b"DATA"):
            await reader.readline()
            break
    writer.transport.abort()


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


class TestAnAddress:
    @pytest.mark.parametrize(
        "address",
        [
            "",
            "priya.nair",
            "priya@council.example, other@council.example",
            "priya@council.example> SIZE=1",
            "priya@council.example\r\nRCPT TO:<other@council.example>",
            "<priya@council.example>",
            "priya nair@council.example",
        ],
    )
    async def test_is_one_address_or_refused(self, address: str) -> None:
        """Nothing gets into the command that is not an address."""
        box = mail_server.Box()
        outcome = await send(box, changes={"address": address, "message": letters.message()})
        assert sending.Outcome("refused", "this is not an e-mail address") == outcome
        assert (0, []) == (box.connections, box.got)

    async def test_beyond_ascii_is_refused_where_the_server_cannot(self) -> None:
        """By a clear word, and the connection goes on."""
        outcome = await send(mail_server.Box(), changes={"address": "zoë@council.example"})
        assert sending.Outcome("refused", smtp.NOT_WIDE) == outcome

    async def test_beyond_ascii_is_written_to_where_the_server_can(self) -> None:
        """With SMTPUTF8 (RFC 6531)."""
        box = mail_server.Box()
        outcome = await send(box, is_wide=True, changes={"address": "zoë@council.example"})
        assert "sent" == outcome.state
        assert ["zoë@council.example"] == box.got[0].rcpt_tos
        assert isinstance(box.got[0].content, bytes)
        assert "To: zoë@council.example".encode() in box.got[0].content


class TestAHeader:
    @pytest.mark.parametrize("name", ["Subject", "To", "Reply-To"])
    def test_takes_no_second_line(self, name: str) -> None:
        """A title that a supplier chose cannot add a recipient."""
        message = letters.message()
        del message[name]
        with pytest.raises(ValueError, match="linefeed"):
            message[name] = "Weeks\r\nBcc: other@council.example"


class TestEncryption:
    async def test_begins_with_starttls_and_then_signs_in(self, tmp_path: Path) -> None:
        """The password goes over an encrypted connection, to a server that is known."""
        made = certificates.make(tmp_path)
        box = mail_server.Box()
        options: dict[str, Any] = {
            "tls_context": made.server,
            "require_starttls": True,
            "auth_required": True,
        }
        url = "smtp://makegood:a%20p%40ss%2Fword@localhost:{}"
        async with (
            mail_server.running(box, **options) as port,
            sender(port, url=url, authorities=made.file) as client,
        ):
            assert "sent" == (await client.send(letters.outgoing())).state

    async def test_is_there_from_the_start_with_smtps(self, tmp_path: Path) -> None:
        """Port 465."""
        made = certificates.make(tmp_path)
        async with (
            mail_server.running(mail_server.Box(), whole_tls=made.server) as port,
            sender(port, url="smtps://localhost:{}", authorities=made.file) as client,
        ):
            assert "sent" == (await client.send(letters.outgoing())).state

    @pytest.mark.parametrize("host", ["localhost", "other.example"])
    async def test_is_refused_with_a_stranger(self, tmp_path: Path, host: str) -> None:
        """A certificate that nobody vouches for, or that is another host's."""
        made = certificates.make(tmp_path, host)
        authorities = made.file if host != "localhost" else None
        async with (
            mail_server.running(mail_server.Box(), tls_context=made.server) as port,
            sender(port, url="smtp://localhost:{}", authorities=authorities) as client,
        ):
            outcome = await client.send(letters.outgoing())
        assert ("later", True) == (outcome.state, outcome.is_away)
        assert "certificate verify failed" in outcome.answer

    async def test_is_never_left_out(self) -> None:
        """A server without STARTTLS gets nothing."""
        box = mail_server.Box()
        async with (
            mail_server.running(box) as port,
            sender(port, url="smtp://127.0.0.1:{}") as client,
        ):
            outcome = await client.send(letters.outgoing())
        assert ("later", True, []) == (outcome.state, outcome.is_away, box.got)
        assert "STARTTLS" in outcome.answer

    async def test_signs_in_or_says_that_it_could_not(self, tmp_path: Path) -> None:
        """A wrong password is nobody's dispatch's fault. It is not in the answer."""
        made = certificates.make(tmp_path)
        options: dict[str, Any] = {"tls_context": made.server, "auth_required": True}
        url = "smtp://makegood:wrong-one@localhost:{}"
        async with (
            mail_server.running(mail_server.Box(), **options) as port,
            sender(port, url=url, authorities=made.file) as client,
        ):
            outcome = await client.send(letters.outgoing())
        assert ("later", True) == (outcome.state, outcome.is_away)
        assert "535" in outcome.answer
        assert "wrong-one" not in outcome.answer


class TestAUrl:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("smtp://mail.example", ("mail.example", 587, "start")),
            ("smtp://mail.example:2525/", ("mail.example", 2525, "start")),
            ("smtps://mail.example", ("mail.example", 465, "whole")),
            ("smtp://localhost?tls=none", ("localhost", 25, "none")),
        ],
    )
    def test_names_host_port_and_encryption(self, url: str, expected: tuple[str, int, str]) -> None:
        """The port is the usual one of each."""
        server = smtp.read_url(url)
        assert expected == (server.host, server.port, server.tls)

    def test_carries_what_signs_in(self) -> None:
        """Signs that mean something in a URL are escaped. The password is not shown by accident."""
        server = smtp.read_url("smtp://a%40b:p%2Fq@mail.example")
        assert ("a@b", "p/q") == (server.user, server.password)
        assert "p/q" not in repr(server)

    @pytest.mark.parametrize(
        "url",
        [
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtp://mail.example:port",
            "smtp://mail.example/path",
            "smtp://mail.example?tls=maybe",
            "smtp://mail.example?tls=none",
            "smtps://localhost?tls=none",
        ],
    )
    def test_is_refused_with_how_to_write_it(self, url: str) -> None:
        """In the clear only to this machine, unless a setting says otherwise."""
        with pytest.raises(ValueError, match=r"smtp|machine"):
            smtp.read_url(url)

    def test_may_be_in_the_clear_where_a_setting_says_so(self) -> None:
        """Within the network of a compose file, for example."""
        assert "none" == smtp.read_url("smtp://mail?tls=none", is_plain_allowed=True).tls
