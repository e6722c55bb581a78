"""`python -m deploy.topics`: creates the system's topics on a broker, checks them, and ends.

Promises: running it again changes nothing. Fails with a message and exit code 1 if the broker does
not answer within `ANSWER_SECONDS_MAX`, or a topic has a wrong number of partitions.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

from aiokafka.errors import KafkaError
from pydantic import SecretStr

from shared.delivery import kafka, topics
from shared.settings import Settings

ANSWER_SECONDS_MAX: Final = 60


class Broker(Settings):
    """Settings without a database, which is not needed here."""

    database_url: SecretStr = SecretStr("")


async def create(settings: Settings) -> None:
    """Creates missing topics and waits until every partition has a leader. Raises TimeoutError and
    WrongTopicError."""
    admin: Any = None
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        while admin is None:
            try:
                admin = await kafka.start_admin(settings)
            except KafkaError:  # it is still starting
                await asyncio.sleep(0.5)
        try:
            await topics.create(admin)
        finally:
            await admin.close()


def main() -> None:
    settings = Broker()  # from the environment
    try:
        asyncio.run(create(settings))
    except (topics.WrongTopicError, TimeoutError) as error:
        sys.exit(f"{settings.kafka_bootstrap_servers}: {error or 'the broker does not answer'}")
    print(f"{settings.kafka_bootstrap_servers} has all {len(topics.ALL)} topics")


if __name__ == "__main__":
    main()
