"""What docs/notifier.md says of settings, kinds, states and bounds is so in the code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest

from shared.notifier import backoff, dispatches, kinds
from shared.notifier.kinds import Kind
from shared.notifier.settings import NotifierSettings
from tests.project.test_written import environment_names

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/notifier.md").read_text()
SCHEMAS = ROOT / "shared/wire/schemas"


def part(begin: str, end: str) -> str:
    """What stands between two lines of the page."""
    return PAGE.split(begin, 1)[1].split(end, 1)[0]


class TestThePageOfNotifiers:
    def test_lists_all_settings(self) -> None:
        """The table has the variable of each field, and no other."""
        cells = re.findall(r"^\| ([^|]+) \|", part("## Settings", "\n## "), re.MULTILINE)
        listed = set(re.findall(r"`([A-Z_]+)`", " ".join(cells)))
        assert environment_names(NotifierSettings) == listed

    @pytest.mark.parametrize(
        ("heading", "known"),
        [("**People of the council**", kinds.COUNCIL), ("**People of suppliers**", kinds.SUPPLIER)],
    )
    def test_lists_all_kinds(self, heading: str, known: Mapping[str, Kind]) -> None:
        """With what they are about, how people are usually told, and whether they may stop it."""
        table = part(heading, "\n| when" if "suppliers" in heading else "\n**")
        rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", table, re.MULTILINE)
        usual = {"at once": "at_once", "daily": "daily"}
        said = [(kind, (words, usual[how], stop == "yes")) for kind, words, how, stop in rows]
        assert [(kind, each[:3]) for kind, each in known.items()] == said

    def test_lists_all_states(self) -> None:
        """Of a dispatch, in their order."""
        table = part("## Sent once", "\n## ")
        assert list(get_args(dispatches.State)) == re.findall(
            r"^\| `(\w+)` \|", table, re.MULTILINE
        )

    def test_has_the_bounds_of_the_code(self) -> None:
        """Mails an hour, things in a mail, pauses and patience."""
        usual = NotifierSettings.model_fields
        assert f"gets {usual['mails_per_hour_max'].default} mails an hour" in PAGE
        assert f"shows {dispatches.SHOWN_MAX} things" in PAGE
        lease = usual["notifier_lease_seconds"].default
        assert f"| `NOTIFIER_LEASE_SECONDS` | {lease:.0f} |" in PAGE
        minutes = [pause.total_seconds() / 60 for pause in backoff.EMAIL_PAUSES]
        assert ([1, 5, 15, 30, 60], 5) == (minutes, backoff.EMAIL_LASTS.days)
        assert "1, 5, 15, 30 and 60 minutes, then every hour | 5 days" in PAGE
        minutes = [pause.total_seconds() / 60 for pause in backoff.WEBHOOK_PAUSES]
        assert ([1, 15, 120, 480], 1) == (minutes, backoff.WEBHOOK_LASTS.days)
        assert "1 and 15 minutes, 2 and 8 hours | after 5 tries" in PAGE


class TestAnAddress:
    def test_crosses_no_topic(self) -> None:
        """No event has a field for one (docs/security.md, What goes out)."""
        schemas = {file.name: file.read_text() for file in SCHEMAS.glob("*.json")}
        assert schemas
        named = re.compile(r'"\w*(?:address|e_?mail)\w*":', re.IGNORECASE)
        assert [] == [name for name, text in schemas.items() if named.search(text)]
