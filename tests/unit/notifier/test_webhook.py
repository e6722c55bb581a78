"""Webhooks, against a real receiver that checks the signature with the library."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import standardwebhooks

from shared.notifier import sealing, sending
from shared.notifier.channels import guard, webhook
from tests.support import certificates, letters, receiver

SECRET: Final = bytes(range(32))
KEY: Final = b"k" * 32
BODY: Final = json.dumps({"type": "shortfall_opened", "title": "Wochen – £40"}).encode()
HERE: Final = guard.read_allowed("127.0.0.0/8")
IMPATIENT: Final = webhook.Patience(step_seconds=0.4, call_seconds=0.8)


class Hook:
    """A receiver."""

    def __init__(self, answer: receiver.Answer | receiver.Silent | None = None) -> None:
        self.answer = answer or receiver.Answer(204)
        self.got: list[receiver.Request] = []

    async def behave(self, request: receiver.Request) -> receiver.Answer | receiver.Silent:
        self.got.append(request)
        return self.answer


async def send(
    hook: Hook, url: str = "http://127.0.0.1:{}/hook?team=1", **options: Any
) -> sending.Outcome:
    options.setdefault("patience", IMPATIENT)
    tls = options.pop("tls", None)
    async with receiver.running(hook.behave, tls) as port:
        return await call(url.format(port), **options)


async def call(url: str, **options: Any) -> sending.Outcome:
    sealed = options.pop("sealed", sealing.seal(KEY, SECRET, url))
    made = webhook.Webhooks(options.pop("allowed", HERE), KEY, **options)
    try:
        return await made.send(letters.outgoing(address=url, body=BODY, secret=sealed))
    finally:
        await made.close()


class TestACall:
    async def test_is_signed_so_that_its_receiver_can_check_it(self) -> None:
        """By the library, with the secret as it was shown: id, time and body are all signed."""
        hook = Hook()
        assert sending.Outcome("sent", "204") == await send(hook)
        (got,) = hook.got
        assert ("POST", "/hook?team=1", BODY) == (got.method, got.target, got.body)
        assert "00000000-0000-0000-0000-000000000007" == got.headers["webhook-id"]
        assert "application/json" == got.headers["content-type"]
        secret = webhook.write_secret(SECRET)
        checked = standardwebhooks.Webhook(secret).verify(got.body, dict(got.headers))
        assert {"type": "shortfall_opened", "title": "Wochen – £40"} == checked

    @pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "body", "secret"])
    async def test_does_not_pass_if_anything_was_changed(self, changed: str) -> None:
        """Nor with another secret."""
        hook = Hook()
        await send(hook)
        headers, body = dict(hook.got[0].headers), hook.got[0].body
        secret = bytes(32) if changed == "secret" else SECRET
        if changed == "body":
            body += b" "
        elif changed in headers:
            headers[changed] = str(int(time.time()) - 1)
        with pytest.raises(standardwebhooks.webhooks.WebhookVerificationError):
            standardwebhooks.Webhook(secret).verify(body, headers)

    @pytest.mark.parametrize(
        ("answer", "state", "says"),
        [
            (receiver.Answer(200, b'{"ok": true}'), "sent", '200 {"ok": true}'),
            (receiver.Answer(202, b"\x1b[2Jlater"), "sent", "202 [2Jlater"),
            (receiver.Answer(410), "refused", "410"),
            (receiver.Answer(404, b"not here"), "later", "404 not here"),
            (receiver.Answer(429), "later", "429"),
            (receiver.Answer(500), "later", "500"),
            (receiver.Silent(True), "later", "RemoteProtocolError"),
            (receiver.Silent(False), "later", "ReadTimeout"),
        ],
    )
    async def test_is_taken_by_any_2xx_and_ended_by_410(
        self, answer: receiver.Answer | receiver.Silent, state: str, says: str
    ) -> None:
        """Everything else is tried again: the receiver can tell a call that it has already."""
        outcome = await send(Hook(answer))
        assert (state, False) == (outcome.state, outcome.is_away)
        assert (state == "refused") == outcome.is_gone
        assert outcome.answer.startswith(says)

    async def test_follows_no_redirect(self) -> None:
        """Not even to where it might have gone itself."""
        target = Hook()
        async with receiver.running(target.behave) as port:
            to = {"location": f"http://127.0.0.1:{port}/"}
            outcome = await send(Hook(receiver.Answer(307, headers=to)))
        assert ("later", []) == (outcome.state, target.got)
        assert outcome.answer.startswith("307 it redirects")

    async def test_reads_no_more_than_it_must_of_an_answer(self) -> None:
        """A receiver that sends 5 MB has taken it; 500 characters are kept."""
        outcome = await send(Hook(receiver.Answer(200, b"x" * 5_000_000)))
        assert ("sent", 500) == (outcome.state, len(outcome.answer))

    async def test_is_taken_if_the_answer_never_ends(self) -> None:
        """The status said so."""
        answer = receiver.Answer(200, b"x", headers={"content-length": "9"})
        async with asyncio.timeout(5):
            assert "sent" == (await send(Hook(answer))).state

    async def test_uses_no_proxy_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It would go where the proxy can go."""
        proxy, hook = Hook(), Hook()
        async with receiver.running(proxy.behave) as port:
            for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
            assert "sent" == (await send(hook)).state
        assert (0, 1) == (len(proxy.got), len(hook.got))

    async def test_to_nobody_is_no_fault_of_the_channel(self) -> None:
        """Others have servers of their own."""
        async with receiver.running(Hook().behave) as port:
            pass
        outcome = await call(f"http://127.0.0.1:{port}/")
        assert ("later", False) == (outcome.state, outcome.is_away)


class TestASecret:
    def test_is_told_by_its_key_alone(self) -> None:
        """Two that are alike are sealed differently."""
        one, other = (sealing.seal(KEY, SECRET, "https://hooks.example/") for _ in range(2))
        assert one != other
        assert SECRET not in one
        assert SECRET == sealing.open_sealed(KEY, one, "https://hooks.example/")

    @pytest.mark.parametrize(
        "sealed",
        [
            sealing.seal(b"o" * 32, SECRET, "https://hooks.example/"),
            sealing.seal(KEY, SECRET, "https://other.example/"),
            SECRET,
            b"",
        ],
        ids=["another key", "another URL", "not sealed", "nothing"],
    )
    async def test_of_another_key_or_url_signs_nothing(self, sealed: bytes) -> None:
        """The webhook must be entered anew."""
        outcome = await call("https://hooks.example/", sealed=sealed)
        assert "refused" == outcome.state
        assert outcome.answer.startswith("Its secret cannot be read")


class TestTheGuard:
    @pytest.mark.parametrize(
        "url", ["https://127.0.0.1:{}/", "https://localhost:{}/", "https://2130706433:{}/"]
    )
    async def test_keeps_calls_within_the_public_internet(self, url: str) -> None:
        """Nothing arrives here, however it is written."""
        hook = Hook()
        outcome = await send(hook, url, allowed=guard.Allowed())
        assert ("refused", []) == (outcome.state, hook.got)
        assert "is not on the public internet" in outcome.answer

    async def test_connects_to_the_address_that_it_looked_at(self, tmp_path: Path) -> None:
        """A name that is allowed when it is looked at, and would be another address when it is
        connected to, gets no second question (DNS rebinding)."""
        asked: list[str] = []

        async def rebind(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

        hook, made = Hook(), certificates.make(tmp_path, "hooks.example")
        options: dict[str, Any] = {"authorities": made.file, "resolve": rebind}
        outcome = await send(hook, "https://hooks.example:{}/", tls=made.server, **options)
        assert ("sent", ["hooks.example"]) == (outcome.state, asked)
        assert hook.got[0].headers["host"].startswith("hooks.example:")

    async def test_judges_a_name_anew_with_each_connection(self) -> None:
        """It was public when it was entered; now it points inside."""
        hook = Hook()

        async def inside(host: str, port: int) -> Sequence[str]:
            return ["93.184.215.14", "127.0.0.1"]

        url = "https://hooks.example:{}/"
        assert await guard.check_url(url.format(1), guard.Allowed(), inside) is not None
        outcome = await send(hook, url, allowed=guard.Allowed(), resolve=inside)
        assert ("refused", []) == (outcome.state, hook.got)

    async def test_goes_on_to_the_next_address_of_a_host(self) -> None:
        """The first one does not listen."""
        hook = Hook()

        async def two(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.2", "127.0.0.1"]

        allowed = guard.read_allowed("hooks.example")
        url = "http://hooks.example:{}/"
        assert "sent" == (await send(hook, url, allowed=allowed, resolve=two)).state

    async def test_leaves_the_check_of_the_name_to_tls(self, tmp_path: Path) -> None:
        """The certificate must be the host's, though it is an address that is connected to."""

        async def here(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.1"]

        made = certificates.make(tmp_path, "hooks.example")
        options: dict[str, Any] = {
            "tls": made.server,
            "authorities": made.file,
            "allowed": HERE,
            "resolve": here,
        }
        assert "sent" == (await send(Hook(), "https://hooks.example:{}/", **options)).state
        outcome = await send(Hook(), "https://other.example:{}/", **options)
        assert "later" == outcome.state
        assert "certificate" in outcome.answer

    async def test_waits_for_no_resolver_for_long(self) -> None:
        """A name that cannot be resolved now may be resolved later."""

        async def hang(host: str, port: int) -> Sequence[str]:
            await asyncio.Event().wait()
            return []

        options: dict[str, Any] = {"patience": IMPATIENT, "resolve": hang}
        outcome = await call("https://hooks.example/", **options)
        assert ("later", False) == (outcome.state, outcome.is_away)
