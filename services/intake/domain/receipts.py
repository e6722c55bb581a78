"""Receipts: signed statements that a return, or its withdrawal, is durably stored.

Promises: the signature (Ed25519) is over the exact bytes of `statement`, and the receipt includes
them. So anyone who has intake's public key can check a receipt offline, with any Ed25519 library.
`verify` is the inverse of `document`. The format is in docs/ledger.md, Receipts.

Refuses (ReceiptError): a signature that does not match, and fields that differ from the statement.
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
    """A receipt that intake did not sign. The message says why."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was accepted, and by when it is promised to be in the log."""

    kind: Literal["return", "withdrawal"]
    receipt_no: int
    return_id: UUID
    contract_id: str
    party_id: str
    period: str
    revision: int
    sha256: bytes
    """Of the exact bytes of the submission."""
    salt: bytes
    """With the salt, anyone who has the bytes can compute the digest in the event of the return."""
    received_at: datetime
    merge_by: datetime


@dataclass(frozen=True, slots=True)
class Issued:
    """A receipt with its signature, and the public key that checks it."""

    receipt: Receipt
    signature: bytes
    public_key: bytes


class Signer:
    """Signs receipts. The key is made from a seed of 32 bytes."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()

    def issue(self, receipt: Receipt) -> Issued:
        """Signs a receipt."""
        return Issued(receipt, self._key.sign(statement(receipt).encode()), self.public_key)


def statement(receipt: Receipt) -> str:
    """The text that is signed, in UTF-8: a heading, then a line `name value` for each field. Each
    line ends with a newline."""
    return _statement(_fields(receipt))


def _statement(fields: Mapping[str, Any]) -> str:
    return "\n".join([HEADING, *[f"{name} {value}" for name, value in fields.items()], ""])


def document(issued: Issued) -> dict[str, Any]:
    """The receipt as JSON: its fields, the signed statement, signature and key in base64."""
    fields = _fields(issued.receipt)
    return fields | {
        "statement": _statement(fields),
        "signature": base64_of(issued.signature),
        "public_key": base64_of(issued.public_key),
    }


def verify(shown: Mapping[str, Any], public_key: bytes) -> Issued:
    """The receipt in a document, if the owner of that key signed it. Inverse of `document`. Other
    fields of the document, such as links, are ignored. Raises ReceiptError."""
    try:
        signature = base64.b64decode(shown["signature"], validate=True)
        receipt = _read(shown)
    except (KeyError, TypeError, ValueError) as error:
        raise ReceiptError(f"this is not a receipt: {error!r}") from None
    if shown.get("statement") != statement(receipt):
        raise ReceiptError("the receipt's fields differ from its statement")
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(signature, statement(receipt).encode())
    except (InvalidSignature, ValueError):
        raise ReceiptError("the signature does not match the statement and this key") from None
    return Issued(receipt, signature, public_key)


def fault(issued: Issued, body_sha256: bytes, public_key: bytes) -> str | None:
    """What is wrong with a receipt as it is stored: its bytes are others, or the owner of
    `public_key` did not sign it. None if nothing is."""
    if body_sha256 != issued.receipt.sha256:
        return "the stored bytes are not those of the receipt"
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            issued.signature, statement(issued.receipt).encode()
        )
    except InvalidSignature:
        return "intake did not sign this receipt"
    return None


def words_digest(salt: bytes, body: bytes) -> str:
    """What events say about the bytes of a submission: a salted digest, in hexadecimal."""
    return hashlib.sha256(salt + body).hexdigest()


def base64_of(value: bytes) -> str:
    """Signatures and keys, as text."""
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


def _read(shown: Mapping[str, Any]) -> Receipt:
    if shown["kind"] not in ("return", "withdrawal"):
        raise ValueError(shown["kind"])
    return Receipt(
        kind=shown["kind"],
        receipt_no=int(shown["receipt_no"]),
        return_id=UUID(shown["return_id"]),
        contract_id=str(shown["contract_id"]),
        party_id=str(shown["party_id"]),
        period=str(shown["period"]),
        revision=int(shown["revision"]),
        sha256=bytes.fromhex(shown["sha256"]),
        salt=bytes.fromhex(shown["salt"]),
        received_at=datetime.fromisoformat(shown["received_at"]),
        merge_by=datetime.fromisoformat(shown["merge_by"]),
    )
