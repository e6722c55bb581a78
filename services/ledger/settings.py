"""The ledger's settings, from the environment. Its README lists them."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field

from shared import settings


class Settings(settings.Settings):
    """What the ledger needs in addition to what every service needs."""

    database_url: settings.Dsn = Field(validation_alias=settings.service_database("ledger"))
    port: int = Field(
        default=8003, ge=1, le=65535, validation_alias=AliasChoices("port", "LEDGER_PORT")
    )
    objects: Path | None = Field(
        default=None, validation_alias=AliasChoices("objects", "LEDGER_OBJECTS")
    )
    """The folder of the object store; `<state>/ledger/objects` if it is not set."""
    signed: Path | None = Field(
        default=None, validation_alias=AliasChoices("signed", "LEDGER_SIGNED")
    )
    """The folder that keeps the last signed checkpoint a second time, out of reach of whoever can
    write to the object store; `<state>/ledger/signed` if it is not set."""
    publish_seconds: float = Field(
        default=1.0,
        gt=0,
        le=3600,
        validation_alias=AliasChoices("publish_seconds", "LEDGER_PUBLISH_SECONDS"),
    )
    """The pause between two checkpoints. None is signed while the tree does not grow."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Keys, object store, and the last signed checkpoint."""
        return (self.state, self.objects_folder, self.signed_folder)

    @property
    def objects_folder(self) -> Path:
        return self.objects or self.state / "ledger" / "objects"

    @property
    def signed_folder(self) -> Path:
        return self.signed or self.state / "ledger" / "signed"

    @property
    def key_path(self) -> Path:
        """The seed of the Ed25519 key that signs checkpoints."""
        return self.state / "ledger" / "log.key"
