"""What a new demo says of the one that it forgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.demo import forgotten


class TestWords:
    def test_say_how_much_and_since_when(self, tmp_path: Path) -> None:
        """As it was noted last."""
        noted = '{"began": "2026-11-05T09:07:12+00:00", "contracts": 4, "receipts": 26}'
        (tmp_path / forgotten.FILE).write_text(noted)
        assert (
            "The previous demo is forgotten: 4 contracts and 26 receipts since 5 November 2026, "
            "09:07 UTC. Each starts anew; the data of `makegood up` is not touched."
        ) == forgotten.words(tmp_path)

    @pytest.mark.parametrize("noted", [None, "", "[]", '{"began": "now"}'])
    def test_say_that_there_was_no_end(self, tmp_path: Path, noted: str | None) -> None:
        """Of a demo that was killed before its summary."""
        if noted is not None:
            (tmp_path / forgotten.FILE).write_text(noted)
        assert "never came to its end" in forgotten.words(tmp_path)
