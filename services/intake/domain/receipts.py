"""Receipts: intake's signed word that a return (or its withdrawal) was durably accepted.

Promises: what is signed (Ed25519) are the exact bytes of `statement`, which the receipt carries; so
whoever has intake's public key can check a receipt alone, offline, with any Ed25519 library.
`verify` is the inverse of `document`. The form is told in this service's README.

Refuses (ReceiptError): a signature that does not fit, and fields that differ from the statement.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.wire import events

HEADING: Final = "makegood receipt v1"


class ReceiptError(ValueError):
    """A receipt that is not intake's word; the message says why."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was accepted, and by when it is promised to be in the ledger."""

    kind: Literal["return", "withdrawal"]
    receipt_no: int
    return_id: UUID
    contract_id: str
    party_id: str
    period: str
    revision: int
    sha256: bytes
    """Of the submission's exact bytes."""
    salt: bytes
    """With it the digest in the return's event can be computed: SHA-256 of salt and bytes."""
    received_at: datetime
    merge_by: datetime


@dataclass(frozen=True, slots=True)
class Issued:
    """A receipt with its signature and the public key that it is checked with."""

    receipt: Receipt
    signature: bytes
    public_key: bytes


class Signer:
    """Signs receipts with one key, from the 32 bytes of its seed."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()

    def issue(self, receipt: Receipt) -> Issued:
        return Issued(receipt, self._key.sign(statement(receipt).encode()), self.public_key)


def statement(receipt: Receipt) -> str:
    """The text that is signed, as UTF-8: a heading, then one `name value` a line, each ended."""
    return _statement(_fields(receipt))


def _statement(fields: Mapping[str, Any]) -> str:
    return "\n".join([HEADING, *[f"{name} {value}" for name, value in fields.items()], ""])


def document(issued: Issued) -> dict[str, Any]:
    """The receipt as JSON: its fields, the statement signed, signature and key in base64."""
    fields = _fields(issued.receipt)
    return fields | {
        "statement": _statement(fields),
        "signature": base64_of(issued.signature),
        "public_key": base64_of(issued.public_key),
    }


def verify(given: Mapping[str, Any], public_key: bytes) -> Issued:
    """The receipt in a document, if intake with that key signed it. Inverse of `document`. Other
    fields of the document (links) are passed over. Raises ReceiptError."""
    try:
        signature = base64.b64decode(given["signature"], validate=True)
        receipt = _read(given)
    except (KeyError, TypeError, ValueError) as error:
        raise ReceiptError(f"this is not a receipt: {error!r}") from None
    if given.get("statement") != statement(receipt):
        raise ReceiptError("the receipt's fields are not what its statement says")
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(signature, statement(receipt).encode())
    except (InvalidSignature, ValueError):
        raise ReceiptError("the signature does not fit the statement and this key") from None
    return Issued(receipt, signature, public_key)


def words_digest(salt: bytes, body: bytes) -> str:
    """What the events say of a submission's bytes: a salted digest, in hexadecimal."""
    return hashlib.sha256(salt + body).hexdigest()


def base64_of(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _fields(receipt: Receipt) -> dict[str, Any]:
    return {
        "kind": receipt.kind,
        "receipt_no": receipt.receipt_no,
        "return_id": str(receipt.return_id),
        "contract_id": receipt.contract_id,
        "party_id": receipt.party_id,
        "period": receipt.period,
        "revision": receipt.revision,
        "sha256": receipt.sha256.hex(),
        "salt": receipt.salt.hex(),
        "received_at": events.utc(receipt.received_at),
        "merge_by": events.utc(receipt.merge_by),
    }


def _read(given: Mapping[str, Any]) -> Receipt:
    if given["kind"] not in ("return", "withdrawal"):
        raise ValueError(given["kind"])
    return Receipt(
        kind=given["kind"],
        receipt_no=int(given["receipt_no"]),
        return_id=UUID(given["return_id"]),
        contract_id=str(given["contract_id"]),
        party_id=str(given["party_id"]),
        period=str(given["period"]),
        revision=int(given["revision"]),
        sha256=bytes.fromhex(given["sha256"]),
        salt=bytes.fromhex(given["salt"]),
        received_at=datetime.fromisoformat(given["received_at"]),
        merge_by=datetime.fromisoformat(given["merge_by"]),
    )
