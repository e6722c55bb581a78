"""Registers a contract with one commitment through the public API, by two people."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from tests.faults.running_system import RunningSystem

KNOWN_SECONDS_MAX = 40.0
TRAINING = {"commitment_id": "training-hours", "measure": "participant-hours", "target": "5000"}


async def register(
    system: RunningSystem, contract: str, supplier: str, promise: Mapping[str, Any] = TRAINING
) -> None:
    """Registers the contract, and returns when intake knows it."""
    commitments = f"/api/v1/contracts/{contract}/commitments"
    async with (
        system.client("verification", system.tokens["manager"]) as manager,
        system.client("verification", system.tokens["approver"]) as approver,
    ):
        answers = [
            await manager.post(
                "/api/v1/contracts",
                json={
                    "contract_id": contract,
                    "title": f"Works {contract}",
                    "supplier_ids": [supplier],
                    "starts_on": "2024-01-01",
                    "ends_on": "2026-12-31",
                },
            ),
            await manager.post(
                commitments,
                json={
                    **promise,
                    "profile": {"kind": "linear", "from": "2024-01-01", "to": "2026-12-31"},
                },
            ),
            await approver.post(
                f"/api/v1/contracts/{contract}/commitments/{promise['commitment_id']}/activate",
                json={},
            ),
        ]
    assert all(answer.is_success for answer in answers), [answer.text for answer in answers]
    await _until_known(system, contract)


async def _until_known(system: RunningSystem, contract: str) -> None:
    query = "SELECT version FROM intake.contract WHERE contract_id = $1"
    conn = await system.database()
    try:
        async with asyncio.timeout(KNOWN_SECONDS_MAX):
            while (await conn.fetchval(query, contract) or 0) < 2:
                await asyncio.sleep(0.05)
    finally:
        await conn.close()
