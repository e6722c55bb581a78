"""`python -m services.verification serve | migrate | token | …`."""

from __future__ import annotations

from services.verification import app
from services.verification.settings import Settings
from shared import commands, http, log


def _settings() -> Settings:
    return Settings()


command = commands.common("verification", _settings, app.MIGRATIONS)


@command.command()
def serve() -> None:
    """Serve until SIGTERM."""
    settings = _settings()
    log.configure("verification", settings.log_level)
    http.serve(app.build(settings), settings, settings.port)


if __name__ == "__main__":
    command()
