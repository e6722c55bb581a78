"""Verification's settings, from the environment. The service's README lists them."""

from __future__ import annotations

from datetime import datetime

from pydantic import AliasChoices, Field, field_validator, model_validator

from shared import settings


class Settings(settings.Settings):
    """The settings of every service, and verification's own."""

    database_url: settings.Dsn = Field(validation_alias=settings.service_database("verification"))
    port: int = Field(
        default=8002, ge=1, le=65535, validation_alias=AliasChoices("port", "VERIFICATION_PORT")
    )
    demo_starts_at: datetime | None = Field(
        default=None, validation_alias=AliasChoices("demo_starts_at", "MAKEGOOD_DEMO_STARTS_AT")
    )
    """Where the demo's clock starts, with its offset from UTC."""
    webhook_allowed: str = ""
    """Hosts and networks that webhooks may reach although they are private, by commas."""

    @field_validator("webhook_allowed")
    @classmethod
    def _allowed_can_be_read(cls, text: str) -> str:
        if text:
            from shared.notifier.channels import guard  # late: few need it, and it takes 10 MB

            guard.read_allowed(text)
        return text

    @model_validator(mode="after")
    def _demo_starts_somewhere(self) -> Settings:
        if self.demo_starts_at is not None and self.demo_starts_at.tzinfo is None:
            raise ValueError("MAKEGOOD_DEMO_STARTS_AT needs an offset from UTC, such as Z")
        return self
