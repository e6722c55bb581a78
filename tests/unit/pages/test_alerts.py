"""Alerts as a page: what is said, and who may acknowledge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest

from services.verification.api import alerts as counting
from services.verification.api.documents import alerts as documents
from services.verification.pages import alerts, filters
from services.verification.register import acknowledgements
from shared.notifier import told
from shared.pages import names
from shared.pages.parts import Pages
from shared.wire import events
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX

NAMES = names.Names(people={"priya": "Priya Nair", "ellen": "Ellen Ford"})
NINE = datetime(2026, 11, 3, 9, tzinfo=UTC)


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


def a_telling(who: str, state: str = "sent", **changes: Any) -> told.Told:
    values: dict[str, Any] = {
        "step": "raised",
        "recipient_id": who,
        "state": state,
        "due_at": NINE,
        "ended_at": NINE if state not in ("planned", "waiting", "sending") else None,
    }
    return told.Told(**(values | changes))


def said(*notifications: told.Told, is_moved: bool = False) -> str:
    """What a row says of these."""
    listed = alerts.Listed((an_alert(),), counting.Counts(1, 1), Pages(None, None))
    known = {UUID(int=1): notifications}
    reader = alerts.Reader(may_acknowledge=True, known=NAMES, told=known, is_moved=is_moved)
    (row,) = alerts.show(filters.Alerts(), listed, reader).rows
    return row.told


class TestTold:
    def test_says_who_was_told_when_and_how(self) -> None:
        """Those to whom the same happened in one sentence."""
        assert "Told: Priya Nair, 3 November 2026, 09:00, by e-mail." == said(a_telling("priya"))
        assert "Told: Priya Nair and Ellen Ford, 3 November 2026, 09:00, by e-mail." == said(
            a_telling("priya"), a_telling("ellen")
        )
        expected = "Told: a program, 3 November 2026, 09:00, by webhook."
        assert expected == said(a_telling("webhook:7"))

    @pytest.mark.parametrize(
        ("state", "expected"),
        [
            ("planned", "Will be told: Priya Nair."),
            ("waiting", "Will be told: Priya Nair."),
            ("sending", "Will be told: Priya Nair."),
            ("refused", "Could not be told: Priya Nair."),
            ("given_up", "Could not be told: Priya Nair."),
            ("passed", "No longer told: Priya Nair."),
            ("doubtful", "Perhaps told: Priya Nair, 3 November 2026, 09:00, by e-mail."),
        ],
    )
    def test_says_what_became_of_it(self, state: str, expected: str) -> None:
        assert expected == said(a_telling("priya", state))

    def test_says_that_nobody_had_answered(self) -> None:
        assert (
            "Told: Priya Nair, 3 November 2026, 09:00, by e-mail. "
            "Will be told: Ellen Ford, unanswered for 10 working days."
        ) == said(a_telling("priya"), a_telling("ellen", "planned", step="unanswered_10"))

    def test_goes_by_the_clock_of_the_demonstration(self) -> None:
        """There the machine's clock shows another day than the page."""
        later = NINE + timedelta(days=25)
        assert "Told: Priya Nair, 3 November 2026, 09:00, by e-mail." == said(
            a_telling("priya", ended_at=later), is_moved=True
        )

    def test_counts_those_who_are_many(self) -> None:
        """Four in a sentence: three names and the number of the others."""
        sentence = said(*(a_telling("priya") for _ in range(6)))
        assert sentence.startswith("Told: Priya Nair, Priya Nair, Priya Nair and 3 others, 3 Nov")


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
        """And can be acknowledged at once. Two were told of each, and again after five working
        days."""
        words = "By 31 October 2026, £184,000 of £365,000 was due. " * 8
        every = [an_alert(alert_id=UUID(int=n), words=words) for n in range(filters.ALERTS)]
        two = [a_telling("priya"), a_telling("ellen")]
        again = [each._replace(step="unanswered_5") for each in two]
        reader = alerts.Reader(
            may_acknowledge=True,
            known=NAMES,
            told={each.alert_id: [*two, *again] for each in every},
        )
        listed = alerts.Listed(every, counting.Counts(30, 30), Pages(None, None))
        page = alerts.show(filters.Alerts(), listed, reader)
        drawn = drawing.html("verification", "alerts.html", page)
        assert HTML_BYTES_MAX >= len(drawn.encode())
        assert filters.ALERTS <= acknowledgements.TOGETHER_MAX
