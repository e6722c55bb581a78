"""Keeps processes alive: one that dies is started again; one that keeps dying ends the stack."""

import asyncio
import dataclasses
from typing import Final, Protocol

from deploy.local import CannotStart
from deploy.local.servers import process

DEATHS_MAX: Final = 5
WITHIN_S: Final = 60.0
DELAY_S_FIRST: Final = 0.5
DELAY_S_MAX: Final = 4.0


class KeepsDying(CannotStart):
    """A process has died so often that starting it again does not help."""


class Part(Protocol):
    """A process of the stack that can be kept alive."""

    process: process.Process

    async def launch(self) -> None:
        """Starts it, without waiting until it is ready."""


@dataclasses.dataclass(frozen=True)
class Deaths:
    """When a part died within the last `WITHIN_S`, in seconds of a monotonic clock."""

    at: tuple[float, ...] = ()

    def and_at(self, now: float) -> "Deaths":
        """With one more death. Those that are too long ago are dropped."""
        return Deaths((*(each for each in self.at if now - each < WITHIN_S), now))

    @property
    def are_too_many(self) -> bool:
        """Whether to give up: `DEATHS_MAX` within `WITHIN_S` seconds."""
        return len(self.at) >= DEATHS_MAX

    @property
    def delay_s(self) -> float:
        """Seconds to wait before the next start: 0 after a single death, then doubling."""
        if len(self.at) <= 1:
            return 0.0
        return min(float(DELAY_S_FIRST * 2 ** (len(self.at) - 2)), DELAY_S_MAX)


async def keep_alive(part: Part) -> None:
    """Starts the part again whenever it dies. Raises KeepsDying with the last lines of its log."""
    deaths = Deaths()
    while True:
        code = await part.process.exited()
        deaths = deaths.and_at(asyncio.get_running_loop().time())
        if deaths.are_too_many:
            raise KeepsDying(
                f"{part.process.name} died {DEATHS_MAX} times in {WITHIN_S:.0f} s "
                f"(exit code {code}). The last lines of {part.process.log}:\n"
                f"{part.process.last_lines()}"
            )
        await asyncio.sleep(deaths.delay_s)
        await part.launch()
