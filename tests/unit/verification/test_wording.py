"""Alerts in words: amounts, headlines, and what is still said where a name is missing (rule L1)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.verification.domain import wording
from shared.wire import events
from tests.support import verification_builders as build

NAMES = wording.Names(
    "Community hub", {build.SUPPLIER: "Example Builders (fictional)"}, {"visits": "School visits"}
)


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
        ],
    )
    def test_has_a_headline(self, kind: str, headline: str) -> None:
        """What happened, then contract and supplier."""
        raised = alert(kind, supplier_id=build.SUPPLIER, commitment_id="visits")
        expected = f"{headline}: Community hub (Example Builders (fictional))"
        assert expected == wording.describe(raised, NAMES).headline

    def test_shows_ids_if_there_are_no_names(self) -> None:
        """Supplier and commitment by id; several suppliers together."""
        unknown = alert("shortfall_opened", supplier_id="GB-COH-9", commitment_id="spend")
        described = wording.describe(unknown, NAMES)
        assert "spend is behind: Community hub (GB-COH-9)" == described.headline
        assert (None, "spend") == (described.supplier_name, described.commitment_title)
        everyone = wording.describe(alert("shortfall_opened", commitment_id="visits"), NAMES)
        assert "School visits is behind: Community hub (the suppliers)" == everyone.headline

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
        described = wording.describe(overdue, NAMES)
        assert (
            "The return of Example Builders (fictional) for October 2026 was due on "
            "13 November 2026." == described.words
        )
        assert described.next_step is not None
        assert (
            "Ask Example Builders (fictional) for the return for October 2026 by 20 November 2026."
            == described.next_step.words
        )
