"""What stands after all releases of a file: the newest tells."""

from __future__ import annotations

from typing import Any

import pytest

from services.verification.register import ocds
from tests.support.published import (
    award,
    entries,
    fates,
    metric,
    release,
    signed,
    things,
)


def contract(*releases: Any) -> ocds.Standing:
    (entry,) = entries(*releases)
    assert isinstance(entry.told, ocds.Standing), entry.told
    return entry.told


class TestALaterRelease:
    later = "2026-10-20T10:00:00Z"

    def test_tells_what_stands(self) -> None:
        """In any order; the older one says so."""
        renamed = release("awardUpdate", id="r2", date=self.later, tender={"title": "Renamed"})
        for releases in ([release(), renamed], [renamed, release()]):
            assert "Renamed" == contract(*releases).title
        assert [
            "skipped: a later release tells of it",
            "new",
        ] == fates(release(), renamed)
        assert "/releases/1" == things(release(), renamed)[0].value

    def test_of_the_same_date_goes_by_id(self) -> None:
        """The order in the file makes no difference."""
        one, other = release(tender={"title": "A"}), release(id="r2", tender={"title": "B"})
        assert ["B", "B"] == [contract(one, other).title, contract(other, one).title]

    def test_with_the_same_date_and_id_that_says_something_else_is_a_fault(self) -> None:
        """One of the two stands, the same in both orders."""
        one, other = release(tender={"title": "A"}), release(tender={"title": "B"})
        assert 1 == len({contract(one, other).title, contract(other, one).title})
        for releases in ([one, other], [other, one]):
            told = things(*releases)
            assert {"new", "faulty"} == {each.fate for each in told}
            (fault,) = (each for each in told if each.fate == "faulty")
            assert "r1" == fault.value

    def test_that_is_the_same_is_no_fault(self) -> None:
        """A notice may be in a file twice."""
        assert ["skipped: the same release is there again", "new"] == fates(release(), release())

    @pytest.mark.parametrize(
        ("tag", "status", "reason"),
        [
            ("award", "cancelled", "it is cancelled"),
            ("awardUpdate", "unsuccessful", "it is unsuccessful"),
            ("awardCancellation", None, "it is cancelled"),
        ],
    )
    def test_cancels_the_award(self, tag: str, status: str | None, reason: str) -> None:
        """No contract is registered, in either order."""
        end = release(tag, id="r2", date=self.later, awards=[{"id": "1", "status": status}])
        assert [
            "skipped: a later release tells of it",
            f"skipped: {reason}",
        ] == fates(release(), end)
        assert [reason] == [
            each.told.reason
            for each in entries(end, release())
            if isinstance(each.told, ocds.Ended)
        ]

    def test_that_cancels_the_award_ends_all_its_contracts(self) -> None:
        """Also those that it does not name."""
        before = release("contract", contracts=[signed("c1"), signed("c2")])
        end = release("awardCancellation", date=self.later, awards=[award(status="cancelled")])
        assert [ocds.Ended] * 2 == [type(each.told) for each in entries(before, end)]

    def test_terminates_one_contract(self) -> None:
        """The other stands, and so does its award."""
        before = release("contract", contracts=[signed("c1"), signed("c2")])
        end = release(
            "contractTermination",
            date=self.later,
            contracts=[signed("c1"), signed("c2", status=None)],
        )
        assert ["new", "skipped: it is terminated"] == fates(before, end, kind="contract")[2:]

    @pytest.mark.parametrize(
        ("tag", "kind", "ended"),
        [
            ("awardCancellation", "award", "cancelled"),
            ("contractTermination", "contract", "terminated"),
        ],
    )
    def test_whose_tag_says_another_thing_than_its_states_is_a_fault(
        self, tag: str, kind: str, ended: str
    ) -> None:
        """Nothing is registered from what can be read in two ways."""
        (told,) = things(release(tag, contracts=[signed()]), kind=kind)
        reason = f"the release is tagged {tag}, but nothing in it is {ended}"
        assert ("faulty", reason, "active") == (told.fate, told.reason, told.value)

    def test_that_terminates_a_contract_without_naming_it_ends_the_award(self) -> None:
        """The award has one contract, which was never published."""
        assert ["skipped: its contract is terminated"] == fates(release("contractTermination"))

    def test_that_was_cancelled_before_stands_again(self) -> None:
        """The newest tells."""
        end = release("awardCancellation", date="2026-08-01", awards=[award(status="cancelled")])
        assert "Community hub" == contract(end, release()).title

    def test_keeps_the_metrics_that_it_does_not_repeat(self) -> None:
        """What is left out of a release is not taken back. What it repeats, it tells."""
        first = release(awards=[award(agreedMetrics=[metric(), metric("volunteering")])])
        second = release(
            "awardUpdate",
            date=self.later,
            awards=[award(agreedMetrics=[metric(measure="24")])],
        )
        assert [
            "skipped: a later release tells of it",
            "needs_structuring: its unit is visits, not hours",
            "draft",
        ] == fates(first, second, kind="metric")
