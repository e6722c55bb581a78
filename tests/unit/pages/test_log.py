"""The page of the log: what it is, and whether one of its trees is the beginning of another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.ledger.api import documents
from services.ledger.pages import log
from shared.pages.parts import Fact
from tests.unit.pages import drawing

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
NO_NUMBER = "Entries of the earlier tree must be a whole number, such as 50."


class TestLog:
    ROOT = "cd" * 32

    def shown(self, found: documents.Consistency | None = None, **asked: str) -> log.Page:
        signed = [log.Signed(104, self.ROOT, NOW), log.Signed(50, "ef" * 32, NOW)]
        query = log.Asked.model_validate(asked)
        return log.show(
            log.Log("makegood.test/log", "the-key", signed), query, log.check(query, 104), found,
            now=NOW + timedelta(hours=3),
        )  # fmt: skip

    def consistency(self, older: int, newer: int, note: str | None) -> documents.Consistency:
        def tree(size: int) -> documents.Tree:
            return documents.Tree(size=size, root=self.ROOT, signed_at=NOW if note else None)

        return documents.Consistency.model_validate(
            {"from": tree(older), "to": tree(newer), "proof": ["12" * 32], "checkpoint": note}
        )

    def test_says_what_it_is(self) -> None:
        page = self.shown()
        assert "104 entries, signed 3 hours ago." == page.sentence
        assert [
            Fact("Name", "makegood.test/log"),
            Fact("Key", "the-key"),
            Fact("Size", "104 entries"),
            Fact("Root", self.ROOT),
            Fact("Signed at", "16 November 2026, 09:00"),
            Fact("Witnesses", "None yet"),
        ] == list(page.facts)
        assert () == page.faults

    def test_that_is_new_says_that_nothing_is_signed(self) -> None:
        page = log.show(log.Log("o", "k", []), log.Asked(), (), None, now=NOW)
        assert "Nothing is signed yet." == page.sentence
        assert page.table is None

    def test_proves_that_one_tree_begins_with_another(self) -> None:
        found = self.consistency(50, 104, "note")
        page = self.shown(found, **{"from": "50", "to": "104"})
        assert page.answer is not None
        assert "Yes: tree 50 is the beginning of tree 104." == page.answer.sentence
        assert "/log/consistency?from=50&to=104" == page.answer.href
        assert "12" * 32 in drawing.html("ledger", "log.html", page)

    def test_has_no_file_of_a_tree_that_was_not_signed(self) -> None:
        page = self.shown(self.consistency(50, 60, None), **{"from": "50", "to": "60"})
        drawn = drawing.html("ledger", "log.html", page)
        assert "There is no file of this proof" in drawn
        assert "/log/consistency" not in drawn

    def test_needs_no_proof_of_the_same_tree(self) -> None:
        found = self.consistency(104, 104, "note")
        page = self.shown(found.model_copy(update={"proof": []}), **{"from": "104", "to": "104"})
        assert page.answer is not None
        assert "Yes: both are tree 104. There is nothing to prove." == page.answer.sentence
        assert [f"Root of tree {104}", "Tree 104 signed at"] == [
            each.label for each in page.answer.facts
        ]

    def test_reads_a_size_as_the_page_writes_it(self) -> None:
        query = log.Asked.model_validate({"from": "1,204", "to": " 2000 "})
        assert (1204, 2000) == log.sizes(query)

    @pytest.mark.parametrize(
        ("older", "newer", "faults"),
        [
            ("", "104", {"from": NO_NUMBER}),
            ("5o", "104", {"from": NO_NUMBER}),
            ("0", "104", {"from": "Every tree begins with the empty one. Write 1 or more."}),
            ("-1", "x", {"from": NO_NUMBER, "to": NO_NUMBER.replace("earlier", "later")}),
            ("1", "105", {"to": "Only 104 entries are signed."}),
            ("9" * 20, "104", {"from": "Only 104 entries are signed."}),
            ("9" * 21, "104", {"from": NO_NUMBER}),
            ("60", "50", {"from": "The earlier tree cannot have more entries than the later one."}),
        ],
    )
    def test_says_what_cannot_be_asked(
        self, older: str, newer: str, faults: dict[str, str]
    ) -> None:
        query = log.Asked.model_validate({"from": older, "to": newer})
        assert faults == dict(log.check(query, 104))
