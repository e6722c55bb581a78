"""Decisions that are too large for one message: cut, and nothing lost."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from services.verification.domain import parts, places
from services.verification.register import commitments, parties
from shared.wire import bounds, events, ids
from tests.support import verification_builders as build

RETURN = ids.derived("return", 1)


def result(number: int, return_id: Any = None) -> events.LineResult:
    return events.LineResult(
        return_id=return_id,
        line_id=f"{number:0100}",
        commitment_id="spend",
        outcome="counted",
        counted=Decimal(number),
    )


def checked(results: int, changed: int = 0) -> events.ReturnChecked:
    return events.ReturnChecked(
        **build.head("checked", day="2026-11-02"),
        contract_id="C1",
        return_id=RETURN,
        receipt_no=1,
        party_id=build.SUPPLIER,
        period="2026-10",
        revision=1,
        results=tuple(map(result, range(results))),
        changed=tuple(result(n, ids.derived("return", 2)) for n in range(changed)),
        rule_set="rules-1",
    )


def lines(cut: Sequence[events.ReturnChecked]) -> list[events.LineResult]:
    results = [each for part in cut for each in part.results]
    return results + [each for part in cut for each in part.changed]


class TestAnItem:
    def test_never_has_more_bytes_than_the_limit(self) -> None:
        """The longest: an assessment of a month with a return of every supplier of a contract as
        large as the register takes it, after as many changes as it takes."""
        longest = events.Assessment(
            commitment_id="c" * 100,
            commitment_version=commitments.VERSIONS_MAX,
            period="2026-10",
            target=Decimal("9" * 12 + ".999999"),
            expected=f"{'9' * 1_000}/{'9' * 1_000}",
            counted=Decimal("9" * 15),
            low=Decimal("9" * 15),
            high=Decimal("9" * 15),
            attainment=f"{'9' * 1_000}/{'9' * 1_000}",
            rating="Requires improvement",
            bands="makegood-bands-1",
            returns=(RETURN,) * parties.SUPPLIERS_MAX,
            inputs=10**9,
        )
        assert parts.ITEM_BYTES_MAX > len(msgspec.json.encode(longest))


class TestADecision:
    def test_that_fits_is_one_message_as_it_was(self) -> None:
        """Not a byte more than without parts."""
        whole = checked(20)
        assert [whole] == parts.cut(whole)
        assert b'"parts"' not in events.write(whole)

    @pytest.mark.parametrize("bytes_max", [900, 1_500, 5_000, 20_000])
    def test_that_does_not_fit_is_cut_into_parts_that_do(self, bytes_max: int) -> None:
        """Each item is in one part, in order; the parts are numbered."""
        whole = checked(50, changed=70)
        cut = parts.cut(whole, bytes_max)
        assert bytes_max >= max(len(events.write(part)) for part in cut)
        assert lines([whole]) == lines(cut)
        assert [(n, len(cut)) for n in range(1, len(cut) + 1)] == [(p.part, p.parts) for p in cut]
        assert 1 < len(cut)

    def test_keeps_its_id_in_its_first_part(self) -> None:
        """The ids of the others are derived of it and of their numbers."""
        whole = checked(50)
        first, second, *_ = parts.cut(whole, 2_000)
        assert whole.event_id == first.event_id
        assert ids.derived("ReturnChecked", whole.event_id, "part", 2) == second.event_id

    def test_of_the_largest_size_is_cut_too(self) -> None:
        """25,000 lines with long ids: more than six megabytes."""
        cut = parts.cut(checked(0, changed=25_000))
        assert [1, 2] == [part.part for part in cut]
        assert bounds.BODY_BYTES_MAX >= max(len(events.write(part)) for part in cut)

    def test_of_a_day_is_cut_alike(self) -> None:
        """A CommitmentAssessed has changed lines and assessments."""
        whole = events.CommitmentAssessed(
            **build.head("assessed", day="2026-11-02"),
            contract_id="C1",
            changed=tuple(result(n, RETURN) for n in range(50)),
            assessments=(),
            rule_set="rules-1",
        )
        cut = parts.cut(whole, 2_000)
        assert whole.changed == tuple(each for part in cut for each in part.changed)
        assert 2_000 >= max(len(events.write(part)) for part in cut)


class TestAWithdrawal:
    def test_that_frees_more_than_a_message_holds_recounts_it_all(self) -> None:
        """Six months claim the same invoices of £100, the first all of it, the others £20 each:
        when the first goes, all the others count (rule V12), however much there is to say."""
        count, months = 4_000, [f"2026-{month}" for month in ("10", "11", "12")]
        months += [f"2027-{month}" for month in ("01", "02", "03")]
        council = build.Council()
        council.receive(build.registered(), build.commitment())
        returns = [
            build.returned(
                receipt_no,
                month,
                *(
                    build.line(
                        hashlib.sha256(b"%d" % n).hexdigest() + "-" * 36,
                        "100.00" if receipt_no == 1 else "20.00",
                        invoice=build.invoice(f"INV-{n}", "100.00"),
                    )
                    for n in range(count)
                ),
            )
            for receipt_no, month in enumerate(months, 1)
        ]
        council.receive(*returns)
        assert Decimal(100 * count) == council.sums().counted
        council.receive(build.withdrawn(7, returns[0], "2027-04-02"))
        assert Decimal(5 * 20 * count) == council.sums().counted
        said = [o for o in council.outcomes if o.type == "ReturnChecked" and o.receipt_no == 7]
        assert 1 < len(said)
        assert 5 * count == sum(len(part.changed) for part in said)
        assert bounds.BODY_BYTES_MAX >= max(len(events.write(part)) for part in said)


class TestAnArea:
    @pytest.mark.parametrize(
        "area",
        [
            {"gss": ["E" * 21], "edition": "2026-08"},
            {"gss": ["E08000011"] * 2_001, "edition": "2026-08"},
            {"gss": ["E08000011"], "edition": "e" * 101},
        ],
    )
    def test_is_bounded_since_each_line_may_repeat_it(self, area: dict[str, Any]) -> None:
        """Otherwise what is found about one line could be too large for a message."""
        with pytest.raises(ValueError, match="area: "):
            places.read_area(area)
