"""Suppliers outside the system: they post returns until they get an answer, and keep the answers.

The model of the expected result is made from these answers alone and shares no code with the
services: a contract's total is the sum over the newest revision of each period.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

import httpx

from shared.web.auth import Caller
from tests.faults import contracts
from tests.faults.running_system import AUTHORITY, RunningSystem

PERIODS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]
INSIST_SECONDS = 0.05


@dataclass(frozen=True)
class Acknowledged:
    """A receipt, as the client noted it."""

    contract: str
    period: str
    revision: int
    hours: int
    receipt_no: int
    return_id: str


@dataclass
class Suppliers:
    """One task for each contract, with one return in flight. `stop` lets the last ones finish."""

    system: RunningSystem
    contracts: list[str]
    tokens: dict[str, str]
    """The supplier's token, by contract."""
    acknowledged: list[Acknowledged] = field(default_factory=list)
    in_flight: int = 0
    refused: list[str] = field(default_factory=list)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        await asyncio.gather(*(self._supply(contract) for contract in self.contracts))

    def stop(self) -> None:
        self._stopping.set()

    def totals(self) -> dict[str, int]:
        """The model: expected hours by contract."""
        newest: dict[tuple[str, str], Acknowledged] = {}
        for each in self.acknowledged:
            newest[each.contract, each.period] = each
        return {
            contract: sum(a.hours for (c, _), a in newest.items() if c == contract)
            for contract in self.contracts
        }

    def receipts(self, contract: str) -> list[int]:
        return [a.receipt_no for a in self.acknowledged if a.contract == contract]

    async def _supply(self, contract: str) -> None:
        dice, revisions = random.Random(contract), dict.fromkeys(PERIODS, 0)
        async with self.system.client("intake", self.tokens[contract]) as client:
            while not self._stopping.is_set():
                period = dice.choice(PERIODS)
                revisions[period] += 1
                hours = dice.randint(1, 40)
                await self._insist(client, contract, (period, revisions[period], hours))

    async def _insist(
        self, client: httpx.AsyncClient, contract: str, what: tuple[str, int, int]
    ) -> None:
        """Posts the same return until it is accepted or refused; failures are tried again."""
        period, revision, hours = what
        key = {"idempotency-key": f"{contract}-{period}-{revision}"}
        body = a_return(contract, period, revision, hours)
        self.in_flight += 1
        try:
            while True:
                try:
                    answer = await client.post("/api/v1/returns", json=body, headers=key)
                except httpx.HTTPError:
                    await asyncio.sleep(INSIST_SECONDS)
                    continue
                if answer.status_code in (200, 201):
                    break
                if answer.status_code < 500 and answer.status_code != 429:
                    self.refused.append(answer.text)
                    self._stopping.set()
                    return
                await asyncio.sleep(INSIST_SECONDS)
        finally:
            self.in_flight -= 1
        receipt = answer.json()
        self.acknowledged.append(
            Acknowledged(
                contract=contract,
                period=period,
                revision=revision,
                hours=hours,
                receipt_no=receipt["receipt_no"],
                return_id=receipt["return_id"],
            )
        )


async def register(system: RunningSystem, contract_ids: list[str]) -> Suppliers:
    """Registers each contract with a supplier of its own."""
    tokens = {}
    for number, contract in enumerate(contract_ids, start=1):
        supplier = f"GB-COH-{number:08}"
        tokens[contract] = await system.admit(Caller(supplier, "supplier", AUTHORITY, supplier))
        await contracts.register(system, contract, supplier)
    return Suppliers(system, contract_ids, tokens)


def a_return(contract: str, period: str, revision: int, hours: int) -> dict[str, object]:
    lines = [
        {
            "line_id": str(number),
            "commitment_id": "training-hours",
            "quantity": str(quantity),
            "unit": "hours",
            "from": f"{period}-{3 + number:02}",
        }
        for number, quantity in enumerate(_parts(hours), start=1)
    ]
    return {
        "contract_id": contract,
        "period": period,
        "revision": revision,
        "reason": "found more" if revision > 1 else None,
        "nil": False,
        "declaration": {
            "this_contract_and_period_only": True,
            "answers_a_commitment": True,
            "name": "A. Signatory",
            "role": "contract director",
        },
        "lines": lines,
    }


def _parts(hours: int) -> list[int]:
    return [part for part in (hours // 2, hours - hours // 2) if part]
