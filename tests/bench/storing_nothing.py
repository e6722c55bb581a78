"""Intake with one difference: a return is decided and receipted, but never stored.

This is the highest rate of POSTs that the same parser, rules, signature, metrics and answers could
reach without a database. The command is intake's own: `python -m tests.bench.storing_nothing
serve`.
"""

from __future__ import annotations

import runpy
from datetime import UTC, datetime

from services.intake.acceptance import group_commit
from services.intake.domain import admission, returns
from shared.delivery import topics
from shared.wire import events

_states: list[admission.DeskState] = []


async def submit(self: group_commit.Committer, post: admission.Post) -> admission.Decision:
    """Replaces waiting for a group to commit."""
    if not _states:
        _states.append(await _state(self))
    state = _states[0]
    state.at = datetime.now(UTC)
    return admission.decide(state, post)


async def _state(self: group_commit.Committer) -> admission.DeskState:
    """Contracts are read once. Accepted returns are remembered until the process ends."""
    rows = await self._delivery.pool.fetch("SELECT body FROM contract")
    published = [events.read(row["body"]) for row in rows]
    return admission.DeskState(
        at=datetime.now(UTC),
        receipt_no=0,
        signer=self._desk.signer,
        merge_within=self._desk.merge_within,
        event_bytes_max=topics.BODY_BYTES_MAX,
        contracts={
            each.contract_id: returns.contract(each)
            for each in published
            if isinstance(each, events.ContractPublished)
        },
    )


if __name__ == "__main__":
    group_commit.Committer.submit = submit  # type: ignore[method-assign]  # the one thing
    runpy.run_module("services.intake", run_name="__main__")
