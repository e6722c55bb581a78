"""Reading OCDS releases: awards become contracts, everything else a reason, and nothing fails."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.register import ocds


def release(*tags: str, **more: Any) -> dict[str, Any]:
    """An award of a fictional publisher."""
    return {
        "ocid": "ocds-abc123-7",
        "date": "2026-09-01T10:00:00Z",
        "tag": list(tags or ("award",)),
        "tender": {"title": "Community hub"},
        "buyer": {"id": "org-1", "name": "Knowsley Metropolitan Borough Council"},
        "parties": [
            {
                "id": "org-2",
                "name": "Example Builders (fictional)",
                "identifier": {"scheme": "GB-COH", "id": "99000001"},
            },
        ],
        "awards": [award()],
    } | more


def award(**more: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "status": "active",
        "suppliers": [{"id": "org-2", "name": "Example Builders (fictional)"}],
        "contractPeriod": {
            "startDate": "2026-10-01T00:00:00+01:00",
            "endDate": "2027-09-30T23:59:59+01:00",
        },
    } | more


def metric(metric_id: str = "school-visits", **more: Any) -> dict[str, Any]:
    observation = {
        "id": "1",
        "measure": "12",
        "unit": {"name": "visits"},
        "period": {"startDate": "2026-10-01", "endDate": "2027-09-30"},
    }
    return {"id": metric_id, "title": "Visits", "observations": [observation | more]}


def contract(published: dict[str, Any]) -> ocds.ImportedContract:
    (read,) = ocds.read(published)
    assert isinstance(read, ocds.ImportedContract), read
    return read


def reason(published: object) -> str:
    (read,) = ocds.read(published)
    assert isinstance(read, ocds.Skipped)
    return read.reason


class TestAnAward:
    def test_becomes_a_contract_without_commitments(self) -> None:
        """Days as written, suppliers by org-id, the buyer as published."""
        read = contract(release())
        assert "ocds-abc123-7-1" == read.contract_id
        assert (date(2026, 10, 1), date(2027, 9, 30)) == (read.starts_on, read.ends_on)
        assert ["GB-COH-99000001"] == [each.id for each in read.suppliers]
        assert read.buyer is not None
        assert "Knowsley Metropolitan Borough Council" == read.buyer.name
        assert () == read.metrics

    def test_keeps_broken_encodings_as_they_are(self) -> None:
        """Text is kept as the publisher wrote it."""
        title = "Hub â€¢ works rn phase 2"
        assert title == contract(release(tender={"title": title})).title

    def test_has_an_id_that_can_be_part_of_an_address(self) -> None:
        """The id is changed only if it must be, and then stays different from every other."""
        one, other = (
            contract(release(awards=[award(id=each)])).contract_id for each in ("a/1", "a 1")
        )
        assert one != other
        assert one.startswith("ocds-abc123-7-a-1-")
        own = award(id="ocds-abc123-7-award-9")
        assert "ocds-abc123-7-award-9" == contract(release(awards=[own])).contract_id

    def test_names_suppliers_of_no_scheme_by_publisher_and_name(self) -> None:
        """The publisher's next release gives the same id, even if it numbers its parties anew."""
        ids = {
            contract(release(awards=[award(suppliers=[{"id": own, "name": name}])], parties=[]))
            .suppliers[0]
            .id
            for own, name in (("org-5", "Fern & Sons"), ("org-77", "FERN &  sons"))
        }
        assert 1 == len(ids)
        assert ids.pop().startswith("MG-NAME-")

    def test_is_skipped_with_a_reason_if_something_is_missing(self) -> None:
        """Nothing is guessed, and nothing fails."""
        reasons = [
            reason(release(awards=[award(contractPeriod=None)])),
            reason(release(awards=[award(contractPeriod={"startDate": "2026-10-01"})])),
            reason(release(awards=[award(suppliers=[])])),
            reason(release(awards=[award(status="pending")])),
            reason(release(awards=[])),
            reason(release("tender")),
            reason(release("planning")),
            reason({}),
            reason([1]),
        ]
        assert [
            "award 1: it has no contract period with a start and an end",
            "award 1: it has no contract period with a start and an end",
            "award 1 names no supplier",
            "award 1 is pending, not active",
            "it has no award",
            "a tender: nothing is awarded yet",
            "a plan: nothing is awarded yet",
            "not a release: it has no ocid",
            "not a release: it has no ocid",
        ] == reasons

    def test_has_the_period_of_the_contract_that_was_signed(self) -> None:
        """`contracts[]` comes before the award, the award before the tender."""
        signed = {
            "id": "c",
            "awardID": "1",
            "period": {"startDate": "2026-11-01", "durationInDays": 30},
        }
        read = contract(release("contract", contracts=[signed]))
        assert (date(2026, 11, 1), date(2026, 11, 30)) == (read.starts_on, read.ends_on)

    def test_is_skipped_if_its_end_is_not_a_day(self) -> None:
        """Its duration leads beyond the last year that a date can have."""
        period = {"startDate": "9999-12-01", "durationInDays": 100}
        assert "award 1: it has no contract period with a start and an end" == reason(
            release(awards=[award(contractPeriod=period)])
        )

    @pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00"])
    def test_is_older_than_any_other_if_its_release_has_no_usable_date(self, moment: str) -> None:
        """Such a moment exists in its own time zone but not in UTC, so no database can keep it."""
        assert datetime(1, 1, 1, tzinfo=UTC) == contract(release(date=moment)).released_at


class TestAgreedMetrics:
    def _read(self, *metrics: dict[str, Any]) -> tuple[ocds.Metric, ...]:
        return contract(release(awards=[award(agreedMetrics=list(metrics))])).metrics

    def test_become_drafts_if_they_can_be_counted(self) -> None:
        """A measure of the catalogue, one figure in its unit, and a period."""
        (read,) = self._read(metric())
        year = (date(2026, 10, 1), date(2027, 9, 30))
        assert ocds.Figures("school-visits", Decimal(12), *year) == read.figures
        assert read.reason is None
        value = {"measure": None, "value": {"amount": 365000, "currency": "GBP"}}
        (spend,) = self._read(metric("kpi-1", dimensions={"measure": "local-spend"}, **value))
        assert "kpi-1" == spend.commitment_id
        assert ocds.Figures("local-spend", Decimal(365000), *year) == spend.figures

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
        )
        assert [None] * 7 == [each.figures for each in read]
        assert [
            "its target is prose",
            "it has no measure of the catalogue",
            "its unit is visits, not hours",
            "it has no unit",
            "it has no period with a start and an end",
            "it needs exactly one observation, with the target",
            "its target is prose",
        ] == [each.reason for each in read]
        assert "Delight residents." == read[5].words


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


class TestAnyJson:
    @given(_JSON)
    def test_gives_contracts_or_reasons(self, value: Any) -> None:
        """Any value in the place of a release."""
        assert ocds.read(value)

    @given(st.sampled_from(["ocid", "date", "tag", "parties", "buyer", "tender", "awards"]), _JSON)
    def test_may_be_any_part_of_a_release(self, name: str, value: Any) -> None:
        """A release with one part replaced by any value."""
        json.dumps([repr(each) for each in ocds.read(release(**{name: value}))])

    @given(
        st.sampled_from(["id", "status", "suppliers", "contractPeriod", "agreedMetrics", "title"]),
        _JSON,
    )
    def test_may_be_any_part_of_an_award(self, name: str, value: Any) -> None:
        """An award with one part replaced by any value."""
        assert ocds.read(release(awards=[award(**{name: value})]))
