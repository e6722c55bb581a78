"""The clients of everyone outside the system: the council's people and the suppliers' programs.

Promises: they use the public interfaces only, HTTP with a token and the parties' inbound topics. A
service that does not answer for a moment is asked again. An unexpected answer is an error with the
answer's text.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

import httpx
from aiokafka import AIOKafkaProducer

from deploy.local.demo.listener import NotSeenError

ASK_SECONDS_MAX: Final = 30.0
"""How long to ask again. A service that was killed is back after a few seconds."""
POLL_SECONDS: Final = 0.1


class UnexpectedError(Exception):
    """A service gave an unexpected answer, or none."""


class Clients:
    """An HTTP client and a Kafka producer, with the services' `urls` and with `tokens` by role or
    party."""

    def __init__(
        self,
        urls: Mapping[str, str],
        tokens: Mapping[str, str],
        client: httpx.AsyncClient,
        producer: AIOKafkaProducer,
    ) -> None:
        self._urls, self.tokens = urls, dict(tokens)
        self._client, self._producer = client, producer

    async def ask(
        self,
        who: str,
        method: str,
        address: str,
        *,
        wanted: tuple[int, ...] = (200, 201),
        **what: Any,
    ) -> Any:
        """The JSON of an answer. `address` is service and path, such as `intake/api/v1/returns`.
        Raises UnexpectedError if the status is not one of `wanted`."""
        response = await self.answer(who, method, address, **what)
        if response.status_code not in wanted:
            raise UnexpectedError(
                f"{method} {response.url} answered {response.status_code}: {response.text[:2000]}"
            )
        return response.json()

    async def answer(self, who: str, method: str, address: str, **what: Any) -> httpx.Response:
        """The answer to a request with the token of `who`, whatever its status."""
        service, _, path = address.partition("/")
        headers = {"authorization": f"Bearer {self.tokens[who]}"} | what.pop("headers", {})
        deadline = time.monotonic() + ASK_SECONDS_MAX
        while True:
            with contextlib.suppress(httpx.ConnectError):
                response = await self._client.request(
                    method, f"{self._urls[service]}/{path}", headers=headers, **what
                )
                if response.status_code not in (429, 503) or time.monotonic() > deadline:
                    return response
            if time.monotonic() > deadline:
                raise UnexpectedError(f"{service} does not answer")
            await asyncio.sleep(POLL_SECONDS)

    async def all(self, who: str, address: str, **parameters: str) -> list[Any]:
        """Every item of a list, page by page."""
        found: list[Any] = []
        while True:
            page = await self.ask(who, "GET", address, params=parameters)
            found.extend(page["items"])
            if page["next"] is None:
                return found
            parameters["cursor"] = page["next"]

    async def write(self, topic: str, body: bytes, key: bytes) -> None:
        """Writes one record to an inbound topic. The broker has it when this returns."""
        headers = [("idempotency-key", key)]
        await self._producer.send_and_wait(topic, body, headers=headers)


async def until(fact: Callable[[], Awaitable[bool]], what: str, seconds_max: float) -> None:
    """Polls until `fact` holds. Raises NotSeenError."""
    deadline = time.monotonic() + seconds_max
    while not await fact():
        if time.monotonic() > deadline:
            raise NotSeenError(f"{what} was not seen within {seconds_max:.0f} s")
        await asyncio.sleep(POLL_SECONDS)


@contextlib.asynccontextmanager
async def connected(
    urls: Mapping[str, str], tokens: Mapping[str, str], bootstrap: str
) -> AsyncIterator[Clients]:
    """The clients, connected while the block runs."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    async with httpx.AsyncClient(timeout=30) as client:
        await producer.start()
        try:
            yield Clients(urls, tokens, client, producer)
        finally:
            await producer.stop()
