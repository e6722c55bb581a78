"""What intake is told by its environment. The README lists every one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import AliasChoices, Field, SecretStr, model_validator

from shared import settings

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class IntakeSettings(settings.Settings):
    database_url: SecretStr = Field(validation_alias=settings.service_database("intake"))
    port: int = Field(default=8001, validation_alias=AliasChoices("port", "INTAKE_PORT"))
    receipt_key_file: Path | None = Field(
        default=None, validation_alias=AliasChoices("receipt_key_file", "INTAKE_RECEIPT_KEY_FILE")
    )
    """32 bytes, the seed of the Ed25519 key that signs receipts; made in the state folder where
    none is given."""
    person_key_file: Path | None = Field(
        default=None, validation_alias=AliasChoices("person_key_file", "INTAKE_PERSON_KEY_FILE")
    )
    """32 bytes that key the hashes of shared identifiers. Lost, the same people get new ids."""
    merge_within_hours: int = Field(
        default=24,
        ge=1,
        validation_alias=AliasChoices("merge_within_hours", "INTAKE_MERGE_WITHIN_HOURS"),
    )
    """What a receipt promises: in the ledger within so many hours."""
    posts_per_second_max: float = Field(
        default=100,
        gt=0,
        validation_alias=AliasChoices("posts_per_second_max", "INTAKE_POSTS_PER_SECOND_MAX"),
    )
    """For one client; twice as many at once."""
    disk_free_bytes_min: int = Field(
        default=256 * 1024 * 1024,
        ge=0,
        validation_alias=AliasChoices("disk_free_bytes_min", "INTAKE_DISK_FREE_BYTES_MIN"),
    )
    """Below this nothing is accepted."""
    outbox_hours_max: float = Field(
        default=24,
        gt=0,
        validation_alias=AliasChoices("outbox_hours_max", "INTAKE_OUTBOX_HOURS_MAX"),
    )
    """Nothing is accepted while a message has waited longer for the broker."""
    demo_starts_at: datetime | None = Field(
        default=None, validation_alias=AliasChoices("demo_starts_at", "MAKEGOOD_DEMO_STARTS_AT")
    )
    """Where the demo's clock starts, with its offset from UTC."""

    @model_validator(mode="after")
    def _demo_is_local(self) -> IntakeSettings:
        if self.demo and self.host not in LOOPBACK:
            raise ValueError("MAKEGOOD_DEMO works on a loopback address only")
        if self.demo_starts_at is not None and not self.demo:
            raise ValueError("MAKEGOOD_DEMO_STARTS_AT needs MAKEGOOD_DEMO=1")
        if self.demo_starts_at is not None and self.demo_starts_at.tzinfo is None:
            raise ValueError("MAKEGOOD_DEMO_STARTS_AT needs an offset from UTC, such as Z")
        return self
