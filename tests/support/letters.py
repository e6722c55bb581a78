"""Builders of dispatches."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, Final

from shared.notifier import sending

AT: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FROM: Final = "social.value@council.example"
TO: Final = "priya.nair@council.example"


def message(to: str = TO, text: str = "12 of 40 weeks are counted.\n") -> EmailMessage:
    made = EmailMessage()
    made["From"] = f"Knowsley Council <{FROM}>"
    made["To"] = to
    made["Subject"] = "Apprenticeship weeks are behind"
    made["Message-ID"] = "<one@makegood.example>"
    made.set_content(text)
    return made


def outgoing(**changes: Any) -> sending.Outgoing:
    """A dispatch to one officer, with what a test changes."""
    address = changes.get("address", TO)
    fields: dict[str, Any] = {
        "dispatch_id": uuid.UUID(int=7),
        "address": address,
        "at": AT,
        "subject": "Apprenticeship weeks are behind",
        "text": "12 of 40 weeks are counted.\n",
    }
    if "body" not in changes and "message" not in changes:
        fields["message"] = message(address) if address.isprintable() else message()
    return sending.Outgoing(**fields | changes)
