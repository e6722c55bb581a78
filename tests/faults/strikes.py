"""Strikes: each kills a victim at a certain moment, and starts it again."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.running_system import SERVICES, RunningSystem

FAILPOINTS = {
    "intake": ("before_database_commit", "after_database_commit", "after_send_before_mark"),
    "verification": (
        "before_database_commit",
        "after_database_commit",
        "after_send_before_mark",
        "before_kafka_commit",
        "after_kafka_commit",
    ),
    "ledger": (
        "before_database_commit",
        "after_database_commit",
        "after_send_before_mark",
        "between_sign_and_publish",
    ),
}
"""The failpoints that each service passes; together they are all of `failpoints.NAMES`."""
STRUCK_SECONDS_MAX = 60.0
"""Some failpoints are passed only every two seconds, and only while offsets move."""


@dataclass(frozen=True)
class Strike:
    """A victim, and the failpoint at which it dies; None: at a random moment."""

    victim: str
    failpoint: str | None = None

    def __str__(self) -> str:
        return f"{self.victim}@{self.failpoint}" if self.failpoint else self.victim


@dataclass(frozen=True)
class Outcome:
    """What came of a strike: the work that was in flight, and the seconds until the victim was
    ready again."""

    strike: Strike
    in_flight: int
    back_seconds: float


def plan(rounds: int, dice: random.Random) -> list[Strike]:
    """Every failpoint once and random victims, in random order."""
    strikes = [Strike(service, point) for service in SERVICES for point in FAILPOINTS[service]]
    victims = (*SERVICES, *SERVICES, "kafka", "postgres")
    while len(strikes) < rounds:
        strikes.append(Strike(dice.choice(victims)))
    strikes.extend(Strike(server) for server in ("kafka", "postgres"))
    dice.shuffle(strikes)
    return strikes


async def execute(
    system: RunningSystem, strike: Strike, in_flight: Callable[[], int], dice: random.Random
) -> Outcome:
    """Strikes at a random moment while work is in flight, and starts the victim again."""
    while not in_flight():
        await asyncio.sleep(0.005)
    await asyncio.sleep(dice.uniform(0, 0.3))
    if strike.failpoint is not None:
        system.kill(strike.victim)
        armed = f"{strike.failpoint}=kill@{dice.randint(1, 3)}"
        await system.start(strike.victim, armed)
        await _until_dead(system, strike.victim)
    while not (left := in_flight()):
        await asyncio.sleep(0.005)
    began = time.monotonic()
    if strike.victim in SERVICES:
        system.kill(strike.victim)
        await system.start(strike.victim)
    else:
        server = getattr(system.servers, strike.victim)
        server.kill()
        await server.start()
    return Outcome(strike, left, time.monotonic() - began)


async def _until_dead(system: RunningSystem, service: str) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(system.processes[service].exited(), STRUCK_SECONDS_MAX)
