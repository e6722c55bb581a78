"""What suppliers' people are told of, and how (rules L2, L3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.intake.domain import due, telling
from shared.wire import events
from tests.support import intake_builders as build

NOW = datetime(2026, 11, 16, 10, tzinfo=UTC)
OTHER = "GB-COH-00000002"
ASHA, TOM = f"asha@{build.PARTY}", f"tom@{OTHER}"
PARTY = telling.Party(build.AUTHORITY, build.PARTY)


def an_alert(kind: str = "return_overdue", **changes: Any) -> events.AlertRaised:
    """Of October's return, which was due on 13 November."""
    facts: dict[str, Any] = {
        "event_id": UUID(int=1),
        "authority_id": build.AUTHORITY,
        "occurred_at": NOW,
        "contract_id": build.CONTRACT,
        "kind": kind,
        "subject": "2026-10/" + build.PARTY,
        "supplier_id": build.PARTY,
        "period": "2026-10",
        "due_on": date(2026, 11, 13),
        "rule_set": "r1",
    }
    return events.AlertRaised(**facts | changes)


def a_check(*outcomes: Any, **changes: Any) -> events.ReturnChecked:
    """Of a return with lines of these outcomes."""
    results = tuple(
        events.LineResult(
            line_id=str(number), commitment_id="schools", outcome=outcome, counted=Decimal(1)
        )
        for number, outcome in enumerate(outcomes, 1)
    )
    facts: dict[str, Any] = {
        "event_id": UUID(int=2),
        "authority_id": build.AUTHORITY,
        "occurred_at": NOW,
        "contract_id": build.CONTRACT,
        "return_id": UUID(int=3),
        "receipt_no": 1,
        "party_id": build.PARTY,
        "period": "2026-10",
        "revision": 1,
        "results": results,
        "rule_set": "r1",
    }
    return events.ReturnChecked(**facts | changes)


def told(*said: object) -> list[tuple[int, str, str]]:
    """Event, party and kind of each change."""
    found = telling.changes(said, NOW)
    return [(each.event_id.int, each.whose.party_id, each.kind) for each in found]


class TestAChange:
    @pytest.mark.parametrize("kind", ["return_due", "return_overdue", "duplicate_claim"])
    def test_is_an_alert_that_names_the_supplier(self, kind: str) -> None:
        """Of a contract with several suppliers, each has an alert of its own."""
        alert = an_alert(kind)
        others = an_alert(kind, event_id=UUID(int=9), supplier_id=OTHER)
        assert [(1, build.PARTY, kind), (9, OTHER, kind)] == told(alert, others)

    @pytest.mark.parametrize(
        "kind",
        [
            "shortfall_opened",
            "shortfall_worsened",
            "shortfall_recovered",
            "correction_changed_rating",
            "queue_holds_rating",
            "contract_ends_with_gap",
            "commitment_without_owner",
        ],
    )
    def test_is_nothing_that_only_the_council_is_told(self, kind: str) -> None:
        """Even if it names the supplier."""
        assert [] == told(an_alert(kind))

    def test_is_nothing_that_names_no_supplier(self) -> None:
        """Whom should it be told to?"""
        assert [] == told(an_alert(supplier_id=None))

    @pytest.mark.parametrize(
        ("outcomes", "is_told"),
        [
            (("counted", "provisional"), False),
            ((), False),
            (("counted", "queried"), True),
            (("not_counted",), True),
        ],
    )
    def test_is_a_return_of_which_not_all_lines_count(
        self, outcomes: tuple[str, ...], is_told: bool
    ) -> None:
        """What counts for now counts. It is known by the return, of which each revision is one."""
        wanted = [(3, build.PARTY, "return_checked")] if is_told else []
        assert wanted == told(a_check(*outcomes))

    def test_is_one_however_many_parts_say_it(self) -> None:
        """In one batch or in two, the return is the same."""
        parts = [
            a_check("counted", parts=3),
            a_check("queried", event_id=UUID(int=4), part=2, parts=3),
            a_check("not_counted", event_id=UUID(int=5), part=3, parts=3),
        ]
        assert [(3, build.PARTY, "return_checked")] == told(*parts)

    def test_is_no_withdrawal(self) -> None:
        """Whoever withdrew knows."""
        assert [] == told(a_check("not_counted", withdrawn=True))

    def test_is_nothing_of_another_return(self) -> None:
        """A line of another return that changed with it has its alert, if it needs one."""
        other = events.LineResult(
            return_id=UUID(int=8),
            line_id="1",
            commitment_id="schools",
            outcome="not_counted",
            counted=Decimal(0),
        )
        assert [] == told(a_check("counted", changed=(other,)))

    @pytest.mark.parametrize(("hours", "is_told"), [(7 * 24, True), (7 * 24 + 1, False)])
    def test_is_no_more_than_seven_days_old(self, hours: int, is_told: bool) -> None:
        """A log that is read from its beginning sends no mails (rule L3)."""
        at = NOW - timedelta(hours=hours)
        both = told(an_alert(occurred_at=at), a_check("queried", occurred_at=at))
        assert (2 if is_told else 0) == len(both)


class TestHistory:
    @pytest.mark.parametrize(
        ("period", "is_history"), [("2026-08", True), ("2026-09", False), ("2026-10", False)]
    )
    def test_is_what_lies_before_the_months_that_are_asked_for(
        self, period: str, is_history: bool
    ) -> None:
        """The contract of the builders asks from September on: August had ended when it came."""
        (change,) = telling.changes([a_check("queried", period=period)], NOW)
        first = due.first_period(build.a_contract_published())
        assert "2026-09" == first
        assert is_history == telling.is_history(change, {build.CONTRACT: first})

    def test_is_not_guessed(self) -> None:
        """Of a contract that was published without its obligations."""
        (change,) = telling.changes([a_check("queried", period="2020-01")], NOW)
        first = due.first_period(build.a_contract_published(obligations=None))
        assert not telling.is_history(change, {build.CONTRACT: first})


class TestAPerson:
    @pytest.mark.parametrize(
        ("kind", "choice", "how"),
        [
            ("return_due", None, "at_once"),
            ("return_due", "daily", "daily"),
            ("return_due", "never", None),
            ("return_overdue", "never", "at_once"),  # it may not be stopped
            ("duplicate_claim", None, "daily"),
            ("duplicate_claim", "at_once", "at_once"),
        ],
    )
    def test_is_told_as_they_chose(self, kind: str, choice: Any, how: str | None) -> None:
        """Whoever chose nothing gets what is usual."""
        person = telling.Person(ASHA, {} if choice is None else {kind: choice})
        found = telling.tellings(telling.changes([an_alert(kind)], NOW), {PARTY: [person]})
        assert ([] if how is None else [(ASHA, how)]) == [(e.recipient_id, e.how) for e in found]

    def test_is_told_of_their_own_supplier_alone(self) -> None:
        """Under the very authority."""
        people = {
            PARTY: [telling.Person(ASHA, {})],
            telling.Party(build.AUTHORITY, OTHER): [telling.Person(TOM, {})],
            telling.Party("GB-LAE-SHN", build.PARTY): [telling.Person("somebody else", {})],
        }
        found = telling.tellings(telling.changes([an_alert()], NOW), people)
        assert [ASHA] == [each.recipient_id for each in found]


class TestTheRank:
    def test_puts_the_worst_first(self) -> None:
        """What is overdue, the oldest first; what is due next; then what can be mended."""
        said = [
            a_check("queried"),
            an_alert("duplicate_claim", event_id=UUID(int=4), due_on=None),
            an_alert("return_due", event_id=UUID(int=5), due_on=date(2026, 12, 14)),
            an_alert("return_overdue", event_id=UUID(int=6), due_on=date(2026, 10, 14)),
            an_alert("return_overdue", event_id=UUID(int=7), due_on=date(2026, 11, 13)),
        ]
        found = sorted(telling.changes(said, NOW), key=lambda each: each.rank)
        assert [6, 7, 5, 3, 4] == [each.event_id.int for each in found]
