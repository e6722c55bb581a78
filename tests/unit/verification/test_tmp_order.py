"""Rule V12: for given receipt numbers, totals know no order of arrival. Everything but invoices,
which `test_claims` has."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.verification.domain import state
from tests.support import verification_builders as build

SECOND = "GB-COH-00000009"
SLOTS = [
    (build.SUPPLIER, "2026-10"),
    (build.SUPPLIER, "2026-11"),
    (build.SUPPLIER, "2026-12"),
    (SECOND, "2026-11"),
]
PEOPLE = [f"00000000-0000-0000-0000-00000000000{digit}" for digit in "abc"]
SHARED = [None, *(f"00000000-0000-0000-0000-0000000000{digit}f" for digit in "12")]
DAYS = ("01", "05", "09", "12", "20", "28")
COMMITMENTS: dict[str, dict[str, Any]] = {
    "jobs": {"measure": "local-jobs", "kind": "post", "unit": "FTE"},
    "weeks": {"measure": "unpaid-placements", "unit": "weeks"},
    "schools": {"measure": "schools-engaged", "kind": "distinct", "unit": "schools"},
    "visits": {"measure": "school-visits", "unit": "visits"},
}


def a_council() -> build.Council:
    council = build.Council([build.place("L36 9YU")])
    council.receive(build.registered(suppliers=(build.SUPPLIER, SECOND)))
    for commitment_id, figures in COMMITMENTS.items():
        area = build.KNOWSLEY if commitment_id != "visits" else None
        council.receive(
            build.commitment(commitment_id=commitment_id, target="9", area=area, **figures)
        )
    return council


@st.composite
def lines(draw: st.DrawFn, line_id: str, period: str) -> dict[str, Any]:
    commitment_id = draw(st.sampled_from(sorted(COMMITMENTS)))
    first, last = sorted((draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))))
    return build.line(
        line_id,
        draw(st.sampled_from(("0", "1"))),
        commitment_id=commitment_id,
        unit=COMMITMENTS[commitment_id]["unit"],
        attribution=draw(st.sampled_from(("1", "0.5"))),
        person={
            "person_id": draw(st.sampled_from(PEOPLE)),
            "shared_person_id": draw(st.sampled_from(SHARED)),
            "weekly_hours": draw(st.sampled_from(("20", "37", None))),
        },
        place={
            "postcode": draw(st.sampled_from(("L36 9YU", "L99 9ZZ"))),
            "school": draw(st.sampled_from(("A", "B"))),
        },
        session={
            "start": f"2026-10-{draw(st.sampled_from(('06', '07')))}T09:30",
            "hours": "2",
            "attendees": 3,
            "deliverer_id": build.SUPPLIER,
        },
        **{"from": f"{period}-{first}", "to": f"{period}-{last}"},
    )


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Any], list[int], list[int]]:
    """Inputs in order of receipt, the slot of each, and an order of arrival that keeps each
    slot's own."""
    order = draw(st.lists(st.integers(0, len(SLOTS) - 1), min_size=2, max_size=8))
    inputs: list[Any] = []
    current: dict[int, Any] = {}
    revisions = dict.fromkeys(range(len(SLOTS)), 0)
    for place, slot in enumerate(order):
        receipt_no = 100 + place
        if slot in current and draw(st.integers(0, 2)) == 0:
            inputs.append(build.withdrawn(receipt_no, current.pop(slot), "2026-12-31"))
            continue
        revisions[slot] += 1
        party_id, period = SLOTS[slot]
        numbers = draw(st.lists(st.integers(1, 4), unique=True, min_size=1, max_size=3))
        sent = [draw(lines(str(number), period)) for number in numbers]
        current[slot] = build.returned(
            receipt_no, period, *sent, party_id=party_id, revision=revisions[slot]
        )
        inputs.append(current[slot])
    return inputs, order, draw(st.permutations(order))


def arrive(inputs: list[Any], order: list[int], arrival: list[int]) -> dict[Any, Any]:
    """The result of each line, and the sums of each commitment and month."""
    queues = {slot: [e for e, s in zip(inputs, order, strict=True) if s == slot] for slot in order}
    council = a_council()
    for slot in arrival:
        council.receive(queues[slot].pop(0))
    found: dict[Any, Any] = dict(council.results())
    totals = state.totals(council.rows())
    for commitment_id in COMMITMENTS:
        commitment = council.states["C1"].commitments[commitment_id]
        assert commitment.total.high >= commitment.total.low
        for period, sums in commitment.sums.items():
            assert totals.get((commitment_id, period), state.Sums()) == sums
            if sums != state.Sums():
                found[f"{commitment_id}/{period}"] = sums
    return found


class TestOrderOfArrival:
    @settings(max_examples=1500, deadline=None)
    @given(history=histories())
    def test_changes_nothing(self, history: tuple[list[Any], list[int], list[int]]) -> None:
        """Every line comes out the same, with revisions, withdrawals and people that are joined
        and parted; and the sums are those of the lines."""
        inputs, order, arrival = history
        assert arrive(inputs, order, order) == arrive(inputs, order, arrival)
