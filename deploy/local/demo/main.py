"""The demo: starts the system, plays six months from outside, and shows the books.

Promises: every run starts anew, in the folder `demo` of the state folder, and says so. The data of
`makegood up` is never touched. `stack.json` is where it is for every stack. Expected facts that
were not seen are listed, and then the demo has failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import rich.console
import rich.text
from aiokafka.errors import KafkaError

from deploy.local import CHECKOUT, CannotStart, stack, steps
from deploy.local.demo import (
    clients,
    facts,
    forgotten,
    listener,
    mails,
    play,
    readback,
    sample,
    summary,
)
from deploy.local.servers import both, process
from shared.delivery import tasks
from shared.web import auth

POSTCODES: Final = CHECKOUT / "services" / "verification" / "sample" / "postcodes.csv"
"""A sample edition of the postcode directory, loaded in the same way as any edition."""
SETTINGS: Final = {
    "MAKEGOOD_DEMO": "1",
    "MAKEGOOD_LOG_LEVEL": "INFO",
    "MAKEGOOD_COUNCIL_NAME": "Knowsley, a demonstration",
    "NOTIFIER_POLL_SECONDS": "0.1",  # a day of the demo takes a third of a second
}


_WRONG: Final = (clients.UnexpectedError, listener.NotSeenError, httpx.HTTPError, KafkaError)


class System(stack.Stack):
    """The demo's stack: it has its own data, and its `stack.json` where every stack has it."""

    def __init__(self, folder: Path, played: sample.Sample, progress: steps.Steps) -> None:
        starts_at = {"MAKEGOOD_DEMO_STARTS_AT": played.starts_at.isoformat()}
        super().__init__(folder / "demo", settings=SETTINGS | starts_at, progress=progress)
        self.description = folder / "stack.json"

    @property
    def urls(self) -> dict[str, str]:
        """The services' addresses, by name."""
        return {name: service.url for name, service in self.services.items()}

    def announce(self) -> None:
        super().announce()
        process.write(self.description, (self.state / "stack.json").read_text())

    async def run_while_up(self, work: Coroutine[Any, Any, None]) -> None:
        """Does the work while everything can be kept alive. Raises KeepsDying when it cannot."""
        working, watching = asyncio.create_task(work), asyncio.create_task(self.wait())
        try:
            await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
            await (working if working.done() else watching)
        finally:
            await tasks.end(working, watching)


class Job:
    """One run of the demo. Afterwards `is_complete` tells whether every expected fact was seen."""

    def __init__(self, folder: Path, console: rich.console.Console) -> None:
        self._folder, self._console = folder, console
        self._sample = sample.load()
        self.found: list[facts.Fact] = []

    @property
    def is_complete(self) -> bool:
        return bool(self.found) and all(fact.is_seen for fact in self.found)

    async def run(self, *, stays: bool) -> None:
        """Starts the system, plays, shows the summary and stops the system; if `stays`, only when
        told to. Raises CannotStart."""
        progress = steps.Steps(self._console)
        with both.locked(self._folder):
            await self._delete_previous()
            system = System(self._folder, self._sample, progress)
            try:
                async with system:
                    await system.run_while_up(self._work(system, progress, stays=stays))
            finally:
                system.description.unlink(missing_ok=True)

    async def _work(self, system: System, progress: steps.Steps, *, stays: bool) -> None:
        began = datetime.now(UTC)
        await self._play(system, progress)
        await forgotten.note(system.state, system.servers.dsn, began)
        if stays:
            summary.show_where(self._console, system.description, system.urls)
            try:
                await asyncio.Event().wait()
            finally:  # with what visitors have sent
                await forgotten.note(system.state, system.servers.dsn, began)

    async def _delete_previous(self) -> None:
        """Every demo starts with an empty system."""
        previous = both.Servers(self._folder / "demo")
        if previous.state.exists():
            await process.end_leftovers(previous.state)
            words = rich.text.Text(forgotten.words(previous.state))
            previous.remove()
            self._console.print("[green]✓[/]", words, soft_wrap=True)

    async def _play(self, system: System, progress: steps.Steps) -> None:
        await system.services["verification"].run_command("load-postcodes", str(POSTCODES))
        authority, first = self._sample.authority_id, next(iter(self._sample.suppliers))
        await system.sign_in(
            authority, {role: _holder(role, authority, first) for role in auth.ROLES}
        )
        bootstrap = system.servers.bootstrap
        try:
            async with (
                listener.listening(bootstrap) as heard,
                clients.connected(system.urls, system.tokens, bootstrap) as outside,
            ):
                await self._play_months(outside, heard, progress)
        except _WRONG as error:
            raise CannotStart(f"The demo failed: {error}") from error

    async def _play_months(
        self, outside: clients.Clients, heard: listener.Listener, progress: steps.Steps
    ) -> None:
        if await outside.all("manager", "verification/api/v1/contracts"):
            raise CannotStart(
                "The demo starts with an empty system, but the database in DATABASE_URL already "
                "has contracts. Use an empty one, or leave DATABASE_URL out."
            )
        player = play.Player(outside, heard, self._sample)
        exported = self._folder / "demo" / "export.jsonl"
        with progress.live():
            with progress.step("Contracts signed", len(self._sample.contracts)) as advance:
                await play.sign_contracts(outside, self._sample, advance)
                await play.give_credentials(outside, self._sample)
                await play.enter_contacts(outside, self._sample)
            for month, happenings in self._sample.months():
                with progress.step(f"{month}", player.days_of(happenings)) as advance:
                    await player.play(happenings, advance)
            with progress.step(f"Days to {self._sample.ends_on:%d %B}") as advance:
                await player.move_to(self._sample.ends_on, advance)
            with progress.step("Books read and verified"):
                await mails.all_sent(outside)
                books = await readback.read(outside, heard, self._sample, player.played, exported)
        self.found = facts.compare(self._sample.expected, books.seen)
        summary.show_mails(self._console, mails.read(self._folder / "demo" / stack.MAILS))
        summary.show(self._console, self._sample, books, self.found)


def _holder(role: auth.Role, authority: str, supplier: str) -> auth.Caller:
    """The one person of each role. Manager and approver are two people (rule P3)."""
    if role == "supplier":
        return auth.Caller(supplier, role, authority, supplier)
    return auth.Caller(f"{role}@{authority}", role, authority)
