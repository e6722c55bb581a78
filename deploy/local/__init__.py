"""The local stack: a real Kafka, a real PostgreSQL and the three services on one machine."""

import os
from pathlib import Path
from typing import Final

from shared.command_line import CannotGoOn

CHECKOUT: Final = Path(__file__).resolve().parents[2]
STATE: Final = Path(os.environ.get("MAKEGOOD_STATE") or CHECKOUT / ".makegood").absolute()
"""Where the stack keeps its data, logs and keys."""


def states(folder: Path) -> tuple[Path, Path]:
    """The two state folders in a folder: the demo's, and the folder itself, for `makegood up`."""
    return folder / "demo", folder


class CannotStart(CannotGoOn):
    """The stack cannot run here. The text says why, and what to do about it."""
