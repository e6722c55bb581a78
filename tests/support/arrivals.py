"""Histories for the law of rule V12: returns, revisions and withdrawals in order of receipt, and
another order in which they may arrive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.support import verification_builders as build

DrawLine = Callable[[st.DrawFn, str, str], dict[str, Any]]
"""Draws a line, given its id and the month of its return."""


class Slot(NamedTuple):
    """Whose return of which month, on which contract."""

    period: str
    contract_id: str = "C1"
    party_id: str = build.SUPPLIER


class History(NamedTuple):
    inputs: list[Any]
    """In order of receipt."""
    order: list[int]
    """The slot of each, by its place."""
    arrival: list[int]
    """The slots in another order. Each keeps the order of its own."""

    def arrive(self, arrival: Sequence[int]) -> list[Any]:
        """The inputs in the order in which they arrive."""
        pairs = list(zip(self.inputs, self.order, strict=True))
        queues = {slot: [each for each, s in pairs if s == slot] for slot in self.order}
        return [queues[slot].pop(0) for slot in arrival]


@st.composite
def histories(
    draw: st.DrawFn, slots: Sequence[Slot], draw_line: DrawLine, inputs_max: int
) -> History:
    order = draw(st.lists(st.integers(0, len(slots) - 1), min_size=1, max_size=inputs_max))
    inputs: list[Any] = []
    current: dict[int, Any] = {}
    revisions = dict.fromkeys(range(len(slots)), 0)
    for place, number in enumerate(order):
        receipt_no, slot = 100 + place, slots[number]
        if number in current and draw(st.booleans()):
            inputs.append(build.withdrawn(receipt_no, current.pop(number), "2026-12-31"))
            continue
        revisions[number] += 1
        line_ids = draw(st.lists(st.sampled_from("1234"), unique=True, max_size=3))
        current[number] = build.returned(
            receipt_no,
            slot.period,
            *(draw_line(draw, line_id, slot.period) for line_id in line_ids),
            contract_id=slot.contract_id,
            party_id=slot.party_id,
            revision=revisions[number],
        )
        inputs.append(current[number])
    return History(inputs, order, draw(st.permutations(order)))


# --- invoices on three contracts -----------------------------------------------------------------


def _draw_invoice(draw: st.DrawFn, line_id: str, _: str) -> dict[str, Any]:
    """A line of one of two invoices, now and then a credit."""
    amount = draw(st.sampled_from(("1000", "4000", "6000", "11000")))
    number = draw(st.sampled_from(("INV-1", "INV-2")))
    if draw(st.integers(0, 4)) == 0:
        credit = build.invoice("CN", f"-{amount}", credit_of=number)
        return build.line(line_id, f"-{amount}", invoice=credit)
    net_total = draw(st.sampled_from(("10000", "5000")))
    return build.line(line_id, amount, invoice=build.invoice(number, net_total))


INVOICES = histories(
    [Slot("2026-10"), Slot("2026-11"), Slot("2026-10", "C2"), Slot("2026-10", "C3")],
    _draw_invoice,
    12,
)
