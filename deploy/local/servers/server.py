"""What Kafka and PostgreSQL have in common as servers of the local stack."""

import abc
from typing import Final

from deploy.local.servers import process

READY_S_MAX: Final = 60.0


class Server(abc.ABC):
    """One server in a process of its own. It can be stopped or killed, and started again."""

    process: process.Process

    @property
    def pid(self) -> int:
        """The id of its process; PostgreSQL's is the postmaster."""
        return self.process.pid

    @abc.abstractmethod
    def prepare(self) -> None:
        """Prepares its folder; the first time, it formats the data. Blocks for seconds. Raises
        CannotStart."""

    @abc.abstractmethod
    async def launch(self) -> None:
        """Starts the process. `prepare` must have been called once."""

    @abc.abstractmethod
    async def is_ready(self) -> bool:
        """Whether it answers clients."""

    async def start(self) -> None:
        """Starts it and waits until it answers. Raises CannotStart."""
        await self.launch()
        await self.process.until(self.is_ready, READY_S_MAX)

    async def stop(self) -> None:
        """Shuts it down cleanly."""
        await self.process.stop()

    def kill(self) -> None:
        """Kills it, as a crash would. PostgreSQL's children notice and end themselves."""
        self.process.kill()
