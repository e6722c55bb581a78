"""Webhooks for programs: which URL is called with which alerts (rule L3).

Promises: a secret is shown once, when a webhook is entered. The URL is looked at then as it is
before each call, so that whoever enters it hears what is wrong with it.
Refuses: a URL that does not lead to the public internet, unless a setting names it; more webhooks
than an authority can have; the installation's operator, since a webhook belongs to one authority.
"""

from __future__ import annotations

import json
import os
from uuid import UUID, uuid4

from fastapi import APIRouter

from services.verification import store
from services.verification.api import refusals
from services.verification.api.dependencies import Injected, Keeper
from services.verification.api.documents import webhooks as documents
from services.verification.register import webhooks
from services.verification.register.refusals import Refusal
from shared import keys, sql
from shared.web import lists, routes, scope

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.post("/webhooks", status_code=201)
async def post_webhook(
    body: documents.WebhookRequest, who: Keeper, dependencies: Injected
) -> documents.NewWebhook:
    """Have a URL called with the alerts of the authority. The answer has its secret, once."""
    if who.is_installations:
        refusals.accept(Refusal("webhook_of_installation"))
    from shared.notifier import sealing  # late: it takes 10 MB, and webhooks are seldom entered
    from shared.notifier.channels import guard, webhook

    settings = dependencies.settings
    reason = await guard.check_url(body.url, guard.read_allowed(settings.webhook_allowed))
    if reason is not None:
        refusals.accept(Refusal("webhook_refused", reason, "/url"))
    secret = os.urandom(webhook.SECRET_BYTES)
    key = keys.load_or_create(settings.session_key_path)
    asked = webhooks.Asked(
        webhook_id=uuid4(),
        url=body.url,
        kinds=tuple(dict.fromkeys(body.kinds)),
        sealed=sealing.seal(key, secret, body.url),
    )
    acting = dependencies.acting(who)
    async with dependencies.delivery.pool.acquire() as conn, conn.transaction():
        refusals.accept(await webhooks.register(conn, asked, acting))
    return documents.NewWebhook(
        webhook_id=asked.webhook_id,
        url=asked.url,
        kinds=list(body.kinds),
        is_on=True,
        set_by=acting.actor_id,
        set_at=acting.at,
        secret=webhook.write_secret(secret),
    )


@router.get("/webhooks")
async def list_webhooks(who: Keeper, dependencies: Injected) -> lists.Page[documents.Webhook]:
    """The webhooks of the authority, the newest first; never their secrets."""
    rows = await store.webhooks.list_webhooks(dependencies.delivery.pool, scope.of(who))
    return lists.Page(items=[_webhook(row) for row in rows], next=None)


@router.delete("/webhooks/{webhook_id}", status_code=204)
async def delete_webhook(webhook_id: UUID, who: Keeper, dependencies: Injected) -> None:
    """Call a URL no more. What waits for it is forgotten."""
    async with dependencies.delivery.pool.acquire() as conn, conn.transaction():
        refusals.accept(await webhooks.withdraw(conn, webhook_id, dependencies.acting(who)))


def _webhook(row: sql.Record) -> documents.Webhook:
    choices = json.loads(row["choices"])
    return documents.Webhook(
        webhook_id=webhooks.webhook_id(row["recipient_id"]),
        url=row["address"],
        kinds=[kind for kind in documents.KINDS if choices.get(kind) != "never"],
        is_on=row["is_on"],
        set_by=row["set_by"],
        set_at=row["set_at"],
    )
