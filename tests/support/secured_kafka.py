"""The broker of the compose file, with its settings: clients sign in, and may do what was allowed.

Only addresses and the data folder differ.
"""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from aiokafka.errors import KafkaError
from pydantic import SecretStr

from deploy.local.servers import both, kafka, ports
from shared.delivery import kafka as clients
from shared.settings import Settings

SETTINGS = Path(__file__).parents[2] / "deploy" / "kafka" / "server.properties"


class SecuredKafka(kafka.Kafka):
    """Only the admin can sign in at first."""

    def __init__(self, state: Path, reserved: ports.Ports) -> None:
        broker, controller = reserved.reserve("kafka"), reserved.reserve("kafka_controller")
        text = SETTINGS.read_text()
        for said, here in {
            "{": "{{",
            "}": "}}",
            "0.0.0.0:9092": f"127.0.0.1:{broker}",
            "kafka:9092": f"127.0.0.1:{broker}",
            "127.0.0.1:9093": f"127.0.0.1:{controller}",
            "/var/lib/kafka/data": "{data}",
        }.items():
            assert said in text
            text = text.replace(said, here)
        super().__init__(state, reserved, text)
        self.password = secrets.token_hex(16)

    async def is_ready(self) -> bool:
        """Whether the admin can sign in."""
        try:  # a plain connection first: the client would log each refusal
            _, writer = await asyncio.open_connection(*self.bootstrap.split(":"))
            writer.close()
            await (await clients.start_admin(self.signed_in("admin", self.password))).close()
        except (OSError, TimeoutError, KafkaError):
            return False
        return True

    def signed_in(self, user: str, password: str) -> Settings:
        """The settings of a client that signs in as `user`."""
        return Settings(
            kafka_bootstrap_servers=self.bootstrap,
            kafka_security_protocol="SASL_PLAINTEXT",
            kafka_sasl_username=user,
            kafka_sasl_password=SecretStr(password),
            database_url=SecretStr("postgresql://127.0.0.1:1/none"),
        )

    def _format(self, *more: str) -> None:
        credential = f"SCRAM-SHA-512=[name=admin,password={self.password}]"
        super()._format("--add-scram", credential, *more)

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"ADMIN_PASSWORD": self.password}


class SecuredServers(both.Servers):
    """This broker, and a PostgreSQL."""

    kafka: SecuredKafka

    def __init__(self, state: Path) -> None:
        super().__init__(state)
        self.kafka = SecuredKafka(state, self.ports)
