"""Reading OCDS releases: what stands, what has ended, and why the rest is left out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.verification.register import agreed_metrics, ocds
from services.verification.register import published as values
from services.verification.register.releases import Row
from services.verification.register.succession import Entry, by_award, settle
from tests.support import published
from tests.support.published import award, metric, package, planned, release, signed, things


def entries(*releases: Any) -> list[Entry]:
    """The contracts that a file tells of."""
    window = values.window(published.AT)
    rows = [Row(f"/{number}", each) for number, each in enumerate(releases)]
    awards = [each for row in rows for each in ocds.read(row, window).awards]
    return [each for key, told in by_award(awards).items() for each in settle(key, told, None)]


def contract(*releases: Any) -> ocds.Standing:
    (entry,) = entries(*releases)
    assert isinstance(entry.told, ocds.Standing), entry.told
    return entry.told


def fates(*releases: Any, kind: str = "award") -> list[str]:
    """What becomes of the things of one kind, with the reason."""
    return [
        f"{each.fate}: {each.reason}" if each.reason else str(each.fate)
        for each in things(*releases, kind=kind)
    ]


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
        ids = [entry.award_id for entry in entries(release(awards=[award(id=7)]))]
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
        assert "Give each its own id; /releases/0/awards/0 has this one." == second.fix
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
        assert datetime(1, 1, 1, tzinfo=UTC) == entry.released_at

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
        told = things({}, [1], None, "text", 7, release(ocid=5), kind="release")
        assert ["faulty"] * 6 == [each.fate for each in told]
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
            contract_id: each.signed_id for contract_id, each in told.items()
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
            "skipped: it is cancelled",
            "skipped: its award is faulty",
            "skipped: it is pending, not active",
        ] == fates(release(awards=awards), kind="metric")


class TestTheCounts:
    def test_are_of_contracts_once_each(self) -> None:
        """An award and its contract are one contract of the register."""
        whole = release("contract", contracts=[signed("c1"), signed("c2")])
        assert {"new": 2, "changed": 0, "unchanged": 0} == planned(package(whole)).contracts()
