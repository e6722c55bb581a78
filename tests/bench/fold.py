"""`python -m tests.bench.fold`: how long verification's domain works on a return, step by step.

There is no broker and no database. The same events are read, folded and written in batches: once as
a back-load, where nothing was owed for these months and so nothing is rated (the workload of the
other arms), and once as months that are rated as they come in. The ratio is what rating adds.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias

from services.verification.consumer import batch
from services.verification.domain import fold, state, world
from services.verification.domain.lines import Lines
from services.verification.domain.state import Facts, State
from services.verification.domain.world import World
from shared.wire import events

from . import workload

PLAN = workload.Plan(600, 6)
KNOWN_ON = {
    "back-load": datetime(2026, 11, 24, tzinfo=UTC),
    "rated": datetime(1999, 12, 1, tzinfo=UTC),
}
"""When the contracts became known: after all months, or before them."""
STARTS_ON, ENDS_ON = date(workload.FIRST_YEAR, 1, 1), date(workload.LAST_YEAR, 12, 31)

Steps: TypeAlias = "collections.Counter[str]"
"""Nanoseconds by step."""


def main() -> None:
    """Prints a table, in microseconds for each return."""
    measured = {name: measure(known_on) for name, known_on in KNOWN_ON.items()}
    print(f"{'':10}" + "".join(f"{name:>12}" for name in measured))
    for step in measured["rated"]:
        figures = "".join(f"{_us(steps[step]):12.1f}" for steps in measured.values())
        print(f"{step:10}{figures}")
    back_load, rated = (steps.total() for steps in measured.values())
    print(f"{'all':10}{_us(back_load):12.1f}{_us(rated):12.1f}   {rated / back_load:.2f} to one")


def measure(known_on: datetime) -> Steps:
    steps: Steps = collections.Counter()
    stored = {name: state.to_bytes(_contract(name, known_on)) for name in PLAN.contract_ids}
    bodies = list(map(workload.event, workload.returns(PLAN)))
    gc.freeze()
    for part in range(0, len(bodies), PLAN.contracts):
        _work(stored, bodies[part : part + PLAN.contracts], steps)
    return steps


def _work(stored: dict[str, bytes], bodies: list[bytes], steps: Steps) -> None:
    """Works on one batch: one month of every contract."""
    with _timed(steps, "read"):
        given = list(map(events.read, bodies))
    with _timed(steps, "open"):
        states = {contract_id: state.from_bytes(body) for contract_id, body in stored.items()}
    posted: list[bytes] = []

    def post(_: object, event: events.Event) -> bytes:
        posted.append(events.write(event))
        return posted[-1]

    made = batch.Batch(states, dict.fromkeys(states, 0), {}, World(), post)
    with _timed(steps, "fold"):
        for event, body in zip(given, bodies, strict=True):
            assert isinstance(event, events.ReturnReceived)
            wanted = world.needs(made.states[event.contract_id], event)
            assert made.fold_in(event, body, wanted) is None
    with _timed(steps, "rows"):
        moved, _ = made.state_rows(), made.row_changes()
    with _timed(steps, "standing"):
        made.standing_rows()
    stored.update((row.contract_id, row.state) for row in moved)


@contextlib.contextmanager
def _timed(steps: Steps, step: str) -> Iterator[None]:
    began = time.perf_counter_ns()
    yield
    steps[step] += time.perf_counter_ns() - began


def _contract(contract_id: str, known_on: datetime) -> State:
    registered = events.ContractRegistered(
        event_id=uuid.uuid4(),
        authority_id=workload.AUTHORITY_ID,
        occurred_at=known_on,
        contract_id=contract_id,
        version=1,
        supplier_ids=(workload.PARTY_ID,),
        starts_on=STARTS_ON,
        ends_on=ENDS_ON,
    )
    found, _ = fold.fold(None, registered, Facts(), Lines())
    for number, (commitment_id, (measure_, unit)) in enumerate(workload.COMMITMENTS.items(), 2):
        promised = events.CommitmentVersion(
            commitment_id=commitment_id,
            version=1,
            state="active",
            measure=measure_,
            kind="sum",
            unit=unit,
            target=Decimal(100),
            profile={"kind": "linear", "to": ENDS_ON.isoformat()},
        )
        changed = events.CommitmentChanged(
            event_id=uuid.uuid4(),
            authority_id=workload.AUTHORITY_ID,
            occurred_at=known_on,
            contract_id=contract_id,
            contract_version=number,
            commitment=promised,
            proposed_by="manager",
            approved_by="approver",
        )
        found, _ = fold.fold(found, changed, Facts(), Lines())
    return found


def _us(nanoseconds: int) -> float:
    return nanoseconds / 1000 / len(PLAN)


if __name__ == "__main__":
    main()
