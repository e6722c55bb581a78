"""Webhooks, signed as Standard Webhooks (standardwebhooks.com).

Promises:

- Each call is signed with the webhook's own secret, which is stored sealed. `webhook-id` is the
  dispatch: whoever gets one twice can tell, so that what may have arrived is simply sent again.
- It goes where `guard` lets it, over no proxy, and follows no redirect. It ends within its time. At
  most 10 kB of the answer are read, and none has to be.
- Each webhook has a server of its own: a failure is that of its dispatch, never of the channel.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpcore
import httpx
import standardwebhooks

from shared.notifier import sealing, sending
from shared.notifier.channels import answers, guard

STEP_SECONDS_MAX: Final = 10.0
CALL_SECONDS_MAX: Final = 25.0
ANSWER_BYTES_MAX: Final = 10_000
CONNECTIONS_MAX: Final = 20
IDLE_SECONDS_MAX: Final = 5.0
SECRET_BYTES: Final = 32
"""Standard Webhooks asks for 24 to 64."""

_FAULTS: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    OSError,
)
"""What does not come to an answer. A time-out of asyncio is an OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a call may take."""

    step_seconds: float = STEP_SECONDS_MAX
    call_seconds: float = CALL_SECONDS_MAX


class Webhooks:
    """Calls webhooks."""

    def __init__(
        self,
        allowed: guard.Allowed,
        key: bytes,
        *,
        authorities: Path | None = None,
        patience: Patience | None = None,
        resolve: guard.Resolve = guard.resolve_by_system,
    ) -> None:
        """`key`: the secrets are sealed with it. `authorities`: the certificates of whoever may
        vouch for a server, instead of the system's."""
        self._allowed, self._key = allowed, key
        self._patience = patience or Patience()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(cafile=authorities),
            max_connections=CONNECTIONS_MAX,
            keepalive_expiry=IDLE_SECONDS_MAX,
            network_backend=guard.Backend(allowed, resolve),
        )

    async def send(self, outgoing: sending.Outgoing) -> sending.Outcome:
        if (reason := guard.refuse_url(outgoing.address, self._allowed)) is not None:
            return sending.Outcome("refused", reason)
        assert outgoing.secret is not None
        try:
            secret = sealing.open_sealed(self._key, outgoing.secret, outgoing.address)
        except sealing.SealError as error:
            return sending.Outcome("refused", answers.cut("Its secret cannot be read:", error))
        try:
            async with asyncio.timeout(self._patience.call_seconds):
                return await self._call(outgoing, secret)
        except guard.ForbiddenError as error:
            return sending.Outcome("refused", answers.cut(error))
        except _FAULTS as error:
            return sending.Outcome("later", answers.cut(type(error).__name__, error))

    async def close(self) -> None:
        """Lets go of connections."""
        await self._pool.aclose()

    async def _call(self, outgoing: sending.Outgoing, secret: bytes) -> sending.Outcome:
        url = httpx.URL(outgoing.address)
        steps = dict.fromkeys(("connect", "read", "write", "pool"), self._patience.step_seconds)
        async with self._pool.stream(
            "POST",
            httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=[(b"host", url.netloc), *_headers(outgoing, secret)],
            content=outgoing.body,
            extensions={"timeout": steps},
        ) as response:
            return _judge(response.status, await self._read(response))

    async def _read(self, response: httpcore.Response) -> bytes:
        """The first bytes of the answer, or none: its status says enough. The connection is closed
        with what else there is."""
        read = bytearray()
        with contextlib.suppress(*_FAULTS):
            async with asyncio.timeout(self._patience.step_seconds):
                async for part in response.aiter_stream():
                    read += part
                    if len(read) >= ANSWER_BYTES_MAX:
                        break
        return bytes(read[:ANSWER_BYTES_MAX])


def write_secret(secret: bytes) -> str:
    """A secret as its webhook's receiver writes it."""
    return f"whsec_{base64.b64encode(secret).decode('ascii')}"


def _headers(outgoing: sending.Outgoing, secret: bytes) -> list[tuple[bytes, bytes]]:
    assert outgoing.body is not None
    dispatch_id = str(outgoing.dispatch_id)
    # The receiver compares it with its own clock: never the demo's, which was moved.
    at = datetime.now(UTC)
    signature = standardwebhooks.Webhook(secret).sign(
        dispatch_id, at, outgoing.body.decode("utf-8")
    )
    return [
        (b"content-type", b"application/json"),
        (b"user-agent", b"Makegood"),
        (b"webhook-id", dispatch_id.encode("ascii")),
        (b"webhook-timestamp", str(int(at.timestamp())).encode("ascii")),
        (b"webhook-signature", signature.encode("ascii")),
    ]


def _judge(status: int, body: bytes) -> sending.Outcome:
    said = body.decode("utf-8", errors="replace")
    if status // 100 == 2:
        return sending.Outcome("sent", answers.cut(status, said))
    if status == httpx.codes.GONE:
        return sending.Outcome("refused", answers.cut(status, said), is_gone=True)
    if status // 100 == 3:
        return sending.Outcome("later", answers.cut(status, "it redirects, which is not followed"))
    return sending.Outcome("later", answers.cut(status, said))
