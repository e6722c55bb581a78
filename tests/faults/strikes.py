"""Where a blow falls: each strike names its victim, waits for its moment, mends what it broke."""

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
"""Every place where a service passes a named point; together they are all of `failpoints.NAMES`."""
STRUCK_SECONDS_MAX = 60.0
"""A service passes some points only every two seconds, and only while positions move."""


@dataclass(frozen=True)
class Strike:
    victim: str
    failpoint: str | None = None

    def __str__(self) -> str:
        return f"{self.victim}@{self.failpoint}" if self.failpoint else self.victim


@dataclass(frozen=True)
class Blow:
    """One strike that fell: with how much unacknowledged work in flight, and how long it took to
    be back at work, in seconds."""

    strike: Strike
    in_flight: int
    back_seconds: float


def plan(rounds: int, dice: random.Random) -> list[Strike]:
    """Every failpoint once, then victims at random; shuffled."""
    strikes = [Strike(service, point) for service in SERVICES for point in FAILPOINTS[service]]
    victims = (*SERVICES, *SERVICES, "kafka", "postgres")
    while len(strikes) < rounds:
        strikes.append(Strike(dice.choice(victims)))
    strikes.extend(Strike(server) for server in ("kafka", "postgres"))
    dice.shuffle(strikes)
    return strikes


async def fall(
    system: RunningSystem, strike: Strike, in_flight: Callable[[], int], dice: random.Random
) -> Blow:
    """Strikes at a random moment with work in flight, and starts again what died."""
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
    return Blow(strike, left, time.monotonic() - began)


async def _until_dead(system: RunningSystem, service: str) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(system.processes[service].exited(), STRUCK_SECONDS_MAX)
