"""Six months, played from outside: contracts are signed, then day after day returns come in.

Promises: what happens is in the sample, in its order; before the clock moves on, what was sent has
been answered and checked. Waits for facts, never for time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from deploy.local.demo import outside
from deploy.local.demo.listener import Listener
from deploy.local.demo.outside import Outside, UnexpectedError
from deploy.local.demo.sample import POISON, Happening, Sample
from shared import calendar
from shared.delivery import topics

FACT_SECONDS_MAX: Final = 60.0
"""For what takes the system a second or two, also on a slow machine."""
HOUR: Final = 10
"""When people do things, in London."""


@dataclass(slots=True)
class Played:
    """What the people outside hold in their hands afterwards."""

    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By the key of what was sent over HTTP."""
    refusals: list[tuple[Happening, dict[str, Any]]] = field(default_factory=list)
    """What was refused over HTTP, with the answer."""
    is_repeat_harmless: bool = False
    """The same return again got the same receipt."""


async def sign_contracts(here: Outside, sample: Sample, advance: Callable[[], None]) -> None:
    """Contracts and drafts by the manager, activated by the approver (rule P3)."""
    for given in sample.contracts:
        supplier_id = given["supplier_id"]
        names = ("contract_id", "title", "starts_on", "ends_on")
        body = {name: given[name] for name in names} | {
            "supplier_ids": [supplier_id],
            "supplier_names": {supplier_id: sample.suppliers[supplier_id]["name"]},
        }
        await here.ask("manager", "POST", "verification/api/v1/contracts", json=body)
        at = f"verification/api/v1/contracts/{given['contract_id']}"
        for commitment in given["commitments"]:
            await here.ask("manager", "POST", f"{at}/commitments", json=commitment)
            name = commitment["commitment_id"]
            await here.ask("approver", "POST", f"{at}/commitments/{name}/activate")
        advance()
    for given in sample.contracts:

        async def is_published(contract_id: str = given["contract_id"]) -> bool:
            found = await here.ask("manager", "GET", f"verification/api/v1/contracts/{contract_id}")
            return bool(found["published"])

        await outside.until(is_published, f"{given['contract_id']} on its way", FACT_SECONDS_MAX)


async def give_credentials(here: Outside, sample: Sample) -> None:
    """A token and an inbound topic for each supplier, from the operator."""
    for party_id in sample.suppliers:
        at = f"intake/api/v1/parties/{party_id}/credentials"
        here.tokens[party_id] = (await here.ask("operator", "POST", at))["token"]


class Player:
    """Plays a sample on a system that `here` speaks to and `heard` listens to."""

    def __init__(self, here: Outside, heard: Listener, sample: Sample) -> None:
        self._here, self._heard, self._sample = here, heard, sample
        self._today = calendar.london_day(sample.starts_at)
        self.played = Played()

    def days_of(self, happenings: list[Happening]) -> int:
        """How many days the clock moves to come to the end of these."""
        return (happenings[-1].on - self._today).days

    async def play(self, happenings: list[Happening], advance: Callable[[], None]) -> None:
        """Some happenings, in order."""
        for happening in happenings:
            await self.move_to(happening.on, advance)
            await self._do[happening.do](self, happening)

    async def move_to(self, day: date, advance: Callable[[], None]) -> None:
        """The operator moves the clock, day by day, once all that was sent so far is checked: what
        is known on which day must not hang on who is quicker."""
        if self._today < day:
            await self._checked()
        while self._today < day:
            self._today += timedelta(days=1)
            now = datetime.combine(self._today, time(HOUR), calendar.LONDON)
            body = {"now": now.isoformat()}
            await self._here.ask("operator", "POST", "intake/api/v1/clock", json=body)
            advance()

    async def _send(self, happening: Happening) -> None:
        if happening.route == "http":
            self.played.receipts[happening.key] = await self._post(happening, 201)
        else:
            await self._write(happening)

    async def _repeat(self, happening: Happening) -> None:
        again = await self._post(happening, 200)
        self.played.is_repeat_harmless = again == self.played.receipts[happening.key]

    async def _spoil(self, happening: Happening) -> None:
        if happening.route == "http":
            self.played.refusals.append((happening, await self._post(happening, 422)))
        else:
            await self._write(happening)

    async def _withdraw(self, happening: Happening) -> None:
        receipt = self.played.receipts[happening.key]
        at = f"intake/api/v1/returns/{receipt['return_id']}/withdraw"
        body = {"reason": happening.reason}
        key = f"{happening.key}-withdrawn"
        self.played.receipts[key] = await self._here.ask(happening.party_id, "POST", at, json=body)

    async def _post(self, happening: Happening, status: int) -> dict[str, Any]:
        headers = {"idempotency-key": happening.key, "content-type": "application/json"}
        answer = await self._here.ask(
            happening.party_id,
            "POST",
            "intake/api/v1/returns",
            wanted=(status,),
            headers=headers,
            content=happening.body,
        )
        if not isinstance(answer, dict):
            raise UnexpectedError(f"no object for {happening.title}")
        return answer

    async def _write(self, happening: Happening) -> None:
        """The answer is an event; until it is there the clock waits."""
        party_id = happening.party_id
        before = len(self._heard.answers(party_id))
        key = POISON if happening.do == "poison" else happening.key.encode()
        await self._here.write(topics.inbound(party_id).name, happening.body, key)
        await self._heard.until(
            lambda: len(self._heard.answers(party_id)) > before,
            f"an answer to {happening.title}, sent by Kafka",
            FACT_SECONDS_MAX,
        )

    async def _checked(self) -> None:
        posted = {
            (UUID(receipt["return_id"]), int(receipt["receipt_no"]))
            for receipt in self.played.receipts.values()
        }
        await self._heard.until(
            lambda: posted | self._heard.received() <= self._heard.checked(),
            "a check of every return sent so far",
            FACT_SECONDS_MAX,
        )

    _do = {  # noqa: RUF012  a table of what is done, by its name in the sample
        "send": _send,
        "repeat": _repeat,
        "spoil": _spoil,
        "withdraw": _withdraw,
        "poison": _write,
    }
