"""`python -m services.intake serve | migrate | token | …`."""

from __future__ import annotations

import gc

# what is imported stays: walking it again and again takes a tenth of the start
gc.set_threshold(100_000)

from services.intake import app
from services.intake.settings import IntakeSettings
from shared import commands, http, log


def _settings() -> IntakeSettings:
    return IntakeSettings()


command = commands.common("intake", _settings, app.MIGRATIONS)


@command.command()
def serve() -> None:
    """Serve until SIGTERM."""
    settings = _settings()
    log.configure("intake", settings.log_level)
    http.serve(app.build(settings), settings, settings.port)


if __name__ == "__main__":
    command()
