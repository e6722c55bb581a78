"""Intake's first page: what is due, in words, then what was sent.

The days are worked out from rule O1: a return is due on the 10th working day after its month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import pytest

from services.intake.api import documents, due
from services.intake.domain.due import DueState
from services.intake.pages import home
from shared.pages import names
from shared.pages.parts import Cell, Pages, Tag
from shared.wire import events
from tests.unit.pages import drawing

NOWHERE: Final = Pages(None, None)
CONTRACT: Final = "KMBC-2026-0101"
PARTY: Final = "GB-COH-99000001"
HTML_BYTES_MAX: Final = 60_000
DAYS: Final = {
    "2026-09": (date(2026, 10, 1), date(2026, 10, 14)),
    "2026-10": (date(2026, 11, 1), date(2026, 11, 13)),
    "2026-11": (date(2026, 12, 1), date(2026, 12, 14)),
    "2026-12": (date(2027, 1, 1), date(2027, 1, 15)),
}
"""When the return of a month is sent. 1 January is a holiday."""


def a_due(period: str, state: DueState, overdue: int | None = None, **more: Any) -> documents.Due:
    send_from, due_on = DAYS[period]
    values = {
        "contract_id": CONTRACT,
        "party_id": PARTY,
        "period": period,
        "state": state,
        "send_from": send_from,
        "due_on": due_on,
        "overdue_working_days": overdue,
        "return_id": None,
    }
    return drawing.made(documents.Due, **(values | more))


OVERDUE: Final = a_due("2026-09", "overdue", 3)
OPEN: Final = a_due("2026-10", "open")
NOT_YET: Final = a_due("2026-11", "not_yet")


def outstanding(*found: documents.Due, **more: Any) -> due.Outstanding:
    counts = Counter(each.state for each in found)
    values: dict[str, Any] = {"counts": counts, "first": found, "unknown": 0, "is_whole": True}
    return due.Outstanding(**(values | more))


def shown(
    found: due.Outstanding | None,
    returns: Sequence[documents.ReturnSummary] = (),
    *,
    saved: home.Saved = MappingProxyType({}),
    contract_id: str | None = None,
    is_supplier: bool = True,
) -> home.Page:
    to_send = None if found is None else home.ToSend(found, saved)
    return home.show(returns, NOWHERE, to_send, contract_id=contract_id, is_supplier=is_supplier)


def a_summary(**changes: Any) -> documents.ReturnSummary:
    values = {
        "return_id": UUID(int=7),
        "contract_id": CONTRACT,
        "party_id": PARTY,
        "period": "2026-06",
        "revision": 2,
        "receipt_no": 24,
        "received_at": datetime(2026, 7, 3, 9, tzinfo=UTC),
        "status": "checked",
    }
    return drawing.made(documents.ReturnSummary, **(values | changes))


class TestSentences:
    @pytest.mark.parametrize(
        ("found", "expected"),
        [
            (outstanding(), ["Nothing to send."]),
            (
                outstanding(NOT_YET),
                ["Nothing to send. Next: November 2026, between 1 and 14 December 2026."],
            ),
            (
                outstanding(a_due("2026-12", "not_yet")),
                ["Nothing to send. Next: December 2026, between 1 and 15 January 2027."],
            ),
            (outstanding(OPEN, NOT_YET), ["1 return can be sent now, by 13 November 2026."]),
            (outstanding(OVERDUE), ["1 return is overdue."]),
            (
                outstanding(OVERDUE, OVERDUE, OPEN, OPEN),
                ["2 returns are overdue.", "2 returns can be sent now, by 13 November 2026."],
            ),
            (
                outstanding(OPEN, a_due("2026-10", "open", due_on=date(2026, 11, 19))),
                ["2 returns can be sent now, the first by 13 November 2026."],
            ),
        ],
    )
    def test_say_first_what_to_send(self, found: due.Outstanding, expected: list[str]) -> None:
        """A return that was withdrawn on 5 November is due on the 19th."""
        assert expected == list(shown(found).sentences)

    @pytest.mark.parametrize(
        ("found", "expected"),
        [
            (outstanding(), ["No return is overdue."]),
            (outstanding(OVERDUE), ["1 return is overdue."]),
            (outstanding(OVERDUE, OVERDUE), ["2 returns are overdue."]),
        ],
    )
    def test_say_to_the_council_what_is_overdue(
        self, found: due.Outstanding, expected: list[str]
    ) -> None:
        assert expected == list(shown(found, is_supplier=False).sentences)

    def test_say_when_there_is_more_than_is_shown(self) -> None:
        """60 are overdue and 2 open; of the open ones none is shown, so no day is known."""
        many = outstanding(*[OVERDUE] * 50, counts={"overdue": 60, "open": 2})
        expected = [
            "60 returns are overdue.",
            "2 returns can be sent now.",
            "The first 50 of 62 returns are shown.",
        ]
        assert expected == list(shown(many).sentences)

    @pytest.mark.parametrize(
        ("more", "expected"),
        [
            (
                {"unknown": 1},
                "It is not known here yet which returns 1 contract asks for.",
            ),
            (
                {"unknown": 2},
                "It is not known here yet which returns 2 contracts ask for.",
            ),
            ({"is_whole": False}, "Only the first 500 contracts are looked at here."),
        ],
    )
    def test_claim_no_more_than_is_known(self, more: dict[str, Any], expected: str) -> None:
        """Nothing is not the same as nothing known."""
        supplier = shown(outstanding(**more)).sentences
        council = shown(outstanding(**more), is_supplier=False).sentences
        assert ("Nothing to send, as far as is known here.", expected) == supplier
        assert ("No return is overdue, as far as is known here.", expected) == council

    def test_are_for_the_first_page(self) -> None:
        """A later page of the list is only what was sent."""
        later = shown(None, [a_summary()])
        assert () == later.sentences
        assert later.due is None
        assert later.sent
        assert "Sent before" == later.sent.caption


class TestReturnsToSend:
    def test_say_when_and_how_far(self) -> None:
        """The days of sending and the state, in a word."""
        table = shown(outstanding(OVERDUE, OPEN, NOT_YET)).due
        assert table
        assert "Returns to send" == table.caption
        heads = ["Month", "Contract", "Send between", "Status", "Fill in"]
        assert heads == [head.text for head in table.heads]
        expected = [
            ["September 2026", CONTRACT, "1 and 14 October 2026"],
            ["October 2026", CONTRACT, "1 and 13 November 2026"],
            ["November 2026", CONTRACT, "1 and 14 December 2026"],
        ]
        assert expected == [[cell.text for cell in row[:3]] for row in table.rows]
        tags = [
            Tag("Overdue by 3 working days", "red"),
            Tag("Open", "blue"),
            Tag("Not yet", "grey"),
        ]
        assert tags == [row[3].tag for row in table.rows]

    def test_lead_to_what_can_be_filled_in(self) -> None:
        """What was begun goes on; a month that has not ended has no way, unless it was begun."""
        at = datetime(2026, 11, 5, 9, 14, tzinfo=UTC)
        saved = {(CONTRACT, "2026-10"): at}
        table = shown(outstanding(OVERDUE, OPEN, NOT_YET), saved=saved).due
        assert table
        assert [
            ("Start", f"/drafts/{CONTRACT}/2026-09", ()),
            ("Continue", f"/drafts/{CONTRACT}/2026-10", ("Saved 5 November 2026, 09:14",)),
            ("", None, ()),
        ] == [(row[4].text, row[4].href, row[4].why) for row in table.rows]
        assert f" October 2026, {CONTRACT}" == table.rows[1][4].hidden
        council = shown(outstanding(OVERDUE), is_supplier=False).due
        assert council
        assert 5 == len(council.rows[0])  # the supplier stands there, and no way

    @pytest.mark.parametrize(
        ("days", "expected"),
        [(0, "Overdue"), (1, "Overdue by 1 working day"), (1204, "Overdue by 1,204 working days")],
    )
    def test_count_the_days_in_words(self, days: int, expected: str) -> None:
        """None on a Saturday after a due day."""
        table = shown(outstanding(a_due("2026-09", "overdue", days))).due
        assert table
        assert Cell("", tag=Tag(expected, "red")) == table.rows[0][3]

    def test_show_the_council_whose_they_are(self) -> None:
        table = shown(outstanding(OVERDUE), is_supplier=False).due
        assert table
        assert "Returns that are overdue" == table.caption
        assert ["Month", "Contract", "Supplier"] == [head.text for head in table.heads[:3]]
        assert PARTY == table.rows[0][2].text


class TestSentLately:
    def test_shows_the_council_who_sent_it(self) -> None:
        """A supplier has sent everything itself."""
        own = shown(outstanding(), [a_summary()]).sent
        theirs = shown(outstanding(), [a_summary()], is_supplier=False).sent
        assert own
        assert theirs
        assert "Sent lately" == own.caption
        expected = ["June 2026, revision 2", CONTRACT, "24", "3 July 2026, 10:00"]
        assert expected == [cell.text for cell in own.rows[0][:4]]
        assert PARTY == theirs.rows[0][2].text


class TestPage:
    def test_is_drawn_with_nothing(self) -> None:
        """Words stand where a table would; suppliers read how to send."""
        page = drawing.html("intake", "home.html", shown(outstanding()))
        said = drawing.text(page)
        assert "Nothing to send. You can fill in a return here, or send it by program" in said
        assert "You have sent no return yet." in said
        assert "<table" not in page
        council = drawing.html("intake", "home.html", shown(outstanding(), is_supplier=False))
        assert "by program" not in council
        assert "No return has come yet." in council

    def test_of_one_contract_leads_back_to_all(self) -> None:
        page = drawing.html("intake", "home.html", shown(outstanding(), contract_id=CONTRACT))
        assert f"Of the contract {CONTRACT}." in page
        assert "Nothing was sent for this contract." in page

    @pytest.mark.parametrize("is_supplier", [True, False])
    def test_is_small_when_it_is_full(self, is_supplier: bool) -> None:
        """Fifty returns that are due and those that were sent, within the budget of a page."""
        found = outstanding(*[OVERDUE] * 50, counts={"overdue": 60})
        full = shown(found, [a_summary()] * home.LATELY_ROWS, is_supplier=is_supplier)
        assert len(drawing.html("intake", "home.html", full).encode()) <= HTML_BYTES_MAX


class TestName:
    def test_stands_with_the_reference_below(self) -> None:
        """To the supplier the contract's; to others the supplier's too. Without one, the ids."""
        said = events.ContractNames(
            title="Community hub", suppliers=(events.Named(id=PARTY, name="Brackenfold Builders"),)
        )
        known = names.collect({CONTRACT: said})
        for is_supplier, expected in (
            (True, [Cell("Community hub", why=(CONTRACT,))]),
            (False, [Cell("Community hub", why=(CONTRACT,)), Cell("Brackenfold Builders")]),
        ):
            page = home.show(
                [a_summary()],
                NOWHERE,
                home.ToSend(outstanding(OVERDUE)),
                contract_id=CONTRACT,
                is_supplier=is_supplier,
                known=known,
            )
            assert page.due is not None
            assert page.sent is not None
            for table in (page.due, page.sent):
                assert expected == list(table.rows[0][1 : 1 + len(expected)])
            assert "Community hub" == page.of
