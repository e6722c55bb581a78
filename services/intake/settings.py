"""Intake's settings, from the environment. The service's README lists them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import AliasChoices, Field, model_validator

from shared import settings


class Settings(settings.Settings):
    """The settings of every service, and intake's own."""

    database_url: settings.Dsn = Field(validation_alias=settings.service_database("intake"))
    port: int = Field(
        default=8001, ge=1, le=65535, validation_alias=AliasChoices("port", "INTAKE_PORT")
    )
    receipt_key_file: Path | None = Field(
        default=None, validation_alias=AliasChoices("receipt_key_file", "INTAKE_RECEIPT_KEY_FILE")
    )
    """32 bytes, the seed of the Ed25519 key that signs receipts. If it is not set, the file is in
    the state folder, and is created there."""
    person_key_file: Path | None = Field(
        default=None, validation_alias=AliasChoices("person_key_file", "INTAKE_PERSON_KEY_FILE")
    )
    """32 bytes, the key of the hashes of shared identifiers. If it is lost, the same people get new
    ids."""
    merge_within_hours: int = Field(
        default=24,
        ge=1,
        validation_alias=AliasChoices("merge_within_hours", "INTAKE_MERGE_WITHIN_HOURS"),
    )
    """Within how many hours a receipt promises an entry of the log."""
    posts_per_second_max: float = Field(
        default=100,
        gt=0,
        validation_alias=AliasChoices("posts_per_second_max", "INTAKE_POSTS_PER_SECOND_MAX"),
    )
    """The limit for one client. It may send twice as many at once."""
    disk_free_bytes_min: int = Field(
        default=256 * 1024 * 1024,
        ge=0,
        validation_alias=AliasChoices("disk_free_bytes_min", "INTAKE_DISK_FREE_BYTES_MIN"),
    )
    """With less free space, nothing is accepted."""
    outbox_hours_max: float = Field(
        default=24,
        gt=0,
        validation_alias=AliasChoices("outbox_hours_max", "INTAKE_OUTBOX_HOURS_MAX"),
    )
    """Nothing is accepted while a message has waited longer for the broker."""
    ledger_url: str | None = Field(
        default=None, validation_alias=AliasChoices("ledger_url", "INTAKE_LEDGER_URL")
    )
    """Where the ledger serves its log, so that `fsck` compares receipts with it."""
    demo_starts_at: datetime | None = Field(
        default=None, validation_alias=AliasChoices("demo_starts_at", "MAKEGOOD_DEMO_STARTS_AT")
    )
    """Where the demo's clock starts, with its offset from UTC."""

    @model_validator(mode="after")
    def _demo_starts_somewhere(self) -> Settings:
        if self.demo_starts_at is not None and not self.demo:
            raise ValueError("MAKEGOOD_DEMO_STARTS_AT needs MAKEGOOD_DEMO=1")
        if self.demo_starts_at is not None and self.demo_starts_at.tzinfo is None:
            raise ValueError("MAKEGOOD_DEMO_STARTS_AT needs an offset from UTC, such as Z")
        return self

    @property
    def receipt_key_path(self) -> Path:
        """The seed of the key that signs receipts."""
        return self.receipt_key_file or self.folder / "receipt.key"

    @property
    def folder(self) -> Path:
        """Where intake keeps its keys."""
        return self.state / "intake"
