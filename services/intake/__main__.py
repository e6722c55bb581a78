"""`python -m services.intake serve | migrate | token | …`."""

from __future__ import annotations

import gc

# what is imported stays: walking it again and again takes a tenth of the start
gc.set_threshold(100_000)

from services.intake import app, store
from services.intake.settings import Settings
from shared import commands, log
from shared.web import server


def _settings() -> Settings:
    return Settings()


command = commands.common("intake", _settings, store.MIGRATIONS)


@command.command()
def serve() -> None:
    """Serve until SIGTERM."""
    settings = _settings()
    log.configure("intake", settings.log_level)
    server.serve(app.build(settings), settings, settings.port)


if __name__ == "__main__":
    command()
