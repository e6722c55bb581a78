"""Commands as people run them: processes, with a terminal's width and an environment."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
MAKEGOOD: Final = [sys.executable, "-c", "from deploy.cli import app; app()"]
SECONDS_MAX: Final = 120
SETTINGS: Final = ("KAFKA_", "DATABASE_", "MAKEGOOD_", "INTAKE_", "VERIFICATION_", "LEDGER_")
"""What names of settings begin with: a command gets those only that a test gives it."""


def environment(**settings: str) -> dict[str, str]:
    """The environment of a command, without the settings of whoever runs the tests."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return own | {"COLUMNS": "80", "NO_COLOR": "1"} | settings


def run(
    *command: str, env: Mapping[str, str], cwd: Path = CHECKOUT
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


async def started(*command: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The same beside other tasks."""
    return await asyncio.to_thread(run, *command, env=env)
