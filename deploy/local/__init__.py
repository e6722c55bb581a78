"""The embedded stack: real Kafka, real PostgreSQL and the three services on one machine."""

import os
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[2]
STATE: Final = Path(os.environ.get("MAKEGOOD_STATE") or CHECKOUT / ".makegood").absolute()


def states(folder: Path) -> tuple[Path, Path]:
    """The state folders that a folder stands for: the one that the demo runs in, and itself."""
    return folder / "demo", folder


class CannotStart(Exception):  # noqa: N818 - reads as the sentence it is: "raise CannotStart"
    """The stack can't run here; the message says why and what to do about it."""
