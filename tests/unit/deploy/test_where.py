"""What the demo prints last: where to look next."""

from __future__ import annotations

import io
from pathlib import Path

import rich.console

from deploy.local.demo import summary


class TestWhere:
    def test_names_the_pages_and_where_to_sign_in(self) -> None:
        """Whole, also in a narrow terminal: an address that is broken cannot be opened."""
        printed = io.StringIO()
        urls = {
            "intake": "http://127.0.0.1:8001",
            "verification": "http://127.0.0.1:8002",
            "ledger": "http://127.0.0.1:8003",
        }
        console = rich.console.Console(file=printed, width=40)
        summary.show_where(console, Path("/state/stack.json"), urls)
        for line in (
            "choose who you are: http://127.0.0.1:8001/sign-in",
            "returns       http://127.0.0.1:8001/",
            "contracts     http://127.0.0.1:8002/",
            "the record    http://127.0.0.1:8003/",
        ):
            assert line in printed.getvalue()
