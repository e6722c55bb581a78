"""The page of an entry: what it says, and how to check it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from services.ledger.api import documents
from services.ledger.domain.entries import facts
from services.ledger.pages import entry, home
from shared.pages.parts import Fact, Pages
from shared.wire import events
from tests.unit.pages import drawing

EXAMPLES = Path(events.__file__).parent / "examples"
KEY = "makegood.local/log+7f5632f2+AaC4"


def a_leaf(name: str, **changes: Any) -> dict[str, Any]:
    """The leaf of an example of an event, as far as a page reads it."""
    event: Any = events.read((EXAMPLES / f"{name}.json").read_bytes())
    leaf = {
        "type": name,
        "occurred_at": events.utc(event.occurred_at),
        "facts": facts.of(event),
        "contract_id": getattr(event, "contract_id", None),
        "contract_seq": 23,
        "period": getattr(event, "period", None),
    }
    kept = {name: value for name, value in leaf.items() if value is not None}
    return dict(msgspec.json.decode(msgspec.json.encode(kept | changes)))


def an_entry(leaf: dict[str, Any], **changes: Any) -> documents.Entry:
    values = {
        "index": 97,
        "leaf_hash": "ab" * 32,
        "leaf": leaf,
        "leaf_base64": "",
        "words": "Something happened.",
        "payload": None,
        "is_damaged": False,
    }
    return documents.Entry.model_validate(values | changes)


def shown(found: documents.Entry, **changes: Any) -> entry.Page:
    values: dict[str, Any] = {"cause": None, "is_covered": True, "verifier_key": KEY}
    return entry.show(found, **(values | changes))


class TestFacts:
    def test_lead_to_contract_return_and_cause(self) -> None:
        found = shown(an_entry(a_leaf("ReturnChecked")), cause=96)
        expected = {
            "Contract": "council:/contracts/KMBC-2026-0117",
            "Return": "supplier:/returns/0199b6c2-0102-7a00-8000-5f0d8c1e0102",
            "Caused by": "/entries/96",
        }
        assert expected == {fact.label: fact.href for fact in found.facts if fact.href}
        assert Fact("When", "10 November 2026, 09:14") in found.facts


class TestPage:
    def test_shows_how_to_verify_it(self) -> None:
        """The hash, the key, and the files."""
        drawn = drawing.html("ledger", "entry.html", shown(an_entry(a_leaf("ReturnReceived"))))
        assert "ab" * 32 in drawn
        assert KEY in drawn
        assert 'href="/record/entries/97/proof"' in drawn
        assert "The event" not in drawn

    def test_says_that_there_is_no_proof_yet(self) -> None:
        page = shown(an_entry(a_leaf("ReturnReceived")), is_covered=False)
        drawn = drawing.html("ledger", "entry.html", page)
        assert "The next checkpoint covers it" in drawn
        assert "/proof" not in drawn

    def test_shows_the_event_to_those_who_may_see_it(self) -> None:
        payload = documents.Payload(event={"name": "<b>"}, event_base64="", salt="")
        page = shown(an_entry(a_leaf("ReturnReceived"), payload=payload))
        drawn = drawing.html("ledger", "entry.html", page)
        assert "&lt;b&gt;" in drawn

    def test_says_that_the_event_is_damaged(self) -> None:
        page = shown(an_entry(a_leaf("ReturnReceived"), is_damaged=True))
        assert "can no longer be opened" in drawing.html("ledger", "entry.html", page)


class TestHome:
    def test_lists_entries_and_how_large_the_record_is(self) -> None:
        leaf = home.Leaf(97, msgspec.json.encode(a_leaf("ReturnReceived")))
        signed_at = datetime(2026, 11, 16, 9, tzinfo=UTC)
        page = home.show([leaf], Pages(None, None), contract_id=None, size=104, signed_at=signed_at)
        assert "104 entries, signed at 16 November 2026, 09:00." == page.log
        assert 'href="/record/entries/97"' in drawing.html("ledger", "home.html", page)

    def test_says_that_there_is_nothing(self) -> None:
        page = home.show([], Pages(None, None), contract_id="X", size=0, signed_at=None)
        drawn = drawing.html("ledger", "home.html", page)
        assert "Nothing is signed yet." in drawn
        assert "Nothing is recorded here that you may see." in drawn
