"""Keep processes alive: what dies is started again, what keeps dying ends the stack."""

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
    """A process died so often that starting it again is no help."""


class Part(Protocol):
    """What can be kept alive."""

    process: process.Process

    async def launch(self) -> None:
        """Start it, without waiting for it to be ready."""


@dataclasses.dataclass(frozen=True)
class Deaths:
    """When a part died within the last minute, in seconds of any steady clock."""

    at: tuple[float, ...] = ()

    def and_at(self, now: float) -> "Deaths":
        """With one more; those of more than a minute ago are forgotten."""
        return Deaths((*(each for each in self.at if now - each < WITHIN_S), now))

    @property
    def are_too_many(self) -> bool:
        """Whether to give up."""
        return len(self.at) >= DEATHS_MAX

    @property
    def delay_s(self) -> float:
        """How long to wait before the next start: none after a single death, then doubling."""
        if len(self.at) <= 1:
            return 0.0
        return min(float(DELAY_S_FIRST * 2 ** (len(self.at) - 2)), DELAY_S_MAX)


async def keep_alive(part: Part) -> None:
    """Start the part again whenever it dies, for ever. Raises KeepsDying with its last words."""
    deaths = Deaths()
    while True:
        code = await part.process.exited()
        deaths = deaths.and_at(asyncio.get_running_loop().time())
        if deaths.are_too_many:
            raise KeepsDying(
                f"{part.process.name} died {DEATHS_MAX} times in {WITHIN_S:.0f} s "
                f"(exit code {code}). Its last words, from {part.process.log}:\n"
                f"{part.process.tail()}"
            )
        await asyncio.sleep(deaths.delay_s)
        await part.launch()
