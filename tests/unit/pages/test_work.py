"""Needs you: what lapses first, and what others are to do."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.verification.domain import worklist
from services.verification.pages import work
from shared.pages.parts import Link
from tests.unit.pages import drawing
from tests.unit.verification.test_worklist import TODAY, alerts, case, lines, owed, proposal, prose
from tests.web.test_pages import HTML_BYTES_MAX

NOTHING = worklist.Found((), 0)
WORDS = worklist.Words(
    {f"C{n}": "Community hub" for n in range(100)},
    {f"C{n}": {"S": "Brackenfold", "T": None} for n in range(100)},
)


def found(*things: worklist.Thing, total: int | None = None) -> worklist.Found:
    return worklist.Found(things, len(things) if total is None else total)


def waiting(**kinds: Any) -> work.Waiting:
    values: dict[str, Any] = {
        "lines": NOTHING,
        "alerts": NOTHING,
        "cases": NOTHING,
        "proposed": worklist.Proposed(NOTHING, NOTHING),
        "owed": worklist.Owed(NOTHING, 0, None),
        "words": WORDS,
    }
    return work.Waiting(**(values | kinds))


def shown(role: str = "manager", **kinds: Any) -> work.Page:
    reader = work.Reader(actor_id="r", is_approver=role == "approver", today=TODAY)
    return work.show(waiting(**kinds), reader)


def row(**kinds: Any) -> list[tuple[str, tuple[str, ...], str | None]]:
    """The cells of the only thing: text, what stands below it, where it leads."""
    ((cells,),) = [table.rows for table in shown(**kinds).tables]
    return [(cell.text, cell.why, cell.href) for cell in cells]


class TestSentence:
    @pytest.mark.parametrize(
        ("kinds", "expected"),
        [
            (
                {},
                "Nothing needs you. Next: the returns for November 2026, due on 14 December 2026.",
            ),
            (
                {"owed": worklist.Owed(NOTHING, 3, date(2026, 11, 20))},
                "Nothing needs you. Next: 3 returns that can come in time, by 20 November 2026.",
            ),
            ({"alerts": found(alerts())}, "1 thing needs you."),
            ({"lines": found(lines(held="2026-10"))}, "1 thing needs you today."),
            (
                {"lines": found(lines(held="2026-10"), lines()), "cases": found(case())},
                "3 things need you, 1 of them today.",
            ),
            ({"owed": worklist.Owed(found(owed(), owed()), 0, None)}, "2 things need you today."),
        ],
    )
    def test_says_what_lapses_today(self, kinds: dict[str, Any], expected: str) -> None:
        """Or what comes next."""
        assert (expected,) == shown(**kinds).sentences

    def test_says_when_there_is_more_than_is_shown(self) -> None:
        """Fifty of all kinds together; each list has all of its kind."""
        page = shown(alerts=found(*[alerts(contract_id=f"C{n}") for n in range(50)], total=180))
        assert ("180 things need you.", "The first 50 are shown here; the lists have all.") == (
            page.sentences
        )

    def test_to_an_approver_is_of_proposals(self) -> None:
        """Nothing else is theirs to do."""
        page = shown("approver", alerts=found(alerts()))
        assert ("Nothing needs you. Next: what a contract manager proposes.",) == page.sentences


class TestRow:
    def test_of_lines_that_hold_a_rating(self) -> None:
        """It leads to the lines of the contract."""
        assert [
            (
                "2 lines wait",
                ("Return for October 2026", "October 2026 cannot be rated till you decide."),
                None,
            ),
            ("Community hub", ("C1", "Brackenfold"), "/contracts/C1"),
            ("13 November 2026", ("The rating was due.",), None),
            ("See what they change", (), "/queried?contract=C1"),
        ] == row(lines=found(lines(held="2026-10")))

    @pytest.mark.parametrize(
        ("kinds", "what", "lapses", "to_do"),
        [
            (
                {"lines": found(lines(period="2026-11", lines=1))},
                ("1 line waits", ("Return for November 2026",)),
                ("14 December 2026", ("The month is rated.",)),
                ("See what it changes", "/queried?contract=C1"),
            ),
            (
                {"alerts": found(alerts())},
                ("1 alert not acknowledged", ("A return is due: 1",)),
                ("No day is set", ()),
                ("Acknowledge", "/alerts?acknowledged=false&contract=C1"),
            ),
            (
                {"cases": found(case())},
                (
                    "Spend: behind since October 2026",
                    ("Open: the supplier is to be notified",),
                ),
                ("20 November 2026", ()),
                ("Notify the supplier", f"/cases/{UUID(int=1)}"),
            ),
            (
                {"owed": worklist.Owed(found(owed()), 0, None)},
                ("Return for October 2026 is overdue", ("A case opens on 4 December 2026.",)),
                ("13 November 2026", ("It was due.",)),
                ("Ask for it", "supplier:/?contract=C1"),
            ),
            (
                {"proposed": worklist.Proposed(NOTHING, found(prose(date(2026, 4, 1))))},
                ("3 promises have no figures yet", ("Nothing of it can be rated.",)),
                ("No day is set", ()),
                ("See what was published", "/contracts/C1"),
            ),
            (
                {
                    "role": "approver",
                    "proposed": worklist.Proposed(found(proposal(date(2026, 12, 1))), NOTHING),
                },
                ("Spend", ("New promise",)),
                ("1 December 2026", ("It is to be in force.",)),
                ("Approve", "/approvals"),
            ),
        ],
    )
    def test_says_what_can_be_done(
        self, kinds: dict[str, Any], what: object, lapses: object, to_do: object
    ) -> None:
        """What it is, by when, and where."""
        cells = row(**kinds)
        assert (what, lapses, to_do) == (cells[0][:2], cells[2][:2], (cells[3][0], cells[3][2]))

    def test_names_all_suppliers_if_it_is_of_none_alone(self) -> None:
        """By id where no name is known."""
        assert ("C1", "Brackenfold, T") == row(cases=found(case()))[1][1]


class TestOthers:
    def test_are_counted_for_a_manager(self) -> None:
        """Proposals wait for an approver, whoever made them."""
        page = shown(
            proposed=worklist.Proposed(found(proposal(TODAY)), NOTHING),
            owed=worklist.Owed(NOTHING, 2, date(2026, 12, 14)),
        )
        assert (
            Link("2 returns can still come in time", "supplier:/"),
            Link("1 proposal waits for an approver", "/approvals"),
        ) == page.others
        assert () == page.tables

    def test_are_counted_for_an_approver(self) -> None:
        """What waits for managers; and no proposal of one's own is offered (rule P3)."""
        page = shown(
            "approver",
            lines=found(lines(), total=3),
            cases=found(case()),
            proposed=worklist.Proposed(found(proposal(TODAY)), NOTHING),
        )
        assert [
            "3 returns have queried lines",
            "1 case waits for the next step",
        ] == [link.text for link in page.others]
        own = work.Reader(actor_id="m", is_approver=True, today=TODAY)
        mine = waiting(proposed=worklist.Proposed(found(proposal(TODAY)), NOTHING))
        assert () == work.show(mine, own).tables


class TestPage:
    def test_is_drawn_by_group(self) -> None:
        """Today, this week, later, and only those that have something."""
        page = shown(lines=found(lines(held="2026-10")), cases=found(case()))
        drawn = drawing.html("verification", "work.html", page)
        said = drawing.text(drawn)
        assert said.index("Today What Contract") < said.index("This week What Contract")
        assert "Later" not in said
        assert "Waiting for others" not in said

    def test_that_is_full_is_light(self) -> None:
        every = [lines(contract_id=f"C{n}", held="2026-10") for n in range(100)]
        page = shown(lines=found(*every), owed=worklist.Owed(NOTHING, 3, date(2026, 12, 14)))
        drawn = drawing.html("verification", "work.html", page)
        assert HTML_BYTES_MAX >= len(drawn.encode())
        assert work.ROWS == drawn.count("See what they change")
