"""The record's own pages: the search, a contract, and a return's life."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.ledger.api import documents
from services.ledger.pages import contract, home, life
from shared.pages import names
from shared.pages.parts import Cell, Fact, Pages
from tests.unit.pages import drawing
from tests.unit.pages.test_entry import a_leaf

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
NO_PAGES = Pages(None, None)
DIGEST = "ab" * 32


def encoded(name: str, **changes: Any) -> bytes:
    return msgspec.json.encode(a_leaf(name, **changes))


class TestSearch:
    def shown(
        self,
        hits: Sequence[documents.Hit] = (),
        leaves: Sequence[home.Leaf] = (),
        **asked: Any,
    ) -> home.Page:
        signed = home.Log(104, NOW - timedelta(seconds=12), NOW)
        query = home.Asked.model_validate(asked)
        told = home.Told(signed, hits, leaves, NO_PAGES)
        return home.show(query, home.check(query), told, is_supplier=False)

    def test_begins_with_how_large_the_log_is(self) -> None:
        page = self.shown(leaves=[home.Leaf(97, encoded("ReturnReceived"))])
        drawn = drawing.html("ledger", "home.html", page)
        assert (
            "104 entries, signed 12 seconds ago. Each contract's entries are numbered without a gap"
        ) in drawing.text(drawn).replace("&#39;", "'")
        assert 'href="/record/entries/97"' in drawn
        assert 'href="/record/contracts/KMBC-2026-0117"' in drawn

    def test_shows_both_things_that_a_number_may_be(self) -> None:
        """Each leads to its own page."""
        hits = [
            documents.Hit(kind="entry", words="A promise.", entry=24, return_id=None),
            documents.Hit(kind="receipt", words="A return.", entry=95, return_id="r-1"),
        ]
        page = self.shown(hits, q="24")
        assert ["/entries/24", "/returns/r-1"] == home.ways(hits)
        assert ("2 things match '24'.",) == page.searched
        assert page.table is not None
        expected = [
            Cell("Entry 24", "/entries/24"),
            Cell("The return of this receipt", "/returns/r-1"),
        ]
        assert expected == [row[0] for row in page.table.rows]

    @pytest.mark.parametrize(
        ("hit", "way"),
        [
            ({"kind": "contract", "contract_id": "C1"}, "/contracts/C1"),
            ({"kind": "supplier", "party_id": "GB-COH-1"}, "/?supplier=GB-COH-1"),
            ({"kind": "root", "size": 50}, "/log?from=50&to=50"),
            ({"kind": "event", "entry": 3}, "/entries/3"),
            ({"kind": "hash", "entry": 3, "return_id": "r"}, "/entries/3"),
            ({"kind": "commitment", "entry": 3}, "/entries/3"),
            ({"kind": "return", "entry": 3, "return_id": "r"}, "/returns/r"),
        ],
    )
    def test_leads_each_thing_to_its_page(self, hit: dict[str, Any], way: str) -> None:
        assert [way] == home.ways([documents.Hit(words="", **hit)])

    def test_of_one_thing_in_two_ways_is_one_way(self) -> None:
        """Its id may be that of the event and of the return."""
        hits = [
            documents.Hit(kind="entry", words="", entry=3),
            documents.Hit(kind="event", words="", entry=3),
        ]
        assert ["/entries/3"] == home.ways(hits)

    def test_that_finds_nothing_says_what_was_searched(self) -> None:
        """And why the digest of a file is not to be found."""
        digest = " ".join(self.shown(q=DIGEST).searched)
        assert f"Nothing that you may see has the SHA-256 {DIGEST}." in digest
        assert "The SHA-256 of a return's file is nowhere in the log" in digest
        text = " ".join(self.shown(q="KMBC").searched)
        assert "Nothing that you may see is called 'KMBC'." in text
        assert "part of a reference finds nothing" in text

    def test_of_a_list_that_is_empty_says_what_was_asked(self) -> None:
        page = self.shown(contract="C1", month="2026-10")
        assert "No entry that you may see matches: contract C1 and month 2026-10." == page.nothing
        assert "Nothing is recorded yet that you may see." == self.shown().nothing

    @pytest.mark.parametrize(
        ("asked", "fault"),
        [
            ({"type": "Return"}, "Type is none of the list. Choose one."),
            ({"month": "2026-13"}, "'2026-13' is no month. Write one such as 2026-10."),
            ({"from": "1/10/2026"}, "'1/10/2026' is no day. Write one such as 2026-10-31."),
            ({"to": "20261001"}, "'20261001' is no day. Write one such as 2026-10-31."),
            ({"from": "0001-01-01"}, "'0001-01-01' is no day. Write one such as 2026-10-31."),
            (
                {"from": "2026-11-01", "to": "2026-10-01"},
                "The first day is after the last. Exchange the two.",
            ),
        ],
    )
    def test_names_each_fault_beside_its_field(self, asked: dict[str, Any], fault: str) -> None:
        page = self.shown(**asked)
        assert [fault] == [each.text for each in page.faults]
        assert page.title.startswith("Error: ")
        drawn = drawing.html("ledger", "home.html", page).replace("&#39;", "'")
        assert 2 == drawn.count(fault)


class TestLife:
    RETURN = "0199b6c2-0102-7a00-8000-5f0d8c1e0102"

    def facts(self, **changes: Any) -> dict[str, Any]:
        own = {"return_id": self.RETURN, "receipt_no": 24, "revision": 1, "party_id": "GB-COH-1"}
        return own | changes

    def leaf(self, idx: int, name: str, at: str, **facts: Any) -> life.Leaf:
        return life.Leaf(
            idx,
            encoded(
                name,
                contract_id="C1",
                period="2026-10",
                occurred_at=at,
                facts=self.facts(**facts),
            ),
        )

    def test_goes_from_receipt_to_replacement(self) -> None:
        """The later revision leads to its own life; what is not signed yet has no proof."""
        leaves = [
            self.leaf(95, "ReturnReceived", "2026-11-04T10:00:00Z"),
            self.leaf(97, "ReturnChecked", "2026-11-04T10:00:01Z"),
            self.leaf(98, "CaseMoved", "2026-11-04T10:00:01Z", return_id=None),
            self.leaf(99, "ReturnReceived", "2026-11-06T10:00:00Z", return_id="r-2", revision=2),
        ]
        page = life.show(self.RETURN, leaves, size=99)
        assert "Return for October 2026" == page.title
        assert (
            "Receipt 24: received on 4 November 2026, 10:00, checked and replaced by a later "
            "revision."
        ) == page.sentence
        steps = [row[0].text for row in page.table.rows]
        assert ["Received", "Checked", "What it caused", "Replaced"] == steps
        assert "/returns/r-2" == page.table.rows[3][1].href
        assert ["/entries/95/proof", "/entries/97/proof", "/entries/98/proof", None] == [
            row[4].href for row in page.table.rows
        ]
        assert Fact("Contract", "C1", "/contracts/C1") in page.facts
        assert f"supplier:/returns/{self.RETURN}" == page.facts[-1].href

    def test_of_a_return_that_was_withdrawn_says_so(self) -> None:
        leaves = [
            self.leaf(1, "ReturnReceived", "2026-11-04T10:00:00Z"),
            self.leaf(2, "ReturnWithdrawn", "2026-11-05T10:00:00Z", receipt_no=25),
        ]
        said = life.show(self.RETURN, leaves, size=3).sentence
        assert (
            "Receipt 24: received on 4 November 2026, 10:00, not checked yet and withdrawn."
        ) == said

    def test_leads_back_to_the_revision_before(self) -> None:
        leaf = encoded(
            "ReturnReceived", contract_id="C1", facts=self.facts(revision=2), supersedes="r-1"
        )
        page = life.show(self.RETURN, [life.Leaf(1, leaf)], size=3)
        assert Fact("Took the place of", "The revision before", "/returns/r-1") in page.facts

    def test_of_facts_that_were_too_long_is_its_own(self) -> None:
        """Then the leaf has only a digest."""
        leaf = encoded("ReturnReceived", contract_id="C1", facts={"digest": "x"}, period="2026-10")
        page = life.show(self.RETURN, [life.Leaf(1, leaf)], size=3)
        assert page.sentence.startswith("Received on 10 November 2026")

    def test_that_is_very_long_is_cut(self) -> None:
        leaves = [self.leaf(n, "CaseMoved", "2026-11-04T10:00:00Z") for n in range(70)]
        page = life.show(self.RETURN, leaves, size=100)
        assert life.SHOWN_MAX == len(page.table.rows)
        assert "And 10 later entries." == page.left_out
        assert 60_000 > len(drawing.html("ledger", "life.html", page))


class TestContract:
    known = names.NONE

    def chain(self, *numbers: int) -> list[contract.Link]:
        return [
            contract.Link(100 + n, encoded("ReturnReceived", contract_id="C1", contract_seq=n))
            for n in numbers
        ]

    def told(self, **changes: Any) -> contract.Told:
        nothing = documents.Returns(items=[], next=None, not_told=["It does not tell."])
        values: dict[str, Any] = {
            "versions": (),
            "has_more_versions": False,
            "is_open": True,
            "returns": nothing,
        }
        return contract.Told(**(values | changes))

    def shown(self, told: contract.Told | None = None, *numbers: int, as_at: str = "") -> Any:
        asked = contract.Asked(as_at=as_at)
        asking = contract.Asking("C1", asked, self.known)
        return contract.show(asking, told, self.chain(*(numbers or (1, 2))), NO_PAGES)

    def test_says_that_its_chain_has_no_gap(self) -> None:
        assert "2 entries, numbered without a gap." == self.shown(self.told()).sentence
        assert (
            "2 entries, numbered without a gap, of what had occurred by the end of 31 October 2026."
        ) == self.shown(self.told(), as_at="2026-10-31").sentence

    def test_says_that_a_reader_sees_a_part(self) -> None:
        """A supplier's own entries among those of others."""
        said = self.shown(self.told(), 1, 3, 7).sentence
        assert "3 entries of its chain that you may see, numbered 1 to 7." == said

    def test_refuses_a_day_that_is_none(self) -> None:
        page = self.shown(self.told(), as_at="yesterday")
        drawn = drawing.html("ledger", "contract.html", page).replace("&#39;", "'")
        assert 2 == drawn.count("'yesterday' is no day. Write one such as 2026-10-31.")

    def version(self, event: dict[str, Any] | None) -> contract.Version:
        said = {
            "commitment_id": "visits",
            "version": 2,
            "state": "active",
            "measure": "m",
            "kind": "sum",
            "unit": "visits",
            "target": "24",
            "from": "2026-06-01",
        }
        before = said | {"version": 1, "target": "16", "from": "2026-05-01"}
        return contract.Version(6, {"facts": {"commitment": said}}, before, event)

    def test_says_who_changed_what(self) -> None:
        """From the event, which only some may see."""
        event = {"proposed_by": "priya", "approved_by": "ruth"}
        page = self.shown(self.told(versions=[self.version(event)]))
        [row] = page.versions.rows
        assert [
            "visits",
            "Version 1: 16 visits from 1 May 2026, approved",
            "Version 2: 24 visits from 1 June 2026, approved",
            "Officer 44BC",
            "Officer 79FE",
            "Entry 6",
        ] == [cell.text for cell in row]
        hidden = self.shown(self.told(versions=[self.version(None)], is_open=False))
        assert 4 == len(hidden.versions.heads)
        drawn = drawing.text(drawing.html("ledger", "contract.html", hidden))
        assert "Who proposed and approved is in the events, which auditors see." in drawn

    def test_calls_things_by_their_names(self) -> None:
        """As far as they are known; the ids stand below."""
        known = names.Names(
            contracts={"C1": "Community hub"},
            promises={names.Promise("C1", "visits"): "School visits"},
            people={"priya": "Priya Nair"},
        )
        event = {"proposed_by": "priya", "approved_by": None}
        told = self.told(versions=[self.version(event)])
        assert {"priya"} == contract.officer_ids(told)
        asking = contract.Asking("C1", contract.Asked(), known)
        page = contract.show(asking, told, self.chain(1), NO_PAGES)
        assert ("Community hub", "C1") == (page.heading, page.reference)
        assert page.versions is not None
        assert Cell("School visits", why=("visits",)) == page.versions.rows[0][0]
        assert "Priya Nair" == page.versions.rows[0][3].text

    def test_of_a_proposal_says_that_nobody_approved_it(self) -> None:
        event = {"proposed_by": "priya", "approved_by": None}
        page = self.shown(self.told(versions=[self.version(event)]))
        assert "Nobody yet" == page.versions.rows[0][4].text

    def test_tells_of_returns_only_what_the_log_tells(self) -> None:
        """Late by the due day of a reminder, else not told; and what became of it."""

        def received(entry: int, **values: Any) -> documents.ReturnReceived:
            own: dict[str, Any] = {
                "entry": entry,
                "received_at": datetime(2026, 11, 16, 9, tzinfo=UTC),
                "return_id": f"r{entry}",
                "revision": 1,
                "receipt_no": entry,
                "is_nil": False,
                "is_current": True,
                "due_on": None,
                "is_late": None,
                "late_lines": 0,
            }
            return documents.ReturnReceived(**(own | values))

        def slot(party: str, state: Any, *got: documents.ReturnReceived) -> Any:
            reminder = documents.Reminder(
                entry=50, kind="return_overdue", due_on=None, occurred_at=NOW
            )
            return documents.ReturnsOfSupplier(
                party_id=party,
                state=state,
                received=list(got),
                withdrawals=[],
                reminders=[] if got else [reminder],
            )

        late = received(24, due_on="2026-11-13", is_late=True)
        month = documents.ReturnsOfMonth(
            period="2026-10",
            received=1,
            withdrawn=1,
            missing=1,
            late=1,
            due=None,
            waived=None,
            suppliers=[
                slot("P1", "received", received(20), late),
                slot("P2", "withdrawn", received(21)),
                slot("P3", "missing"),
            ],
        )
        returns = documents.Returns(items=[month], next=None, not_told=["It does not tell."])
        page = self.shown(self.told(returns=returns))
        assert [
            ["October 2026", "P1", "16 November 2026, 09:00, receipt 24", "Yes", "Entry 24"],
            ["October 2026", "P2", "16 November 2026, 09:00, receipt 21", "Not told", "Entry 21"],
            ["October 2026", "P3", "Nothing: it was reminded", "–", "Entry 50"],
        ] == [[cell.text for cell in row] for row in page.returns.rows]
        assert ("1 earlier revision replaced or withdrawn.",) == page.returns.rows[0][2].why
        assert ("It was due by 13 November 2026.",) == page.returns.rows[0][3].why
        assert ("Withdrawn.",) == page.returns.rows[1][2].why
        assert "It does not tell." in drawing.html("ledger", "contract.html", page)

    def test_on_later_pages_is_its_chain_alone(self) -> None:
        drawn = drawing.html("ledger", "contract.html", self.shown(None, 51, 52))
        assert "Entries 51 to 52 of its chain, without a gap." in drawn
        assert "Who changed what" not in drawn
