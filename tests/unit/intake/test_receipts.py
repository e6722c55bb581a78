"""Receipts: signed statements that a supplier can check alone."""

from __future__ import annotations

import base64
import dataclasses
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import receipts

SIGNER = receipts.Signer(b"s" * 32)
RECEIPT = receipts.Receipt(
    kind="return",
    receipt_no=17,
    return_id=UUID("01a00000-0000-7000-8000-000000000001"),
    contract_id="KMBC-2026-0117",
    party_id="GB-COH-00000001",
    period="2026-10",
    revision=1,
    sha256=b"\x0a" * 32,
    salt=b"\x0b" * 16,
    received_at=datetime(2026, 11, 5, 9, 0, 0, 123456, UTC),
    merge_by=datetime(2026, 11, 6, 9, 0, 0, 123456, UTC),
)

STATEMENT = f"""makegood receipt v1
kind return
receipt_no 17
return_id 01a00000-0000-7000-8000-000000000001
contract_id KMBC-2026-0117
party_id GB-COH-00000001
period 2026-10
revision 1
sha256 {"0a" * 32}
salt {"0b" * 16}
received_at 2026-11-05T09:00:00.123456Z
merge_by 2026-11-06T09:00:00.123456Z
"""


class TestAReceipt:
    def test_says_what_was_signed(self) -> None:
        """The exact form of the statement (docs/ledger.md, Receipts)."""
        assert STATEMENT == receipts.statement(RECEIPT)

    def test_is_checked_by_any_ed25519_library(self) -> None:
        """The statement, the signature and the key are enough."""
        shown = json.loads(json.dumps(receipts.document(SIGNER.issue(RECEIPT))))
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(shown["public_key"]))
        key.verify(base64.b64decode(shown["signature"]), shown["statement"].encode())

    @given(
        st.builds(
            dataclasses.replace,
            st.just(RECEIPT),
            kind=st.sampled_from(["return", "withdrawal"]),
            receipt_no=st.integers(1, 2**62),
            contract_id=st.text(
                st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20
            ),
            sha256=st.binary(min_size=32, max_size=32),
            received_at=st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        )
    )
    def test_comes_back_as_it_was(self, receipt: receipts.Receipt) -> None:
        """`verify` is the inverse of `document`, also by way of JSON."""
        issued = SIGNER.issue(receipt)
        shown = json.loads(json.dumps(receipts.document(issued) | {"links": {}}))
        assert issued == receipts.verify(shown, SIGNER.public_key)

    @pytest.mark.parametrize(
        "changes",
        [
            {"receipt_no": 18},
            {"sha256": "0c" * 32},
            {"merge_by": "2026-11-07T09:00:00.123456Z"},
            {"statement": STATEMENT.replace("17", "18")},
            {"statement": STATEMENT.replace("17", "18"), "receipt_no": 18},
            {"signature": base64.b64encode(bytes(64)).decode()},
            {"signature": "?"},
            {"kind": "invoice"},
            {"return_id": None},
        ],
    )
    def test_that_was_changed_is_refused(self, changes: dict[str, Any]) -> None:
        """Whether a field was changed, the statement, or both."""
        shown = receipts.document(SIGNER.issue(RECEIPT)) | changes
        with pytest.raises(receipts.ReceiptError):
            receipts.verify(shown, SIGNER.public_key)

    def test_of_another_key_is_refused(self) -> None:
        """The key that counts is the one that the supplier knows, not the one in the receipt."""
        shown = receipts.document(receipts.Signer(b"t" * 32).issue(RECEIPT))
        with pytest.raises(receipts.ReceiptError):
            receipts.verify(shown, SIGNER.public_key)
