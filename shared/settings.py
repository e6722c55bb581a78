"""What every service is told by its environment: where Kafka and PostgreSQL are, and its own port.

Promises: settings are frozen and read once; each has a safe default or a clear refusal to start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """A service's settings derive from these and add its own. Environment names are the upper-case
    field names unless an alias says otherwise."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    kafka_bootstrap_servers: str
    kafka_security_protocol: str = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_cafile: Path | None = None

    kafka_group_instance_id: str | None = None
    """A static member's name, unique per process: a restarted one reads on at once. Leave it out
    where processes come and go."""

    database_url: SecretStr
    database_pool_size: int = Field(default=6, ge=2, le=50)

    host: str = Field(default="127.0.0.1", validation_alias=AliasChoices("host", "MAKEGOOD_HOST"))
    state: Path = Field(
        default=Path(".makegood"), validation_alias=AliasChoices("state", "MAKEGOOD_STATE")
    )
    """Folder for keys; each service keeps its own below it."""
    log_level: str = Field(
        default="INFO", validation_alias=AliasChoices("log_level", "MAKEGOOD_LOG_LEVEL")
    )
    demo: bool = Field(default=False, validation_alias=AliasChoices("demo", "MAKEGOOD_DEMO"))
    """The local demo: a clock that an operator may move. Loopback only."""


def service_database(service: str) -> AliasChoices:
    """`DATABASE_URL`, or the service's own, which goes first."""
    return AliasChoices("database_url", f"{service.upper()}_DATABASE_URL", "DATABASE_URL")
