"""The page of an entry: what it says and changed, and how to check it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from services.ledger.api import documents
from services.ledger.domain.entries import facts
from services.ledger.pages import entry
from shared.pages.parts import Fact
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


def shown(
    found: documents.Entry,
    change: documents.Change | None = None,
    around: Sequence[entry.Near] = (),
    *,
    is_covered: bool = True,
) -> entry.Page:
    return entry.show(found, change, around, entry.Cover(is_covered, KEY))


def near(kind: Any, idx: int, name: str = "ReturnReceived") -> entry.Near:
    return entry.Near(kind, idx, msgspec.json.encode(a_leaf(name)))


class TestFacts:
    def test_lead_to_contract_and_life(self) -> None:
        """On this site: what each of them is on the others is one step further."""
        found = shown(an_entry(a_leaf("ReturnChecked")))
        expected = {
            "Contract": "/contracts/KMBC-2026-0117",
            "Return": "/returns/0199b6c2-0102-7a00-8000-5f0d8c1e0102",
        }
        assert expected == {fact.label: fact.href for fact in found.facts if fact.href}
        assert Fact("When", "10 November 2026, 09:14") in found.facts
        assert Fact("Type", "Return checked") in found.facts

    def test_tell_how_long_the_leaf_is(self) -> None:
        encoded = base64.b64encode(b"x" * 1234).decode()
        found = shown(an_entry(a_leaf("ReturnReceived"), leaf_base64=encoded))
        assert Fact("Leaf", f"1,234 bytes, hash {'ab' * 32}") == found.facts[-1]


class TestNear:
    def test_entries_are_named_once(self) -> None:
        """The cause is often the entry before on the same contract."""
        found = shown(
            an_entry(a_leaf("ReturnChecked")),
            around=[near("cause", 95), near("before", 95), near("effect", 98, "CaseMoved")],
        )
        assert found.near is not None
        assert [("Entry 95", "/entries/95"), ("Entry 98", "/entries/98")] == [
            row[0][:2] for row in found.near.rows
        ]
        assert [
            "It caused this entry. Before this one on its contract",
            "This entry caused it",
        ] == [row[1].text for row in found.near.rows]

    def test_nothing_is_no_table(self) -> None:
        assert shown(an_entry(a_leaf("RecordParked"))).near is None


def a_figure(rating: str, counted: str, expected: str) -> documents.Figure:
    return drawing.made(
        documents.Figure, rating=rating, counted=counted, expected=expected, reason=None
    )


def a_change(**values: Any) -> documents.Change:
    nothing: dict[str, Any] = {
        "figures": [],
        "lines": None,
        "lines_elsewhere": [],
        "commitment": None,
        "is_damaged": False,
    }
    return drawing.made(documents.Change, **(nothing | values))


def changed(change: documents.Change) -> list[list[str]]:
    found = shown(an_entry(a_leaf("ReturnChecked")), change).changed
    return [] if found is None else [[cell.text for cell in row] for row in found.rows]


class TestChange:
    def test_shows_only_what_is_otherwise_than_before(self) -> None:
        """What was due stayed as it was: 28/3 is 9.33."""
        step = drawing.made(
            documents.FigureChange,
            commitment_id="visits",
            period="2026-10",
            before=a_figure("Good", "12", "28/3"),
            after=a_figure("Approaching target", "9", "28/3"),
        )
        assert [
            ["visits", "October 2026", "Rating", "Good", "Approaching target"],
            ["visits", "October 2026", "Counted", "12", "9"],
        ] == changed(a_change(figures=[step]))

    def test_of_a_figure_that_was_never_stated_has_no_before(self) -> None:
        step = drawing.made(
            documents.FigureChange,
            commitment_id="spend",
            period="2026-10",
            before=None,
            after=a_figure("Good", "150000.00", "28/3"),
        )
        assert [
            ["spend", "October 2026", "Rating", "–", "Good"],
            ["spend", "October 2026", "Due", "–", "9.33"],
            ["spend", "October 2026", "Counted", "–", "150,000"],
        ] == changed(a_change(figures=[step]))

    def test_of_lines_says_how_many_count_and_wait(self) -> None:
        lines = documents.LinesChange(
            commitment_id="visits",
            before=documents.Counted(lines=1, counted="3"),
            after=documents.Counted(lines=2, counted="3", queried="4"),
        )
        assert [
            [
                "visits",
                "",
                "Counted of this return",
                "3, of 1 line",
                "3, of 2 lines; 4 waits for the council",
            ]
        ] == changed(a_change(lines=[lines]))

    def test_of_a_promise_shows_both_versions(self) -> None:
        def version(number: int, target: str, state: str) -> documents.Version:
            return drawing.made(
                documents.Version,
                commitment_id="visits",
                version=number,
                state=state,
                unit="visits",
                target=target,
                begins_on="2026-06-01",
            )

        versions = documents.VersionChange.model_construct(
            before=version(1, "16", "active"), after=version(2, "24", "draft")
        )
        assert [
            [
                "visits",
                "",
                "Promise",
                "Version 1: 16 visits from 1 June 2026, approved",
                "Version 2: 24 visits from 1 June 2026, proposed",
            ]
        ] == changed(a_change(commitment=versions))

    def test_with_very_many_figures_is_cut(self) -> None:
        steps = [
            drawing.made(
                documents.FigureChange,
                commitment_id=f"c{number}",
                period="2026-10",
                before=None,
                after=a_figure("Good", "1", "1/1"),
            )
            for number in range(20)
        ]
        page = shown(an_entry(a_leaf("ReturnChecked")), a_change(figures=steps))
        assert page.changed is not None
        assert entry.CHANGES_SHOWN_MAX == len(page.changed.rows)
        assert "And 20 further changes." == page.changes_left_out


class TestPage:
    def test_shows_how_to_verify_it(self) -> None:
        """The hash, the key, and the files."""
        drawn = drawing.html("ledger", "entry.html", shown(an_entry(a_leaf("ReturnReceived"))))
        assert "ab" * 32 in drawn
        assert KEY in drawn
        assert 'href="/record/entries/97/proof"' in drawn
        assert f"--key '{KEY}'" in drawn
        assert "The event" not in drawn

    def test_says_that_there_is_no_proof_yet(self) -> None:
        page = shown(an_entry(a_leaf("ReturnReceived")), is_covered=False)
        drawn = drawing.html("ledger", "entry.html", page)
        assert "The next checkpoint covers it" in drawn
        assert "/proof" not in drawn

    def test_shows_the_event_to_those_who_may_see_it(self) -> None:
        """With the salt, as a program of theirs needs it."""
        payload = documents.Payload(event={"name": "<b>"}, event_base64="", salt="//8=")
        page = shown(an_entry(a_leaf("ReturnReceived", payload="cd" * 32), payload=payload))
        drawn = drawing.html("ledger", "entry.html", page)
        assert "&lt;b&gt;" in drawn
        assert "printf ffff | xxd -r -p" in drawn
        assert "cd" * 32 in drawn

    def test_does_not_show_what_nobody_reads(self) -> None:
        """A long leaf and a long event can be saved; the page stays small."""
        payload = documents.Payload(event={"x": '"' * 9000}, event_base64="", salt="")
        leaf = a_leaf("ReturnReceived", payload="cd" * 32, more="y" * 9000)
        drawn = drawing.html("ledger", "entry.html", shown(an_entry(leaf, payload=payload)))
        assert "It is too long for a page: save it." in drawn
        assert "Save the event of entry 97" in drawn
        assert 20_000 > len(drawn)

    def test_says_that_the_event_is_damaged(self) -> None:
        page = shown(an_entry(a_leaf("ReturnReceived"), is_damaged=True))
        assert "can no longer be opened" in drawing.html("ledger", "entry.html", page)
