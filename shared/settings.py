"""The settings that every service reads from its environment: Kafka, PostgreSQL, its own address.

Promises: settings are frozen and read once. A setting has a safe default, or the service refuses to
start without it. `read` names every setting that is missing or wrong, by its name in the
environment.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    FilePath,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

_HOST: Final = re.compile(r"(?:\[[^\]]*\]|[^:\[\]]*)(?::[0-9]{1,5})?")


def _check_dsn(secret: SecretStr) -> SecretStr:
    found = urllib.parse.urlsplit(secret.get_secret_value())
    hosts = found.netloc.rpartition("@")[2].split(",")
    if found.scheme not in ("postgresql", "postgres") or not all(map(_HOST.fullmatch, hosts)):
        raise ValueError("write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    return secret


Dsn: TypeAlias = Annotated[SecretStr, AfterValidator(_check_dsn)]
"""Where a database is, with user and password."""

DIGEST_HOUR: Final = 8
"""When daily digests are sent, in London, unless a setting says otherwise."""

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")

Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*[^\s/?#])?$")]
"""An address of pages, such as `https://makegood.example/supplier`, without a slash at its end."""


class Settings(BaseSettings):
    """The base of each service's settings. A field's environment variable is its name in upper
    case, unless it has an alias."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    kafka_bootstrap_servers: str
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_cafile: FilePath | None = None

    kafka_group_instance_id: str | None = None
    """A name that is unique for each process (Kafka's static membership): after a restart the
    process reads on at once. Leave it out where processes come and go."""

    database_url: Dsn
    database_pool_size: int = Field(default=6, ge=2, le=50)

    host: str = Field(default="127.0.0.1", validation_alias=AliasChoices("host", "MAKEGOOD_HOST"))
    state: Path = Field(
        default=Path(".makegood"), validation_alias=AliasChoices("state", "MAKEGOOD_STATE")
    )
    """The folder for keys. Each service has a folder of its own in it."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        default="INFO", validation_alias=AliasChoices("log_level", "MAKEGOOD_LOG_LEVEL")
    )
    check_hour: int = Field(
        default=2, ge=0, le=23, validation_alias=AliasChoices("check_hour", "MAKEGOOD_CHECK_HOUR")
    )
    """The hour in London at which the service checks its books every night."""
    digest_hour: int = Field(
        default=DIGEST_HOUR,
        ge=0,
        le=23,
        validation_alias=AliasChoices("digest_hour", "MAKEGOOD_DIGEST_HOUR"),
    )
    """The hour in London at which people get their daily digest."""
    demo: bool = Field(default=False, validation_alias=AliasChoices("demo", "MAKEGOOD_DEMO"))
    """Runs the local demo: an operator may move the clock, and whoever opens a page may choose who
    they are. For loopback only."""
    council_name: str = Field(
        default="Makegood",
        max_length=100,
        validation_alias=AliasChoices("council_name", "MAKEGOOD_COUNCIL_NAME"),
    )
    """Stands at the top of every page."""
    help_contact: str = Field(
        default="",
        max_length=500,
        validation_alias=AliasChoices("help_contact", "MAKEGOOD_HELP_CONTACT"),
    )
    """A sentence of the pages of help: whom to ask, and how."""
    supplier_url: Address = Field(
        default="http://127.0.0.1:8001",
        validation_alias=AliasChoices("supplier_url", "MAKEGOOD_SUPPLIER_URL"),
    )
    """Where people find the pages of intake."""
    council_url: Address = Field(
        default="http://127.0.0.1:8002",
        validation_alias=AliasChoices("council_url", "MAKEGOOD_COUNCIL_URL"),
    )
    """Where people find the pages of verification."""
    record_url: Address = Field(
        default="http://127.0.0.1:8003",
        validation_alias=AliasChoices("record_url", "MAKEGOOD_RECORD_URL"),
    )
    """Where people find the pages of the ledger."""
    session_key_file: Path | None = Field(
        default=None, validation_alias=AliasChoices("session_key_file", "MAKEGOOD_SESSION_KEY_FILE")
    )
    """32 bytes, the same for the three services: seals the sessions of people. If it is not set,
    the file is in the state folder, and is created there."""

    @model_validator(mode="after")
    def _demo_is_on_loopback(self) -> Settings:
        if self.demo and self.host not in LOOPBACK:
            raise ValueError("MAKEGOOD_DEMO works on a loopback address only")
        return self

    @property
    def session_key_path(self) -> Path:
        """The key of the sessions of people."""
        return self.session_key_file or self.state / "session.key"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where the service keeps files. The free space of the fullest is measured."""
        return (self.state,)


def service_database(service: str) -> AliasChoices:
    """`DATABASE_URL`, or the service's own variable, such as `INTAKE_DATABASE_URL`, which wins."""
    return AliasChoices("database_url", f"{service.upper()}_DATABASE_URL", "DATABASE_URL")


Kind = TypeVar("Kind", bound=BaseSettings)


class WrongSettingsError(Exception):
    """Settings are missing or wrong. The text names each, and says what to do."""


def read(kind: type[Kind], **given: Any) -> Kind:
    """The settings in the environment, and those that are `given` instead. Raises
    WrongSettingsError."""
    try:
        return kind(**given)
    except ValidationError as error:
        raise WrongSettingsError(" ".join(_sentences(kind, error))) from None


def _sentences(kind: type[BaseSettings], error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False, include_input=True):
        if not detail["loc"]:  # about several settings together
            yield f"{detail['msg'].removeprefix('Value error, ')}."
            continue
        names, is_secret = _named(kind, str(detail["loc"][0]))
        if detail["type"] == "missing":
            yield f"{names} is not set."
        else:
            found = "" if is_secret else f" is {detail['input']!r}"
            wrong = detail["msg"].removeprefix("Value error, ")
            yield f"{names}{found}: {wrong[0].lower()}{wrong[1:]}."
    yield "Set it in the environment; the README of the service lists all settings."


def _named(kind: type[BaseSettings], loc: str) -> tuple[str, bool]:
    """The names in the environment of a field that is wrong, and whether it is secret."""
    for name, field in kind.model_fields.items():
        alias = field.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [name]
        if loc in (name, *choices):
            spelt = [str(each) for each in choices if str(each).isupper()] or [name.upper()]
            return " or ".join(spelt), "Secret" in f"{field.annotation}"
    return loc.upper(), True
