"""The settings that every service reads from its environment: Kafka, PostgreSQL, its own address.

Promises: settings are frozen and read once. A setting has a safe default, or the service refuses to
start without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The base of each service's settings. A field's environment variable is its name in upper
    case, unless it has an alias."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    kafka_bootstrap_servers: str
    kafka_security_protocol: str = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_cafile: Path | None = None

    kafka_group_instance_id: str | None = None
    """A name that is unique for each process (Kafka's static membership): after a restart the
    process reads on at once. Leave it out where processes come and go."""

    database_url: SecretStr
    database_pool_size: int = Field(default=6, ge=2, le=50)

    host: str = Field(default="127.0.0.1", validation_alias=AliasChoices("host", "MAKEGOOD_HOST"))
    state: Path = Field(
        default=Path(".makegood"), validation_alias=AliasChoices("state", "MAKEGOOD_STATE")
    )
    """The folder for keys. Each service has a folder of its own in it."""
    log_level: str = Field(
        default="INFO", validation_alias=AliasChoices("log_level", "MAKEGOOD_LOG_LEVEL")
    )
    check_hour: int = Field(
        default=2, ge=0, le=23, validation_alias=AliasChoices("check_hour", "MAKEGOOD_CHECK_HOUR")
    )
    """The hour in London at which the service checks its books every night."""
    demo: bool = Field(default=False, validation_alias=AliasChoices("demo", "MAKEGOOD_DEMO"))
    """Runs the local demo: an operator may move the clock. For loopback only."""


def service_database(service: str) -> AliasChoices:
    """`DATABASE_URL`, or the service's own variable, such as `INTAKE_DATABASE_URL`, which wins."""
    return AliasChoices("database_url", f"{service.upper()}_DATABASE_URL", "DATABASE_URL")
