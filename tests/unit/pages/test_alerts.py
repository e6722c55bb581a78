"""Alerts as a page: what is said, and who may acknowledge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import pytest

from services.verification.api import alerts as counting
from services.verification.api.documents import alerts as documents
from services.verification.pages import alerts, filters
from services.verification.register import acknowledgements
from shared.pages import names
from shared.pages.parts import Pages
from shared.wire import events
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX

NAMES = names.Names(people={"priya": "Priya Nair"})


def an_alert(**changes: Any) -> documents.Alert:
    step = drawing.made(
        documents.NextStep, words="Notify Brackenfold of the shortfall by 20 November 2026."
    )
    values: dict[str, Any] = {
        "alert_id": UUID(int=1),
        "contract_id": "KMBC-2026-0101",
        "headline": "Spend with firms in Knowsley is behind: Community hub (Brackenfold)",
        "words": "By 31 October 2026, £184,000 of £365,000 was due.",
        "next_step": step,
        "raised_at": datetime(2026, 11, 13, 9, tzinfo=UTC),
        "acknowledged_by": None,
        "acknowledged_at": None,
    }
    return drawing.made(documents.Alert, **(values | changes))


SEEN: dict[str, Any] = {
    "acknowledged_by": "priya",
    "acknowledged_at": datetime(2026, 11, 16, 9, 14, tzinfo=UTC),
}


def shown(*rows: documents.Alert, unseen: int = 1, may: bool = True, **asked: str) -> alerts.Page:
    listed = alerts.Listed(rows, counting.Counts(max(len(rows), unseen), unseen), Pages(None, None))
    reader = alerts.Reader(may_acknowledge=may, known=NAMES)
    return alerts.show(filters.Alerts(**asked), listed, reader)


class TestSentence:
    @pytest.mark.parametrize(
        ("page", "expected"),
        [
            (shown(unseen=0), ("There is no alert yet.",)),
            (shown(unseen=0, kind="return_due"), ("No alert matches these filters.",)),
            (shown(an_alert()), ("1 alert is not acknowledged.",)),
            (shown(an_alert(), unseen=12), ("12 alerts are not acknowledged.",)),
            (shown(an_alert(**SEEN), unseen=0), ("All alerts are acknowledged.",)),
            (
                shown(unseen=2, acknowledged="true"),
                ("2 alerts are not acknowledged.", "No alert matches these filters."),
            ),
        ],
    )
    def test_says_how_many_wait(self, page: alerts.Page, expected: tuple[str, ...]) -> None:
        assert expected == page.sentences


class TestRow:
    def test_says_what_to_do_and_who_has_seen_it(self) -> None:
        """By name; by four digits where none is known."""
        (row,) = shown(an_alert(**SEEN), unseen=0).rows
        assert (
            "Notify Brackenfold of the shortfall by 20 November 2026.",
            "13 November 2026, 09:00",
            "Acknowledged by Priya Nair, 16 November 2026, 09:14",
        ) == (row.to_do, row.raised, row.seen)
        (unknown,) = shown(an_alert(**(SEEN | {"acknowledged_by": "joe"}))).rows
        assert unknown.seen is not None
        assert unknown.seen.startswith("Acknowledged by Officer ")

    def test_says_when_nothing_is_to_be_done(self) -> None:
        (row,) = shown(an_alert(next_step=None)).rows
        assert (None, None) == (row.to_do, row.seen)


class TestButtons:
    @pytest.mark.parametrize(
        ("page", "ticks", "buttons"),
        [
            (shown(an_alert(), an_alert(alert_id=UUID(int=2))), 2, 2),
            (shown(an_alert(), an_alert(**SEEN)), 1, 1),
            (shown(an_alert(**SEEN)), 0, 0),
            (shown(an_alert(), may=False), 0, 0),
        ],
    )
    def test_are_for_what_may_be_acknowledged(
        self, page: alerts.Page, ticks: int, buttons: int
    ) -> None:
        """By a manager, once. The first button of the form is that of what is ticked: Enter on a
        tick presses it."""
        drawn = drawing.html("verification", "alerts.html", page)
        assert (ticks, buttons) == (drawn.count('type="checkbox"'), drawn.count('name="one"'))
        assert bool(ticks) == ("Acknowledge those ticked" in drawn)
        if ticks:
            assert drawn.index("Acknowledge those ticked") < drawn.index('name="one"')
            assert 'method="post" action="/council/alerts/acknowledge"' in drawn

    def test_lead_back_to_the_same_part_of_the_list(self) -> None:
        page = shown(an_alert(), kind="return_due", cursor="abc")
        assert "/alerts/acknowledge?kind=return_due&cursor=abc" == page.action


class TestFilters:
    def test_have_words_for_every_kind(self) -> None:
        assert list(get_args(events.AlertKind)) == list(filters.KINDS)

    def test_ask_the_api_for_what_was_chosen(self) -> None:
        asked = filters.Alerts(kind="return_due", acknowledged="false", contract="C1")
        assert () == asked.check()
        found = asked.query()
        assert ("return_due", False, "C1") == (found.kind, found.acknowledged, found.contract)

    def test_name_every_fault_at_once(self) -> None:
        """A reference that none can be is named before it is looked for."""
        asked = filters.Alerts(kind="odd", acknowledged="maybe", contract="a/b")
        assert ["kind", "acknowledged", "contract"] == [each.name for each in asked.check()]


class TestPage:
    def test_that_is_full_is_light(self) -> None:
        """And can be acknowledged at once."""
        words = "By 31 October 2026, £184,000 of £365,000 was due. " * 8
        every = [an_alert(alert_id=UUID(int=n), words=words) for n in range(filters.ALERTS)]
        drawn = drawing.html("verification", "alerts.html", shown(*every))
        assert HTML_BYTES_MAX >= len(drawn.encode())
        assert filters.ALERTS <= acknowledgements.TOGETHER_MAX
