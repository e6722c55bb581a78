"""Reading OCDS releases: what stands, and why the rest is left out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.verification.register import ocds
from tests.support.published import (
    award,
    entries,
    fates,
    metric,
    package,
    planned,
    release,
    signed,
    things,
)


def contract(*releases: Any) -> ocds.Standing:
    (entry,) = entries(*releases)
    assert isinstance(entry.told, ocds.Standing), entry.told
    return entry.told


def lasting(start: object, end: object = "2027-10-31", **more: object) -> dict[str, Any]:
    """An award with this period."""
    return award(contractPeriod={"startDate": start, "endDate": end} | more)


class TestAnAward:
    def test_becomes_a_contract_without_commitments(self) -> None:
        """Days as written, suppliers by org-id, the buyer as published."""
        (entry,) = entries(release())
        assert "ocds-abc123-7-1" == entry.contract_id
        read = contract(release())
        assert (date(2026, 10, 1), date(2027, 9, 30)) == (read.starts_on, read.ends_on)
        assert ["GB-COH-99000001"] == [each.id for each in read.suppliers]
        assert read.buyer is not None
        assert "Knowsley Metropolitan Borough Council" == read.buyer.name
        assert () == entry.metrics

    def test_keeps_broken_encodings_as_they_are(self) -> None:
        """Text is kept as the publisher wrote it."""
        title = "Hub â€¢ works rn phase 2"
        assert title == contract(release(tender={"title": title})).title

    def test_has_an_id_that_can_be_part_of_an_address(self) -> None:
        """The id is changed only if it must be, and then stays different from every other."""
        one, other = entries(release(awards=[award(id="a/1"), award(id="a 1")]))
        assert one.contract_id != other.contract_id
        assert one.contract_id.startswith("ocds-abc123-7-a-1-")
        (own,) = entries(release(awards=[award(id="ocds-abc123-7-award-9")]))
        assert "ocds-abc123-7-award-9" == own.contract_id

    def test_may_have_an_integer_as_its_id(self) -> None:
        """As OCDS 1.1 allows: 7 is the same award as "7". True is no id."""
        ids = [
            each.release and each.release.award_id
            for each in entries(release(awards=[award(id=7)]))
        ]
        assert ["7"] == ids
        whole = release("contract", awards=[award(id=7)], contracts=[signed(8, awardID=7)])
        assert ["new"] == fates(whole, kind="contract")
        assert ["faulty: the award has no id"] == fates(release(awards=[award(id=True)]))

    def test_is_left_out_with_a_reason_if_something_is_missing(self) -> None:
        """Nothing is guessed, and nothing fails."""
        no_period = "faulty: it has no contract period with a start and an end"
        awards = (
            award(id="1", contractPeriod=None),
            award(id="2", contractPeriod={"startDate": "2026-10-01"}),
            award(id="3", suppliers=[]),
            award(id="4", suppliers=[{"id": "org-2"}, {}]),
            award(id="5", status="pending"),
            award(id="6", status=7),
            award(id=None),
            "an award",
        )
        assert [
            no_period,
            no_period,
            "faulty: it names no supplier",
            "faulty: this supplier has no identifier and no name that can be read",
            "skipped: it is pending, not active",
            "faulty: its status is no text",
            "faulty: the award has no id",
            "faulty: this is no award",
        ] == fates(release(awards=list(awards)))

    def test_under_the_id_of_another_is_a_fault_that_names_it(self) -> None:
        """One of two would be lost. If both are the same word for word, nothing is."""
        other = award(title="Second award", suppliers=[{"name": "Other Builders (fictional)"}])
        first, second, third = things(release(awards=[award(), other, award()]))
        assert ("new", "faulty", "skipped") == (first.fate, second.fate, third.fate)
        assert ("/releases/0/awards/1/id", "1") == (second.place, second.value)
        assert "another award has the same id" == second.reason
        assert "Give each its own id." == second.fix
        assert "it is there twice, word for word" == third.reason

    def test_comes_to_the_same_contract_id_as_another(self) -> None:
        """Its publisher numbers awards as if they were contracting processes. One of them is told
        as a fault."""
        one = release(ocid="ocds-a", awards=[award(id="b-c")])
        other = release(ocid="ocds-a-b", awards=[award(id="c")])
        assert ["new", "faulty"] == [each.fate for each in things(one, other)]

    def test_that_is_no_list_is_a_fault(self) -> None:
        """It is not passed over."""
        assert ["faulty: this is no list"] == fates(release(awards={"id": "1"}))


class TestTheDays:
    @pytest.mark.parametrize(
        ("start", "end", "days"),
        [
            ("2027-09-30T23:00:00Z", "2028-09-30T22:59:59Z", ("2027-10-01", "2028-09-30")),
            (
                "2027-10-01T00:00:00+01:00",
                "2028-09-30T23:59:59+01:00",
                ("2027-10-01", "2028-09-30"),
            ),
            ("2027-01-01T00:00:00Z", "2027-06-30T23:59:59Z", ("2027-01-01", "2027-06-30")),
            ("2027-10-01T00:00:00", "2028-09-30T23:00:00Z", ("2027-10-01", "2028-10-01")),
            ("2027-10-01", "2028-09-30", ("2027-10-01", "2028-09-30")),
            ("2027-10-01t08:30z", "2028-09-30 12:00:00.250+0000", ("2027-10-01", "2028-09-30")),
        ],
    )
    def test_are_londons_but_an_end_at_the_last_second_is_as_written(
        self, start: str, end: str, days: tuple[str, str]
    ) -> None:
        """23:00Z is midnight in London in summer."""
        read = contract(release(awards=[lasting(start, end)]))
        assert days == (str(read.starts_on), str(read.ends_on))

    @pytest.mark.parametrize(
        ("start", "reason"),
        [
            ("0001-01-01T00:00:00Z", "the date lies before 1990"),
            ("0207-04-01", "the date lies before 1990"),
            ("1989-12-31", "the date lies before 1990"),
            ("1970-01-01T00:00:00Z", "the date lies before 1990"),
            ("2207-04-01", "the date lies after 2036"),
            ("9999-12-31T23:00:00-14:00", "the date lies after 2036"),
            ("20270401", "this is no date"),
            ("2027-W14-1", "this is no date"),
            ("2027-02-30", "this is no date"),
            ("٢٠٢٧-٠٤-٠١", "this is no date"),
            ("01/04/2027", "this is no date"),
            ("", "this is no date"),
            (20270401, "this is no date"),
        ],
    )
    def test_are_a_fault_that_names_an_odd_date(self, start: object, reason: str) -> None:
        """Defaults of programs, slips of the hand, other forms; another period does not hide it."""
        tender = {"contractPeriod": {"startDate": "2026-10-01", "endDate": "2027-09-30"}}
        (told,) = things(release(awards=[lasting(start)], tender=tender))
        assert ("faulty", reason) == (told.fate, told.reason)
        assert "/releases/0/awards/0/contractPeriod/startDate" == told.place
        assert str(start) == told.value or "\\u" in str(told.value)

    def test_may_lie_far_ahead_at_the_end_of_a_long_concession(self) -> None:
        """Forty years are a contract; a hundred are not."""
        ends = ["2066-09-30", "2126-09-30"]
        awards = [lasting("2026-10-01", end) | {"id": end} for end in ends]
        assert ["new", "faulty: the date lies after 2076"] == fates(release(awards=awards))

    def test_of_a_release_are_checked_too(self) -> None:
        """A release from far ahead would stand for ever. One without a date is older than any."""
        (told,) = things(release(date="2062-09-01T10:00:00Z"), kind="release")
        assert ("faulty", "/releases/0/date") == (told.fate, told.place)
        (entry,) = entries(release(date=None))
        assert entry.release is not None
        assert ocds.NEVER == entry.release.at

    def test_come_from_the_contract_then_the_award_then_the_tender(self) -> None:
        """The first period that has both; a duration gives the end."""
        period = {"startDate": "2026-11-01", "durationInDays": 30}
        read = contract(release("contract", contracts=[signed(period=period)]))
        assert (date(2026, 11, 1), date(2026, 11, 30)) == (read.starts_on, read.ends_on)
        half = contract(release("contract", contracts=[signed(period={"startDate": "2026-11-01"})]))
        assert date(2026, 10, 1) == half.starts_on

    @pytest.mark.parametrize("days", [0, -5, 10**9])
    def test_are_a_fault_if_the_duration_is_none(self, days: int) -> None:
        """No end is worked out from it."""
        (told,) = things(release(awards=[lasting("2026-10-01", None, durationInDays=days)]))
        assert ("faulty", "no contract lasts so long") == (told.fate, told.reason)
        assert told.place.endswith("/contractPeriod/durationInDays")

    def test_are_a_fault_if_the_end_comes_first(self) -> None:
        """The fault shows both."""
        (told,) = things(release(awards=[lasting("2027-10-01", "2027-09-30")]))
        assert ("it ends before it starts", "2027-10-01 to 2027-09-30") == (
            told.reason,
            told.value,
        )


class TestSuppliers:
    def supplier(self, ocid: str = "ocds-abc123-7", **named: object) -> str:
        read = contract(release(ocid=ocid, awards=[award(suppliers=[named])], parties=[]))
        return read.suppliers[0].id

    def test_are_one_firm_however_they_are_spelt(self) -> None:
        """Zeros that a spreadsheet dropped, small letters, blanks."""
        spellings = ("GB-COH-1234567", "GB-COH-01234567", "gb-coh-01234567", "GB-COH- 01234567")
        assert {"GB-COH-01234567"} == {self.supplier(id=each) for each in spellings}
        assert {"GB-COH-SC123456"} == {
            self.supplier(id=each) for each in ("GB-COH-sc123456", "GB-COH-SC123456")
        }

    @pytest.mark.parametrize("placeholder", ["N/A", "0", "none", "12", "123456789012"])
    def test_are_named_by_publisher_and_name_behind_a_placeholder(self, placeholder: str) -> None:
        """It would make one firm of many."""
        found = self.supplier(id=f"GB-COH-{placeholder}", name="Fern & Sons")
        assert self.supplier(name="FERN &  sons") == found
        assert found.startswith("MG-NAME-")
        assert found != self.supplier("ocds-other-1", name="Fern & Sons")

    def test_of_no_scheme_keep_their_id_when_parties_are_numbered_anew(self) -> None:
        """The publisher's next release gives the same one."""
        ids = {
            self.supplier(id=own, name=name)
            for own, name in (("org-5", "Fern & Sons"), (77, "Fern &\u200b sons"))
        }
        assert 1 == len(ids)

    def test_are_listed_once_each(self) -> None:
        """Two spellings of one firm owe one return."""
        named = [{"id": "GB-COH-1234567"}, {"id": "GB-COH-01234567"}]
        assert 1 == len(contract(release(awards=[award(suppliers=named)])).suppliers)


class TestARelease:
    def test_without_an_award_is_skipped_with_the_reason(self) -> None:
        """The tag says what it is. What is in it all the same is skipped with it."""
        told = fates(release("tender"), release("planning"), release("odd"), kind="release")
        assert [
            "skipped: a tender: nothing is awarded yet",
            "skipped: a plan: nothing is awarded yet",
            "skipped: not an award: its tags are odd",
        ] == told
        assert ["skipped: a tender: nothing is awarded yet"] == fates(release("tender"))
        assert ["skipped: it has no award"] == fates(release(awards=[]), kind="release")

    def test_that_is_none_is_a_fault(self) -> None:
        """Rows of any other shape."""
        odd: tuple[Any, ...] = ({}, [1], None, "text", 7, release(ocid=5), release(tag="award"))
        told = things(*odd, kind="release")
        assert ["faulty"] * 7 == [each.fate for each in told]
        assert "this is no release: it has no ocid" == told[0].reason
        assert ("/releases/4", "7", "this is no release") == (
            told[4].place,
            told[4].value,
            told[4].reason,
        )
        assert ["skipped: its release is faulty"] == fates(release(ocid=5))

    @pytest.mark.parametrize("odd", ["a\x00b", "\ud800"])
    def test_with_a_text_that_cannot_be_kept_is_a_fault_with_its_place(self, odd: str) -> None:
        """Rule I13: a NUL or half a character, in any text or key, is not taken out in silence."""
        place = "/releases/0/awards/0/title"
        (told,) = things(release(awards=[award(title=odd)]), kind="release")
        assert ("faulty", place) == (told.fate, told.place)
        (keyed,) = things(release(tender={odd: 1}), kind="release")
        assert ("faulty", "/releases/0/tender") == (keyed.fate, keyed.place)


class TestContracts:
    def test_of_one_award_are_all_imported(self) -> None:
        """The first by id has the award's id in the register, the others their own."""
        second = signed("c2", title="Second", period=signed()["period"] | {"endDate": "2028-12-31"})
        whole = release("contract", contracts=[second, signed("c1", title="First")])
        told = {each.contract_id: each.told for each in entries(whole)}
        assert {"ocds-abc123-7-1": "c1", "ocds-abc123-7-1-c2": "c2"} == {
            contract_id: getattr(each, "signed_id", None) for contract_id, each in told.items()
        }
        assert (["new", "new"], ["new"]) == (fates(whole, kind="contract"), fates(whole))

    def test_share_no_metric_of_their_award(self) -> None:
        """The first contract has them; each has its own."""
        whole = release(
            "contract",
            awards=[award(agreedMetrics=[metric()])],
            contracts=[signed("c1"), signed("c2", agreedMetrics=[metric("volunteering")])],
        )
        assert [["school-visits"], ["volunteering"]] == [
            [each.commitment_id for each in entry.metrics] for entry in entries(whole)
        ]

    def test_that_are_left_out_say_why(self) -> None:
        """Without an award, under a repeated id, or no contract at all."""
        whole = release(
            "contract",
            contracts=[
                signed(),
                signed("c2", awardID="9"),
                signed("c3", awardID=None),
                signed(title="Another"),
                signed(None),
                7,
            ],
        )
        assert [
            "new",
            "faulty: its award is not in this release",
            "faulty: it names no award",
            "faulty: another contract has the same id",
            "faulty: the contract has no id",
            "faulty: this is no contract",
        ] == fates(whole, kind="contract")

    def test_that_cannot_be_read_leave_their_award_out(self) -> None:
        """The award's own period is not put in the place of the contract's."""
        whole = release("contract", contracts=[signed(period={"startDate": "0207-04-01"})])
        assert ["faulty: contract c1: the date lies before 1990"] == fates(whole)


class TestTheCounts:
    def test_are_of_contracts_once_each(self) -> None:
        """An award and its contract are one contract of the register."""
        whole = release("contract", contracts=[signed("c1"), signed("c2")])
        assert {"new": 2, "changed": 0, "unchanged": 0} == planned(package(whole)).contracts()
