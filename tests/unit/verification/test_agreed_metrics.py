"""Agreed metrics: promises with figures become drafts, the others keep their prose."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from services.verification.register import agreed_metrics
from tests.support.published import (
    award,
    entries,
    fates,
    metric,
    release,
    signed,
    things,
)


class TestAgreedMetrics:
    def _read(self, *metrics: dict[str, Any]) -> tuple[agreed_metrics.Metric, ...]:
        (entry,) = entries(release(awards=[award(agreedMetrics=list(metrics))]))
        return entry.metrics

    def test_become_drafts_if_they_can_be_counted(self) -> None:
        """A measure of the catalogue, one figure in its unit, and a period."""
        (read,) = self._read(metric())
        year = (date(2026, 10, 1), date(2027, 9, 30))
        assert agreed_metrics.Figures("school-visits", Decimal(12), *year) == read.figures
        assert read.reason is None
        value = {"measure": None, "value": {"amount": 365000, "currency": "GBP"}}
        (spend,) = self._read(metric("kpi-1", dimensions={"measure": "local-spend"}, **value))
        assert "kpi-1" == spend.commitment_id
        assert agreed_metrics.Figures("local-spend", Decimal(365000), *year) == spend.figures

    def test_need_structuring_if_they_are_prose(self) -> None:
        """The words are kept, with what is missing."""
        read = self._read(
            metric(measure="as many as possible"),
            metric("community-spirit"),
            metric("volunteering", unit={"name": "visits"}),
            metric("hours-given", dimensions={"measure": "volunteering"}, unit=None),
            metric("participant-hours", unit={"name": "hours"}, period=None),
            {"id": "kpi-9", "description": "Delight residents."},
            metric("next-to-none", dimensions={"measure": "school-visits"}, measure="1e-25"),
            metric("digits", dimensions={"measure": "school-visits"}, measure="١٢"),
        )
        assert [None] * 8 == [each.figures for each in read]
        assert [
            "its target is prose",
            "it has no measure of the catalogue",
            "its unit is visits, not hours",
            "it has no unit",
            "it has no period with a start and an end",
            "it needs exactly one observation, with the target",
            "its target is prose",
            "its target is prose",
        ] == [each.reason for each in read]
        assert "Delight residents." == read[5].words

    def test_keep_every_target_in_words(self) -> None:
        """Two years with a target each need structuring, and people must see both."""
        two = metric()["observations"] + [{"value": {"amount": 500, "currency": "GBP"}}]
        (read,) = self._read({"id": "kpi-2", "observations": two})
        assert "12 visits from 2026-10-01 to 2027-09-30\n500 GBP" == read.words

    def test_that_are_left_out_say_why(self) -> None:
        """Without an id, under a repeated one, no object, with an odd date."""
        whole = award(
            agreedMetrics=[
                metric(7),
                metric(),
                metric(measure="24"),
                metric(None),
                "visits",
                metric(
                    "late",
                    dimensions={"measure": "school-visits"},
                    period={"startDate": "0001-01-01"},
                ),
            ]
        )
        assert [
            "needs_structuring: it has no measure of the catalogue",
            "draft",
            "faulty: another metric has the same id",
            "faulty: the metric has no id",
            "faulty: this is no metric",
            "faulty: the date lies before 1990",
        ] == fates(release(awards=[whole]), kind="metric")

    def test_of_an_award_and_its_contract_are_one_promise(self) -> None:
        """The same words twice are one; other words under one id are a fault."""
        awards = [award(agreedMetrics=[metric(), metric("volunteering")])]
        own = [metric(), metric("volunteering", measure="3")]
        whole = release("contract", awards=awards, contracts=[signed(agreedMetrics=own)])
        assert ["draft", "needs_structuring", "skipped", "faulty"] == [
            each.fate for each in things(whole, kind="metric")
        ]

    def test_of_what_is_left_out_are_left_out_with_it(self) -> None:
        """A metric of a cancelled, a faulty and a skipped award."""
        metrics = [metric()]
        awards = [
            award(id="1", status="cancelled", agreedMetrics=metrics),
            award(id="2", suppliers=[], agreedMetrics=metrics),
            award(id="3", status="pending", agreedMetrics=metrics),
        ]
        assert [
            "skipped: its award is cancelled",
            "skipped: its award is faulty",
            "skipped: it is pending, not active",
        ] == fates(release(awards=awards), kind="metric")

    def test_of_a_contract_that_has_ended_are_left_out_with_it(self) -> None:
        """Those of its award as well, if no other contract has them."""
        whole = release(
            "contract",
            awards=[award(agreedMetrics=[metric("volunteering")])],
            contracts=[signed(status="cancelled", agreedMetrics=[metric()])],
        )
        assert ["skipped: it is cancelled"] * 2 == fates(whole, kind="metric")
