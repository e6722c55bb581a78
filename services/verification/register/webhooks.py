"""Webhooks, as people enter and remove them (rule L3). Gather, decide, apply.

Promises: a webhook is a recipient of its authority, with a secret that is sealed. Of the kinds that
it did not ask for it is told nothing. One that is removed takes along what waits for it; what was
sent stays in the record of it.
Refuses: more than `WEBHOOKS_MAX` of one authority; one that is not there, or of another authority.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from services.verification import store
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from shared import sql
from shared.notifier import kinds, recipients
from shared.web.scope import Scope

WEBHOOKS_MAX: Final = 10
"""Each alert calls all of them."""
_PREFIX: Final = "webhook:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A webhook that somebody wants."""

    webhook_id: UUID
    url: str
    kinds: tuple[str, ...]
    sealed: bytes = field(repr=False)


async def register(conn: sql.Connection, asked: Asked, acting: Acting) -> Refusal | None:
    """Enters a webhook."""
    count = await store.webhooks.count_webhooks(conn, Scope(acting.authority_id))
    if count >= WEBHOOKS_MAX:
        return Refusal("too_many_webhooks", str(WEBHOOKS_MAX))
    choices: dict[str, kinds.How] = {
        each: "at_once" if each in asked.kinds else "never" for each in kinds.COUNCIL
    }
    recipient = recipients.Recipient(
        recipient_id=f"{_PREFIX}{asked.webhook_id}",
        authority_id=acting.authority_id,
        channel="webhook",
        address=asked.url,
        secret=asked.sealed,
        choices=choices,
    )
    await recipients.set_recipient(conn, recipient, set_by=acting.actor_id, at=acting.at)
    return None


async def withdraw(conn: sql.Connection, webhook_id: UUID, acting: Acting) -> Refusal | None:
    """Removes a webhook."""
    recipient_id = f"{_PREFIX}{webhook_id}"
    if not await store.webhooks.drop_webhook(conn, Scope(acting.authority_id), recipient_id):
        return Refusal("webhook_unknown")
    await store.webhooks.drop_waiting(conn, recipient_id)
    return None


def webhook_id(recipient_id: str) -> UUID:
    """What a webhook is called outside."""
    return UUID(recipient_id.removeprefix(_PREFIX))
