"""Ours: the three services with every guarantee, and with metrics and logs on.

It measures the pipeline from a backlog, like the floor; POSTs, compared with the same app storing
nothing and, followed into the ledger, with the monolith; latency at half of the pipeline's rate in
the same round; restarts after SIGKILL; memory and idle CPU. In the end the oracle must agree.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from collections.abc import AsyncIterator

import httpx

from . import ground, load, oracle, paced, trace, workload
from .whole_system import SERVICES, WholeSystem

ARM = "ours"
RESTART_AFTER_S = 1.0
SETTLED_S = 0.3
"""After this long, the database has finished what a killed process had started."""
RESTART_LOAD_PER_S = 200.0
RESTART_LOAD_S = 6.0
RESTART_POSTS = 3000
POSTS = "/api/v1/returns"
_COMMITS = {"verification": trace.PROCESSED, "ledger": trace.SIZE}


class Ours:
    """All rounds of one run. The services keep their data, so later rounds have a history."""

    def __init__(self, here: ground.Ground) -> None:
        self._here = here
        self._system = WholeSystem(here)
        self._plans: list[workload.Plan] = []
        self._memory_mb: dict[str, float] = {}
        self._first_contract = 0
        self._next_month = 0

    async def measure(self, number: int) -> list[ground.Sample]:
        """One round, on contracts of its own."""
        await self._begin(number)
        scale = self._here.scale
        samples = [await self._pipeline()]
        lines_per_s = samples[0].value
        samples += await self._posts()
        samples += await self._latency(lines_per_s / workload.LINES / 2)
        samples += [await self._restart(service) for service in ("verification", "ledger")]
        samples.append(await self._restart_intake())
        samples += [
            ground.Sample("resident memory", service, self._memory_mb[service], "MB")
            for service in SERVICES
        ]
        samples.append(await self._idle(scale.idle_seconds))
        await oracle.check_log(self._here.dsn, self._plans, await self._root())
        return samples

    async def _begin(self, number: int) -> None:
        """Registers contracts, which verification and intake then know."""
        if number == 0:
            await self._system.build()
        self._memory_mb.clear()
        self._first_contract = number * self._here.scale.contracts
        self._next_month = 0
        contracts = workload.Plan(self._here.scale.contracts, 0, self._first_contract)
        await self._system.open(*SERVICES)
        await self._system.register(contracts.contract_ids)
        await trace.until_quiet(self._here)

    def _plan(self, returns: float) -> workload.Plan:
        """A new plan for about so many returns."""
        contracts = self._here.scale.contracts
        months = max(1, round(returns / contracts))
        plan = workload.Plan(contracts, months, self._first_contract, self._next_month)
        self._next_month += months
        self._plans.append(plan)
        return plan

    # --- how much ----------------------------------------------------------------------------

    async def _pipeline(self) -> ground.Sample:
        """From the first commit of either service to the last entry. Both start at the same time,
        on a backlog."""
        here, scale = self._here, self._here.scale
        plan = self._plan(scale.contracts * scale.pipeline_months)
        await self._system.close(*SERVICES)
        await self._system.vouch(plan)
        await here.fill(paced.TOPIC, plan)
        await here.database("SELECT")
        async with trace.following(here.dsn, trace.RATE_POLL_SECONDS) as log:
            starting = asyncio.create_task(trace.until_moves(here.dsn, trace.PROCESSED))
            self._system.launch("verification", "ledger")
            checked = await log.until_checked(here.dsn, len(plan))
            began = min(await starting, log.began)
        rate = len(plan) * workload.LINES / (max(checked.values()) - began)
        return ground.Sample("lines recorded", ARM, rate, "lines/s")

    async def _posts(self) -> list[ground.Sample]:
        """Returns accepted by intake, by an app that stores nothing, and recorded by the ledger."""
        here = self._here
        posts = here.scale.contracts * here.scale.post_months
        samples = []
        for arm, module in (("storing nothing", "tests.bench.storing_nothing"), (ARM, None)):
            await self._system.close(*SERVICES)
            await self._system.open("intake", module=module)
            plan = self._plan(posts)
            if module is not None:
                self._plans.pop()
            report = await load.run(here, self._order(plan))
            samples.append(ground.Sample("posts accepted", arm, report.rate, "POST/s"))
        await self._settle()
        plan = self._plan(posts)
        async with self._weighing(), trace.following(here.dsn, trace.RATE_POLL_SECONDS) as log:
            report = await load.run(here, self._order(plan))
            checked = await log.until_checked(here.dsn, len(plan))
        rate = len(plan) / (max(checked.values()) - report.began)
        return [*samples, ground.Sample("posts recorded", ARM, rate, "POST/s")]

    def _order(self, plan: workload.Plan, **more: bool) -> load.Order:
        return load.Order(
            self._system.ports["intake"], POSTS, plan, self._system.tokens["supplier"], **more
        )

    # --- how soon ----------------------------------------------------------------------------

    async def _latency(self, per_second: float) -> list[ground.Sample]:
        """From handing the return to the producer to the commit of the decision on it."""
        here = self._here
        plan = self._plan(per_second * here.scale.paced_seconds)
        await self._system.vouch(plan)
        async with self._weighing(), trace.following(here.dsn) as log:
            produced = await paced.produce(here, plan, per_second)
            checked = await log.until_checked(here.dsn, len(plan))
        waits_ms = sorted(1000 * (checked[each] - at) for each, at in produced.items())
        percentiles = statistics.quantiles(waits_ms, n=100)
        return [
            ground.Sample("produce to ledger, p50", ARM, percentiles[49], "ms"),
            ground.Sample("produce to ledger, p99", ARM, percentiles[98], "ms"),
        ]

    async def _restart(self, service: str) -> ground.Sample:
        """From SIGKILL to the first commit of the new process, under load."""
        here = self._here
        plan = self._plan(RESTART_LOAD_PER_S * RESTART_LOAD_S)
        await self._system.vouch(plan)
        async with trace.following(here.dsn) as log:
            producing = asyncio.create_task(paced.produce(here, plan, RESTART_LOAD_PER_S))
            await asyncio.sleep(RESTART_AFTER_S)
            killed = ground.now()
            self._system.kill(service)
            self._system.launch(service)
            await asyncio.sleep(SETTLED_S)
            back = await trace.until_moves(here.dsn, _COMMITS[service])
            await producing
            await log.until_checked(here.dsn, len(plan))
        return ground.Sample("back after SIGKILL", service, back - killed, "s")

    async def _restart_intake(self) -> ground.Sample:
        """From SIGKILL to the first receipt. The client sends again what was not answered."""
        here = self._here
        plan = self._plan(RESTART_POSTS)
        async with trace.following(here.dsn) as log:
            accepting = asyncio.create_task(trace.until_moves(here.dsn, trace.RECEIPTS))
            client = load.start(here, self._order(plan, is_patient=True))
            await accepting
            killed = ground.now()
            self._system.kill("intake")
            self._system.launch("intake")
            report = await load.patient_report(client, len(plan))
            await log.until_checked(here.dsn, len(plan))
        silent, back = report.silence
        if not silent < killed + SETTLED_S < back:
            raise ground.BrokenArmError("intake had accepted everything before it was killed")
        return ground.Sample("back after SIGKILL", "intake", back - killed, "s")

    # --- how heavy ---------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _weighing(self) -> AsyncIterator[None]:
        """Records the most memory that each service uses while the block runs."""

        async def weigh() -> None:
            while True:
                for service in SERVICES:
                    seen = self._system.resident_mb(service)
                    self._memory_mb[service] = max(seen, self._memory_mb.get(service, 0.0))
                await asyncio.sleep(0.2)

        task = asyncio.create_task(weigh())
        try:
            yield
        finally:
            task.cancel()

    async def _idle(self, seconds: float) -> ground.Sample:
        """CPU of the three together while there is nothing to do."""
        await self._settle()
        before = sum(map(self._system.cpu_seconds, SERVICES))
        began = ground.now()
        await asyncio.sleep(seconds)
        used = sum(map(self._system.cpu_seconds, SERVICES)) - before
        return ground.Sample("idle", ARM, 100 * used / (ground.now() - began), "% of a core")

    async def _settle(self) -> None:
        """Returns when all three run and have nothing left to do."""
        await self._system.open(*SERVICES)
        await trace.until_quiet(self._here)

    async def _root(self) -> bytes:
        """The root of the newest checkpoint, once it covers all entries."""
        await self._settle()
        async with httpx.AsyncClient() as client, asyncio.timeout(trace.WAIT_S_MAX):
            while True:
                url = f"http://127.0.0.1:{self._system.ports['ledger']}/api/v1/log"
                head = (await client.get(url)).json()
                if head["size"] == await trace.size(self._here.dsn):
                    return bytes.fromhex(head["root"])
                await asyncio.sleep(0.1)
