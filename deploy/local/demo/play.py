"""Plays six months from outside: contracts are signed, then returns come in day by day.

Promises: everything happens in the sample's order. Before the clock moves on, everything that was
sent has been answered and checked. It waits for facts, never for time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from deploy.local.demo import clients
from deploy.local.demo.clients import Clients, UnexpectedError
from deploy.local.demo.listener import Listener
from deploy.local.demo.sample import Happening, Sample
from services.intake.pages import people
from shared import calendar
from shared.delivery import topics

FACT_SECONDS_MAX: Final = 60.0
"""Facts need a second or two; a slow machine needs longer."""
HOUR: Final = 10
"""The hour at which people do things, in London."""


@dataclass(slots=True)
class Played:
    """What the people outside have received."""

    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The receipts of what was sent over HTTP, by idempotency key."""
    refusals: list[tuple[Happening, dict[str, Any]]] = field(default_factory=list)
    """What was refused over HTTP, with the answer."""
    is_repeat_harmless: bool = False
    """Whether the same return, sent again, got the same receipt."""


async def sign_contracts(outside: Clients, sample: Sample, advance: Callable[[], None]) -> None:
    """Registers the contracts: the manager says who answers for each and drafts its commitments,
    the approver activates them (rule P3). Returns when all contracts are published."""
    for contract in sample.contracts:
        supplier_id = contract["supplier_id"]
        names = ("contract_id", "title", "starts_on", "ends_on")
        body = {name: contract[name] for name in names} | {
            "supplier_ids": [supplier_id],
            "supplier_names": {supplier_id: sample.suppliers[supplier_id]["name"]},
        }
        await outside.ask("manager", "POST", "verification/api/v1/contracts", json=body)
        at = f"verification/api/v1/contracts/{contract['contract_id']}"
        await outside.ask("manager", "PUT", f"{at}/people", json=contract["people"])
        for commitment in contract["commitments"]:
            await outside.ask("manager", "POST", f"{at}/commitments", json=commitment)
            name = commitment["commitment_id"]
            await outside.ask("approver", "POST", f"{at}/commitments/{name}/activate")
        advance()
    for contract in sample.contracts:

        async def is_published(contract_id: str = contract["contract_id"]) -> bool:
            found = await outside.ask(
                "manager", "GET", f"verification/api/v1/contracts/{contract_id}"
            )
            return bool(found["published"])

        title = f"the publication of {contract['contract_id']}"
        await clients.until(is_published, title, FACT_SECONDS_MAX)


async def give_credentials(outside: Clients, sample: Sample) -> None:
    """The operator gives each supplier a token and an inbound topic."""
    for party_id in sample.suppliers:
        at = f"intake/api/v1/parties/{party_id}/credentials"

        async def is_issued(party_id: str = party_id, at: str = at) -> bool:
            answer = await outside.ask("operator", "POST", at, wanted=(201, 404))
            outside.tokens[party_id] = answer.get("token", "")
            return "token" in answer

        await clients.until(is_issued, f"the contract of {party_id} at intake", FACT_SECONDS_MAX)


async def enter_contacts(outside: Clients, sample: Sample) -> None:
    """The operator enters where the council's and the suppliers' people are told of changes."""
    for each in sample.people:
        body = {"person_id": each["officer_id"], "address": each["email"]}
        await outside.ask("operator", "POST", "verification/api/v1/contacts", json=body)
    for person in people.GROUPS["Suppliers"]:
        party_id = person.who.party_id
        if party_id in sample.suppliers:
            domain = f"{person.does.partition(' ')[0].lower()}.example"
            body = {
                "person_id": person.who.actor_id,
                "address": f"{person.key.replace('-', '.')}@{domain}",
            }
            at = f"intake/api/v1/parties/{party_id}/contacts"
            await outside.ask("operator", "POST", at, json=body)


class Player:
    """Plays a sample with the clients `outside`, and listens to the topics with `heard`."""

    def __init__(self, outside: Clients, heard: Listener, sample: Sample) -> None:
        self._outside, self._heard, self._sample = outside, heard, sample
        self._today = calendar.london_day(sample.starts_at)
        self.played = Played()

    def days_of(self, happenings: list[Happening]) -> int:
        """How many days the clock must move to reach the end of these."""
        return (happenings[-1].on - self._today).days

    async def play(self, happenings: list[Happening], advance: Callable[[], None]) -> None:
        """Plays these happenings, in order."""
        for happening in happenings:
            await self.move_to(happening.on, advance)
            await self._do[happening.do](self, happening)

    async def move_to(self, day: date, advance: Callable[[], None]) -> None:
        """The operator moves the clock day by day, once everything sent so far has been checked:
        what is known on which day must not depend on speed."""
        if self._today < day:
            await self._checked()
        while self._today < day:
            self._today += timedelta(days=1)
            now = datetime.combine(self._today, time(HOUR), calendar.LONDON)
            body = {"now": now.isoformat()}
            await self._outside.ask("operator", "POST", "intake/api/v1/clock", json=body)
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
        self.played.receipts[key] = await self._outside.ask(
            happening.party_id, "POST", at, json=body
        )

    async def _post(self, happening: Happening, status: int) -> dict[str, Any]:
        headers = {"idempotency-key": happening.key, "content-type": "application/json"}
        answer = await self._outside.ask(
            happening.party_id,
            "POST",
            "intake/api/v1/returns",
            wanted=(status,),
            headers=headers,
            content=happening.body,
        )
        if not isinstance(answer, dict):
            raise UnexpectedError(f"The answer to {happening.title} is not a JSON object")
        return answer

    async def _write(self, happening: Happening) -> None:
        """Sends by Kafka and waits for the answer, which is an event."""
        party_id = happening.party_id
        before = len(self._heard.answers(party_id))
        key = happening.key.encode()
        await self._outside.write(topics.inbound(party_id).name, happening.body, key)
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

    _do = {  # noqa: RUF012  a table of the acts, by their names in the sample
        "send": _send,
        "repeat": _repeat,
        "spoil": _spoil,
        "withdraw": _withdraw,
        "poison": _write,
    }
