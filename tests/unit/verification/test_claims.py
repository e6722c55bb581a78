"""Rules V6 and V12: example 10, credits, and totals that know no order of arrival."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.verification.domain import claims
from shared.rules import RULE_SET
from shared.wire import ids
from tests.support import arrivals
from tests.support import verification_builders as build
from tests.support.arrivals import History

CONTRACTS = ("C1", "C2", "C3")


def a_council(contracts: Sequence[str] = CONTRACTS) -> build.Council:
    fresh = build.Council()
    for contract_id in contracts:
        fresh.receive(build.registered(contract_id), build.commitment(contract_id))
    return fresh


def claim(
    receipt_no: int, contract_id: str, quantity: str, revision: int = 1, **figures: Any
) -> Any:
    line = build.line("1", quantity, invoice=build.invoice(**figures))
    return build.returned(receipt_no, "2026-10", line, contract_id=contract_id, revision=revision)


def outcomes(council: build.Council) -> dict[str, str]:
    return {
        contract_id: result.outcome
        for contract_id in CONTRACTS
        for result in council.results(contract_id).values()
    }


def held(receipt_no: int, contract_id: str, amount: str, **figures: Any) -> claims.Claim:
    made = claims.Claim(
        key="k",
        receipt_no=receipt_no,
        order=0,
        contract_id=contract_id,
        party_id=build.SUPPLIER,
        period="2026-10",
        line_id="1",
        amount=Decimal(amount),
        net_total=Decimal(10000),
        holds=True,
    )
    return msgspec.structs.replace(made, **figures)


class TestTheClaimThatIsAhead:
    FIRST = held(101, "C1", "6000")
    LARGE = held(102, "C2", "4500")
    """It does not fit, and takes no room."""
    OWN = held(103, "C3", "5000")
    OTHERS = (OWN, LARGE, FIRST, held(100, "C1", "9000", line_id="2", holds=False))

    def test_of_an_invoice_is_the_lowest_that_fits(self) -> None:
        """Not one that another rule refused, not one that waits itself."""
        assert self.FIRST == claims.ahead(self.OWN, "invoice_full", "1000", self.OTHERS)
        assert None is claims.ahead(self.FIRST, "invoice_full", "0", self.OTHERS)

    def test_of_a_thing_that_counts_once_is_found_by_party_and_month(self) -> None:
        """The month in which it counted; the same month; another supplier."""
        earlier = held(104, "C3", "1", period="2026-09", sort="once")
        same = held(105, "C3", "1", line_id="2", sort="once")
        other = held(106, "C3", "1", party_id="GB-COH-9", period="2026-08", sort="once")
        found = (self.OWN, earlier, same, other)
        assert [earlier, same, other] == [
            claims.ahead(self.OWN, code, period, found)
            for code, period in (
                ("counted_once", "2026-09"),
                ("claimed_again", None),
                ("claimed_by_other", None),
            )
        ]


class TestInvoiceClaimedThrice:
    A = claim(101, "C1", "6000")
    B = claim(102, "C2", "4000")
    C = claim(103, "C3", "1500")

    @pytest.mark.parametrize("arrivals", list(itertools.permutations((A, B, C))))
    def test_queries_the_last_receipt_and_frees_it_when_the_first_goes(
        self, arrivals: tuple[Any, ...]
    ) -> None:
        """Example 10, in any order of arrival, on three contracts."""
        council = a_council()
        council.receive(*arrivals)
        council.settle()
        displaced = outcomes(council)
        council.receive(build.withdrawn(104, self.A, "2026-11-02"))
        council.settle()
        assert {"C1": "counted", "C2": "counted", "C3": "queried"} == displaced
        assert {"C2": "counted", "C3": "counted"} == outcomes(council)

    @pytest.mark.parametrize("arrivals", list(itertools.permutations((A, B, C))))
    def test_raises_one_alert_whatever_came_first(self, arrivals: tuple[Any, ...]) -> None:
        """Rule L2: C's line is the duplicate, and its alert has one id."""
        council = a_council()
        council.receive(*arrivals)
        council.settle()
        subject = f"{self.C.return_id}/1"
        key = claims.invoice_key(
            build.AUTHORITY, "local-spend", (build.SUPPLIER, "GB-COH-00000002"), "INV-1"
        )
        wanted = ids.derived(
            "AlertRaised", "C3", "duplicate_claim", subject, f"{key}:103:101", RULE_SET
        )
        assert [a.event_id for a in council.alerts if a.kind == "duplicate_claim"] == [wanted]

    def test_raises_another_alert_each_time_it_is_displaced(self) -> None:
        """Rule L3: A leaves and comes back, which is another change for C."""
        council = a_council()
        revised = (claim(104, "C1", "3000", revision=2), claim(105, "C1", "6000", revision=3))
        for each in (self.A, self.B, self.C, *revised):
            council.receive(each)
            council.settle()
        told = [alert for alert in council.alerts if alert.kind == "duplicate_claim"]
        assert ["C3"] * 2 == [alert.contract_id for alert in told]
        assert 2 == len({alert.event_id for alert in told})

    def test_posts_nothing_to_contracts_whose_room_stays(self) -> None:
        """Rule V12: only what it touches."""
        council = a_council()
        council.receive(self.A, self.B)
        assert [] == list(council.reconsider)

    def test_looks_again_each_time_the_same_rival_comes_back(self) -> None:
        """The same claims may come about twice: each change has a message of its own."""
        council = a_council()
        rival = claim(101, "C1", "9000")
        council.receive(self.C, rival, build.withdrawn(104, rival, "2026-11-02"))
        rival = claim(102, "C1", "9000", revision=2)
        council.receive(rival, build.withdrawn(105, rival, "2026-11-03"))
        messages = {message.event_id for message in council.reconsider}
        assert len(messages) == len(council.reconsider) == 4


class TestStanding:
    def test_is_kept_by_a_revision_that_claims_the_same_thing(self) -> None:
        """Rule V6: A's line came in with #101; its revision #104 goes before B's #102."""
        council = a_council()
        council.receive(claim(101, "C1", "6000"), claim(102, "C2", "4000"))
        council.receive(claim(104, "C1", "7000", revision=2))
        council.settle()
        assert {"C1": "counted", "C2": "queried"} == outcomes(council)

    def test_is_lost_by_a_withdrawal(self) -> None:
        """Rule V6: a gap."""
        council = a_council()
        sent = claim(101, "C1", "6000")
        council.receive(sent, claim(102, "C2", "5000"), build.withdrawn(103, sent, "2026-11-02"))
        council.receive(claim(104, "C1", "6000", revision=2))
        council.settle()
        assert {"C1": "queried", "C2": "counted"} == outcomes(council)

    def test_reads_numbers_without_case_blanks_and_punctuation(self) -> None:
        """Rule V6."""
        keys = {
            claims.invoice_key("GB-LAE-KWL", "local-spend", ("GB-COH-99000001", payee), number)
            for payee in ("GB-COH-01234567", "gb-coh-1234567")
            for number in ("INV-22 31/a", "inv2231A", "\u202aINV\u201102231a\u200b")
        }
        assert 1 == len(keys)

    def test_takes_no_room_where_the_line_is_refused(self) -> None:
        """Finer point of V6: outside the area, so not counted, and the later one fits."""
        council = build.Council([build.place("L1 1AA", district="E08000012")])
        council.receive(
            build.registered("C1"),
            build.commitment("C1", area=build.KNOWSLEY),
            build.registered("C2"),
            build.commitment("C2"),
        )
        line = build.line("1", "10000", invoice=build.invoice(), place={"postcode": "L1 1AA"})
        council.receive(build.returned(101, "2026-10", line), claim(102, "C2", "10000"))
        assert 10000 == council.sums("C2").counted

    def test_goes_by_measure(self) -> None:
        """Rule V6: within one measure; across measures other rules decide."""
        council = build.Council()
        council.receive(
            build.registered(),
            build.commitment(),
            build.commitment(commitment_id="small", measure="local-spend-small-firms"),
        )
        both = [
            build.line("1", "10000", invoice=build.invoice()),
            build.line("2", "10000", commitment_id="small", invoice=build.invoice()),
        ]
        council.receive(build.returned(101, "2026-10", *both))
        assert ["counted", "counted"] == [r.outcome for r in council.results().values()]


class TestCredit:
    def credit(self, receipt_no: int, amount: str, number: str = "INV-1") -> Any:
        invoice = build.invoice("CN-1", f"-{amount}", credit_of=number)
        return build.returned(receipt_no, "2027-01", build.line("c", f"-{amount}", invoice=invoice))

    def invoiced(self, *quantities: str) -> build.Council:
        council = a_council()
        lines = [
            build.line(str(i), each, invoice=build.invoice()) for i, each in enumerate(quantities)
        ]
        council.receive(build.returned(1, "2026-10", *lines))
        return council

    def test_takes_off_in_its_own_month(self) -> None:
        """Finer point: October stays."""
        council = self.invoiced("10000")
        council.receive(self.credit(2, "1000"))
        assert [
            (p, s.counted) for p, s in council.states["C1"].commitments["spend"].sums.items()
        ] == [
            ("2026-10", Decimal(10000)),
            ("2027-01", Decimal(-1000)),
        ]

    def test_takes_off_at_most_what_its_invoice_counts(self) -> None:
        """Finer point: never below nothing."""
        council = self.invoiced("600")
        council.receive(self.credit(2, "1000"))
        assert 0 == council.sums().counted

    def credited(self, council: build.Council) -> tuple[str, list[str], list[str | None]]:
        """What became of the credit: outcome, codes, and what was found."""
        result = council.results()["2027-01", build.SUPPLIER, "c"]
        codes = [finding.code for finding in result.findings]
        return result.outcome, codes, [finding.found for finding in result.findings]

    def test_waits_where_there_is_no_invoice(self) -> None:
        """Finer point: an invoice that nobody claimed counts nowhere."""
        council = self.invoiced("600")
        council.receive(self.credit(2, "1000", number="INV-9"))
        sums = council.sums()
        assert (Decimal(600), Decimal(600)) == (sums.counted, sums.high)
        assert ("queried", ["credit_of_nothing"], [None]) == self.credited(council)

    def test_says_on_which_commitment_its_invoice_counts(self) -> None:
        """Finer point: it waits, and takes nothing off there."""
        council = build.Council()
        council.receive(
            build.registered(),
            build.commitment(),
            build.commitment(commitment_id="more"),
            build.returned(
                1, "2026-10", build.line("1", "900", commitment_id="more", invoice=build.invoice())
            ),
            self.credit(2, "100"),
        )
        assert 900 == council.sums(commitment_id="more").counted
        assert ("queried", ["credit_elsewhere"], ["more"]) == self.credited(council)

    def test_says_on_which_contract_its_invoice_counts_as_long_as_it_does(self) -> None:
        """Finer point, rule V12: until that claim is withdrawn."""
        council = a_council()
        sent = claim(1, "C2", "900")
        council.receive(sent, self.credit(2, "100"))
        council.settle()
        before = self.credited(council)
        council.receive(build.withdrawn(3, sent, "2027-02-01"))
        council.settle()
        assert ("queried", ["credit_elsewhere"], ["C2"]) == before
        assert ("queried", ["credit_of_nothing"], [None]) == self.credited(council)

    def test_of_a_queried_invoice_never_pushes_high_below_low(self) -> None:
        """Finer point: reported a month before its invoice, it lowers what waits there."""
        council = self.invoiced("10000")
        november = build.returned(3, "2027-02", build.line("1", "2000", invoice=build.invoice()))
        credit = self.credit(2, "11000")
        council.receive(credit, november)
        commitment = council.states["C1"].commitments["spend"]
        by_month = {period: commitment.through(period) for period in commitment.sums}
        assert {
            "2026-10": (10000, 10000),
            "2027-01": (0, 0),
            "2027-02": (0, 1000),
        } == {period: (int(sums.low), int(sums.high)) for period, sums in by_month.items()}

    def test_takes_off_where_its_invoice_waits(self) -> None:
        """A queried line's credit lowers high, not low."""
        council = self.invoiced("6000", "5000")
        council.receive(self.credit(2, "6500"))
        sums = council.sums()
        assert (sums.counted, sums.queried) == (Decimal(0), Decimal(4500))

    def test_frees_no_room_for_others(self) -> None:
        """The invoice itself is worth less now: C stays queried."""
        council = self.invoiced("10000")
        council.receive(claim(3, "C3", "1000"), self.credit(4, "1000"))
        council.settle()
        assert 1000 == council.sums("C3").queried

    def test_comes_back_when_its_invoice_goes(self) -> None:
        """Rule V12: the withdrawal re-runs the credit of another month."""
        council = a_council()
        sent = claim(1, "C1", "10000")
        council.receive(sent, self.credit(2, "1000"), build.withdrawn(3, sent, "2027-02-01"))
        assert 0 == council.sums().counted
        checked = [outcome for outcome in council.outcomes if outcome.type == "ReturnChecked"]
        assert [(r.return_id, r.outcome) for r in checked[-1].changed] == [
            (council.outcomes[1].return_id, "queried")
        ]


# --- the law -------------------------------------------------------------------------------------


def _arrive(
    inputs: list[Any], *, at_once: bool
) -> dict[tuple[str, ...], tuple[str, Decimal, Decimal]]:
    council = a_council()
    for each in inputs:
        council.receive(each)
        if at_once:
            council.settle()
    council.settle()
    for contract_id in CONTRACTS:
        figures = council.results(contract_id).values()
        assert council.sums(contract_id).counted == sum(r.counted for r in figures)
        assert council.sums(contract_id).queried == sum(r.queried for r in figures)
    alert_ids = [alert.event_id for alert in council.alerts]
    assert len(alert_ids) == len(set(alert_ids))
    return {
        (contract_id, *line_id): (result.outcome, result.counted, result.queried)
        for contract_id in CONTRACTS
        for line_id, result in council.results(contract_id).items()
    }


class TestOrderOfArrival:
    @settings(max_examples=150, deadline=None)
    @given(history=arrivals.INVOICES, at_once=st.booleans())
    def test_changes_no_total(self, history: History, at_once: bool) -> None:
        """Law of V12: for given receipt numbers every line comes out the same, with revisions,
        withdrawals and credits, and whenever the messages between contracts are read."""
        found = _arrive(history.arrive(history.arrival), at_once=at_once)
        assert _arrive(history.inputs, at_once=True) == found

    @settings(max_examples=100, deadline=None)
    @given(history=arrivals.INVOICES)
    def test_never_counts_more_than_the_invoice(self, history: History) -> None:
        """Law of V6: over all contracts, per invoice, at most the largest net total told."""
        results = _arrive(history.arrive(history.arrival), at_once=False)
        assert sum(max(counted, Decimal(0)) for _, counted, _ in results.values()) <= 20000
