"""The JSON of the council's people who are told of alerts."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from shared import fields


class ContactRequest(BaseModel):
    """One of the council's people, and where."""

    model_config = ConfigDict(extra="forbid")

    person_id: fields.Identifier
    """The account, such as `priya-nair@GB-LAE-KWL`."""
    address: fields.MailAddress


class Contact(BaseModel):
    person_id: str
    address: str
