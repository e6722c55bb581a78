"""Alerts in words: amounts, headlines, and what is still said where a name is missing (rule L1)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.verification.domain import wording
from shared import findings
from shared.wire import events
from tests.support import verification_builders as build

NAMES = wording.Names(
    "Community hub", {build.SUPPLIER: "Example Builders (fictional)"}, {"visits": "School visits"}
)

SEEN = wording.Seen(date(2026, 11, 16))


def alert(kind: Any, **figures: Any) -> events.AlertRaised:
    return events.AlertRaised(
        **build.head(kind, day="2026-11-16"),
        kind=kind,
        contract_id="C1",
        subject="s",
        period="2026-10",
        rule_set="r",
        **figures,
    )


class TestAnAlert:
    @pytest.mark.parametrize(
        ("kind", "headline"),
        [
            ("return_due", "The return for October 2026 is due"),
            ("return_overdue", "The return for October 2026 is overdue"),
            ("shortfall_opened", "School visits is behind"),
            ("shortfall_worsened", "School visits has fallen further behind"),
            ("shortfall_recovered", "School visits is back on course"),
            ("duplicate_claim", "School visits: the same thing was claimed twice"),
            (
                "queue_holds_rating",
                "School visits cannot be rated for October 2026 till the council decides",
            ),
            ("commitment_without_owner", "School visits has no owner"),
        ],
    )
    def test_has_a_headline(self, kind: str, headline: str) -> None:
        """What happened, then contract and supplier."""
        raised = alert(kind, supplier_id=build.SUPPLIER, commitment_id="visits")
        expected = f"{headline}: Community hub (Example Builders (fictional))"
        assert expected == wording.describe(raised, NAMES, SEEN).headline

    def test_shows_ids_if_there_are_no_names(self) -> None:
        """Supplier and commitment by id."""
        unknown = alert("shortfall_opened", supplier_id="GB-COH-9", commitment_id="spend")
        described = wording.describe(unknown, NAMES, SEEN)
        assert "spend is behind: Community hub (GB-COH-9)" == described.headline
        assert (None, "spend") == (described.supplier_name, described.commitment_title)

    @pytest.mark.parametrize(
        ("suppliers", "named"),
        [
            ({"p1": "A (fictional)"}, "A (fictional)"),
            ({"p1": "A (fictional)", "p2": None}, "A (fictional) and p2"),
            ({"p1": "A", "p2": "B", "p3": "C"}, "A, B and C"),
            ({"p1": "A", "p2": "B", "p3": "C", "p4": "D"}, "the suppliers"),
        ],
    )
    def test_names_the_suppliers_of_what_they_promised_together(
        self, suppliers: dict[str, str | None], named: str
    ) -> None:
        """Up to three of them."""
        known = wording.Names("Community hub", suppliers, {"visits": "School visits"})
        joint = alert("shortfall_opened", commitment_id="visits")
        described = wording.describe(joint, known, SEEN)
        assert f"School visits is behind: Community hub ({named})" == described.headline

    def test_says_when_a_missing_return_was_due_and_what_to_do(self) -> None:
        """Its day, then the next step with a day of its own."""
        overdue = alert(
            "return_overdue",
            supplier_id=build.SUPPLIER,
            due_on=date(2026, 11, 13),
            why=("no_return",),
            step="chase_return",
            step_by=date(2026, 11, 20),
        )
        described = wording.describe(overdue, NAMES, SEEN)
        assert (
            "The return of Example Builders (fictional) for October 2026 was due on "
            "13 November 2026." == described.words
        )
        assert described.next_step is not None
        assert (
            "Ask Example Builders (fictional) for the return for October 2026 by 20 November 2026."
            == described.next_step.words
        )


SPEND: dict[str, Any] = {
    "commitment_id": "visits",
    "unit": "GBP",
    "target": Decimal(146000),
    "expected": Decimal(61200),
    "reported": Decimal(62000),
    "counted": Decimal(53000),
    "low": Decimal(53000),
    "gap": Decimal(8200),
    "supplier_id": build.SUPPLIER,
}


class TestWhatTheQueueHolds:
    def test_is_told_as_the_councils_own(self) -> None:
        """How much waits, and that it cannot be rated till then; no reason besides, and no
        rating."""
        held = {"queried": Decimal(9000), "rating": "Other", "why": ("awaiting_council",)}
        assert (
            "By 31 October 2026, £61,200 of £146,000 was due. £62,000 was reported and £53,000 "
            "counted. £9,000 waits for the council's decision. That is £8,200 behind: 5.6% of the "
            "whole target. October 2026 cannot be rated till then."
            == wording.describe(alert("queue_holds_rating", **SPEND | held), NAMES, SEEN).words
        )

    def test_counts_things_in_the_plural(self) -> None:
        held = {"unit": "visits", "queried": Decimal(2)}
        said = wording.describe(alert("queue_holds_rating", **SPEND | held), NAMES, SEEN).words
        assert "2 visits wait for the council's decision." in said


class TestAContractThatEnds:
    def test_says_on_which_day_and_by_how_much_it_is_behind(self) -> None:
        """The figures are those of the last rating."""
        ends = {"ends_on": date(2027, 2, 14), "rating": "Inadequate", "why": ("not_delivered",)}
        described = wording.describe(alert("contract_ends_with_gap", **SPEND | ends), NAMES, SEEN)
        assert (
            "School visits is £8,200 behind, and the contract ends on 14 February 2027: Community "
            "hub (Example Builders (fictional))" == described.headline
        )
        assert (
            "By 31 October 2026, £61,200 of £146,000 was due. £62,000 was reported and £53,000 "
            "counted. That is £8,200 behind: 5.6% of the whole target. Rated: Inadequate. Why: "
            "less was delivered than was due." == described.words
        )


class TestAPromiseWithoutAnOwner:
    def test_asks_the_council_to_name_one(self) -> None:
        """Of a commitment, or of all of the contract."""
        raised = alert("commitment_without_owner", step="name_owner", step_by=date(2026, 11, 20))
        described = wording.describe(raised, NAMES, SEEN)
        assert (
            "What was promised has no owner: Community hub (Example Builders (fictional))"
            == described.headline
        )
        assert "Nobody at the council is named to follow it." == described.words
        assert described.next_step is not None
        assert "Name an owner of the contract by 20 November 2026." == described.next_step.words


def step(code: str, today: str, reader: findings.Reader = "council") -> wording.NextStep:
    raised = alert(
        "shortfall_opened",
        supplier_id=build.SUPPLIER,
        commitment_id="visits",
        step=code,
        step_by=date(2026, 11, 20),
    )
    seen = wording.Seen(date.fromisoformat(today), reader=reader)
    found = wording.describe(raised, NAMES, seen).next_step
    assert found is not None
    return found


class TestTheNextStep:
    @pytest.mark.parametrize(
        ("today", "by", "is_late", "words"),
        [
            ("2026-11-16", "2026-11-20", False, "by 20 November 2026."),
            ("2026-11-20", "2026-11-20", False, "by 20 November 2026."),
            (
                "2026-11-21",
                "2026-11-23",
                True,
                "by 23 November 2026. It was to be done by 20 November 2026.",
            ),
            (
                "2026-12-24",
                "2026-12-29",
                True,
                "by 29 December 2026. It was to be done by 20 November 2026.",
            ),
        ],
    )
    def test_has_a_day_that_lies_ahead(
        self, today: str, by: str, is_late: bool, words: str
    ) -> None:
        """The next working day, once its own has passed: 21 November is a Saturday; Christmas and
        the 28th, in place of Boxing Day, are holidays."""
        found = step("notify_supplier", today)
        assert (by, is_late) == (str(found.by), found.is_late)
        assert f"Notify Example Builders (fictional) of the shortfall {words}" == found.words

    @pytest.mark.parametrize(
        ("code", "supplier", "council"),
        [
            (
                "send_return",
                "Send the return for October 2026",
                "Wait for Example Builders (fictional) to send the return for October 2026",
            ),
            (
                "chase_return",
                "Send the return for October 2026",
                "Ask Example Builders (fictional) for the return for October 2026",
            ),
            (
                "notify_supplier",
                "Wait for the council's notice",
                "Notify Example Builders (fictional) of the shortfall",
            ),
            (
                "decide_line",
                "Withdraw one of the claims, or wait for the council's decision",
                "Decide which of the claims counts",
            ),
            (
                "decide_lines",
                "Wait for the council's decision on the lines that wait",
                "Decide the lines that wait",
            ),
            (
                "review_contract",
                "Tell the council how you will deliver the rest before the contract ends",
                (
                    "Ask Example Builders (fictional) how the rest will be delivered before the "
                    "contract ends"
                ),
            ),
            (
                "name_owner",
                "Wait for the council to name who follows the contract",
                "Name an owner of the contract",
            ),
            (
                "review_rating",
                "Wait for the council's decision on the rating for October 2026",
                "Decide whether the rating for October 2026 is to be reissued",
            ),
        ],
    )
    def test_is_the_readers_own(self, code: str, supplier: str, council: str) -> None:
        """What the council does is not asked of the supplier."""
        day = "2026-11-16"
        said = [step(code, day, "supplier").words, step(code, day).words]
        assert [f"{each} by 20 November 2026." for each in (supplier, council)] == said


class TestWhatIsOver:
    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            ("return_overdue", "It is in by now, or no longer asked for."),
            ("shortfall_opened", "Its case has ended since."),
            ("duplicate_claim", "The line no longer waits for another claim."),
            ("queue_holds_rating", "None of its lines waits any more."),
        ],
    )
    def test_says_so_and_asks_for_nothing(self, kind: str, words: str) -> None:
        """Nobody is sent after what has been mended."""
        raised = alert(kind, step="notify_supplier", step_by=date(2026, 11, 20))
        described = wording.describe(raised, NAMES, wording.Seen(SEEN.today, is_over=True))
        assert described.words.endswith(words)
        assert None is described.next_step


class TestADuplicate:
    def test_names_what_is_claimed_and_what_goes_first(self) -> None:
        """The invoice, and the receipt of the other claim."""
        raised = alert(
            "duplicate_claim",
            supplier_id=build.SUPPLIER,
            commitment_id="visits",
            unit="GBP",
            reported=Decimal("9000.00"),
        )
        other = findings.Claim(
            receipt_no=20,
            contract_id="C2",
            period="2026-09",
            line_id="4",
            party_id="GB-COH-9",
            party_name="Brackenfold Builders (fictional)",
        )
        about = findings.About("INV-1042", other)
        described = wording.describe(raised, NAMES, wording.Seen(SEEN.today, about=about))
        assert (
            "School visits: INV-1042 was claimed twice: Community hub (Example Builders "
            "(fictional))" == described.headline
        )
        assert (
            "Example Builders (fictional) reported £9,000 in October 2026 for INV-1042. Receipt 20 "
            "of Brackenfold Builders (fictional) for September 2026 on C2 goes first. It does not "
            "count until the council decides or the earlier claim is withdrawn." == described.words
        )
        bare = wording.describe(raised, NAMES, SEEN)
        assert bare.words.startswith(
            "Example Builders (fictional) reported £9,000 in October 2026 for something that was "
            "claimed before. It does not count"
        )
