"""The main job: the system comes up, six months are played from outside, and the books are shown.

Promises: every run starts from a state of its own, `demo` below the state folder, and says so; what
`makegood up` keeps is never touched. `stack.json` lies where that of any stack does. Facts that are
expected and do not come are named, and are no success.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

import httpx
import rich.console
from aiokafka.errors import KafkaError

from deploy.local import CHECKOUT, CannotStart, stack, steps
from deploy.local.demo import facts, listener, outside, play, readback, sample, signin, summary
from deploy.local.servers import both, process
from shared.delivery import tasks

POSTCODES: Final = CHECKOUT / "services" / "verification" / "sample" / "postcodes.csv"
"""A sample edition of the postcode directory: loaded as an operator loads any."""
SETTINGS: Final = {"MAKEGOOD_DEMO": "1", "MAKEGOOD_LOG_LEVEL": "INFO"}


_WRONG: Final = (outside.UnexpectedError, listener.NotSeenError, httpx.HTTPError, KafkaError)


class System(stack.Stack):
    """The demo's stack: data of its own, described where that of any stack is."""

    def __init__(self, folder: Path, given: sample.Sample, shown: steps.Steps) -> None:
        starts_at = {"MAKEGOOD_DEMO_STARTS_AT": given.starts_at.isoformat()}
        super().__init__(folder / "demo", settings=SETTINGS | starts_at, shown=shown)
        self.described = folder / "stack.json"

    @property
    def urls(self) -> dict[str, str]:
        """Where the services are, by name."""
        return {name: service.url for name, service in self.services.items()}

    def announce(self) -> None:
        super().announce()
        process.write(self.described, (self.state / "stack.json").read_text())

    async def while_up(self, work: Coroutine[Any, Any, None]) -> None:
        """The work, as long as everything can be kept alive. Raises KeepsDying where it can't."""
        working, standing = asyncio.create_task(work), asyncio.create_task(self.wait())
        try:
            await asyncio.wait({working, standing}, return_when=asyncio.FIRST_COMPLETED)
            await (working if working.done() else standing)
        finally:
            await tasks.end(working, standing)


class Job:
    """One run. `is_complete` says afterwards whether every expected fact was seen."""

    def __init__(self, folder: Path, console: rich.console.Console) -> None:
        self._folder, self._console = folder, console
        self._sample = sample.load()
        self.found: list[facts.Fact] = []

    @property
    def is_complete(self) -> bool:
        return bool(self.found) and all(fact.is_seen for fact in self.found)

    async def run(self, *, stays: bool) -> None:
        """Up, play, show, and down again; `stays`: not before it is told to. Raises CannotStart."""
        shown = steps.Steps(self._console)
        with both.alone(self._folder):
            await self._forget()
            system = System(self._folder, self._sample, shown)
            try:
                async with system:
                    await system.while_up(self._work(system, shown, stays=stays))
            finally:
                system.described.unlink(missing_ok=True)

    async def _work(self, system: System, shown: steps.Steps, *, stays: bool) -> None:
        await self._play(system, shown)
        if stays:
            summary.show_where(self._console, system.described, system.urls)
            await asyncio.Event().wait()

    async def _forget(self) -> None:
        """Every demo starts afresh."""
        before = both.Servers(self._folder / "demo")
        if before.state.exists():
            await process.end_leftovers(before.state)
            before.remove()
            self._console.print("[green]✓[/] The demo before is forgotten: each starts afresh.")

    async def _play(self, system: System, shown: steps.Steps) -> None:
        await system.services["verification"].do("load-postcodes", str(POSTCODES))
        bootstrap, dsn = system.servers.bootstrap, system.servers.dsn
        first = next(iter(self._sample.suppliers))
        tokens = await signin.sign_in(bootstrap, dsn, self._sample.authority_id, first)
        system.tokens.update(tokens)
        system.announce()
        try:
            async with (
                listener.listening(bootstrap) as heard,
                outside.standing(system.urls, tokens, bootstrap) as here,
            ):
                await self._play_months(here, heard, shown)
        except _WRONG as error:
            raise CannotStart(f"the demo went wrong: {error}") from error

    async def _play_months(
        self, here: outside.Outside, heard: listener.Listener, shown: steps.Steps
    ) -> None:
        if await here.all("manager", "verification/api/v1/contracts"):
            raise CannotStart(
                "The demo starts afresh, but the database that DATABASE_URL names holds contracts "
                "already. Name servers without any, or none."
            )
        player = play.Player(here, heard, self._sample)
        exported = self._folder / "demo" / "export.jsonl"
        with shown.live():
            with shown.step("Contracts signed", len(self._sample.contracts)) as advance:
                await play.sign_contracts(here, self._sample, advance)
                await play.give_credentials(here, self._sample)
            for month, happenings in self._sample.months():
                with shown.step(f"{month}", player.days_of(happenings)) as advance:
                    await player.play(happenings, advance)
            with shown.step(f"Days to {self._sample.ends_on:%d %B}") as advance:
                await player.move_to(self._sample.ends_on, advance)
            with shown.step("Books read and verified"):
                books = await readback.read(here, heard, self._sample, player.played, exported)
        self.found = facts.compare(self._sample.expected, books.seen)
        summary.show(self._console, self._sample, books, self.found)
