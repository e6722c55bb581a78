"""OCDS releases, read: awards become contracts, the rest a reason, and nothing breaks it."""

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


def contract(given_: dict[str, Any]) -> ocds.ImportedContract:
    (read,) = ocds.read(given_)
    assert isinstance(read, ocds.ImportedContract), read
    return read


def reason(given_: object) -> str:
    (read,) = ocds.read(given_)
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
        """What the publisher wrote is what is kept."""
        title = "Hub â€¢ works rn phase 2"
        assert title == contract(release(tender={"title": title})).title

    def test_has_an_id_that_can_stand_in_an_address(self) -> None:
        """Changed only where it must be, and then never like another one's."""
        one, other = (
            contract(release(awards=[award(id=each)])).contract_id for each in ("a/1", "a 1")
        )
        assert one != other
        assert one.startswith("ocds-abc123-7-a-1-")
        own = award(id="ocds-abc123-7-award-9")
        assert "ocds-abc123-7-award-9" == contract(release(awards=[own])).contract_id

    def test_names_suppliers_of_no_scheme_by_publisher_and_name(self) -> None:
        """The same in the publisher's next release, whatever the release calls it."""
        ids = {
            contract(release(awards=[award(suppliers=[{"id": own, "name": name}])], parties=[]))
            .suppliers[0]
            .id
            for own, name in (("org-5", "Fern & Sons"), ("org-77", "FERN &  sons"))
        }
        assert 1 == len(ids)
        assert ids.pop().startswith("MG-NAME-")

    def test_is_skipped_with_a_reason_where_something_is_missing(self) -> None:
        """Never a guess, never a failure."""
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
            "it says no award",
            "a tender: nothing is awarded yet",
            "a plan: nothing is awarded yet",
            "no release: it has no ocid",
            "no release: it has no ocid",
        ] == reasons

    def test_takes_the_period_of_the_contract_that_was_signed(self) -> None:
        """`contracts[]` goes before the award, the award before the tender."""
        signed = {
            "id": "c",
            "awardID": "1",
            "period": {"startDate": "2026-11-01", "durationInDays": 30},
        }
        read = contract(release("contract", contracts=[signed]))
        assert (date(2026, 11, 1), date(2026, 11, 30)) == (read.starts_on, read.ends_on)

    def test_is_skipped_where_its_end_is_no_day(self) -> None:
        """A duration that leads past the last year there is."""
        period = {"startDate": "9999-12-01", "durationInDays": 100}
        assert "award 1: it has no contract period with a start and an end" == reason(
            release(awards=[award(contractPeriod=period)])
        )

    @pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00"])
    def test_is_as_old_as_can_be_where_its_release_is_of_no_moment(self, moment: str) -> None:
        """No clock has it in its own zone and in ours, so no database either."""
        assert datetime(1, 1, 1, tzinfo=UTC) == contract(release(date=moment)).released_at


class TestAgreedMetrics:
    def _read(self, *metrics: dict[str, Any]) -> tuple[ocds.Metric, ...]:
        return contract(release(awards=[award(agreedMetrics=list(metrics))])).metrics

    def test_become_drafts_where_they_can_be_counted(self) -> None:
        """A measure of the catalogue, one figure in its unit, and a period."""
        (read,) = self._read(metric())
        assert ("school-visits", Decimal(12), None) == (read.measure, read.target, read.reason)
        value = {"measure": None, "value": {"amount": 365000, "currency": "GBP"}}
        (spend,) = self._read(metric("kpi-1", dimensions={"measure": "local-spend"}, **value))
        assert ("kpi-1", "local-spend", Decimal(365000)) == (
            spend.commitment_id,
            spend.measure,
            spend.target,
        )

    def test_need_structuring_where_they_are_prose(self) -> None:
        """The words are kept, and what is wanted is said."""
        read = self._read(
            metric(measure="as many as possible"),
            metric("community-spirit"),
            metric("volunteering", unit={"name": "visits"}),
            metric("participant-hours", unit={"name": "hours"}, period=None),
            {"id": "kpi-9", "description": "Delight residents."},
            metric("next-to-none", dimensions={"measure": "school-visits"}, measure="1e-25"),
        )
        assert [None] * 6 == [each.measure for each in read]
        assert [
            "its target is in prose",
            "it names no measure of the catalogue",
            "its unit is visits, not hours",
            "it has no period with a start and an end",
            "one observation with the target is wanted",
            "its target is in prose",
        ] == [each.reason for each in read]
        assert "Delight residents." == read[4].words


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


class TestAnyJson:
    @given(_JSON)
    def test_gives_contracts_or_reasons(self, value: Any) -> None:
        """Whatever stands in a release's place."""
        assert ocds.read(value)

    @given(st.sampled_from(["ocid", "date", "tag", "parties", "buyer", "tender", "awards"]), _JSON)
    def test_stands_in_any_place_of_a_release(self, name: str, value: Any) -> None:
        """A release with one part replaced by anything."""
        json.dumps([repr(each) for each in ocds.read(release(**{name: value}))])

    @given(
        st.sampled_from(["id", "status", "suppliers", "contractPeriod", "agreedMetrics", "title"]),
        _JSON,
    )
    def test_stands_in_any_place_of_an_award(self, name: str, value: Any) -> None:
        """An award with one part replaced by anything."""
        assert ocds.read(release(awards=[award(**{name: value})]))
