"""E-mails as files in a folder, for the local stack: nothing leaves the machine.

Promises: a file appears whole or not at all, as `<moment>-<dispatch id>.eml`. A repeat writes the
same file again.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from shared.notifier import sending
from shared.notifier.channels import answers


class Folder:
    """Writes e-mails into a folder, which is made with the first one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, outgoing: sending.Outgoing) -> sending.Outcome:
        try:
            file = await asyncio.to_thread(self._write, outgoing)
        except OSError as error:
            return sending.Outcome("later", answers.cut(error), is_away=True)
        return sending.Outcome("sent", answers.cut("written to", file.name))

    def _write(self, outgoing: sending.Outgoing) -> Path:
        assert outgoing.message is not None
        self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A repeat has a moment of its own. Then the file that is there is written again.
        ending = f"{outgoing.dispatch_id}.eml"
        earlier = sorted(self._path.glob(f"*-{ending}")) if outgoing.is_repeat else []
        file = earlier[0] if earlier else self._path / f"{outgoing.at:%Y%m%dT%H%M%SZ}-{ending}"
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(outgoing.message.as_bytes())
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(file)
        return file

    async def close(self) -> None:
        """Nothing is kept open."""
