"""Rule V12: for given receipt numbers, totals know no order of arrival. Everything but invoices,
which `test_claims` has."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.verification.domain import state
from tests.support import arrivals
from tests.support import verification_builders as build
from tests.support.arrivals import History, Slot

SECOND = "GB-COH-00000009"
SLOTS = [
    Slot("2026-10"),
    Slot("2026-11"),
    Slot("2026-12"),
    Slot("2026-11", party_id=SECOND),
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


def draw_line(draw: st.DrawFn, line_id: str, period: str) -> dict[str, Any]:
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


def arrive(inputs: list[Any]) -> dict[Any, Any]:
    """The result of each line, and the sums of each commitment and month."""
    council = a_council()
    council.receive(*inputs)
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
    @settings(max_examples=100, deadline=None)
    @given(history=arrivals.histories(SLOTS, draw_line, 8))
    def test_changes_nothing(self, history: History) -> None:
        """Every line comes out the same, with revisions, withdrawals and people that are joined
        and parted; and the sums are those of the lines."""
        assert arrive(history.inputs) == arrive(history.arrive(history.arrival))
