"""The JSON of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared import fields

WebhookKind: TypeAlias = Literal[
    "shortfall_opened",
    "shortfall_worsened",
    "shortfall_recovered",
    "contract_ends_with_gap",
    "return_overdue",
    "queue_holds_rating",
    "duplicate_claim",
    "correction_changed_rating",
    "commitment_without_owner",
]
"""The kinds of alert that a council is told."""
KINDS: Final[tuple[WebhookKind, ...]] = get_args(WebhookKind)


class WebhookRequest(BaseModel):
    """A webhook to be called."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: fields.Words
    kinds: Annotated[list[WebhookKind], Field(min_length=1, max_length=len(KINDS))] = list(KINDS)


class Webhook(BaseModel):
    """A webhook, without its secret."""

    webhook_id: UUID
    url: str
    kinds: list[WebhookKind]
    is_on: bool
    """false: it answered 410, so it is called no more."""
    set_by: str
    set_at: datetime


class NewWebhook(Webhook):
    """A webhook that was just entered."""

    secret: str
    """Shown only now."""
