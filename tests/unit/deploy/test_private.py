"""What the local stack writes is its owner's, like the keys."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from deploy.local.servers import process

WRITES = "import os, pathlib; print('said'); os.mkdir('made'); pathlib.Path('made/file').touch()"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


class TestAProcess:
    async def test_writes_what_only_its_owner_reads(self, tmp_path: Path) -> None:
        """Its log and what it creates, even if the log was open to all before."""
        logs = tmp_path / "logs"
        logs.mkdir(mode=0o755)
        (logs / "child.log").touch(mode=0o644)
        child = process.Process("child", tmp_path)
        child.spawn([sys.executable, "-c", WRITES], dict(os.environ), tmp_path)
        assert 0 == await child.exited()
        await child.stop()
        assert (0o700, 0o600) == (mode(logs), mode(logs / "child.log"))
        assert (0o700, 0o600) == (mode(tmp_path / "made"), mode(tmp_path / "made/file"))
