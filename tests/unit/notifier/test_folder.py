"""E-mails as files, for the local stack."""

from __future__ import annotations

import email
from datetime import timedelta
from email import policy
from pathlib import Path
from typing import Final

from shared.notifier import sending
from shared.notifier.channels import folder
from tests.support import letters

NAME: Final = "20260302T093000Z-00000000-0000-0000-0000-000000000007.eml"


class TestAFolder:
    async def test_gets_each_mail_as_a_file(self, tmp_path: Path) -> None:
        """By moment and dispatch, for its owner only."""
        made = folder.Folder(tmp_path / "mail")
        assert sending.Outcome("sent", f"written to {NAME}") == await made.send(letters.outgoing())
        (file,) = (tmp_path / "mail").iterdir()
        assert (NAME, 0o600) == (file.name, file.stat().st_mode & 0o777)
        read = email.message_from_bytes(file.read_bytes(), policy=policy.default)
        assert "Apprenticeship weeks are behind" == read["Subject"]

    async def test_has_a_repeat_once(self, tmp_path: Path) -> None:
        """The same dispatch again, later: the same file."""
        made = folder.Folder(tmp_path)
        later = letters.AT + timedelta(minutes=5)
        await made.send(letters.outgoing())
        await made.send(letters.outgoing(is_repeat=True, at=later))
        assert [NAME] == [file.name for file in tmp_path.iterdir()]

    async def test_that_cannot_be_written_to_is_away(self, tmp_path: Path) -> None:
        """No fault of what was to be written."""
        (tmp_path / "mail").touch()
        outcome = await folder.Folder(tmp_path / "mail").send(letters.outgoing())
        assert ("later", True) == (outcome.state, outcome.is_away)
